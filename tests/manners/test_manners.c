/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../experiment/run_fixture.h"
#include "opened.h"
#if defined(__SSE__)
#include <xmmintrin.h>
#endif

/* What a host application may rely on while the library trains, evaluates, draws and
 * reports. */

static void work_with(const char *name, const tvae_progress_hook *hook)
{
    tvae_config *config = tiny_config("sprites_quick", 6, 1);
    tvae_evaluate_options options;
    tvae_run *run = NULL;

    ASSERT_OK(tvae_evaluate_options_init(&options, sizeof options));
    options.n_samples = 2;
    options.n_sequences = 4;
    ASSERT_OK(tvae_run_create(config, scratch(name), &run));
    ASSERT_OK(tvae_run_train(run, hook));
    ASSERT_OK(tvae_run_evaluate(run, &options, NULL, hook));
    ASSERT_OK(tvae_report_figures(run, NULL, hook));
    ASSERT_OK(tvae_report_html(&run, 1, NULL, run_file(name, "report.html"), hook));
    tvae_run_destroy(&run);
    tvae_config_destroy(&config);
}

static void assert_equal_runs(const char *a, const char *b)
{
    assert_equal_files(run_file(a, "model.safetensors"),
                       run_file(b, "model.safetensors"));
    assert_equal_files(run_file(a, "config.json"), run_file(b, "config.json"));
    assert_equal_logs(run_file(a, "log.jsonl"), run_file(b, "log.jsonl"));
}

static int send_to_file(int descriptor, const char *path)
{
    const int kept = dup(descriptor), file = open(path, O_CREAT | O_WRONLY, 0600);

    ck_assert_int_ge(kept, 0);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(dup2(file, descriptor), descriptor);
    (void)close(file);
    return kept;
}

START_TEST(nothing_is_written_to_stdout_and_stderr)
{
    size_t n_out, n_err;
    int out, err;

    (void)fflush(NULL);
    out = send_to_file(STDOUT_FILENO, scratch("out"));
    err = send_to_file(STDERR_FILENO, scratch("err"));
    work_with("run", NULL);
    ck_assert_int_ne(tvae_model_initialise(NULL, 0), TVAE_OK);
    (void)fflush(NULL);
    (void)dup2(out, STDOUT_FILENO);
    (void)dup2(err, STDERR_FILENO);
    free(read_file(scratch("out"), &n_out));
    free(read_file(scratch("err"), &n_err));
    ck_assert_uint_eq(n_out, 0);
    ck_assert_uint_eq(n_err, 0);
}
END_TEST

enum { N_SIGNALS = 65 }; /* of Linux, from 1 */

START_TEST(signal_handlers_stay_those_of_the_host)
{
    struct sigaction before[N_SIGNALS], after;
    sigset_t blocked, now;

    for (int i = 1; i < N_SIGNALS; i++)
        if (sigaction(i, NULL, &before[i]) != 0)
            before[i] = (struct sigaction){.sa_flags = 0};
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, NULL, &blocked), 0);
    work_with("run", NULL);
    for (int i = 1; i < N_SIGNALS; i++)
        if (sigaction(i, NULL, &after) == 0)
            ck_assert_msg(before[i].sa_handler == after.sa_handler &&
                              before[i].sa_flags == after.sa_flags,
                          "the handler of signal %d changed", i);
    ck_assert_int_eq(sigprocmask(SIG_BLOCK, NULL, &now), 0);
    for (int i = 1; i < N_SIGNALS; i++)
        ck_assert_int_eq(sigismember(&blocked, i), sigismember(&now, i));
}
END_TEST

enum { N_DESCRIPTORS = 256 };

typedef struct descriptors {
    bool is_host[N_DESCRIPTORS]; /* open before the library was called */
    size_t n_open, n_inherited;
} descriptors;

/* The library's open descriptors, and those that a program started now would inherit. */
static int32_t count_descriptors(void *user, const tvae_progress *progress)
{
    descriptors *seen = user;

    (void)progress;
    for (int i = 0; i < N_DESCRIPTORS; i++) {
        const int flags = fcntl(i, F_GETFD);

        if (flags < 0 || seen->is_host[i])
            continue;
        seen->n_open++;
        seen->n_inherited += !(flags & FD_CLOEXEC);
    }
    return 0;
}

START_TEST(no_descriptor_is_inherited_by_other_programs)
{
    descriptors seen = {.n_open = 0};
    const tvae_progress_hook hook = {
        .size = sizeof hook, .user = &seen, .progress = count_descriptors};

    for (int i = 0; i < N_DESCRIPTORS; i++)
        seen.is_host[i] = fcntl(i, F_GETFD) >= 0;
    opened_files = (opened){.n_files = 0};
    work_with("run", &hook);
    ck_assert_uint_gt(seen.n_open, 0); /* the lock of the run's folder, at least */
    ck_assert_uint_eq(seen.n_inherited, 0);
    ck_assert_uint_gt(opened_files.n_files, 10);
    ck_assert_msg(opened_files.n_inherited == 0, "%zu of %zu, as %s",
                  opened_files.n_inherited, opened_files.n_files, opened_files.path);
}
END_TEST

START_TEST(child_of_a_fork_works_on)
{
    pid_t child;
    int status = -1;

    work_with("parent", NULL);
    child = fork();
    if (child == 0) {
        work_with("child", NULL);
        _exit(EXIT_SUCCESS);
    }
    ck_assert_int_gt(child, 0);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    assert_equal_runs("parent", "child");
}
END_TEST

/* A locale with decimal commas, made where the system has none. */
static bool enter_decimal_commas(void)
{
    char command[2048];

    make_folder("locales");
    (void)snprintf(command, sizeof command,
                   "localedef -i de_DE -f UTF-8 '%s' >/dev/null 2>&1",
                   scratch("locales/de_DE.UTF-8"));
    (void)!system(command); /* a warning makes it fail, too: setlocale() tells */
    ck_assert_int_eq(setenv("LOCPATH", scratch("locales"), 1), 0);
    return setlocale(LC_ALL, "de_DE.UTF-8") && localeconv()->decimal_point[0] == ',';
}

START_TEST(decimal_commas_change_nothing)
{
    work_with("points", NULL);
    if (!enter_decimal_commas()) {
        printf(
            "SKIP a locale with decimal commas: localedef or its sources are missing\n");
        return;
    }
    work_with("commas", NULL);
    ck_assert_int_eq(localeconv()->decimal_point[0], ',');
    (void)setlocale(LC_ALL, "C");
    assert_equal_runs("points", "commas");
}
END_TEST

#if defined(__SSE__)
START_TEST(denormals_flushed_by_the_host_stay_flushed_and_change_nothing)
{
    const unsigned flush = 0x8040; /* FTZ and DAZ */
    const unsigned before = _mm_getcsr();

    work_with("gradual", NULL);
    _mm_setcsr(before | flush);
    work_with("flushed", NULL);
    ck_assert_uint_eq(_mm_getcsr() & flush, flush);
    _mm_setcsr(before);
    work_with("again", NULL);
    ck_assert_uint_eq(_mm_getcsr() & flush, before & flush);
    assert_equal_runs("gradual", "flushed");
}
END_TEST
#endif

int main(void)
{
    Suite *suite = suite_create("manners");
    TCase *tcase = tcase_create("unit");

    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, nothing_is_written_to_stdout_and_stderr);
    tcase_add_test(tcase, signal_handlers_stay_those_of_the_host);
    tcase_add_test(tcase, no_descriptor_is_inherited_by_other_programs);
    tcase_add_test(tcase, child_of_a_fork_works_on);
    tcase_add_test(tcase, decimal_commas_change_nothing);
#if defined(__SSE__)
    tcase_add_test(tcase, denormals_flushed_by_the_host_stay_flushed_and_change_nothing);
#endif
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
