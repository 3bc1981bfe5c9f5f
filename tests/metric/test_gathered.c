/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <string.h>

#include "metric/gathered.h"

/* Samples that several accumulators saw in parts, merged, give what one accumulator finds
 * that saw all, whatever the parts. */

enum { SAMPLES = 60, UNITS = 4, COLUMNS = 3, CLASSES = 3, PARTS = 4 };
enum { FRAMES = 5, CAPSULES = 2 };

/* Where parts begin and end; some are empty, also the first and the last. */
static const size_t bounds[][PARTS + 1] = {
    {0, 15, 30, 45, 60}, {0, 1, 1, 47, 60}, {0, 0, 0, 59, 60}, {0, 60, 60, 60, 60}};

enum { N_BOUNDS = sizeof bounds / sizeof *bounds };

/* Far from 0 and drifting: where sums of plain squares, or a part's own first sample
 * taken for that of all, would show. */
static float x_values[SAMPLES * UNITS], y_values[SAMPLES * COLUMNS];
static float r_values[SAMPLES * UNITS], classes[SAMPLES];
static float t_values[SAMPLES * FRAMES * CAPSULES * FRAMES], factors[SAMPLES * FRAMES];

static void make_values(void)
{
    fill_uniform(x_values, SAMPLES * UNITS, -1.0, 1.0, 1);
    fill_uniform(y_values, SAMPLES * COLUMNS, -1.0, 1.0, 2);
    fill_uniform(r_values, SAMPLES * UNITS, -2.0, 0.0, 4);
    fill_uniform(t_values, sizeof t_values / sizeof *t_values, -1.0, 1.0, 3);
    for (size_t s = 0; s < SAMPLES; s++) {
        classes[s] = (float)(s * 7 % CLASSES);
        for (size_t i = 0; i < UNITS; i++)
            x_values[s * UNITS + i] += 50.0f * (float)i + 0.05f * (float)s;
        x_values[s * UNITS + UNITS - 1] = 7.5f; /* constant */
        for (size_t i = 0; i < COLUMNS; i++)
            y_values[s * COLUMNS + i] += x_values[s * UNITS + i] - 20.0f;
        for (size_t f = 0; f < FRAMES; f++)
            factors[s * FRAMES + f] = (float)((s * s + f) % FRAMES);
    }
}

/* Samples first .. end - 1, as [n, n_units]. */
static tvae_tensor *cut(float *values, size_t first, size_t end, size_t n_units)
{
    const size_t shape[] = {end - first, n_units};
    tvae_tensor *tensor = NULL;

    ASSERT_OK(tvae_tensor_wrap(values + first * n_units, 2, shape, &tensor));
    return tensor;
}

/* ---- the accumulators, all alike ---- */

typedef struct subject {
    void *(*create)(void);
    void (*add)(void *accumulator, size_t first, size_t end);
    tvi_gathered (*gathered)(void *accumulator);
    void (*compare)(void *merged, void *whole);
    void (*destroy)(void *accumulator);
} subject;

static void assert_same(const char *what, double got, double want)
{
    if (isnan(want))
        ck_assert_msg(isnan(got), "%s: %g, want NaN", what, got);
    else
        assert_near(what, got, want, 1e-9, 1e-12);
}

static void *create_activity(void)
{
    tvae_activity *activity = NULL;

    ASSERT_OK(tvae_activity_create(UNITS, &activity));
    return activity;
}

static void add_activity(void *activity, size_t first, size_t end)
{
    tvae_tensor *mean = cut(x_values, first, end, UNITS);
    tvae_tensor *log_variance = cut(r_values, first, end, UNITS);

    ASSERT_OK(tvae_activity_add(activity, mean, log_variance));
    tvae_tensor_destroy(&mean);
    tvae_tensor_destroy(&log_variance);
}

static tvi_gathered gather_activity(void *activity)
{
    return tvi_activity_gathered(activity);
}

static void compare_activity(void *merged, void *whole)
{
    for (size_t i = 0; i < UNITS; i++)
        for (int32_t m = TVAE_ACTIVITY_VARIANCE; m <= TVAE_ACTIVITY_KL; m++) {
            double got, want;

            ASSERT_OK(tvae_activity_value(merged, i, m, &got));
            ASSERT_OK(tvae_activity_value(whole, i, m, &want));
            assert_same("activity", got, want);
        }
}

static void destroy_activity(void *activity)
{
    tvae_activity *a = activity;

    tvae_activity_destroy(&a);
}

static void *create_capcorr(void)
{
    tvae_capcorr *capcorr = NULL;

    ASSERT_OK(tvae_capcorr_create(1, CAPSULES, &capcorr));
    return capcorr;
}

static void add_capcorr(void *capcorr, size_t first, size_t end)
{
    const size_t n = end - first, t_shape[] = {n, FRAMES, CAPSULES, FRAMES};
    const size_t factor_shape[] = {n, FRAMES, 1};
    tvae_tensor *t = NULL, *labels = NULL;

    ASSERT_OK(
        tvae_tensor_wrap(t_values + first * FRAMES * CAPSULES * FRAMES, 4, t_shape, &t));
    ASSERT_OK(tvae_tensor_wrap(factors + first * FRAMES, 3, factor_shape, &labels));
    ASSERT_OK(tvae_capcorr_add(capcorr, t, labels));
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&labels);
}

static tvi_gathered gather_capcorr(void *capcorr)
{
    return tvi_capcorr_gathered(capcorr);
}

/* To the bit: its sums are whole numbers. */
static void compare_capcorr(void *merged, void *whole)
{
    double got, want;

    for (int32_t choice = TVAE_CAPCORR_NEAREST; choice <= TVAE_CAPCORR_FIRST; choice++) {
        ASSERT_OK(tvae_capcorr_value(merged, 0, choice, &got));
        ASSERT_OK(tvae_capcorr_value(whole, 0, choice, &want));
        ck_assert(got == want);
    }
    for (size_t c = 0; c < CAPSULES; c++) {
        ASSERT_OK(tvae_capcorr_capsule_value(merged, 0, c, &got));
        ASSERT_OK(tvae_capcorr_capsule_value(whole, 0, c, &want));
        ck_assert(got == want);
    }
}

static void destroy_capcorr(void *capcorr)
{
    tvae_capcorr *c = capcorr;

    tvae_capcorr_destroy(&c);
}

static void *create_covariance(void)
{
    tvae_covariance *covariance = NULL;

    ASSERT_OK(
        tvae_covariance_create(UNITS, COLUMNS, TVAE_COVARIANCE_ABSOLUTE, &covariance));
    return covariance;
}

static void add_covariance(void *covariance, size_t first, size_t end)
{
    tvae_tensor *x = cut(x_values, first, end, UNITS);
    tvae_tensor *y = cut(y_values, first, end, COLUMNS);

    ASSERT_OK(tvae_covariance_add(covariance, x, y));
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
}

static tvi_gathered gather_covariance(void *covariance)
{
    return tvi_covariance_gathered(covariance);
}

/* `call` fills a table [n_rows, n_columns] from either. */
static void compare_tables(tvae_status (*call)(const void *accumulator,
                                               tvae_tensor *table),
                           size_t n_rows, size_t n_columns, const void *merged,
                           const void *whole)
{
    const size_t shape[] = {n_rows, n_columns};
    tvae_tensor *got = NULL, *want = NULL;

    ASSERT_OK(tvae_tensor_create(2, shape, &got));
    ASSERT_OK(tvae_tensor_create(2, shape, &want));
    ASSERT_OK(call(merged, got));
    ASSERT_OK(call(whole, want));
    for (size_t i = 0; i < n_rows * n_columns; i++) {
        const double value = (double)tvae_tensor_data(want)[i];

        if (isnan(value))
            ck_assert(isnan(tvae_tensor_data(got)[i]));
        else /* results are floats */
            assert_near("table", (double)tvae_tensor_data(got)[i], value, 2e-7, 1e-9);
    }
    tvae_tensor_destroy(&got);
    tvae_tensor_destroy(&want);
}

static tvae_status fill_covariances(const void *covariance, tvae_tensor *table)
{
    return tvae_covariance_matrix(covariance, 0, table);
}

static void compare_covariance(void *merged, void *whole)
{
    compare_tables(fill_covariances, UNITS, COLUMNS, merged, whole);
}

static void destroy_covariance(void *covariance)
{
    tvae_covariance *c = covariance;

    tvae_covariance_destroy(&c);
}

static void *create_selectivity(void)
{
    tvae_selectivity *selectivity = NULL;

    ASSERT_OK(tvae_selectivity_create(UNITS, CLASSES, &selectivity));
    return selectivity;
}

static void add_selectivity(void *selectivity, size_t first, size_t end)
{
    tvae_tensor *t = cut(x_values, first, end, UNITS);
    tvae_tensor *labels = cut(classes, first, end, 1);

    ASSERT_OK(tvae_selectivity_add(selectivity, t, labels));
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&labels);
}

static tvi_gathered gather_selectivity(void *selectivity)
{
    return tvi_selectivity_gathered(selectivity);
}

static tvae_status fill_d_prime(const void *selectivity, tvae_tensor *table)
{
    return tvae_selectivity_d_prime(selectivity, table);
}

static void compare_selectivity(void *merged, void *whole)
{
    compare_tables(fill_d_prime, CLASSES, UNITS, merged, whole);
}

static void destroy_selectivity(void *selectivity)
{
    tvae_selectivity *s = selectivity;

    tvae_selectivity_destroy(&s);
}

static const subject subjects[] = {
    {create_activity, add_activity, gather_activity, compare_activity, destroy_activity},
    {create_capcorr, add_capcorr, gather_capcorr, compare_capcorr, destroy_capcorr},
    {create_covariance, add_covariance, gather_covariance, compare_covariance,
     destroy_covariance},
    {create_selectivity, add_selectivity, gather_selectivity, compare_selectivity,
     destroy_selectivity}};

enum { N_SUBJECTS = sizeof subjects / sizeof *subjects };

/* ---- merging ---- */

/* Merge the parts into a fresh one, and later ones into the first. */
static void merge_parts(const subject *s, const size_t *ends, void *fresh, void *first)
{
    const tvi_gathered into_fresh = s->gathered(fresh), into_first = s->gathered(first);

    for (size_t p = 0; p < PARTS; p++) {
        void *part = s->create();

        if (ends[p + 1] > ends[p])
            s->add(part, ends[p], ends[p + 1]);
        into_fresh.merge(into_fresh.accumulator, s->gathered(part).values);
        if (p > 0)
            into_first.merge(into_first.accumulator, s->gathered(part).values);
        else if (ends[1] > ends[0])
            s->add(first, ends[0], ends[1]);
        s->destroy(part);
    }
}

START_TEST(merged_parts_equal_the_whole)
{
    const subject *s = &subjects[_i / N_BOUNDS];
    void *whole = s->create(), *fresh = s->create(), *first = s->create();

    make_values();
    s->add(whole, 0, SAMPLES);
    merge_parts(s, bounds[_i % N_BOUNDS], fresh, first);
    s->compare(fresh, whole);
    s->compare(first, whole);
    s->destroy(whole);
    s->destroy(fresh);
    s->destroy(first);
}
END_TEST

START_TEST(samples_may_be_added_after_a_merge)
{
    const subject *s = &subjects[_i];
    void *whole = s->create(), *part = s->create(), *merged = s->create();
    tvi_gathered into;

    make_values();
    s->add(whole, 0, SAMPLES);
    s->add(part, 0, 20);
    into = s->gathered(merged);
    into.merge(into.accumulator, s->gathered(part).values);
    s->add(merged, 20, SAMPLES);
    s->compare(merged, whole);
    s->destroy(whole);
    s->destroy(part);
    s->destroy(merged);
}
END_TEST

START_TEST(zeros_are_nothing_gathered)
{
    const subject *s = &subjects[_i];
    void *fresh = s->create(), *used = s->create(), *whole = s->create();
    tvi_gathered g;

    make_values();
    g = s->gathered(fresh);
    for (size_t i = 0; i < g.n_values; i++)
        ck_assert(g.values[i] == 0.0);
    s->add(used, 0, 30);
    g = s->gathered(used);
    memset(g.values, 0, g.n_values * sizeof *g.values);
    s->add(used, 0, SAMPLES);
    s->add(whole, 0, SAMPLES);
    s->compare(used, whole);
    s->destroy(fresh);
    s->destroy(used);
    s->destroy(whole);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gathered");
    TCase *tcase = tcase_create("unit");

    tcase_add_loop_test(tcase, merged_parts_equal_the_whole, 0, N_SUBJECTS * N_BOUNDS);
    tcase_add_loop_test(tcase, samples_may_be_added_after_a_merge, 0, N_SUBJECTS);
    tcase_add_loop_test(tcase, zeros_are_nothing_gathered, 0, N_SUBJECTS);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
