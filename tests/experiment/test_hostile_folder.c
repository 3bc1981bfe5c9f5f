/* SPDX-License-Identifier: MIT */
#include "run_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <tvae/report.h>

/* Links that someone planted in a run's folder lead nothing out of it, and what a run
 * makes is its owner's alone to write. */

enum { STEPS = 6 };

/* A finished run in which `name` is a link to the file "victim" outside. */
static void plant(const tvae_config *config, const char *name)
{
    char link[1024];

    (void)strcpy(link, run_file("run", name));
    train_run(config, "run");
    write_file(scratch("victim"), "not the run's");
    if (exists(link))
        ck_assert_int_eq(unlink(link), 0);
    ck_assert_int_eq(symlink(scratch("victim"), link), 0);
}

static void check_victim(void)
{
    char *text = read_file(scratch("victim"), NULL);

    ck_assert_str_eq(text, "not the run's");
    free(text);
}

/* What is written whole, or renamed, takes the link's place. */
static const char *const replaced[] = {"state.previous.safetensors",
                                       "state.next.safetensors", "model.safetensors"};

START_TEST(a_link_is_replaced)
{
    const char *name = replaced[_i];
    tvae_config *config = tiny_config("sprites_quick", STEPS, 1);
    struct stat facts;

    plant(config, name);
    set_key(config, "steps", "12");
    resume_run(config, "run");
    check_victim();
    if (exists(run_file("run", name))) {
        ck_assert_int_eq(lstat(run_file("run", name), &facts), 0);
        ck_assert(S_ISREG(facts.st_mode));
    }
    tvae_config_destroy(&config);
}
END_TEST

/* What is opened in place is refused. */
static const char *const refused[] = {"log.jsonl", ".lock"};

START_TEST(a_link_is_refused)
{
    tvae_config *config = tiny_config("sprites_quick", STEPS, 1);
    tvae_run *run = NULL;

    plant(config, refused[_i]);
    set_key(config, "steps", "12");
    ASSERT_STATUS(tvae_run_resume(config, scratch("run"), &run), TVAE_E_IO);
    check_victim();
    ck_assert_int_eq(unlink(scratch("victim")), 0); /* now it leads to nothing */
    if (tvae_run_resume(config, scratch("run"), &run) == TVAE_OK)
        ASSERT_STATUS(tvae_run_train(run, NULL), TVAE_E_IO);
    tvae_run_destroy(&run);
    ck_assert(!exists(scratch("victim")));
    tvae_config_destroy(&config);
}
END_TEST

START_TEST(a_linked_folder_of_figures_is_refused)
{
    tvae_config *config = tiny_config("sprites_quick", STEPS, 1);
    tvae_run *run = NULL;

    train_run(config, "run");
    make_folder("elsewhere");
    ck_assert_int_eq(symlink(scratch("elsewhere"), run_file("run", "figures")), 0);
    ASSERT_OK(tvae_run_open(scratch("run"), &run));
    ASSERT_STATUS(tvae_report_figures(run, NULL, NULL), TVAE_E_IO);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "figures"));
    ck_assert_int_eq(rmdir(scratch("elsewhere")), 0); /* still empty */
    tvae_run_destroy(&run);
    tvae_config_destroy(&config);
}
END_TEST

static void check_modes(const char *folder)
{
    DIR *list = opendir(folder);
    const struct dirent *entry;
    size_t n = 0;

    ck_assert_ptr_nonnull(list);
    while ((entry = readdir(list))) {
        struct stat facts;

        if (strcmp(entry->d_name, "..") == 0)
            continue;
        ck_assert_int_eq(fstatat(dirfd(list), entry->d_name, &facts, 0), 0);
        ck_assert_msg((facts.st_mode & 07022) == 0, "%s/%s: mode %o", folder,
                      entry->d_name, (unsigned)facts.st_mode & 07777);
        n++;
    }
    (void)closedir(list);
    ck_assert_uint_gt(n, 1);
}

START_TEST(only_the_owner_may_write_whatever_the_umask)
{
    tvae_config *config = tiny_config("sprites_quick", STEPS, 1);
    tvae_evaluate_options options;
    tvae_run *run = NULL;

    (void)umask(0);
    set_key(config, "eval_steps", "3");
    set_key(config, "eval_sequences", "2");
    train_run(config, "deep/run");
    ASSERT_OK(tvae_run_open(scratch("deep/run"), &run));
    ASSERT_OK(tvae_evaluate_options_init(&options, sizeof options));
    options.n_samples = 2;
    options.n_sequences = 4;
    ASSERT_OK(tvae_run_evaluate(run, &options, NULL, NULL));
    ASSERT_OK(tvae_report_figures(run, NULL, NULL));
    tvae_run_destroy(&run);
    check_modes(scratch("deep"));
    check_modes(scratch("deep/run"));
    check_modes(scratch("deep/run/figures"));
    tvae_config_destroy(&config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hostile folder");
    TCase *tcase = tcase_create("unit");

    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_add_loop_test(tcase, a_link_is_replaced, 0,
                        (int)(sizeof replaced / sizeof *replaced));
    tcase_add_loop_test(tcase, a_link_is_refused, 0,
                        (int)(sizeof refused / sizeof *refused));
    tcase_add_test(tcase, a_linked_folder_of_figures_is_refused);
    tcase_add_test(tcase, only_the_owner_may_write_whatever_the_umask);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
