/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>

enum { SAMPLES = 150, ROWS = 5, COLUMNS = 3 };

static float x_values[SAMPLES * ROWS], y_values[SAMPLES * COLUMNS];

static tvae_tensor *wrap(float *values, size_t n_samples, size_t n_units)
{
    const size_t shape[] = {n_samples, n_units};
    tvae_tensor *tensor = NULL;

    ASSERT_OK(tvae_tensor_wrap(values, 2, shape, &tensor));
    return tensor;
}

static tvae_covariance *create(size_t n_rows, size_t n_columns, int32_t kind)
{
    tvae_covariance *covariance = NULL;

    ASSERT_OK(tvae_covariance_create(n_rows, n_columns, kind, &covariance));
    return covariance;
}

static void add(tvae_covariance *covariance, tvae_tensor *x, tvae_tensor *y)
{
    ASSERT_OK(tvae_covariance_add(covariance, x, y));
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
}

static double prepared(const float *values, size_t n_units, size_t s, size_t i,
                       int32_t kind)
{
    const double value = (double)values[s * n_units + i];

    return kind == TVAE_COVARIANCE_SQUARES    ? value * value
           : kind == TVAE_COVARIANCE_ABSOLUTE ? fabs(value)
                                              : value;
}

static double mean_of(const float *values, size_t n_units, size_t i, int32_t kind)
{
    double sum = 0.0;

    for (size_t s = 0; s < SAMPLES; s++)
        sum += prepared(values, n_units, s, i, kind);
    return sum / SAMPLES;
}

/* The definition, in two passes. */
static double defined(size_t i, size_t j, int32_t kind)
{
    const double mean_x = mean_of(x_values, ROWS, i, kind);
    const double mean_y = mean_of(y_values, COLUMNS, j, kind);
    double xx = 0.0, yy = 0.0, xy = 0.0;

    for (size_t s = 0; s < SAMPLES; s++) {
        const double x = prepared(x_values, ROWS, s, i, kind) - mean_x;
        const double y = prepared(y_values, COLUMNS, s, j, kind) - mean_y;

        xx += x * x;
        yy += y * y;
        xy += x * y;
    }
    return xy / SAMPLES / (sqrt(xx / (SAMPLES - 1)) * sqrt(yy / (SAMPLES - 1)));
}

/* Values far from zero, so that sums of plain squares would lose digits. */
static void fill_values(void)
{
    fill_uniform(x_values, SAMPLES * ROWS, -1.0, 1.0, 1);
    fill_uniform(y_values, SAMPLES * COLUMNS, 2999.0, 3001.0, 2);
    for (size_t s = 0; s < SAMPLES; s++)
        y_values[s * COLUMNS] += x_values[s * ROWS];
}

START_TEST(matrix_is_the_definition)
{
    const size_t shape[] = {ROWS, COLUMNS};
    const int32_t kind = (int32_t)_i;
    tvae_covariance *covariance = create(ROWS, COLUMNS, kind);
    tvae_tensor *matrix = NULL;

    fill_values();
    add(covariance, wrap(x_values, 70, ROWS), wrap(y_values, 70, COLUMNS));
    add(covariance, wrap(x_values + 70 * ROWS, SAMPLES - 70, ROWS),
        wrap(y_values + 70 * COLUMNS, SAMPLES - 70, COLUMNS));
    ASSERT_OK(tvae_tensor_create(2, shape, &matrix));
    ASSERT_OK(tvae_covariance_matrix(covariance, 0, matrix));
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < COLUMNS; j++)
            assert_near("matrix", (double)tvae_tensor_data(matrix)[i * COLUMNS + j],
                        defined(i, j, kind), 0.0, 1e-6);
    ASSERT_OK(tvae_covariance_matrix(covariance, 1, matrix));
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < COLUMNS; j++)
            ck_assert_int_eq(tvae_tensor_data(matrix)[i * COLUMNS + j] == 0.0f, i == j);
    tvae_tensor_destroy(&matrix);
    tvae_covariance_destroy(&covariance);
    ck_assert_ptr_null(covariance);
}
END_TEST

/* Axes before the units count samples, whatever their number. */
START_TEST(add_takes_any_axes_that_hold_the_units)
{
    const size_t shape[] = {3, 10, ROWS, 1}, square[] = {ROWS, ROWS};
    tvae_covariance *covariance = create(ROWS, ROWS, TVAE_COVARIANCE_VALUES);
    tvae_tensor *x = NULL, *matrix = NULL;

    fill_values();
    ASSERT_OK(tvae_tensor_wrap(x_values, 4, shape, &x));
    add(covariance, x, NULL);
    ASSERT_OK(tvae_tensor_create(2, square, &matrix));
    ASSERT_OK(tvae_covariance_matrix(covariance, 0, matrix));
    for (size_t i = 0; i < ROWS; i++)
        assert_near("diagonal", (double)tvae_tensor_data(matrix)[i * ROWS + i],
                    29.0 / 30.0, 0.0, 1e-6);
    tvae_tensor_destroy(&matrix);
    tvae_covariance_destroy(&covariance);
}
END_TEST

START_TEST(matrix_is_nan_for_constant_units_and_single_samples)
{
    const size_t shape[] = {ROWS, ROWS};
    tvae_covariance *covariance = create(ROWS, ROWS, TVAE_COVARIANCE_VALUES);
    tvae_tensor *matrix = NULL;

    ASSERT_OK(tvae_tensor_create(2, shape, &matrix));
    ASSERT_OK(tvae_covariance_matrix(covariance, 0, matrix));
    ck_assert(isnan(tvae_tensor_data(matrix)[1]));
    fill_values();
    add(covariance, wrap(x_values, 1, ROWS), NULL);
    ASSERT_OK(tvae_covariance_matrix(covariance, 0, matrix));
    ck_assert(isnan(tvae_tensor_data(matrix)[1]));
    for (size_t s = 0; s < SAMPLES; s++)
        x_values[s * ROWS + 2] = x_values[2];
    add(covariance, wrap(x_values + ROWS, SAMPLES - 1, ROWS), NULL);
    ASSERT_OK(tvae_covariance_matrix(covariance, 0, matrix));
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < ROWS; j++)
            ck_assert_int_eq(isnan(tvae_tensor_data(matrix)[i * ROWS + j]) != 0,
                             i == 2 || j == 2);
    tvae_tensor_destroy(&matrix);
    tvae_covariance_destroy(&covariance);
}
END_TEST

START_TEST(calls_reject_bad_arguments)
{
    tvae_covariance *covariance = NULL, *good = create(ROWS, ROWS, 0);
    tvae_tensor *x = wrap(x_values, SAMPLES, ROWS), *y = wrap(y_values, 4, COLUMNS);
    tvae_tensor *few = wrap(x_values, 4, ROWS);

    ASSERT_STATUS(tvae_covariance_create(1, 1, 0, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_covariance_create(0, 1, 0, &covariance), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_covariance_create(1, SIZE_MAX, 0, &covariance), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_covariance_create(1, 1, 3, &covariance), TVAE_E_INVALID);
    ck_assert_ptr_null(covariance);
    ASSERT_STATUS(tvae_covariance_add(NULL, x, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_covariance_add(good, NULL, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_covariance_add(good, y, NULL), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_covariance_add(good, x, few), TVAE_E_SHAPE);
    fill_values();
    x_values[7] = NAN;
    ASSERT_STATUS(tvae_covariance_add(good, x, NULL), TVAE_E_NUMERIC);
    ASSERT_STATUS(tvae_covariance_matrix(NULL, 0, x), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_covariance_matrix(good, 0, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_covariance_matrix(good, 2, x), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_covariance_matrix(good, 0, x), TVAE_E_SHAPE);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
    tvae_tensor_destroy(&few);
    tvae_covariance_destroy(&good);
    tvae_covariance_destroy(&good);
    tvae_covariance_destroy(NULL);
}
END_TEST

/* ---- smoothness ---- */

enum { CAPSULES = 2, D1 = 4, D2 = 3, UNITS = CAPSULES * D1 * D2, MANY = 4000 };

static float activity[MANY * UNITS], noise[MANY * UNITS];
static const size_t grid[] = {CAPSULES, D1, D2, 1};

/* |t| of each unit is 1, plus its own noise, plus noise of the unit after it along the
 * first axis of its capsule, circular: neighbours along that axis correlate by 1/2. */
static void make_chain(void)
{
    fill_uniform(noise, MANY * UNITS, -0.5, 0.5, 3);
    for (size_t s = 0; s < MANY; s++)
        for (size_t i = 0; i < UNITS; i++) {
            const size_t capsule = i / (D1 * D2), a = i / D2 % D1;
            const size_t next = (capsule * D1 + (a + 1) % D1) * D2 + i % D2;
            const float t = 2.0f + noise[s * UNITS + i] + noise[s * UNITS + next];

            activity[s * UNITS + i] = i % 2 ? -t : t;
        }
}

/* A unit has two neighbours along the first axis (correlation 1/2) and two along the
 * second (0); the other pairs are independent. */
START_TEST(smoothness_is_the_neighbours_correlation_above_the_others)
{
    tvae_covariance *covariance = create(UNITS, UNITS, TVAE_COVARIANCE_ABSOLUTE);
    double neighbours, others, smoothness;

    make_chain();
    add(covariance, wrap(activity, MANY, UNITS), NULL);
    ASSERT_OK(
        tvae_topographic_smoothness(covariance, grid, &neighbours, &others, &smoothness));
    assert_near("neighbours", neighbours, 0.25, 0.0, 0.01);
    assert_near("others", others, 0.0, 0.0, 0.01);
    assert_near("smoothness", smoothness, neighbours - others, 1e-12, 0.0);
    ASSERT_OK(tvae_topographic_smoothness(covariance, grid, NULL, NULL, &smoothness));
    tvae_covariance_destroy(&covariance);
}
END_TEST

/* Two equal units: neighbours, or not, as the axes say, and one pair either way. */
START_TEST(smoothness_counts_each_pair_once)
{
    const size_t line[] = {1, 2, 1, 1}, apart[] = {2, 1, 1, 1};
    tvae_covariance *covariance = create(2, 2, TVAE_COVARIANCE_ABSOLUTE);
    double neighbours, others, smoothness;
    float t[] = {1.0f, 1.0f, 2.0f, 2.0f, 4.0f, 4.0f};

    add(covariance, wrap(t, 3, 2), NULL);
    ASSERT_OK(
        tvae_topographic_smoothness(covariance, line, &neighbours, &others, &smoothness));
    assert_near("neighbours", neighbours, 1.0, 0.0, 1e-12);
    ck_assert(isnan(others) && isnan(smoothness));
    ASSERT_OK(tvae_topographic_smoothness(covariance, apart, &neighbours, &others,
                                          &smoothness));
    assert_near("others", others, 1.0, 0.0, 1e-12);
    ck_assert(isnan(neighbours) && isnan(smoothness));
    tvae_covariance_destroy(&covariance);
}
END_TEST

START_TEST(smoothness_rejects_bad_arguments)
{
    const size_t wrong[] = {1, D1, D2, 1}, huge[] = {SIZE_MAX, 2, 1, 1};
    tvae_covariance *values = create(UNITS, UNITS, TVAE_COVARIANCE_VALUES);
    tvae_covariance *good = create(UNITS, UNITS, TVAE_COVARIANCE_ABSOLUTE);
    tvae_covariance *oblong = create(UNITS, 1, TVAE_COVARIANCE_ABSOLUTE);
    double value;

    ASSERT_STATUS(tvae_topographic_smoothness(NULL, grid, NULL, NULL, &value),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_topographic_smoothness(good, NULL, NULL, NULL, &value),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_topographic_smoothness(good, grid, NULL, NULL, NULL),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_topographic_smoothness(values, grid, NULL, NULL, &value),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_topographic_smoothness(good, wrong, NULL, NULL, &value),
                  TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_topographic_smoothness(good, huge, NULL, NULL, &value),
                  TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_topographic_smoothness(oblong, grid, NULL, NULL, &value),
                  TVAE_E_SHAPE);
    ASSERT_OK(tvae_topographic_smoothness(good, grid, NULL, NULL, &value));
    ck_assert(isnan(value));
    tvae_covariance_destroy(&values);
    tvae_covariance_destroy(&good);
    tvae_covariance_destroy(&oblong);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("covariance");
    TCase *tc = tcase_create("covariance");

    tcase_add_loop_test(tc, matrix_is_the_definition, 0, TVAE_COVARIANCE_ABSOLUTE + 1);
    tcase_add_test(tc, add_takes_any_axes_that_hold_the_units);
    tcase_add_test(tc, matrix_is_nan_for_constant_units_and_single_samples);
    tcase_add_test(tc, calls_reject_bad_arguments);
    tcase_add_test(tc, smoothness_is_the_neighbours_correlation_above_the_others);
    tcase_add_test(tc, smoothness_counts_each_pair_once);
    tcase_add_test(tc, smoothness_rejects_bad_arguments);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
