/* SPDX-License-Identifier: MIT */
#include "golden.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "metric/metric.h"

/* Equivariance errors, CapCorr and the traversal's roll against the reference (GOLDEN
 * section 4). */

static tvae_archive *archive;

static void open_metrics(void)
{
    archive = golden_open("metrics.npz");
}

static void close_metrics(void)
{
    tvae_archive_destroy(&archive);
}

static double get_scalar(const char *case_name, const char *suffix)
{
    tvae_tensor *tensor = golden_get(archive, case_name, suffix);
    const double value = (double)tvae_tensor_data(tensor)[0];

    tvae_tensor_destroy(&tensor);
    return value;
}

/* Relative to the error, or absolute for the case that rolls perfectly. */
static void check_errors(const char *case_name)
{
    tvae_tensor *s = golden_get(archive, case_name, "s");
    double error;

    ASSERT_OK(tvae_equivariance_error(s, &error));
    assert_near(case_name, error, get_scalar(case_name, "loss"), 1e-5, 1e-5);
    ASSERT_OK(tvae_equivariance_error_pairs(s, &error));
    assert_near(case_name, error, get_scalar(case_name, "loss_naive"), 1e-5, 1e-5);
    tvae_tensor_destroy(&s);
}

START_TEST(equivariance_errors_match)
{
    size_t n_cases = 0;

    if (!archive)
        return;
    for (size_t i = 0; i < tvae_archive_count(archive); i++) {
        char name[256];
        const size_t length = strlen(tvae_archive_name(archive, i));

        if (length < 2 || length >= sizeof name ||
            strncmp(tvae_archive_name(archive, i), "eq_", 3) ||
            strcmp(tvae_archive_name(archive, i) + length - 2, ".s"))
            continue;
        memcpy(name, tvae_archive_name(archive, i), length - 2);
        name[length - 2] = '\0';
        check_errors(name);
        n_cases++;
    }
    ck_assert_uint_gt(n_cases, 0);
}
END_TEST

/* The frame and shift chosen in each sequence are the reference's, exactly. */
START_TEST(capsule_offsets_match)
{
    tvae_tensor *s, *label, *factor, *shift, *truth;
    size_t n_frames, n_capsules, d, n_factors, *work;
    tvi_capsule_offset offset;

    if (!archive)
        return;
    s = golden_get(archive, "capoff", "s");
    label = golden_get(archive, "capoff", "label");
    factor = golden_get(archive, "capoff", "transform");
    shift = golden_get(archive, "capoff", "cap");
    truth = golden_get(archive, "capoff", "true");
    n_frames = tvae_tensor_extent(s, 1);
    n_capsules = tvae_tensor_extent(s, 2);
    d = tvae_tensor_extent(s, 3);
    n_factors = tvae_tensor_extent(label, 2);
    work = calloc(2 * n_capsules + d, sizeof *work);
    ck_assert_ptr_nonnull(work);
    for (size_t i = 0; i < tvae_tensor_extent(s, 0); i++) {
        ck_assert(
            tvi_capsule_offset_find(n_frames, n_capsules, d, n_factors,
                                    tvae_tensor_data(s) + i * n_frames * n_capsules * d,
                                    tvae_tensor_data(label) + i * n_frames * n_factors,
                                    work, work + n_capsules, &offset));
        ck_assert_int_eq((int)offset.factor, (int)tvae_tensor_data(factor)[i]);
        ck_assert_int_eq((int)offset.nearest, (int)tvae_tensor_data(shift)[i]);
        ck_assert_int_eq((int)offset.truth, (int)tvae_tensor_data(truth)[i]);
    }
    free(work);
    tvae_tensor_destroy(&s);
    tvae_tensor_destroy(&label);
    tvae_tensor_destroy(&factor);
    tvae_tensor_destroy(&shift);
    tvae_tensor_destroy(&truth);
}
END_TEST

/* Entry f - 1 of corr is factor f; the file's float64 comes as float32. */
START_TEST(capcorr_matches)
{
    tvae_tensor *s, *label, *want;
    tvae_capcorr *capcorr = NULL;
    double value;

    if (!archive)
        return;
    s = golden_get(archive, "capoff", "s");
    label = golden_get(archive, "capoff", "label");
    want = golden_get(archive, "capoff", "corr");
    ASSERT_OK(tvae_capcorr_create(tvae_tensor_extent(label, 2), tvae_tensor_extent(s, 2),
                                  &capcorr));
    ASSERT_OK(tvae_capcorr_add(capcorr, s, label));
    for (size_t f = 1; f < tvae_tensor_extent(label, 2); f++) {
        ASSERT_OK(tvae_capcorr_value(capcorr, f, TVAE_CAPCORR_NEAREST, &value));
        assert_near("capoff.corr", value, (double)tvae_tensor_data(want)[f - 1], 1e-7,
                    1e-7);
    }
    tvae_capcorr_destroy(&capcorr);
    tvae_tensor_destroy(&s);
    tvae_tensor_destroy(&label);
    tvae_tensor_destroy(&want);
}
END_TEST

/* Rows of x and y as capsules of two frames: each one's shift is where the reference's
 * periodic correlation is largest. */
START_TEST(shifts_are_where_the_periodic_correlation_is_largest)
{
    const float factors[] = {1.0f, 0.0f};
    tvae_tensor *x, *y, *r;
    tvi_capsule_offset offset;
    size_t n, d, *work;
    float *t;

    if (!archive)
        return;
    x = golden_get(archive, "pcorr", "x");
    y = golden_get(archive, "pcorr", "y");
    r = golden_get(archive, "pcorr", "r");
    n = tvae_tensor_extent(x, 0);
    d = tvae_tensor_extent(x, 1);
    t = calloc(2 * n * d, sizeof *t);
    work = calloc(2 * n + d, sizeof *work);
    ck_assert(t && work);
    memcpy(t, tvae_tensor_data(x), n * d * sizeof *t);
    memcpy(t + n * d, tvae_tensor_data(y), n * d * sizeof *t);
    ck_assert(tvi_capsule_offset_find(2, n, d, 1, t, factors, work, work + n, &offset));
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < d; k++)
            ck_assert(tvae_tensor_data(r)[i * d + k] <=
                      tvae_tensor_data(r)[i * d + work[i]]);
    free(t);
    free(work);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
    tvae_tensor_destroy(&r);
}
END_TEST

/* Row i of the traversal is frame 0 rolled by i. */
START_TEST(rolls_match_the_traversal)
{
    tvae_tensor *s, *want, *frame = NULL, *rolled = NULL;
    tvae_roll *roll = NULL;
    size_t shape[2];
    int64_t dims[] = {1, 1, 1};

    if (!archive)
        return;
    s = golden_get(archive, "trav", "s");
    want = golden_get(archive, "trav", "s_rolled");
    shape[0] = tvae_tensor_extent(s, 1);
    shape[1] = tvae_tensor_extent(s, 2);
    dims[0] = (int64_t)shape[1];
    ASSERT_OK(tvae_tensor_view(s, 0, 2, shape, &frame));
    ASSERT_OK(tvae_tensor_create(2, shape, &rolled));
    ASSERT_OK(tvae_roll_create(dims, 0, &roll));
    for (int64_t i = 0; i < dims[0]; i++) {
        ASSERT_OK(tvae_roll_apply(roll, frame, &i, 1, rolled));
        ck_assert_mem_eq(tvae_tensor_data(rolled),
                         tvae_tensor_data(want) + (size_t)i * shape[0] * shape[1],
                         shape[0] * shape[1] * sizeof(float));
    }
    tvae_roll_destroy(&roll);
    tvae_tensor_destroy(&s);
    tvae_tensor_destroy(&want);
    tvae_tensor_destroy(&frame);
    tvae_tensor_destroy(&rolled);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden_metrics");
    TCase *tc = tcase_create("golden_metrics");

    tcase_add_checked_fixture(tc, open_metrics, close_metrics);
    tcase_add_test(tc, equivariance_errors_match);
    tcase_add_test(tc, capsule_offsets_match);
    tcase_add_test(tc, capcorr_matches);
    tcase_add_test(tc, shifts_are_where_the_periodic_correlation_is_largest);
    tcase_add_test(tc, rolls_match_the_traversal);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
