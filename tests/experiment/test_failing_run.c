/* SPDX-License-Identifier: MIT */
#include "run_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "experiment/run.h"
#include "failing_system.h"

/* Each system call of a training run that changes a file fails once: the folder holds the
 * last completed checkpoint or a newer one, and the run, once resumed, ends in the same
 * bytes as one that nothing happened to. The same where all calls after it fail, too, and
 * the disk works again when the run is resumed. */

enum { STEPS = 6, BETWEEN = 3 }; /* checkpoints at 3 and 6 */

static tvae_config *make_config(void)
{
    tvae_config *config = tiny_config("sprites_quick", STEPS, 1);

    set_key(config, "log_steps", "2");
    set_key(config, "checkpoint_steps", "3");
    set_key(config, "n_prefetch", "0");
    return config;
}

/* A step is reported before it is saved, so all earlier ones are: */
static int32_t note_step(void *user, const tvae_progress *progress)
{
    int64_t *saved = user;

    *saved = (progress->done - 1) / BETWEEN * BETWEEN;
    return 0;
}

typedef tvae_status open_call(const tvae_config *config, const char *folder,
                              tvae_run **out);

/* Open and train; `saved`: the last step that was saved for certain. */
static tvae_status train(open_call *open_run, const tvae_config *config, const char *name,
                         int64_t *saved)
{
    const tvae_progress_hook hook = {
        .size = sizeof hook, .user = saved, .progress = note_step};
    tvae_run *run = NULL;
    tvae_status st = open_run(config, scratch(name), &run);

    if (st == TVAE_OK)
        st = tvae_run_train(run, &hook);
    tvae_run_destroy(&run);
    return st;
}

/* The step of the newest good state; 0 if there is none. */
static int64_t newest_step(const char *name)
{
    tvae_archive *state = NULL;
    tvae_status st = tvi_folder_load_state(scratch(name), false, &state);
    int64_t step = 0;

    if (st == TVAE_E_NOT_FOUND)
        return 0;
    ASSERT_OK(st);
    step = strtoll(tvae_archive_metadata(state, "step"), NULL, 10);
    tvae_archive_destroy(&state);
    return step;
}

static void check_no_temporary(const char *name)
{
    DIR *list = opendir(scratch(name));
    const struct dirent *entry;

    while (list && (entry = readdir(list)))
        ck_assert_msg(strstr(entry->d_name, ".tmp-") == NULL, "%s is left",
                      entry->d_name);
    if (list)
        (void)closedir(list);
}

static void check_end(const tvae_config *config, const char *name)
{
    resume_run(config, name);
    assert_equal_files(run_file("whole", "model.safetensors"),
                       run_file(name, "model.safetensors"));
    assert_equal_files(run_file("whole", "config.json"), run_file(name, "config.json"));
    assert_equal_logs(run_file("whole", "log.jsonl"), run_file(name, "log.jsonl"));
    check_no_temporary(name);
    ck_assert(!exists(run_file(name, "state.next.safetensors")));
}

/* One run in which call `n` fails; false when there is no such call. */
static bool train_once(open_call *open_run, const tvae_config *config, const char *name,
                       fault kind, size_t n)
{
    int64_t saved = newest_step(name);
    tvae_status st;
    bool due;

    faults_begin(kind, n);
    st = train(open_run, config, name, &saved);
    due = faults_end();
    ck_assert_msg(st == TVAE_OK || kind != FAULT_SHORT, "call %zu, %s: %s", n,
                  fault_names[kind], tvae_last_error());
    ck_assert_msg(st == TVAE_OK || strlen(tvae_last_error()) > 0, "no sentence");
    ck_assert_msg(newest_step(name) >= (st == TVAE_OK ? STEPS : saved),
                  "call %zu, %s: checkpoint of step %lld, want %lld or later", n,
                  fault_names[kind], (long long)newest_step(name), (long long)saved);
    if (kind != FAULT_STAYS_DEAD) /* where nothing can be removed either */
        check_no_temporary(name);
    faults_begin(kind, 0);
    check_end(config, name);
    (void)faults_end();
    return due;
}

/* Fail every call of training from nothing. */
START_TEST(every_write_of_a_new_run_may_fail)
{
    const fault kind = (fault)_i;
    tvae_config *config = make_config();
    const size_t n_descriptors = count_descriptors();
    char name[64] = "";
    size_t n = 0;
    bool due = true;

    train_run(config, "whole");
    while (due) {
        (void)snprintf(name, sizeof name, "new%zu/run", ++n);
        due = train_once(tvae_run_create, config, name, kind, n);
    }
    printf("%zu calls, each failing with %s\n", n - 1, fault_names[kind]);
    ck_assert_uint_gt(n, 100);
    tvae_config_destroy(&config);
    ck_assert_uint_eq(count_descriptors(), n_descriptors);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* A new folder is an entry of the one above it, which is lost if that is not flushed. */
START_TEST(folders_above_new_ones_are_flushed)
{
    tvae_config *config = make_config();
    tvae_run *run = NULL;

    make_folder("there");
    faults_begin(FAULT_FULL, 0);
    ASSERT_OK(tvae_run_create(config, scratch("there/a/b/run"), &run));
    ck_assert(was_flushed(scratch("there")));
    ck_assert(was_flushed(scratch("there/a")));
    ck_assert(was_flushed(scratch("there/a/b")));
    ck_assert(!was_flushed(scratch(".")));
    (void)faults_end();
    tvae_run_destroy(&run);
    tvae_config_destroy(&config);
}
END_TEST

static void copy_file(const char *run, const char *name, const char *to)
{
    size_t n_bytes;
    char *bytes = read_file(run_file(run, name), &n_bytes);
    FILE *file = fopen(run_file(to, name), "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, n_bytes, file), n_bytes);
    ck_assert_int_eq(fclose(file), 0);
    free(bytes);
}

/* A folder as a kill and a bad disk leave it: the newest state damaged, half a line at
 * the end of the log. */
static void make_damaged(const char *name)
{
    static const char *const files[] = {"config.json", "model.safetensors",
                                        "state.previous.safetensors", "log.jsonl"};
    FILE *log;

    make_folder(name);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        copy_file("whole", files[i], name);
    write_file(run_file(name, "state.safetensors"), "half of a state");
    log = fopen(run_file(name, "log.jsonl"), "ab");
    ck_assert_ptr_nonnull(log);
    ck_assert_int_ge(fputs("{\"step\":8,\"lo", log), 0);
    ck_assert_int_eq(fclose(log), 0);
}

/* Fail every call of a resume that first has to repair the folder. */
START_TEST(every_write_of_a_repair_may_fail)
{
    const fault kind = (fault)_i;
    tvae_config *config = make_config();
    const size_t n_descriptors = count_descriptors();
    char name[64] = "";
    size_t n = 0;
    bool due = true;

    keep_messages();
    train_run(config, "whole");
    while (due) {
        (void)snprintf(name, sizeof name, "run%zu", ++n);
        make_damaged(name);
        due = train_once(tvae_run_resume, config, name, kind, n);
    }
    printf("%zu calls, each failing with %s\n", n - 1, fault_names[kind]);
    ck_assert_uint_gt(n, 60);
    ck_assert_ptr_nonnull(strstr(kept_messages(), "damaged"));
    tvae_config_destroy(&config);
    ck_assert_uint_eq(count_descriptors(), n_descriptors);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("failing run");
    TCase *tcase = tcase_create("unit");

    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_add_test(tcase, folders_above_new_ones_are_flushed);
    tcase_add_loop_test(tcase, every_write_of_a_new_run_may_fail, 0, N_FAULTS);
    tcase_add_loop_test(tcase, every_write_of_a_repair_may_fail, 0, N_FAULTS);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
