/* SPDX-License-Identifier: MIT */
#include "run_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

START_TEST(train_writes_the_folder)
{
    tvae_config *config = tiny_config("sprites_quick", 7, 1), *kept = NULL;
    tvae_run *run = NULL;
    tvae_model *model = NULL;
    char *log;

    train_run(config, "deep/er/run");
    ck_assert(exists(run_file("deep/er/run", "config.json")));
    ck_assert(exists(run_file("deep/er/run", "state.safetensors")));
    ck_assert(exists(run_file("deep/er/run", "state.previous.safetensors")));
    ck_assert(!exists(run_file("deep/er/run", "state.next.safetensors")));
    ck_assert(!exists(run_file("deep/er/run", "summary.json")));
    ck_assert_uint_eq(count_lines(run_file("deep/er/run", "log.jsonl")), 2);
    log = read_file(run_file("deep/er/run", "log.jsonl"), NULL);
    ck_assert_ptr_eq(strstr(log, "{\"step\":3,\"epoch\":0,\"loss\":"), log);
    ck_assert_ptr_nonnull(strstr(log, "\"neg_log_px\":"));
    ck_assert_ptr_nonnull(strstr(log, "\"kl_z\":"));
    ck_assert_ptr_nonnull(strstr(log, "\"kl_u\":"));
    ck_assert_ptr_nonnull(strstr(log, "\"equivariance_error\":"));
    ck_assert_ptr_nonnull(strstr(log, "\"step_seconds\":"));
    free(log);
    ASSERT_OK(tvae_model_load(run_file("deep/er/run", "model.safetensors"), &model));
    tvae_model_destroy(&model);
    ASSERT_OK(tvae_run_open(scratch("deep/er/run"), &run));
    ck_assert_str_eq(tvae_run_folder(run), scratch("deep/er/run"));
    ASSERT_OK(tvae_run_config(run, &kept));
    ASSERT_OK(tvae_run_model(run, &model));
    ASSERT_STATUS(tvae_run_train(run, NULL), TVAE_E_INVALID);
    tvae_model_destroy(&model);
    tvae_run_destroy(&run);
    tvae_config_destroy(&kept);
    tvae_config_destroy(&config);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* 40 = 20 + 20 in another process, with a checkpoint that falls between log lines. */
static void check_resume(const char *experiment)
{
    tvae_config *config = tiny_config(experiment, 40, 1);
    int status = 1;
    pid_t child;

    train_run(config, "whole");
    set_key(config, "steps", "20");
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        train_run(config, "parts");
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_uint_eq(count_lines(run_file("parts", "log.jsonl")), 6);
    set_key(config, "steps", "40");
    resume_run(config, "parts");
    assert_equal_files(run_file("whole", "model.safetensors"),
                       run_file("parts", "model.safetensors"));
    assert_equal_logs(run_file("whole", "log.jsonl"), run_file("parts", "log.jsonl"));
    assert_equal_files(run_file("whole", "config.json"),
                       run_file("parts", "config.json"));
    tvae_config_destroy(&config);
}

START_TEST(resume_equals_an_unbroken_run)
{
    check_resume("sprites_quick");
}
END_TEST

START_TEST(resume_equals_an_unbroken_run_of_a_plain_vae)
{
    check_resume("sprites_quick_vae");
}
END_TEST

START_TEST(seeds_decide_the_result)
{
    tvae_config *config = tiny_config("sprites_quick", 4, 1);
    size_t n_a, n_b;
    char *a, *b;

    train_run(config, "a");
    train_run(config, "b");
    set_key(config, "seed", "2");
    train_run(config, "c");
    assert_equal_files(run_file("a", "model.safetensors"),
                       run_file("b", "model.safetensors"));
    a = read_file(run_file("a", "model.safetensors"), &n_a);
    b = read_file(run_file("c", "model.safetensors"), &n_b);
    ck_assert(n_a != n_b || memcmp(a, b, n_a) != 0);
    free(a);
    free(b);
    tvae_config_destroy(&config);
}
END_TEST

START_TEST(a_run_that_is_there_ends_at_once)
{
    tvae_config *config = tiny_config("sprites_quick", 6, 1);
    struct stat before, after;

    train_run(config, "run");
    ck_assert_int_eq(stat(run_file("run", "state.safetensors"), &before), 0);
    resume_run(config, "run");
    resume_run(NULL, "run");
    set_key(config, "steps", "2");
    resume_run(config, "run");
    ck_assert_int_eq(stat(run_file("run", "state.safetensors"), &after), 0);
    ck_assert(before.st_ino == after.st_ino);
    ck_assert_uint_eq(count_lines(run_file("run", "log.jsonl")), 2);
    tvae_config_destroy(&config);
}
END_TEST

START_TEST(epochs_are_totals_of_steps)
{
    tvae_config *config = tiny_config("sprites_quick_vae", 1, 1);
    tvae_dataset *data = NULL;
    tvae_run *run = NULL;
    char steps[32];

    set_key(config, "max_values", "1,2,1,12,12");
    ASSERT_OK(tvae_config_open_data(config, TVAE_SPLIT_TRAIN, &data));
    (void)snprintf(steps, sizeof steps, "%zu", 2 * (tvae_dataset_count(data) / 2));
    train_run(config, "one");
    set_key(config, "epochs", "2");
    resume_run(config, "one");
    set_key(config, "steps", steps);
    train_run(config, "other");
    assert_equal_files(run_file("one", "model.safetensors"),
                       run_file("other", "model.safetensors"));
    set_key(config, "epochs", "0");
    set_key(config, "steps", "0");
    ASSERT_OK(tvae_run_create(config, scratch("none"), &run));
    ASSERT_STATUS(tvae_run_train(run, NULL), TVAE_E_INVALID);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "epochs"));
    tvae_run_destroy(&run);
    tvae_dataset_destroy(&data);
    tvae_config_destroy(&config);
}
END_TEST

/* ---- refusals ---- */

START_TEST(create_refuses_a_folder_with_a_checkpoint)
{
    tvae_config *config = tiny_config("sprites_quick", 3, 1);
    tvae_run *run = NULL;

    train_run(config, "run");
    ASSERT_STATUS(tvae_run_create(config, scratch("run"), &run), TVAE_E_INVALID);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "resume"));
    ck_assert_ptr_null(run);
    ck_assert_int_eq(unlink(run_file("run", "config.json")), 0);
    ASSERT_STATUS(tvae_run_create(config, scratch("run"), &run), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_run_resume(config, scratch("run"), &run), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_run_resume(NULL, scratch("run"), &run), TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvae_run_open(scratch("run"), &run), TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvae_run_open(scratch("no run"), &run), TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvae_run_resume(NULL, scratch("no run"), &run), TVAE_E_NOT_FOUND);
    ck_assert(!exists(scratch("no run")));
    write_file(scratch("file"), "x");
    ASSERT_STATUS(tvae_run_create(config, scratch("file"), &run), TVAE_E_IO);
    ASSERT_STATUS(tvae_run_create(config, scratch("file/run"), &run), TVAE_E_IO);
    ASSERT_STATUS(tvae_run_create(NULL, scratch("a"), &run), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_run_create(config, NULL, &run), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_run_create(config, scratch("a"), NULL), TVAE_E_INVALID);
    tvae_run_destroy(NULL);
    tvae_config_destroy(&config);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(create_leaves_no_folder_without_data)
{
    tvae_config *config = NULL;
    tvae_run *run = NULL;

    ASSERT_OK(tvae_config_create("nontvae_mnist", &config));
    ASSERT_STATUS(tvae_run_create(config, scratch("run"), &run), TVAE_E_INVALID);
    set_key(config, "data", scratch("no data"));
    ASSERT_STATUS(tvae_run_create(config, scratch("run"), &run), TVAE_E_NOT_FOUND);
    ck_assert(!exists(scratch("run")));
    tvae_config_destroy(&config);
}
END_TEST

START_TEST(create_continues_a_start_that_was_killed)
{
    tvae_config *config = tiny_config("sprites_quick", 6, 1);
    tvae_run *run = NULL;

    ASSERT_OK(tvae_run_create(config, scratch("run"), &run));
    tvae_run_destroy(&run);
    write_file(run_file("run", "log.jsonl"), "{\"step\":3,\"loss\":1}\n{\"st");
    set_key(config, "momentum", "0.5");
    ASSERT_STATUS(tvae_run_create(config, scratch("run"), &run), TVAE_E_INVALID);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "momentum"));
    set_key(config, "momentum", "0.9");
    train_run(config, "run");
    train_run(config, "other");
    assert_equal_logs(run_file("run", "log.jsonl"), run_file("other", "log.jsonl"));
    tvae_config_destroy(&config);
}
END_TEST

START_TEST(resume_refuses_what_changes_the_result)
{
    static const char *const refused[][2] = {
        {"seed", "2"},           {"batch_size", "3"}, {"learning_rate", "0.5"},
        {"optimizer", "sgd"},    {"n_capsules", "3"}, {"window", "5"},
        {"off_diagonal", "1"},   {"image_size", "9"}, {"varying", "posX"},
        {"stride", "1,1,9,6,6"}, {"split_seed", "7"}, {"prior", "none"}};
    static const char *const taken[][2] = {{"log_steps", "2"},
                                           {"checkpoint_steps", "1"},
                                           {"threads", "2"},
                                           {"n_prefetch", "0"},
                                           {"steps", "4"}};
    tvae_config *config = tiny_config("sprites_quick", 3, 1);
    tvae_run *run = NULL;

    train_run(config, "run");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        tvae_config *other = tiny_config("sprites_quick", 3, 1);

        set_key(other, refused[i][0], refused[i][1]);
        ASSERT_STATUS(tvae_run_resume(other, scratch("run"), &run), TVAE_E_INVALID);
        ck_assert_msg(strstr(tvae_last_error(), refused[i][0]) != NULL, "%s",
                      tvae_last_error());
        tvae_config_destroy(&other);
    }
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
        set_key(config, taken[i][0], taken[i][1]);
    resume_run(config, "run");
    ck_assert_uint_eq(count_lines(run_file("run", "log.jsonl")), 2);
    tvae_config_destroy(&config);
    ASSERT_OK(tvae_config_load(run_file("run", "config.json"), &config));
    {
        char value[64];

        ASSERT_OK(tvae_config_get(config, "log_steps", value, sizeof value, NULL));
        ck_assert_str_eq(value, "2");
    }
    tvae_config_destroy(&config);
    config = tiny_config("sprites_quick_vae", 3, 1);
    ASSERT_STATUS(tvae_run_resume(config, scratch("run"), &run), TVAE_E_INVALID);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "experiment"));
    tvae_config_destroy(&config);
}
END_TEST

START_TEST(resume_without_a_checkpoint_starts)
{
    tvae_config *config = tiny_config("sprites_quick", 4, 1);

    resume_run(config, "new");
    train_run(config, "other");
    assert_equal_files(run_file("new", "model.safetensors"),
                       run_file("other", "model.safetensors"));
    tvae_config_destroy(&config);
}
END_TEST

START_TEST(folder_is_locked_while_a_run_is_open)
{
    tvae_config *config = tiny_config("sprites_quick", 3, 1);
    tvae_run *run = NULL, *second = NULL;
    int status = 1;
    pid_t child;

    ASSERT_OK(tvae_run_create(config, scratch("run"), &run));
    ASSERT_STATUS(tvae_run_resume(config, scratch("run"), &second), TVAE_E_BUSY);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(tvae_run_create(config, scratch("run"), &second) == TVAE_E_BUSY ? 0 : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ASSERT_OK(tvae_run_open(scratch("run"), &second));
    tvae_run_destroy(&second);
    tvae_run_destroy(&run);
    child = fork(); /* a process that ends without destroying leaves no lock behind */
    ck_assert_int_ge(child, 0);
    if (child == 0)
        _exit(tvae_run_create(config, scratch("run"), &run) == TVAE_OK ? 0 : 1);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    train_run(config, "run");
    tvae_config_destroy(&config);
}
END_TEST

/* ---- hooks and failures ---- */

typedef struct hook_calls {
    int64_t stop_at, n_calls;
    tvae_progress last;
} hook_calls;

static int32_t count_call(void *user, const tvae_progress *progress)
{
    hook_calls *calls = user;

    calls->n_calls++;
    calls->last = *progress;
    ck_assert_str_eq(progress->phase, "train");
    return progress->done == calls->stop_at;
}

START_TEST(hook_cancels_and_the_work_is_saved)
{
    tvae_config *config = tiny_config("sprites_quick", 10, 1);
    hook_calls calls = {.stop_at = 4};
    const tvae_progress_hook hook = {
        .size = sizeof hook, .user = &calls, .progress = count_call};
    tvae_run *run = NULL;

    train_run(config, "whole");
    ASSERT_OK(tvae_run_create(config, scratch("parts"), &run));
    ASSERT_STATUS(tvae_run_train(run, &hook), TVAE_E_CANCELLED);
    ck_assert_int_eq(calls.n_calls, 4);
    ck_assert_int_eq(calls.last.done, 4);
    ck_assert_int_eq(calls.last.total, 10);
    ck_assert_int_eq(calls.last.first, 0);
    ck_assert(calls.last.loss > 0.0 && calls.last.seconds >= 0.0);
    tvae_run_destroy(&run);
    calls = (hook_calls){.stop_at = -1};
    ASSERT_OK(tvae_run_resume(NULL, scratch("parts"), &run));
    ASSERT_OK(tvae_run_train(run, &hook));
    ck_assert_int_eq(calls.n_calls, 6);
    ck_assert_int_eq(calls.last.first, 4);
    tvae_run_destroy(&run);
    assert_equal_files(run_file("whole", "model.safetensors"),
                       run_file("parts", "model.safetensors"));
    assert_equal_logs(run_file("whole", "log.jsonl"), run_file("parts", "log.jsonl"));
    tvae_config_destroy(&config);
}
END_TEST

START_TEST(diverging_keeps_the_last_checkpoint)
{
    tvae_config *config = tiny_config("sprites_quick", 200, 1);
    tvae_run *run = NULL;
    tvae_model *model = NULL;

    set_key(config, "optimizer", "sgd");
    set_key(config, "learning_rate", "30");
    set_key(config, "checkpoint_steps", "1");
    ASSERT_OK(tvae_run_create(config, scratch("run"), &run));
    ASSERT_STATUS(tvae_run_train(run, NULL), TVAE_E_NUMERIC);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "learning rate"));
    ASSERT_STATUS(tvae_run_train(run, NULL), TVAE_E_STATE);
    tvae_run_destroy(&run);
    ck_assert(exists(run_file("run", "state.safetensors")));
    ASSERT_OK(tvae_run_resume(NULL, scratch("run"), &run));
    ASSERT_OK(tvae_run_model(run, &model)); /* which refuses what is not finite */
    tvae_model_destroy(&model);
    ASSERT_STATUS(tvae_run_train(run, NULL), TVAE_E_NUMERIC);
    tvae_run_destroy(&run);
    tvae_config_destroy(&config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("run");
    TCase *tcase = tcase_create("unit");

    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_add_test(tcase, train_writes_the_folder);
    tcase_add_test(tcase, resume_equals_an_unbroken_run);
    tcase_add_test(tcase, resume_equals_an_unbroken_run_of_a_plain_vae);
    tcase_add_test(tcase, seeds_decide_the_result);
    tcase_add_test(tcase, a_run_that_is_there_ends_at_once);
    tcase_add_test(tcase, epochs_are_totals_of_steps);
    tcase_add_test(tcase, create_refuses_a_folder_with_a_checkpoint);
    tcase_add_test(tcase, create_leaves_no_folder_without_data);
    tcase_add_test(tcase, create_continues_a_start_that_was_killed);
    tcase_add_test(tcase, resume_refuses_what_changes_the_result);
    tcase_add_test(tcase, resume_without_a_checkpoint_starts);
    tcase_add_test(tcase, folder_is_locked_while_a_run_is_open);
    tcase_add_test(tcase, hook_cancels_and_the_work_is_saved);
    tcase_add_test(tcase, diverging_keeps_the_last_checkpoint);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
