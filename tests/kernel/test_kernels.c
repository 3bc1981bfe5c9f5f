/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <float.h>
#include <math.h>

#include "kernel/kernel.h"

/* Each kernel at every level of this machine against plain formulas in double, at odd
 * sizes, from starts that are not aligned, between guard words. */

enum { GUARD = 5, MOST = 1031, N_ARRAYS = 6 };

static const float GUARD_WORD = -12345.0f;

static const size_t sizes[] = {0,  1,   2,   7,   15,  16,  17,  31,
                               33, 100, 255, 256, 257, 777, MOST};

/* Arrays of a case: inputs drawn from a range, outputs checked against `want`. */
static float storage[N_ARRAYS][MOST + 2 * GUARD];
static double want[2][MOST];

static float *array(size_t which, size_t n, double low, double high)
{
    float *const start = storage[which] + GUARD;

    for (size_t i = 0; i < MOST + 2 * GUARD; i++)
        storage[which][i] = GUARD_WORD;
    if (n)
        fill_uniform(start, n, low, high, which + 100 * n);
    return start;
}

static void check_guards(size_t n)
{
    for (size_t a = 0; a < N_ARRAYS; a++)
        for (size_t g = 0; g < GUARD; g++) {
            ck_assert(storage[a][g] == GUARD_WORD);
            ck_assert(storage[a][GUARD + n + g] == GUARD_WORD);
        }
}

/* Each element to `relative` of its own size, or `absolute`. */
static void check_elements(const char *what, const float *got, const double *wanted,
                           size_t n, double relative, double absolute)
{
    for (size_t i = 0; i < n; i++) {
        const double error = fabs((double)got[i] - wanted[i]);

        ck_assert_msg(error <= absolute + relative * fabs(wanted[i]),
                      "%s, n = %zu: [%zu] is %.9g, want %.9g", what, n, i, (double)got[i],
                      wanted[i]);
    }
    check_guards(n);
}

typedef void (*kernel_check)(const tvi_kernels *kernels, size_t n);

static void check_every_level(kernel_check check)
{
    for (size_t a = 0; a < N_ARRAYS; a++)
        (void)array(a, 0, 0.0, 0.0);
    ck_assert_ptr_nonnull(tvi_kernel_at(TVAE_KERNEL_PORTABLE));
    for (int level = TVAE_KERNEL_PORTABLE; level <= TVAE_KERNEL_AVX512; level++)
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0] && tvi_kernel_at(level);
             s++)
            check(tvi_kernel_at(level), sizes[s]);
}

static double sigmoid_of(double a)
{
    return 1.0 / (1.0 + exp(-a));
}

static double bernoulli_of(double a, double x)
{
    return fmax(a, 0.0) + log1p(exp(-fabs(a))) - x * a;
}

static void check_add_bias(const tvi_kernels *kernels, size_t n)
{
    for (size_t group = 1; group <= 40; group += 13) {
        const float *bias = array(0, n, -2, 2);
        float *y = array(1, n, -2, 2);

        for (size_t i = 0; i < n; i++)
            want[0][i] = (double)y[i] + (double)bias[i / group];
        kernels->add_bias(n, group, bias, y);
        check_elements("add_bias", y, want[0], n, FLT_EPSILON, 0.0);
    }
}

START_TEST(add_bias_matches_reference)
{
    check_every_level(check_add_bias);
}
END_TEST

static void check_relu(const tvi_kernels *kernels, size_t n)
{
    float *x = array(0, n, -2, 2), *dy = array(1, n, -2, 2);

    for (size_t i = 0; i < n; i++) {
        want[0][i] = x[i] > 0.0f ? (double)x[i] : 0.0;
        want[1][i] = x[i] > 0.0f ? (double)dy[i] : 0.0;
    }
    kernels->relu(n, x, x);
    check_elements("relu", x, want[0], n, 0.0, 0.0);
    kernels->relu_gradient(n, x, dy, dy);
    check_elements("relu_gradient", dy, want[1], n, 0.0, 0.0);
}

START_TEST(relu_matches_reference)
{
    check_every_level(check_relu);
}
END_TEST

static void check_sigmoid(const tvi_kernels *kernels, size_t n)
{
    const float *x = array(0, n, -100, 100);
    float *y = array(1, n, 0, 0), *dy = array(2, n, -2, 2);

    for (size_t i = 0; i < n; i++)
        want[0][i] = sigmoid_of((double)x[i]);
    kernels->sigmoid(n, x, y);
    check_elements("sigmoid", y, want[0], n, 4e-7, 1e-44);
    for (size_t i = 0; i < n; i++)
        want[1][i] = (double)dy[i] * (double)y[i] * (1.0 - (double)y[i]);
    kernels->sigmoid_gradient(n, y, dy, dy);
    check_elements("sigmoid_gradient", dy, want[1], n, 4e-7, 1e-44);
}

START_TEST(sigmoid_matches_reference)
{
    check_every_level(check_sigmoid);
}
END_TEST

static void check_leaky_relu(const tvi_kernels *kernels, size_t n)
{
    const float *x = array(0, n, -2, 2);
    float *y = array(1, n, 0, 0), *dy = array(2, n, -2, 2);

    for (size_t i = 0; i < n; i++) {
        const double factor = x[i] > 0.0f ? 1.0 : (double)-0.3f;

        want[0][i] = factor * (double)x[i];
        want[1][i] = factor * (double)dy[i];
    }
    kernels->leaky_relu(n, -0.3f, x, y);
    check_elements("leaky_relu", y, want[0], n, FLT_EPSILON, 0.0);
    kernels->leaky_relu_gradient(n, -0.3f, x, dy, dy);
    check_elements("leaky_relu_gradient", dy, want[1], n, FLT_EPSILON, 0.0);
}

START_TEST(leaky_relu_matches_reference)
{
    check_every_level(check_leaky_relu);
}
END_TEST

/* Over the range where tanh curves, around zero, and where it is flat. */
static void check_tanh(const tvi_kernels *kernels, size_t n)
{
    const double ranges[] = {3.0, 1e-3, 60.0};

    for (size_t r = 0; r < 3; r++) {
        const float *x = array(0, n, -ranges[r], ranges[r]);
        float *y = array(1, n, 0, 0), *dy = array(2, n, -2, 2);

        for (size_t i = 0; i < n; i++)
            want[0][i] = tanh((double)x[i]);
        kernels->tanh(n, x, y);
        check_elements("tanh", y, want[0], n, 3e-7, 0.0);
        for (size_t i = 0; i < n; i++)
            want[1][i] = (double)dy[i] * (1.0 - (double)y[i] * (double)y[i]);
        kernels->tanh_gradient(n, y, dy, dy);
        check_elements("tanh_gradient", dy, want[1], n, 4e-7, 0.0);
    }
}

START_TEST(tanh_matches_reference)
{
    check_every_level(check_tanh);
}
END_TEST

static void check_softplus(const tvi_kernels *kernels, size_t n)
{
    const float *x = array(0, n, -100, 100);
    float *y = array(1, n, 0, 0), *dy = array(2, n, -2, 2);

    for (size_t i = 0; i < n; i++) {
        want[0][i] = bernoulli_of((double)x[i], 0.0);
        want[1][i] = (double)dy[i] * sigmoid_of((double)x[i]);
    }
    kernels->softplus(n, x, y);
    check_elements("softplus", y, want[0], n, 4e-7, 1e-44);
    kernels->softplus_gradient(n, x, dy, dy);
    check_elements("softplus_gradient", dy, want[1], n, 4e-7, 1e-44);
}

START_TEST(softplus_matches_reference)
{
    check_every_level(check_softplus);
}
END_TEST

START_TEST(activations_keep_infinities_and_nan)
{
    const float x[] = {(float)INFINITY, (float)-INFINITY, (float)NAN};
    float y[3];

    for (int level = 0; tvi_kernel_at(level); level++) {
        const tvi_kernels *kernels = tvi_kernel_at(level);

        kernels->tanh(3, x, y);
        ck_assert(y[0] == 1.0f && y[1] == -1.0f && isnan(y[2]));
        kernels->softplus(3, x, y);
        ck_assert(y[0] == x[0] && y[1] == 0.0f && isnan(y[2]));
        kernels->leaky_relu(3, 0.5f, x, y);
        ck_assert(y[0] == x[0] && y[1] == x[1] && isnan(y[2]));
    }
}
END_TEST

static void check_arithmetic(const tvi_kernels *kernels, size_t n)
{
    const float *x = array(0, n, -2, 2);
    float *y = array(1, n, -2, 2);

    for (size_t i = 0; i < n; i++) {
        want[0][i] = (double)y[i] + (double)0.7f * (double)x[i];
        want[1][i] = (double)x[i] * (double)x[i];
    }
    kernels->add_scaled(n, 0.7f, x, y);
    check_elements("add_scaled", y, want[0], n, 0.0, 3e-7);
    kernels->square(n, x, y);
    check_elements("square", y, want[1], n, FLT_EPSILON, 0.0);
}

START_TEST(arithmetic_matches_reference)
{
    check_every_level(check_arithmetic);
}
END_TEST

static void check_sums(const tvi_kernels *kernels, size_t n)
{
    const float *a = array(0, n, -2, 3), *b = array(1, n, -3, 2);
    double sum = 0.0, distance = 0.0, dot = 0.0;

    for (size_t i = 0; i < n; i++) {
        sum += (double)a[i];
        distance += fabs((double)a[i] - (double)b[i]);
        dot += (double)a[i] * (double)b[i];
    }
    assert_near("sum", kernels->sum(n, a), sum, 0.0, 1e-6 * (double)n);
    assert_near("distance", kernels->sum_abs_difference(n, a, b), distance, 1e-6, 0.0);
    assert_near("dot", kernels->dot(n, a, b), dot, 0.0, 2e-6 * (double)n);
}

START_TEST(sums_match_reference)
{
    check_every_level(check_sums);
}
END_TEST

static void check_posterior(const tvi_kernels *kernels, size_t n)
{
    const float *mean = array(0, n, -2, 2), *r = array(1, n, -4, 3);
    const float *noise = array(2, n, -3, 3);
    float *sample = array(3, n, 0, 0);
    double kl = 0.0, ratio = 0.0;

    for (size_t i = 0; i < n; i++) {
        want[0][i] = (double)mean[i] + exp((double)r[i] / 2) * (double)noise[i];
        kl += ((double)mean[i] * (double)mean[i] + exp((double)r[i]) - 1 - (double)r[i]) /
              2;
    }
    kernels->gaussian_sample(n, mean, r, noise, sample);
    check_elements("gaussian_sample", sample, want[0], n, 4e-7, 1e-6);
    assert_near("gaussian_kl", kernels->gaussian_kl(n, mean, r), kl, 1e-6, 0.0);
    for (size_t i = 0; i < n; i++)
        ratio += ((double)noise[i] * (double)noise[i] + (double)r[i] -
                  (double)sample[i] * (double)sample[i]) /
                 2;
    assert_near("gaussian_log_ratio", kernels->gaussian_log_ratio(n, r, noise, sample),
                ratio, 1e-6, 1e-5 * (double)n);
}

START_TEST(gaussian_posterior_matches_reference)
{
    check_every_level(check_posterior);
}
END_TEST

/* The outputs replace two of the inputs, as the model does it. */
static void check_posterior_gradient(const tvi_kernels *kernels, size_t n)
{
    const double scale = 0.25;
    float *mean = array(0, n, -2, 2), *r = array(1, n, -4, 3);
    const float *noise = array(2, n, -3, 3), *d = array(3, n, -2, 2);

    for (size_t i = 0; i < n; i++) {
        want[0][i] = (double)d[i] + scale * (double)mean[i];
        want[1][i] = (double)d[i] * (double)noise[i] * exp((double)r[i] / 2) / 2 +
                     scale * (exp((double)r[i]) - 1) / 2;
    }
    kernels->gaussian_gradient(n, (float)scale, mean, r, noise, d, mean, r);
    check_elements("d_mean", mean, want[0], n, 0.0, 5e-7);
    check_elements("d_log_variance", r, want[1], n, 5e-7, 2e-6);
}

START_TEST(gaussian_gradient_matches_reference)
{
    check_every_level(check_posterior_gradient);
}
END_TEST

static void check_bernoulli(const tvi_kernels *kernels, size_t n)
{
    const double scale = 0.125;
    float *a = array(0, n, -30, 30);
    const float *x = array(1, n, 0, 1);
    double nll = 0.0;

    for (size_t i = 0; i < n; i++) {
        nll += bernoulli_of((double)a[i], (double)x[i]);
        want[0][i] = scale * (sigmoid_of((double)a[i]) - (double)x[i]);
    }
    assert_near("bernoulli_nll", kernels->bernoulli_nll(n, a, x), nll, 1e-6, 0.0);
    assert_near("bernoulli_nll_gradient",
                kernels->bernoulli_nll_gradient(n, (float)scale, a, x, a), nll, 1e-6,
                0.0);
    check_elements("d_logits", a, want[0], n, 0.0, 2e-8);
}

START_TEST(bernoulli_matches_reference)
{
    check_every_level(check_bernoulli);
}
END_TEST

START_TEST(bernoulli_is_finite_and_exact_at_the_ends)
{
    const float logits[] = {-1000.0f, 1000.0f, -1000.0f, 1000.0f, -20.0f},
                x[] = {0.0f, 1.0f, 1.0f, 0.0f, 0.0f};

    for (int level = 0; tvi_kernel_at(level); level++) {
        const tvi_kernels *kernels = tvi_kernel_at(level);

        ck_assert(kernels->bernoulli_nll(2, logits, x) == 0.0);
        ck_assert(kernels->bernoulli_nll(4, logits, x) == 2000.0);
        assert_near("softplus(-20)", kernels->bernoulli_nll(1, logits + 4, x + 4),
                    log1p(exp(-20.0)), 1e-6, 0.0);
    }
}
END_TEST

static void check_gaussian_nll(const tvi_kernels *kernels, size_t n)
{
    const double s = 0.75, scale = 0.5;
    const float *mean = array(0, n, -2, 2), *x = array(1, n, 0, 1);
    float *d = array(2, n, 0, 0);
    double nll = 0.0;

    for (size_t i = 0; i < n; i++) {
        const double difference = (double)x[i] - (double)mean[i];

        nll += difference * difference / (2 * s * s) + log(s) + log(2 * acos(-1.0)) / 2;
        want[0][i] = -scale * difference / (s * s);
    }
    assert_near("gaussian_nll",
                kernels->gaussian_nll(n, (float)s, (float)scale, mean, x, d), nll, 1e-6,
                1e-6);
    check_elements("d_mean", d, want[0], n, 5e-7, 0.0);
    assert_near("gaussian_nll alone",
                kernels->gaussian_nll(n, (float)s, (float)scale, mean, x, NULL), nll,
                1e-6, 1e-6);
}

START_TEST(gaussian_nll_matches_reference)
{
    check_every_level(check_gaussian_nll);
}
END_TEST

static void check_student_t(const tvi_kernels *kernels, size_t n)
{
    const float *z = array(0, n, -3, 3), *v = array(1, n, 0, 40);
    float *t = array(2, n, 0, 0);

    for (size_t i = 0; i < n; i++)
        want[0][i] = ((double)z[i] + 30.0) / sqrt((double)v[i] + 1e-6);
    kernels->student_t(n, 30.0f, 1e-6f, z, v, t);
    check_elements("student_t", t, want[0], n, 4e-7, 0.0);
}

START_TEST(student_t_matches_reference)
{
    check_every_level(check_student_t);
}
END_TEST

static void check_sgd(const tvi_kernels *kernels, size_t n)
{
    const float *gradient = array(0, n, -2, 2);
    float *buffer = array(1, n, -2, 2), *value = array(2, n, -2, 2);

    for (size_t i = 0; i < n; i++) {
        want[0][i] = (double)0.9f * (double)buffer[i] + (double)gradient[i];
        want[1][i] = (double)value[i] - (double)0.01f * want[0][i];
    }
    kernels->sgd(n, 0.01f, 0.9f, gradient, buffer, value);
    check_elements("buffer", buffer, want[0], n, 0.0, 5e-7);
    check_elements("value", value, want[1], n, 0.0, 5e-7);
}

START_TEST(sgd_matches_reference)
{
    check_every_level(check_sgd);
}
END_TEST

static void check_adam(const tvi_kernels *kernels, size_t n)
{
    const double beta1 = 0.9f, beta2 = 0.999f, epsilon = 1e-8f, rate = 0.01f;
    const double root = sqrtf(0.25f), decay = 0.98f;
    const float *gradient = array(0, n, -2, 2);
    float *mean = array(1, n, -2, 2), *square_mean = array(2, n, 0, 2),
          *value = array(3, n, -2, 2);
    static double wanted_value[MOST];

    for (size_t i = 0; i < n; i++) {
        const double g = (double)gradient[i];

        want[0][i] = beta1 * (double)mean[i] + (1 - beta1) * g;
        want[1][i] = beta2 * (double)square_mean[i] + (1 - beta2) * g * g;
        wanted_value[i] = decay * (double)value[i] -
                          rate * want[0][i] / (sqrt(want[1][i]) / root + epsilon);
    }
    kernels->adam(n, (float)rate, (float)root, (float)beta1, (float)beta2, (float)epsilon,
                  (float)decay, gradient, mean, square_mean, value);
    check_elements("mean", mean, want[0], n, 0.0, 5e-7);
    check_elements("square_mean", square_mean, want[1], n, 5e-7, 0.0);
    check_elements("value", value, wanted_value, n, 5e-7, 5e-7);
}

START_TEST(adam_matches_reference)
{
    check_every_level(check_adam);
}
END_TEST

START_TEST(kernel_follows_the_level_cap)
{
    ck_assert_ptr_null(tvi_kernel_at(-1));
    ck_assert_ptr_null(tvi_kernel_at(TVAE_KERNEL_AVX512 + 1));
    for (int level = TVAE_KERNEL_PORTABLE; level <= TVAE_KERNEL_AVX512; level++) {
        ASSERT_OK(tvae_set_kernel_level(level));
        if (tvi_kernel_at(level))
            ck_assert_ptr_eq(tvi_kernel(), tvi_kernel_at(level));
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernels");
    TCase *tests = tcase_create("kernels");

    tcase_add_test(tests, add_bias_matches_reference);
    tcase_add_test(tests, relu_matches_reference);
    tcase_add_test(tests, sigmoid_matches_reference);
    tcase_add_test(tests, leaky_relu_matches_reference);
    tcase_add_test(tests, tanh_matches_reference);
    tcase_add_test(tests, softplus_matches_reference);
    tcase_add_test(tests, activations_keep_infinities_and_nan);
    tcase_add_test(tests, arithmetic_matches_reference);
    tcase_add_test(tests, sums_match_reference);
    tcase_add_test(tests, gaussian_posterior_matches_reference);
    tcase_add_test(tests, gaussian_gradient_matches_reference);
    tcase_add_test(tests, bernoulli_matches_reference);
    tcase_add_test(tests, bernoulli_is_finite_and_exact_at_the_ends);
    tcase_add_test(tests, gaussian_nll_matches_reference);
    tcase_add_test(tests, student_t_matches_reference);
    tcase_add_test(tests, sgd_matches_reference);
    tcase_add_test(tests, adam_matches_reference);
    tcase_add_test(tests, kernel_follows_the_level_cap);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
