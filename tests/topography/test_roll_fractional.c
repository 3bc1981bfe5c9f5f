/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "support.h"

enum { ROWS = 2, CAPSULES = 2, MAX_D = 18, MAX_COUNT = ROWS * CAPSULES * 3 * MAX_D * 2 };

static const double pi = 3.14159265358979323846;

/* Capsules [3, d, 2] that roll along d, one shift a row. */
typedef struct rolled {
    size_t d, count;
    tvae_roll *roll;
    float t[MAX_COUNT], out[MAX_COUNT], dout[MAX_COUNT], dt[MAX_COUNT];
    double shifts[ROWS], dshifts[ROWS];
} rolled;

static rolled tested;

static void create(size_t d, double first, double second)
{
    const int64_t dims[] = {3, (int64_t)d, 2};

    tested.d = d;
    tested.count = ROWS * CAPSULES * 3 * d * 2;
    tested.shifts[0] = first;
    tested.shifts[1] = second;
    ASSERT_OK(tvae_roll_create(dims, 1, &tested.roll));
    fill_uniform(tested.t, tested.count, -1.0, 1.0, 5);
    fill_uniform(tested.dout, tested.count, -1.0, 1.0, 6);
}

static tvae_tensor *wrap(float *data)
{
    const size_t shape[] = {ROWS, CAPSULES, 3, tested.d, 2};
    tvae_tensor *tensor = NULL;

    ASSERT_OK(tvae_tensor_wrap(data, 5, shape, &tensor));
    return tensor;
}

static void apply(float *in, const double *shifts, float *out)
{
    tvae_tensor *t = wrap(in), *y = wrap(out);

    ASSERT_OK(tvae_roll_apply_fractional(tested.roll, t, shifts, ROWS, y));
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&y);
}

/* Element i shifted in the Fourier domain: component k turns by 2 pi k s / d, the Nyquist
 * component by its real part. */
static double shift_by_definition(const float *t, size_t i, double shift)
{
    const size_t d = tested.d, place = i / 2 % d;
    const float *first = t + i - place * 2;
    double sum = 0.0;

    for (size_t j = 0; j < d; j++) {
        const double x = (double)place - (double)j - shift;
        double h = 1.0;

        for (size_t k = 1; 2 * k < d; k++)
            h += 2.0 * cos(2.0 * pi * (double)k * x / (double)d);
        if (d % 2 == 0)
            h += cos(pi * ((double)place - (double)j)) * cos(pi * shift);
        sum += h * (double)first[j * 2] / (double)d;
    }
    return sum;
}

static void define(const float *t, const double *shifts, double *out)
{
    for (size_t i = 0; i < tested.count; i++)
        out[i] = shift_by_definition(t, i, shifts[i / (tested.count / ROWS)]);
}

static const size_t widths[] = {1, 2, 3, 4, 15, 18};
enum { N_WIDTHS = 6 };

START_TEST(apply_fractional_equals_fourier_interpolation)
{
    static double defined[MAX_COUNT];
    static float want[MAX_COUNT];
    const double shifts[][2] = {
        {0.5, -0.25}, {1e-7, 3.75}, {-2.5, 17.125}, {0.999, -40.4}};

    for (size_t k = 0; k < sizeof shifts / sizeof *shifts; k++) {
        create(widths[_i], shifts[k][0], shifts[k][1]);
        apply(tested.t, tested.shifts, tested.out);
        define(tested.t, tested.shifts, defined);
        for (size_t i = 0; i < tested.count; i++)
            want[i] = (float)defined[i];
        assert_close("rolled", tested.out, want, tested.count, 1e-6, 0.0);
        tvae_roll_destroy(&tested.roll);
    }
}
END_TEST

START_TEST(apply_fractional_is_exact_at_whole_places)
{
    const int64_t whole[] = {4, -7};
    static float want[MAX_COUNT];
    tvae_tensor *t, *out;

    create(widths[_i], 4.0, -7.0);
    t = wrap(tested.t);
    out = wrap(want);
    ASSERT_OK(tvae_roll_apply(tested.roll, t, whole, ROWS, out));
    apply(tested.t, tested.shifts, tested.out);
    ck_assert_mem_eq(tested.out, want, tested.count * sizeof *want);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&out);
    tvae_roll_destroy(&tested.roll);
}
END_TEST

static double squared_norm(const float *values, size_t n)
{
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum += (double)values[i] * (double)values[i];
    return sum;
}

/* Take the alternating component out of every ring. */
static void remove_nyquist(float *t)
{
    const size_t d = tested.d;

    for (size_t i = 0; i < tested.count; i++) {
        double mean = 0.0;

        if (i / 2 % d)
            continue;
        for (size_t j = 0; j < d; j++)
            mean += (j % 2 ? -1.0 : 1.0) * (double)t[i + 2 * j] / (double)d;
        for (size_t j = 0; j < d; j++)
            t[i + 2 * j] -= (float)(j % 2 ? -mean : mean);
    }
}

START_TEST(apply_fractional_keeps_the_norm_and_is_undone)
{
    static float back[MAX_COUNT];
    const double inverse[] = {-0.3, 2.6};

    create(widths[_i], 0.3, -2.6);
    if (tested.d % 2 == 0)
        remove_nyquist(tested.t);
    apply(tested.t, tested.shifts, tested.out);
    assert_near("norm", squared_norm(tested.out, tested.count),
                squared_norm(tested.t, tested.count), 1e-6, 1e-9);
    apply(tested.out, inverse, back);
    assert_close("back", back, tested.t, tested.count, 1e-6, 1e-7);
    tvae_roll_destroy(&tested.roll);
}
END_TEST

START_TEST(nyquist_component_is_scaled_by_a_cosine)
{
    static float want[MAX_COUNT];

    create(4, 0.2, 0.5);
    for (size_t i = 0; i < tested.count; i++) {
        const double shift = tested.shifts[i / (tested.count / ROWS)];

        tested.t[i] = i / 2 % 2 ? -1.0f : 1.0f;
        want[i] = tested.t[i] * (float)cos(pi * shift);
    }
    apply(tested.t, tested.shifts, tested.out);
    assert_close("nyquist", tested.out, want, tested.count, 1e-6, 0.0);
    tvae_roll_destroy(&tested.roll);
}
END_TEST

static double defined_loss(void *context)
{
    static double out[MAX_COUNT];
    double loss = 0.0;

    (void)context;
    define(tested.t, tested.shifts, out);
    for (size_t i = 0; i < tested.count; i++)
        loss += out[i] * (double)tested.dout[i];
    return loss;
}

static void assert_shift_gradient(size_t row)
{
    const double step = 1e-4, kept = tested.shifts[row];
    double above, below;

    tested.shifts[row] = kept + step;
    above = defined_loss(NULL);
    tested.shifts[row] = kept - step;
    below = defined_loss(NULL);
    tested.shifts[row] = kept;
    assert_near("shift", tested.dshifts[row], (above - below) / (2.0 * step), 1e-5, 1e-5);
}

START_TEST(gradient_equals_central_differences)
{
    const double shifts[][2] = {{0.3, -2.5}, {0.0, 5.0}, {1e-7, -1.0 + 1e-9}};

    for (size_t k = 0; k < sizeof shifts / sizeof *shifts; k++) {
        tvae_tensor *t, *dout, *dt;

        create(widths[_i], shifts[k][0], shifts[k][1]);
        t = wrap(tested.t);
        dout = wrap(tested.dout);
        dt = wrap(tested.dt);
        ASSERT_OK(tvae_roll_gradient(tested.roll, t, tested.shifts, ROWS, dout, dt,
                                     tested.dshifts));
        assert_gradient("t", tested.t, tested.dt, tested.count, 40, 1e-3, 1e-4, 1e-5,
                        defined_loss, NULL);
        for (size_t row = 0; row < ROWS; row++)
            assert_shift_gradient(row);
        ASSERT_OK(
            tvae_roll_gradient(tested.roll, t, tested.shifts, ROWS, dout, NULL, NULL));
        tvae_tensor_destroy(&t);
        tvae_tensor_destroy(&dout);
        tvae_tensor_destroy(&dt);
        tvae_roll_destroy(&tested.roll);
    }
}
END_TEST

START_TEST(fractional_calls_reject_bad_arguments)
{
    const double bad[] = {0.5, NAN}, infinite[] = {INFINITY, 0.0};
    const size_t small_shape[] = {3};
    tvae_tensor *t, *out, *small = NULL;

    create(4, 0.5, 0.5);
    t = wrap(tested.t);
    out = wrap(tested.out);
    ASSERT_OK(tvae_tensor_create(1, small_shape, &small));
    ASSERT_STATUS(tvae_roll_apply_fractional(NULL, t, tested.shifts, 2, out),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_apply_fractional(tested.roll, NULL, tested.shifts, 2, out),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_apply_fractional(tested.roll, t, NULL, 2, out),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_apply_fractional(tested.roll, t, tested.shifts, 0, out),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_apply_fractional(tested.roll, t, tested.shifts, 2, NULL),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_apply_fractional(tested.roll, t, bad, 2, out),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_apply_fractional(tested.roll, t, infinite, 2, out),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_apply_fractional(tested.roll, t, tested.shifts, 3, out),
                  TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_roll_apply_fractional(tested.roll, t, tested.shifts, 2, small),
                  TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_roll_apply_fractional(tested.roll, small, tested.shifts, 1, small),
                  TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_roll_gradient(tested.roll, t, bad, 2, out, NULL, tested.dshifts),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_gradient(tested.roll, t, tested.shifts, 2, NULL, out, NULL),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_gradient(tested.roll, t, tested.shifts, 2, out, small, NULL),
                  TVAE_E_SHAPE);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&out);
    tvae_tensor_destroy(&small);
    tvae_roll_destroy(&tested.roll);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("roll_fractional");
    TCase *tc = tcase_create("roll_fractional");

    tcase_add_loop_test(tc, apply_fractional_equals_fourier_interpolation, 0, N_WIDTHS);
    tcase_add_loop_test(tc, apply_fractional_is_exact_at_whole_places, 0, N_WIDTHS);
    tcase_add_loop_test(tc, apply_fractional_keeps_the_norm_and_is_undone, 0, N_WIDTHS);
    tcase_add_test(tc, nyquist_component_is_scaled_by_a_cosine);
    tcase_add_loop_test(tc, gradient_equals_central_differences, 0, N_WIDTHS);
    tcase_add_test(tc, fractional_calls_reject_bad_arguments);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
