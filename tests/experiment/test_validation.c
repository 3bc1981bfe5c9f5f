/* SPDX-License-Identifier: MIT */
#include "run_fixture.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "experiment/run.h"

/* A run of `steps` that is validated every 4. */
static tvae_config *validated_config(int steps)
{
    tvae_config *config = tiny_config("sprites_quick", steps, 1);

    set_key(config, "eval_steps", "4");
    set_key(config, "eval_sequences", "40"); /* two batches of them */
    return config;
}

static double number(const tvae_run *run, const char *path)
{
    double value = -1.0;

    ASSERT_OK(tvae_run_summary_number(run, path, &value));
    return value;
}

START_TEST(train_logs_validations_and_keeps_the_best)
{
    tvae_config *config = validated_config(13);
    char *log, *line;
    int n_lines = 0, n_best = 0;

    train_run(config, "run");
    log = read_file(run_file("run", "log.jsonl"), NULL);
    for (line = strtok(log, "\n"); line; line = strtok(NULL, "\n")) {
        if (!strstr(line, "\"eval\":"))
            continue;
        ck_assert(strstr(line, "\"eval\":{\"split\":\"validation\",\"n_sequences\":40,"));
        ck_assert(strstr(line, "\"epoch\":") < strstr(line, "\"eval\":"));
        ck_assert(strstr(line, "\"loss\":") > strstr(line, "\"eval\":"));
        n_best += strstr(line, "\"best\":true") != NULL;
        n_lines++;
    }
    ck_assert_int_eq(n_lines, 3);
    ck_assert_int_ge(n_best, 1);
    ck_assert(exists(run_file("run", "best.safetensors")));
    free(log);
    tvae_config_destroy(&config);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(validation_leaves_the_training_as_it_is)
{
    tvae_config *config = validated_config(10);

    train_run(config, "with");
    set_key(config, "eval_steps", "0");
    train_run(config, "without");
    assert_equal_files(run_file("with", "model.safetensors"),
                       run_file("without", "model.safetensors"));
    ck_assert(!exists(run_file("without", "best.safetensors")));
    tvae_config_destroy(&config);
}
END_TEST

/* Stopped between two validations, and between log lines. */
START_TEST(resume_equals_an_unbroken_run)
{
    tvae_config *config = validated_config(24);

    train_run(config, "whole");
    set_key(config, "steps", "10");
    train_run(config, "parts");
    set_key(config, "steps", "24");
    resume_run(config, "parts");
    assert_equal_files(run_file("whole", "model.safetensors"),
                       run_file("parts", "model.safetensors"));
    assert_equal_files(run_file("whole", "best.safetensors"),
                       run_file("parts", "best.safetensors"));
    assert_equal_logs(run_file("whole", "log.jsonl"), run_file("parts", "log.jsonl"));
    tvae_config_destroy(&config);
}
END_TEST

START_TEST(best_is_the_model_of_that_step)
{
    tvae_evaluate_options options;
    tvae_config *config = validated_config(12);
    tvae_run *run = NULL;
    char steps[32];
    double best_loss, last_loss;

    ASSERT_OK(tvae_evaluate_options_init(&options, sizeof options));
    options.n_samples = 1;
    options.n_sequences = 10;
    options.best = 1;
    train_run(config, "run");
    ASSERT_OK(tvae_run_open(scratch("run"), &run));
    ASSERT_OK(tvae_run_evaluate(run, &options, NULL, NULL));
    best_loss = number(run, "loss");
    ck_assert(isfinite(number(run, "validation.best_loss")));
    (void)snprintf(steps, sizeof steps, "%.0f", number(run, "validation.best_step"));
    tvae_run_destroy(&run);
    set_key(config, "steps", steps);
    train_run(config, "short");
    assert_equal_files(run_file("run", "best.safetensors"),
                       run_file("short", "model.safetensors"));
    ASSERT_OK(tvae_run_open(scratch("short"), &run));
    options.best = 0;
    ASSERT_OK(tvae_run_evaluate(run, &options, NULL, NULL));
    last_loss = number(run, "loss");
    ck_assert(best_loss == last_loss);
    tvae_run_destroy(&run);
    tvae_config_destroy(&config);
}
END_TEST

START_TEST(resume_keeps_the_best_value)
{
    tvae_config *config = validated_config(9);
    tvae_run *run = NULL;
    size_t n_before, n_after;
    char *before, *after;

    train_run(config, "run");
    before = read_file(run_file("run", "best.safetensors"), &n_before);
    set_key(config, "steps", "30");
    ASSERT_OK(tvae_run_resume(config, scratch("run"), &run));
    ck_assert_int_ge(run->best.step, 4);
    ck_assert(isfinite(run->best.loss));
    run->best.loss = 0.0; /* which no loss of a Bernoulli decoder goes below */
    ASSERT_OK(tvae_run_train(run, NULL));
    after = read_file(run_file("run", "best.safetensors"), &n_after);
    ck_assert(n_before == n_after && memcmp(before, after, n_before) == 0);
    free(before);
    free(after);
    tvae_run_destroy(&run);
    tvae_config_destroy(&config);
}
END_TEST

START_TEST(validation_needs_held_out_sequences)
{
    tvae_evaluate_options options;
    tvae_config *config = validated_config(4);
    tvae_run *run = NULL;

    set_key(config, "test_fraction", "0");
    ASSERT_OK(tvae_run_create(config, scratch("run"), &run));
    ASSERT_STATUS(tvae_run_train(run, NULL), TVAE_E_INVALID);
    tvae_run_destroy(&run);
    tvae_config_destroy(&config);
    config = tiny_config("sprites_quick", 3, 1);
    train_run(config, "plain");
    ASSERT_OK(tvae_run_open(scratch("plain"), &run));
    ASSERT_OK(tvae_evaluate_options_init(&options, sizeof options));
    options.best = 1;
    ASSERT_STATUS(tvae_run_evaluate(run, &options, NULL, NULL), TVAE_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "--eval-every"));
    options.best = 2;
    ASSERT_STATUS(tvae_run_evaluate(run, &options, NULL, NULL), TVAE_E_INVALID);
    tvae_run_destroy(&run);
    tvae_config_destroy(&config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("validation");
    TCase *tcase = tcase_create("unit");

    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_add_test(tcase, train_logs_validations_and_keeps_the_best);
    tcase_add_test(tcase, validation_leaves_the_training_as_it_is);
    tcase_add_test(tcase, resume_equals_an_unbroken_run);
    tcase_add_test(tcase, best_is_the_model_of_that_step);
    tcase_add_test(tcase, resume_keeps_the_best_value);
    tcase_add_test(tcase, validation_needs_held_out_sequences);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
