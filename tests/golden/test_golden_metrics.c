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

static void check_offset(size_t i, const tvi_capsule_offset *offset)
{
    static const char *const names[] = {"transform", "cap", "true"};
    const double got[] = {(double)offset->factor, (double)offset->nearest, offset->truth};

    for (size_t k = 0; k < sizeof got / sizeof *got; k++) {
        tvae_tensor *want = golden_get(archive, "capoff", names[k]);

        ck_assert_msg(got[k] == (double)tvae_tensor_data(want)[i],
                      "capoff.%s[%zu]: got %g", names[k], i, got[k]);
        tvae_tensor_destroy(&want);
    }
}

/* The frame and shift chosen in each sequence are the reference's, exactly. */
START_TEST(capsule_offsets_match)
{
    tvae_tensor *s, *label;
    size_t n_frames, n_capsules, d, n_factors, *work, factor;
    tvi_capsule_offset offset;

    if (!archive)
        return;
    s = golden_get(archive, "capoff", "s");
    label = golden_get(archive, "capoff", "label");
    n_frames = tvae_tensor_extent(s, 1);
    n_capsules = tvae_tensor_extent(s, 2);
    d = tvae_tensor_extent(s, 3);
    n_factors = tvae_tensor_extent(label, 2);
    work = calloc(2 * n_capsules + d, sizeof *work);
    ck_assert_ptr_nonnull(work);
    for (size_t i = 0; i < tvae_tensor_extent(s, 0); i++) {
        const float *t = tvae_tensor_data(s) + i * n_frames * n_capsules * d;
        const float *factors = tvae_tensor_data(label) + i * n_frames * n_factors;

        ck_assert(tvi_factor_that_varies(n_factors, factors, &factor));
        ck_assert(tvi_capsule_offset_find(n_frames, n_capsules, d, n_factors, factor, t,
                                          factors, work, work + n_capsules, &offset));
        check_offset(i, &offset);
    }
    free(work);
    tvae_tensor_destroy(&s);
    tvae_tensor_destroy(&label);
}
END_TEST

/* capoff.factor_sizes says how many values each factor of capoff.label has; no formula
 * uses it. */
START_TEST(labels_stay_below_the_factor_sizes)
{
    tvae_tensor *label, *sizes;
    size_t n_factors;

    if (!archive)
        return;
    label = golden_get(archive, "capoff", "label");
    sizes = golden_get(archive, "capoff", "factor_sizes");
    n_factors = tvae_tensor_extent(label, 2);
    ck_assert_uint_eq(tvae_tensor_count(sizes), n_factors);
    for (size_t i = 0; i < tvae_tensor_count(label); i++)
        ck_assert(tvae_tensor_data(label)[i] < tvae_tensor_data(sizes)[i % n_factors]);
    tvae_tensor_destroy(&label);
    tvae_tensor_destroy(&sizes);
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

/* The file's float64 comes as float32. */
START_TEST(periodic_correlations_match)
{
    tvae_tensor *x, *y, *want;
    size_t n, d;
    float *got;

    if (!archive)
        return;
    x = golden_get(archive, "pcorr", "x");
    y = golden_get(archive, "pcorr", "y");
    want = golden_get(archive, "pcorr", "r");
    n = tvae_tensor_extent(x, 0);
    d = tvae_tensor_extent(x, 1);
    got = calloc(n * d, sizeof *got);
    ck_assert_ptr_nonnull(got);
    ck_assert_uint_eq(tvae_tensor_count(want), n * d);
    for (size_t i = 0; i < n * d; i++)
        got[i] = (float)tvi_periodic_correlation(d, tvae_tensor_data(x) + i / d * d,
                                                 tvae_tensor_data(y) + i / d * d, i % d);
    assert_close("pcorr.r", got, tvae_tensor_data(want), n * d, 1e-7, 0.0);
    free(got);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
    tvae_tensor_destroy(&want);
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

/* The decoder alone, in a model whose encoder is not used. */
static tvae_model *create_decoder(const tvae_tensor *s, const tvae_tensor *recon)
{
    tvae_prior_options prior_options;
    tvae_model_options options;
    tvae_prior *prior = NULL;
    tvae_model *model = NULL;

    ASSERT_OK(tvae_prior_options_init(&prior_options, sizeof prior_options));
    prior_options.n_capsules = (int64_t)tvae_tensor_extent(s, 1);
    prior_options.capsule_dims[0] = (int64_t)tvae_tensor_extent(s, 2);
    ASSERT_OK(tvae_prior_create(&prior_options, NULL, 0, &prior));
    ASSERT_OK(tvae_model_options_init(&options, sizeof options));
    options.channels = (int64_t)tvae_tensor_extent(recon, 1);
    options.height = (int64_t)tvae_tensor_extent(recon, 2);
    options.width = (int64_t)tvae_tensor_extent(recon, 3);
    ASSERT_OK(tvae_model_create(&options, prior, &model));
    tvae_prior_destroy(&prior);
    return model;
}

static void set_decoder(tvae_model *model)
{
    static const int layers[] = {0, 2, 4};

    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        for (int bias = 0; bias < 2; bias++) {
            char name[64], suffix[72];
            tvae_tensor *value;

            (void)snprintf(name, sizeof name, "decoder.model.%d.%s", layers[i],
                           bias ? "bias" : "weight");
            (void)snprintf(suffix, sizeof suffix, "w.%s", name);
            value = golden_get(archive, "trav", suffix);
            ASSERT_OK(tvae_model_set_parameter(model, name, value));
            tvae_tensor_destroy(&value);
        }
}

START_TEST(decoded_traversal_matches)
{
    tvae_tensor *s, *rolled, *want, *t = NULL, *got = NULL;
    tvae_model *model;
    tvae_workspace *work = NULL;
    size_t t_shape[3], shape[5];

    if (!archive)
        return;
    s = golden_get(archive, "trav", "s");
    rolled = golden_get(archive, "trav", "s_rolled");
    want = golden_get(archive, "trav", "recon");
    model = create_decoder(s, want);
    set_decoder(model);
    t_shape[0] = shape[0] = 1;
    t_shape[1] = shape[1] = tvae_tensor_extent(rolled, 0);
    t_shape[2] = tvae_tensor_count(rolled) / t_shape[1];
    ASSERT_OK(tvae_model_frame_shape(model, shape + 2));
    ASSERT_OK(tvae_tensor_view(rolled, 0, 3, t_shape, &t));
    ASSERT_OK(tvae_tensor_create(5, shape, &got));
    ASSERT_OK(tvae_workspace_create(&work));
    ASSERT_OK(tvae_model_decode(model, work, t, got));
    ck_assert_uint_eq(tvae_tensor_count(got), tvae_tensor_count(want));
    assert_close("trav.recon", tvae_tensor_data(got), tvae_tensor_data(want),
                 tvae_tensor_count(want), 1e-5, 0.0);
    tvae_workspace_destroy(&work);
    tvae_model_destroy(&model);
    tvae_tensor_destroy(&s);
    tvae_tensor_destroy(&rolled);
    tvae_tensor_destroy(&want);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&got);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden_metrics");
    TCase *tc = tcase_create("golden_metrics");

    tcase_add_checked_fixture(tc, open_metrics, close_metrics);
    tcase_add_test(tc, equivariance_errors_match);
    tcase_add_test(tc, capsule_offsets_match);
    tcase_add_test(tc, labels_stay_below_the_factor_sizes);
    tcase_add_test(tc, capcorr_matches);
    tcase_add_test(tc, periodic_correlations_match);
    tcase_add_test(tc, rolls_match_the_traversal);
    tcase_add_test(tc, decoded_traversal_matches);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
