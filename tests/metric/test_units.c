/* SPDX-License-Identifier: MIT */
#include "scarce_memory.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

/* Class selectivity, maximum activations and active latents. */

enum { SAMPLES = 40, UNITS = 3, CLASSES = 2 };

static float values[SAMPLES * UNITS], more[SAMPLES * UNITS], classes[SAMPLES];

static tvae_tensor *wrap(float *data, size_t n_samples, size_t n_units)
{
    const size_t shape[] = {n_samples, n_units};
    tvae_tensor *tensor = NULL;

    ASSERT_OK(tvae_tensor_wrap(data, 2, shape, &tensor));
    return tensor;
}

/* ---- selectivity ---- */

static tvae_selectivity *create_selectivity(void)
{
    tvae_selectivity *selectivity = NULL;

    ASSERT_OK(tvae_selectivity_create(UNITS, CLASSES, &selectivity));
    return selectivity;
}

static void add_samples(tvae_selectivity *selectivity, size_t first, size_t n)
{
    tvae_tensor *t = wrap(values + first * UNITS, n, UNITS);
    tvae_tensor *labels = wrap(classes + first, n, 1);

    ASSERT_OK(tvae_selectivity_add(selectivity, t, labels));
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&labels);
}

/* Unit 0: 1002 +- 2 in class 1, 1000 +- 1 in class 0; unit 1: the same in both; unit 2:
 * constant. */
static void make_classes(void)
{
    for (size_t s = 0; s < SAMPLES; s++) {
        const float sign = s / 2 % 2 ? 1.0f : -1.0f;

        classes[s] = (float)(s % 2);
        values[s * UNITS] = 1000.0f + 2.0f * classes[s] + (1.0f + classes[s]) * sign;
        values[s * UNITS + 1] = sign;
        values[s * UNITS + 2] = 7.0f;
    }
}

START_TEST(d_prime_is_the_distance_of_the_means_in_deviations)
{
    const size_t shape[] = {CLASSES, UNITS};
    /* of +-1 and of +-2, 20 samples each, unbiased */
    const double variance = (20.0 / 19.0 + 80.0 / 19.0) / 2.0;
    tvae_selectivity *selectivity = create_selectivity();
    tvae_tensor *d_prime = NULL;
    const float *d;

    make_classes();
    ASSERT_OK(tvae_tensor_create(2, shape, &d_prime));
    d = tvae_tensor_data(d_prime);
    ASSERT_OK(tvae_selectivity_d_prime(selectivity, d_prime));
    ck_assert(isnan(d[0]));
    add_samples(selectivity, 0, 13);
    add_samples(selectivity, 13, SAMPLES - 13);
    ASSERT_OK(tvae_selectivity_d_prime(selectivity, d_prime));
    assert_near("class 0", (double)d[0], -2.0 / sqrt(variance), 1e-6, 0.0);
    assert_near("class 1", (double)d[UNITS], 2.0 / sqrt(variance), 1e-6, 0.0);
    assert_near("no class", (double)d[1], 0.0, 0.0, 1e-12);
    ck_assert(isnan(d[2]) && isnan(d[UNITS + 2]));
    tvae_tensor_destroy(&d_prime);
    tvae_selectivity_destroy(&selectivity);
    ck_assert_ptr_null(selectivity);
}
END_TEST

START_TEST(map_takes_the_last_class_over_the_threshold)
{
    tvae_selectivity *selectivity = create_selectivity();
    float map[UNITS];
    tvae_tensor *out = wrap(map, 1, UNITS);

    make_classes();
    add_samples(selectivity, 0, SAMPLES);
    ASSERT_OK(tvae_selectivity_map(selectivity, 0.85, out));
    ck_assert(map[0] == 1.0f && map[1] == -1.0f && map[2] == -1.0f);
    ASSERT_OK(tvae_selectivity_map(selectivity, 1.25, out));
    ck_assert(map[0] == -1.0f && map[1] == -1.0f && map[2] == -1.0f);
    ASSERT_OK(tvae_selectivity_map(selectivity, -2.0, out));
    ck_assert(map[0] == 1.0f && map[1] == 1.0f && map[2] == -1.0f);
    tvae_tensor_destroy(&out);
    tvae_selectivity_destroy(&selectivity);
}
END_TEST

START_TEST(selectivity_rejects_bad_arguments)
{
    tvae_selectivity *none = NULL, *good = create_selectivity();
    tvae_tensor *t = wrap(values, SAMPLES, UNITS), *labels = wrap(classes, SAMPLES, 1);
    const float wrong[] = {-1.0f, 0.5f, (float)CLASSES, NAN};

    make_classes();
    ASSERT_STATUS(tvae_selectivity_create(1, 1, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_selectivity_create(0, 1, &none), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_selectivity_create(1, 0, &none), TVAE_E_INVALID);
    ck_assert_ptr_null(none);
    ASSERT_STATUS(tvae_selectivity_add(NULL, t, labels), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_selectivity_add(good, NULL, labels), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_selectivity_add(good, t, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_selectivity_add(good, labels, labels), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_selectivity_add(good, t, t), TVAE_E_SHAPE);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        classes[SAMPLES - 1] = wrong[i];
        ASSERT_STATUS(tvae_selectivity_add(good, t, labels), TVAE_E_INVALID);
    }
    ASSERT_STATUS(tvae_selectivity_d_prime(NULL, t), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_selectivity_d_prime(good, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_selectivity_d_prime(good, t), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_selectivity_map(NULL, 0.85, t), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_selectivity_map(good, 0.85, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_selectivity_map(good, NAN, t), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_selectivity_map(good, 0.85, t), TVAE_E_SHAPE);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&labels);
    tvae_selectivity_destroy(&good);
    tvae_selectivity_destroy(&good);
    tvae_selectivity_destroy(NULL);
}
END_TEST

/* ---- maximum activations ---- */

START_TEST(find_gives_the_first_sample_with_the_largest_magnitude)
{
    float t[] = {0.0f, -1.0f, 2.0f, 0.0f, 3.0f, -2.0f, 0.0f, -3.0f, -2.5f};
    const uint64_t want[] = {0, 1, 2};
    const double want_values[] = {0.0, 3.0, -2.5};
    tvae_max_activation *found = NULL;
    tvae_tensor *one = wrap(t, 1, UNITS), *two = wrap(t + UNITS, 2, UNITS);
    uint64_t sample;
    double value;

    ASSERT_OK(tvae_max_activation_create(UNITS, &found));
    ASSERT_STATUS(tvae_max_activation_find(found, 0, &sample, NULL), TVAE_E_STATE);
    ASSERT_OK(tvae_max_activation_add(found, one));
    ASSERT_OK(tvae_max_activation_add(found, two));
    for (size_t i = 0; i < UNITS; i++) {
        ASSERT_OK(tvae_max_activation_find(found, i, &sample, &value));
        ck_assert_uint_eq(sample, want[i]);
        ck_assert(value == want_values[i]);
    }
    tvae_tensor_destroy(&one);
    tvae_tensor_destroy(&two);
    tvae_max_activation_destroy(&found);
    ck_assert_ptr_null(found);
}
END_TEST

START_TEST(max_activation_rejects_bad_arguments)
{
    float t[] = {1.0f, 2.0f, 3.0f};
    tvae_max_activation *none = NULL, *good = NULL;
    tvae_tensor *row = wrap(t, 1, UNITS), *short_row = wrap(t, 1, UNITS - 1);
    uint64_t sample;

    ASSERT_OK(tvae_max_activation_create(UNITS, &good));
    ASSERT_STATUS(tvae_max_activation_create(UNITS, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_max_activation_create(0, &none), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_max_activation_create(SIZE_MAX, &none), TVAE_E_INVALID);
    ck_assert_ptr_null(none);
    ASSERT_STATUS(tvae_max_activation_add(NULL, row), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_max_activation_add(good, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_max_activation_add(good, short_row), TVAE_E_SHAPE);
    t[1] = INFINITY;
    ASSERT_STATUS(tvae_max_activation_add(good, row), TVAE_E_NUMERIC);
    ASSERT_STATUS(tvae_max_activation_find(NULL, 0, &sample, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_max_activation_find(good, 0, NULL, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_max_activation_find(good, UNITS, &sample, NULL), TVAE_E_INVALID);
    tvae_tensor_destroy(&row);
    tvae_tensor_destroy(&short_row);
    tvae_max_activation_destroy(&good);
    tvae_max_activation_destroy(&good);
    tvae_max_activation_destroy(NULL);
}
END_TEST

/* ---- active latents ---- */

/* Unit 0 says nothing (prior); unit 1's mean is 0.5 always; unit 2's is +-0.2 with
 * log-variance -1. */
static void make_posteriors(void)
{
    for (size_t s = 0; s < SAMPLES; s++) {
        values[s * UNITS] = 0.0f;
        values[s * UNITS + 1] = 0.5f;
        values[s * UNITS + 2] = s % 2 ? 0.25f : -0.25f;
        more[s * UNITS] = more[s * UNITS + 1] = 0.0f;
        more[s * UNITS + 2] = -1.0f;
    }
}

static void add_posteriors(tvae_activity *activity, size_t first, size_t n)
{
    tvae_tensor *mean = wrap(values + first * UNITS, n, UNITS);
    tvae_tensor *log_variance = wrap(more + first * UNITS, n, UNITS);

    ASSERT_OK(tvae_activity_add(activity, mean, log_variance));
    tvae_tensor_destroy(&mean);
    tvae_tensor_destroy(&log_variance);
}

static double measured(const tvae_activity *activity, size_t unit, int32_t measure)
{
    double value = -1.0;

    ASSERT_OK(tvae_activity_value(activity, unit, measure, &value));
    return value;
}

START_TEST(activity_is_the_variance_of_means_and_the_mean_kl)
{
    const double kl[] = {0.0, 0.125, (0.0625 + exp(-1.0) - 1.0 + 1.0) / 2.0};
    const double variance[] = {0.0, 0.0, 0.0625};
    tvae_activity *activity = NULL;
    size_t n_active;

    make_posteriors();
    ASSERT_OK(tvae_activity_create(UNITS, &activity));
    ck_assert(isnan(measured(activity, 0, TVAE_ACTIVITY_KL)));
    add_posteriors(activity, 0, 15);
    add_posteriors(activity, 15, SAMPLES - 15);
    for (size_t i = 0; i < UNITS; i++) {
        assert_near("kl", measured(activity, i, TVAE_ACTIVITY_KL), kl[i], 1e-12, 0.0);
        assert_near("variance", measured(activity, i, TVAE_ACTIVITY_VARIANCE),
                    variance[i], 1e-12, 0.0);
    }
    ASSERT_OK(tvae_activity_count(activity, TVAE_ACTIVITY_VARIANCE, 0.01, &n_active));
    ck_assert_uint_eq(n_active, 1);
    ASSERT_OK(tvae_activity_count(activity, TVAE_ACTIVITY_KL, 0.01, &n_active));
    ck_assert_uint_eq(n_active, 2);
    tvae_activity_destroy(&activity);
    ck_assert_ptr_null(activity);
}
END_TEST

START_TEST(activity_rejects_bad_arguments)
{
    tvae_activity *none = NULL, *good = NULL;
    tvae_tensor *mean = wrap(values, SAMPLES, UNITS),
                *short_row = wrap(more, 1, UNITS - 1);
    tvae_tensor *log_variance = wrap(more, SAMPLES, UNITS);
    double value;
    size_t n;

    make_posteriors();
    ASSERT_OK(tvae_activity_create(UNITS, &good));
    ASSERT_STATUS(tvae_activity_create(UNITS, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_activity_create(0, &none), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_activity_create(SIZE_MAX, &none), TVAE_E_INVALID);
    ck_assert_ptr_null(none);
    ASSERT_STATUS(tvae_activity_add(NULL, mean, log_variance), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_activity_add(good, NULL, log_variance), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_activity_add(good, mean, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_activity_add(good, short_row, short_row), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_activity_add(good, mean, short_row), TVAE_E_SHAPE);
    more[4] = NAN;
    ASSERT_STATUS(tvae_activity_add(good, mean, log_variance), TVAE_E_NUMERIC);
    ASSERT_STATUS(tvae_activity_value(NULL, 0, 0, &value), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_activity_value(good, UNITS, 0, &value), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_activity_value(good, 0, 2, &value), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_activity_value(good, 0, 0, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_activity_count(NULL, 0, 0.01, &n), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_activity_count(good, -1, 0.01, &n), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_activity_count(good, 0, NAN, &n), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_activity_count(good, 0, 0.01, NULL), TVAE_E_INVALID);
    ASSERT_OK(tvae_activity_count(good, 0, 0.01, &n));
    ck_assert_uint_eq(n, 0);
    tvae_tensor_destroy(&mean);
    tvae_tensor_destroy(&short_row);
    tvae_tensor_destroy(&log_variance);
    tvae_activity_destroy(&good);
    tvae_activity_destroy(&good);
    tvae_activity_destroy(NULL);
}
END_TEST

/* ---- allocation failures ---- */

static tvae_status use_everything(void)
{
    const size_t shape[] = {SAMPLES, UNITS};
    tvae_covariance *covariance = NULL;
    tvae_selectivity *selectivity = NULL;
    tvae_max_activation *found = NULL;
    tvae_activity *activity = NULL;
    tvae_tensor *t = NULL;
    tvae_status st = tvae_covariance_create(UNITS, UNITS, 0, &covariance);

    if (st == TVAE_OK)
        st = tvae_selectivity_create(UNITS, CLASSES, &selectivity);
    if (st == TVAE_OK)
        st = tvae_max_activation_create(UNITS, &found);
    if (st == TVAE_OK)
        st = tvae_activity_create(UNITS, &activity);
    if (st == TVAE_OK)
        st = tvae_tensor_wrap(values, 2, shape, &t);
    if (st == TVAE_OK)
        st = tvae_covariance_add(covariance, t, NULL);
    tvae_tensor_destroy(&t);
    tvae_covariance_destroy(&covariance);
    tvae_selectivity_destroy(&selectivity);
    tvae_max_activation_destroy(&found);
    tvae_activity_destroy(&activity);
    return st;
}

START_TEST(failed_allocations_leak_nothing)
{
    make_posteriors();
    assert_survives_scarce_memory(use_everything, 10);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("units");
    TCase *tc = tcase_create("units");

    tcase_add_test(tc, d_prime_is_the_distance_of_the_means_in_deviations);
    tcase_add_test(tc, map_takes_the_last_class_over_the_threshold);
    tcase_add_test(tc, selectivity_rejects_bad_arguments);
    tcase_add_test(tc, find_gives_the_first_sample_with_the_largest_magnitude);
    tcase_add_test(tc, max_activation_rejects_bad_arguments);
    tcase_add_test(tc, activity_is_the_variance_of_means_and_the_mean_kl);
    tcase_add_test(tc, activity_rejects_bad_arguments);
    tcase_add_test(tc, failed_allocations_leak_nothing);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
