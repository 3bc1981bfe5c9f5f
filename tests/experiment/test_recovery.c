/* SPDX-License-Identifier: MIT */
#include "run_fixture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"

enum { STEPS = 14 }; /* checkpoints at 5, 10 and 14; log lines at 3, 6, 9, 12 */

/* Compare run "broken", once resumed, with the unbroken run "whole". */
static void check_recovery(const tvae_config *config)
{
    resume_run(config, "broken");
    assert_equal_files(run_file("whole", "model.safetensors"),
                       run_file("broken", "model.safetensors"));
    assert_equal_logs(run_file("whole", "log.jsonl"), run_file("broken", "log.jsonl"));
}

static int32_t kill_at(void *user, const tvae_progress *progress)
{
    const int64_t *step = user;

    if (progress->done == *step)
        (void)kill(getpid(), SIGKILL);
    return 0;
}

/* Train run "broken" in a process that is killed once `step` steps are done. */
static void train_and_die(const tvae_config *config, int64_t step)
{
    const tvae_progress_hook hook = {
        .size = sizeof hook, .user = &step, .progress = kill_at};
    const pid_t child = fork();
    tvae_run *run = NULL;
    int status = 0;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        ASSERT_OK(tvae_run_resume(config, scratch("broken"), &run));
        (void)tvae_run_train(run, &hook);
        _exit(1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

START_TEST(killed_runs_resume_exactly)
{
    tvae_config *config = tiny_config("sprites_quick", STEPS, 1);

    train_run(config, "whole");
    train_and_die(config, 2);  /* no checkpoint yet */
    train_and_die(config, 4);  /* a log line ahead of any checkpoint */
    train_and_die(config, 9);  /* log lines ahead of the checkpoint at 5 */
    train_and_die(config, 11); /* nothing ahead of the one at 10 */
    check_recovery(config);
    tvae_config_destroy(&config);
}
END_TEST

/* Spoil a file: cut it in half, or change one of its last bytes. */
static void damage(const char *path, bool cut)
{
    struct stat facts;
    FILE *file = fopen(path, "r+b");
    int byte;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fstat(fileno(file), &facts), 0);
    if (cut) {
        ck_assert_int_eq(ftruncate(fileno(file), facts.st_size / 2), 0);
    } else {
        ck_assert_int_eq(fseek(file, -9, SEEK_END), 0);
        byte = fgetc(file);
        ck_assert_int_eq(fseek(file, -9, SEEK_END), 0);
        ck_assert_int_ne(fputc(byte ^ 4, file), EOF);
    }
    ck_assert_int_eq(fclose(file), 0);
}

static void check_fallback(bool cut)
{
    tvae_config *config = tiny_config("sprites_quick", STEPS, 1);

    train_run(config, "whole");
    train_run(config, "broken");
    damage(run_file("broken", "state.safetensors"), cut);
    keep_messages();
    check_recovery(config);
    ck_assert_msg(strstr(kept_messages(), "state.safetensors is damaged") != NULL, "%s",
                  kept_messages());
    ck_assert(exists(run_file("broken", "state.damaged.safetensors")));
    tvae_config_destroy(&config);
}

START_TEST(a_truncated_state_falls_back)
{
    check_fallback(true);
}
END_TEST

START_TEST(a_garbled_state_falls_back)
{
    check_fallback(false);
}
END_TEST

START_TEST(a_missing_newest_state_falls_back)
{
    tvae_config *config = tiny_config("sprites_quick", STEPS, 1);

    train_run(config, "whole");
    train_run(config, "broken");
    ck_assert_int_eq(unlink(run_file("broken", "state.safetensors")), 0);
    write_file(run_file("broken", "state.next.safetensors"), "half of a stat");
    write_file(run_file("broken", ".model.safetensors.tmp-12-0"), "half of a model");
    write_file(run_file("broken", ".summary.json.tmp-12-0"), "another process's");
    check_recovery(config);
    ck_assert(!exists(run_file("broken", "state.next.safetensors")));
    ck_assert(!exists(run_file("broken", ".model.safetensors.tmp-12-0")));
    ck_assert(exists(run_file("broken", ".summary.json.tmp-12-0")));
    tvae_config_destroy(&config);
}
END_TEST

START_TEST(no_good_state_is_refused)
{
    tvae_config *config = tiny_config("sprites_quick", STEPS, 1);
    tvae_run *run = NULL;

    train_run(config, "broken");
    damage(run_file("broken", "state.safetensors"), true);
    damage(run_file("broken", "state.previous.safetensors"), false);
    ASSERT_STATUS(tvae_run_resume(NULL, scratch("broken"), &run), TVAE_E_FORMAT);
    ck_assert_ptr_null(run);
    ck_assert_int_eq(unlink(run_file("broken", "state.previous.safetensors")), 0);
    ASSERT_STATUS(tvae_run_resume(NULL, scratch("broken"), &run), TVAE_E_FORMAT);
    ck_assert(exists(run_file("broken", "state.safetensors")));
    tvae_config_destroy(&config);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(log_and_model_follow_the_state)
{
    tvae_config *config = tiny_config("sprites_quick", STEPS, 1);
    tvae_run *run = NULL;
    tvae_model *model = NULL;
    char *log, *longer;

    train_run(config, "whole");
    train_run(config, "broken");
    log = read_file(run_file("broken", "log.jsonl"), NULL);
    longer = calloc(strlen(log) + 100, 1);
    ck_assert_ptr_nonnull(longer);
    (void)sprintf(longer, "%s{\"step\":15,\"loss\":1}\n{\"step\":12,\"lo", log);
    write_file(run_file("broken", "log.jsonl"), longer);
    ck_assert_int_eq(unlink(run_file("broken", "model.safetensors")), 0);
    ASSERT_OK(tvae_run_open(scratch("broken"), &run));
    ASSERT_OK(tvae_run_model(run, &model)); /* from the state */
    ASSERT_OK(tvae_model_save(model, scratch("derived.safetensors")));
    assert_equal_files(scratch("derived.safetensors"),
                       run_file("whole", "model.safetensors"));
    tvae_model_destroy(&model);
    tvae_run_destroy(&run);
    check_recovery(NULL);
    free(longer);
    free(log);
    tvae_config_destroy(&config);
}
END_TEST

/* A folder that cannot be written: what is there stays. */
START_TEST(a_state_that_cannot_be_written_is_an_error)
{
    tvae_config *config = tiny_config("sprites_quick", STEPS, 1);
    tvae_run *run = NULL;

    train_run(config, "whole");
    set_key(config, "steps", "10");
    train_run(config, "broken");
    set_key(config, "steps", "14");
    ck_assert_int_eq(mkdir(run_file("broken", "state.next.safetensors"), 0777), 0);
    ASSERT_OK(tvae_run_resume(config, scratch("broken"), &run));
    ASSERT_STATUS(tvae_run_train(run, NULL), TVAE_E_IO);
    tvae_run_destroy(&run);
    ck_assert_int_eq(rmdir(run_file("broken", "state.next.safetensors")), 0);
    check_recovery(config);
    tvae_config_destroy(&config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("recovery");
    TCase *tcase = tcase_create("unit");

    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_add_test(tcase, killed_runs_resume_exactly);
    tcase_add_test(tcase, a_truncated_state_falls_back);
    tcase_add_test(tcase, a_garbled_state_falls_back);
    tcase_add_test(tcase, a_missing_newest_state_falls_back);
    tcase_add_test(tcase, no_good_state_is_refused);
    tcase_add_test(tcase, log_and_model_follow_the_state);
    tcase_add_test(tcase, a_state_that_cannot_be_written_is_an_error);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
