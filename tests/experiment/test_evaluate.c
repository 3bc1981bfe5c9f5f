/* SPDX-License-Identifier: MIT */
#include "run_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static double number(const tvae_run *run, const char *path)
{
    double value = -1.0;

    ASSERT_OK(tvae_run_summary_number(run, path, &value));
    return value;
}

static tvae_evaluate_options small_options(void)
{
    tvae_evaluate_options options;

    ASSERT_OK(tvae_evaluate_options_init(&options, sizeof options));
    options.n_samples = 3;
    options.n_sequences = 40;
    return options;
}

static tvae_run *trained_run(const char *experiment, const char *name, int steps)
{
    tvae_config *config = tiny_config(experiment, steps, 1);
    tvae_run *run = NULL;

    train_run(config, name);
    tvae_config_destroy(&config);
    ASSERT_OK(tvae_run_open(scratch(name), &run));
    return run;
}

START_TEST(options_init_gives_the_defaults)
{
    tvae_evaluate_options options;

    ASSERT_OK(tvae_evaluate_options_init(&options, sizeof options));
    ck_assert_int_eq(options.n_samples, 10);
    ck_assert_int_eq(options.n_sequences, 1000);
    ck_assert_int_eq(options.split, TVAE_SPLIT_TEST);
    ck_assert_int_eq(options.at_means, 0);
    ck_assert_uint_eq(options.seed, 0);
    ASSERT_STATUS(tvae_evaluate_options_init(NULL, sizeof options), TVAE_E_INVALID);
}
END_TEST

START_TEST(evaluate_writes_the_summary)
{
    tvae_run *run = trained_run("sprites_quick", "run", 6);
    const tvae_evaluate_options options = small_options();
    double value;
    char *text;

    ASSERT_STATUS(tvae_run_summary_number(run, "loss", &value), TVAE_E_NOT_FOUND);
    ASSERT_OK(tvae_run_evaluate(run, &options, NULL, NULL));
    assert_near("loss", number(run, "loss"),
                number(run, "neg_log_px") + number(run, "kl.z") + number(run, "kl.u"),
                1e-9, 0.0);
    assert_near("reference", number(run, "log_likelihood_reference"),
                number(run, "log_likelihood") + log(3.0), 1e-9, 0.0);
    ck_assert(number(run, "log_likelihood") > -number(run, "loss") - 1.0);
    ck_assert(number(run, "equivariance_error") > 0.0);
    ck_assert(number(run, "steps") == 6.0 && number(run, "n_samples") == 3.0);
    ck_assert(number(run, "n_sequences") == 40.0 && number(run, "seed") == 0.0);
    ck_assert(number(run, "seconds") > 0.0 && number(run, "peak_rss_bytes") > 1e5);
    value = number(run, "capcorr.posX");
    ck_assert(isnan(value) || fabs(value) <= 1.0);
    (void)number(run, "capcorr_first.posY");
    (void)number(run, "capcorr_per_capsule.posX.1");
    ASSERT_STATUS(tvae_run_summary_number(run, "capcorr.scale", &value),
                  TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvae_run_summary_number(run, "capcorr_per_capsule.posX.2", &value),
                  TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvae_run_summary_number(run, "capcorr", &value), TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvae_run_summary_number(run, "split", &value), TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvae_run_summary_number(run, "..", &value), TVAE_E_NOT_FOUND);
    text = read_file(run_file("run", "summary.json"), NULL);
    ck_assert_ptr_nonnull(strstr(text, "\"split\": \"test\""));
    ck_assert_ptr_nonnull(strstr(text, "\"experiment\": \"sprites_quick\""));
    ck_assert_ptr_nonnull(strstr(text, "\"tvae\": \""));
    free(text);
    tvae_run_destroy(&run);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(evaluate_of_a_plain_vae_has_no_u)
{
    tvae_run *run = trained_run("sprites_quick_vae", "run", 3);
    tvae_evaluate_options options = small_options();

    ASSERT_OK(tvae_run_evaluate(run, &options, NULL, NULL));
    ck_assert(number(run, "kl.u") == 0.0);
    options.at_means = 1;
    ASSERT_OK(tvae_run_evaluate(run, &options, NULL, NULL));
    ck_assert(number(run, "loss") > 0.0);
    tvae_run_destroy(&run);
}
END_TEST

START_TEST(evaluate_is_seeded)
{
    tvae_run *run = trained_run("sprites_quick", "run", 3);
    tvae_evaluate_options options = small_options();
    double first, kl;
    char *a, *b;

    ASSERT_OK(tvae_run_evaluate(run, &options, NULL, NULL));
    a = read_file(run_file("run", "summary.json"), NULL);
    first = number(run, "neg_log_px");
    kl = number(run, "kl.z");
    ASSERT_OK(tvae_run_evaluate(run, &options, NULL, NULL));
    b = read_file(run_file("run", "summary.json"), NULL);
    ck_assert_str_eq(a, b);
    options.seed = 5;
    ASSERT_OK(tvae_run_evaluate(run, &options, NULL, NULL));
    ck_assert(number(run, "neg_log_px") != first);
    options.seed = 0;
    options.at_means = 1;
    ASSERT_OK(tvae_run_evaluate(run, &options, NULL, NULL));
    ck_assert(number(run, "neg_log_px") != first);
    assert_near("kl", number(run, "kl.z"), kl, 1e-9, 0.0);
    options.split = TVAE_SPLIT_TRAIN;
    ASSERT_OK(tvae_run_evaluate(run, &options, NULL, NULL));
    ck_assert(number(run, "kl.z") != kl);
    free(a);
    free(b);
    tvae_run_destroy(&run);
}
END_TEST

/* Two batches of it, against one call of the model. */
START_TEST(evaluate_equals_the_model_s_own_numbers)
{
    tvae_run *run = trained_run("sprites_quick", "run", 3);
    tvae_evaluate_options options = small_options();
    const size_t shape[5] = {35, 5, 1, 8, 8};
    tvae_config *config = NULL;
    tvae_dataset *data = NULL;
    tvae_model *model = NULL;
    tvae_workspace *work = NULL;
    tvae_tensor *x = NULL;
    double terms[TVAE_N_TERMS];

    options.n_sequences = 35;
    options.at_means = 1;
    options.seed = 9;
    ASSERT_OK(tvae_run_evaluate(run, &options, NULL, NULL));
    ASSERT_OK(tvae_run_config(run, &config));
    ASSERT_OK(tvae_config_open_data(config, TVAE_SPLIT_TEST, &data));
    ASSERT_OK(tvae_run_model(run, &model));
    ASSERT_OK(tvae_workspace_create(&work));
    ASSERT_OK(tvae_tensor_create(5, shape, &x));
    for (size_t i = 0; i < shape[0]; i++) {
        tvae_tensor *one = NULL;

        ASSERT_OK(tvae_tensor_view(x, i * 5 * 64, 4, shape + 1, &one));
        ASSERT_OK(tvae_dataset_get(data, i, 9, i, one, NULL));
        tvae_tensor_destroy(&one);
    }
    ASSERT_OK(tvae_model_elbo(model, work, x, NULL, NULL, terms, TVAE_N_TERMS));
    assert_near("loss", number(run, "loss"), terms[TVAE_TERM_LOSS], 1e-6, 0.0);
    assert_near("kl", number(run, "kl.u"), terms[TVAE_TERM_KL_U], 1e-6, 0.0);
    tvae_tensor_destroy(&x);
    tvae_workspace_destroy(&work);
    tvae_model_destroy(&model);
    tvae_dataset_destroy(&data);
    tvae_config_destroy(&config);
    tvae_run_destroy(&run);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

static int32_t stop_now(void *user, const tvae_progress *progress)
{
    int64_t *n_calls = user;

    ck_assert_str_eq(progress->phase, "evaluate");
    ck_assert_int_eq(progress->total, 40);
    ck_assert(isnan(progress->loss));
    return ++*n_calls == 1;
}

START_TEST(evaluate_can_be_cancelled)
{
    tvae_run *run = trained_run("sprites_quick", "run", 3);
    const tvae_evaluate_options options = small_options();
    int64_t n_calls = 0;
    const tvae_progress_hook hook = {
        .size = sizeof hook, .user = &n_calls, .progress = stop_now};

    ASSERT_STATUS(tvae_run_evaluate(run, &options, NULL, &hook), TVAE_E_CANCELLED);
    ck_assert_int_eq(n_calls, 1);
    ck_assert(!exists(run_file("run", "summary.json")));
    ASSERT_OK(tvae_run_evaluate(run, &options, NULL, &hook));
    ck_assert_int_eq(n_calls, 3);
    tvae_run_destroy(&run);
}
END_TEST

START_TEST(evaluate_rejects_bad_arguments)
{
    tvae_config *config = tiny_config("sprites_quick", 3, 1);
    tvae_evaluate_options options = small_options();
    tvae_run *run = NULL;
    tvae_model *model = NULL;
    double value;

    ASSERT_OK(tvae_run_create(config, scratch("run"), &run));
    ASSERT_STATUS(tvae_run_evaluate(run, NULL, NULL, NULL), TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvae_run_model(run, &model), TVAE_E_NOT_FOUND);
    ASSERT_OK(tvae_run_train(run, NULL));
    ASSERT_STATUS(tvae_run_evaluate(NULL, &options, NULL, NULL), TVAE_E_INVALID);
    options.n_samples = 0;
    ASSERT_STATUS(tvae_run_evaluate(run, &options, NULL, NULL), TVAE_E_INVALID);
    options = small_options();
    options.n_sequences = 0;
    ASSERT_STATUS(tvae_run_evaluate(run, &options, NULL, NULL), TVAE_E_INVALID);
    options = small_options();
    options.split = 3;
    ASSERT_STATUS(tvae_run_evaluate(run, &options, NULL, NULL), TVAE_E_INVALID);
    options = small_options();
    options.at_means = 2;
    ASSERT_STATUS(tvae_run_evaluate(run, &options, NULL, NULL), TVAE_E_INVALID);
    options = small_options();
    ASSERT_STATUS(tvae_run_evaluate(run, &options, scratch("none.npz"), NULL),
                  TVAE_E_INVALID); /* real dSprites are 64 x 64 */
    write_file(run_file("run", "summary.json"), "{\"loss\": ");
    ASSERT_STATUS(tvae_run_summary_number(run, "loss", &value), TVAE_E_FORMAT);
    ASSERT_STATUS(tvae_run_summary_number(NULL, "loss", &value), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_run_summary_number(run, NULL, &value), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_run_summary_number(run, "loss", NULL), TVAE_E_INVALID);
    tvae_run_destroy(&run);
    tvae_config_destroy(&config);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("evaluate");
    TCase *tcase = tcase_create("unit");

    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_add_test(tcase, options_init_gives_the_defaults);
    tcase_add_test(tcase, evaluate_writes_the_summary);
    tcase_add_test(tcase, evaluate_of_a_plain_vae_has_no_u);
    tcase_add_test(tcase, evaluate_is_seeded);
    tcase_add_test(tcase, evaluate_equals_the_model_s_own_numbers);
    tcase_add_test(tcase, evaluate_can_be_cancelled);
    tcase_add_test(tcase, evaluate_rejects_bad_arguments);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
