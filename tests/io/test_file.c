/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/file.h"
#include "io/text.h"
#include "scratch.h"
#include "support.h"

static void assert_content(const char *path, const char *wanted)
{
    char *bytes = NULL;
    size_t n_bytes = 0;

    ASSERT_OK(tvi_file_read(path, 1000000, &bytes, &n_bytes));
    ck_assert_uint_eq(n_bytes, strlen(wanted));
    ck_assert_str_eq(bytes, wanted);
    tvi_free(bytes);
}

static void assert_sentence(const char *part)
{
    ck_assert_msg(strstr(tvae_last_error(), part) != NULL, "\"%s\" lacks \"%s\"",
                  tvae_last_error(), part);
}

START_TEST(write_replaces_a_file_whole)
{
    const char *path = scratch_path("file");

    ASSERT_OK(tvi_file_write(path, "first", 5));
    assert_content(path, "first");
    ASSERT_OK(tvi_file_write(path, "2nd", 3));
    assert_content(path, "2nd");
    ASSERT_OK(tvi_file_write(path, "", 0));
    assert_content(path, "");
    ck_assert_uint_eq(count_scratch_entries(), 1);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(write_works_in_the_current_folder)
{
    char here[4096];

    ck_assert_ptr_nonnull(getcwd(here, sizeof here));
    ck_assert_int_eq(chdir(scratch_path(".")), 0);
    ASSERT_OK(tvi_file_write("bare", "abc", 3));
    assert_content("bare", "abc");
    ck_assert_int_eq(chdir(here), 0);
}
END_TEST

START_TEST(write_takes_the_longest_name)
{
    char name[256];

    memset(name, 'n', 255);
    name[255] = '\0';
    ASSERT_OK(tvi_file_write(scratch_path(name), "abc", 3));
    assert_content(scratch_path(name), "abc");
    ck_assert_uint_eq(count_scratch_entries(), 1);
}
END_TEST

START_TEST(write_replaces_a_link_not_its_target)
{
    struct stat facts;

    ASSERT_OK(tvi_file_write(scratch_path("target"), "old", 3));
    ck_assert_int_eq(symlink("target", scratch_path("link")), 0);
    ASSERT_OK(tvi_file_write(scratch_path("link"), "new", 3));
    assert_content(scratch_path("target"), "old");
    assert_content(scratch_path("link"), "new");
    ck_assert_int_eq(lstat(scratch_path("link"), &facts), 0);
    ck_assert(S_ISREG(facts.st_mode));
}
END_TEST

/* Past the limit write() first writes a part, then fails with EFBIG. */
START_TEST(write_that_fails_keeps_the_older_file)
{
    const struct rlimit limit = {.rlim_cur = 4096, .rlim_max = RLIM_INFINITY};
    const char *path = scratch_path("kept");
    static char large[10000];

    ASSERT_OK(tvi_file_write(path, "older", 5));
    ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ASSERT_STATUS(tvi_file_write(path, large, sizeof large), TVAE_E_IO);
    assert_sentence(path);
    assert_sentence(strerror(EFBIG));
    assert_sentence("kept");
    assert_content(path, "older");
    ck_assert_uint_eq(count_scratch_entries(), 1);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(write_says_why_a_place_is_refused)
{
    ASSERT_OK(tvi_file_write(scratch_path("file"), "x", 1));
    ASSERT_STATUS(tvi_file_write(scratch_path("absent/file"), "x", 1), TVAE_E_IO);
    assert_sentence("create its folder first");
    ASSERT_STATUS(tvi_file_write(scratch_path("file/file"), "x", 1), TVAE_E_IO);
    ck_assert_int_eq(mkdir(scratch_path("folder"), 0700), 0);
    ASSERT_STATUS(tvi_file_write(scratch_path("folder"), "x", 1), TVAE_E_IO);
    assert_sentence("renaming");
    ASSERT_STATUS(tvi_file_write(scratch_path("folder/"), "x", 1), TVAE_E_INVALID);
    ck_assert_uint_eq(count_scratch_entries(), 2);
    ASSERT_STATUS(tvi_file_fail_write("p", "writing", ENOSPC), TVAE_E_IO);
    assert_sentence("the disk is full");
    assert_sentence("kept");
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(write_names_a_folder_without_permission)
{
    if (geteuid() == 0) {
        printf("SKIP write_names_a_folder_without_permission: root may write anywhere\n");
        return;
    }
    ck_assert_int_eq(mkdir(scratch_path("locked"), 0500), 0);
    ASSERT_STATUS(tvi_file_write(scratch_path("locked/file"), "x", 1), TVAE_E_IO);
    assert_sentence("choose a folder that you may write to");
}
END_TEST

START_TEST(begin_passes_over_left_overs)
{
    tvi_file_writer first, second;
    const char *path = scratch_path("shared");

    ASSERT_OK(tvi_file_begin(&first, path));
    ASSERT_OK(tvi_file_begin(&second, path));
    ck_assert_str_ne(first.temporary, second.temporary);
    ASSERT_OK(tvi_file_append(&first, "1", 1));
    ASSERT_OK(tvi_file_append(&second, "2", 1));
    ASSERT_OK(tvi_file_commit(&second));
    assert_content(path, "2");
    tvi_file_abandon(&first);
    tvi_file_abandon(&first);
    assert_content(path, "2");
    ck_assert_uint_eq(count_scratch_entries(), 1);
}
END_TEST

START_TEST(read_checks_size_and_kind)
{
    const char *path = scratch_path("file");
    char *bytes = NULL;
    size_t n_bytes = 1;

    write_bytes(path, "12345", 5);
    ASSERT_OK(tvi_file_read(path, 5, &bytes, &n_bytes));
    ck_assert_uint_eq(n_bytes, 5);
    ck_assert_mem_eq(bytes, "12345", 6);
    tvi_free(bytes);
    ASSERT_STATUS(tvi_file_read(path, 4, &bytes, &n_bytes), TVAE_E_FORMAT);
    ck_assert_ptr_null(bytes);
    ASSERT_STATUS(tvi_file_read(scratch_path("absent"), 9, &bytes, &n_bytes),
                  TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvi_file_read(scratch_path("."), 9, &bytes, &n_bytes), TVAE_E_IO);
    assert_sentence("folder");
    ck_assert_int_eq(mkfifo(scratch_path("pipe"), 0600), 0);
    ASSERT_STATUS(tvi_file_read(scratch_path("pipe"), 9, &bytes, &n_bytes), TVAE_E_IO);
    ck_assert(tvi_file_exists(path));
    ck_assert(!tvi_file_exists(scratch_path("absent")));
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* "/e'/e'/..." of `n` letters with an accent, which is nowhere. */
static void make_long_path(char *path, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)strcpy(path + 3 * i, i % 50 ? "e\xc3\xa9" : "/\xc3\xa9");
}

/* Whatever its length, a path takes neither the beginning of the sentence nor the reason
 * and the advice at its end; no letter is cut in two. */
START_TEST(sentences_of_long_paths_keep_their_reason)
{
    static const size_t lengths[] = {200, 320, 330, 331, 332, 333, 340, 1000, 1300, 5000};
    static char path[3 * 5000 + 1];
    char *bytes = NULL;
    size_t n_bytes;

    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        const char *reason = strerror(3 * lengths[i] < 4096 - 1 ? ENOENT : ENAMETOOLONG);

        make_long_path(path, lengths[i]);
        ck_assert(tvi_file_read(path, 100, &bytes, &n_bytes) != TVAE_OK);
        assert_sentence("file_read: /\xc3\xa9");
        assert_sentence(reason);
        ck_assert_msg(tvi_is_utf8(tvae_last_error()), "%s", tvae_last_error());
        ASSERT_STATUS(tvi_file_write(path, "x", 1), TVAE_E_IO);
        assert_sentence("file_write: /\xc3\xa9");
        assert_sentence(reason);
        assert_sentence("(an older file of that name is kept as it was)");
    }
}
END_TEST

START_TEST(join_puts_one_slash_between)
{
    static const char *const cases[][3] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"/", "b", "/b"}, {"", "b", "b"}};

    for (size_t i = 0; i < 4; i++) {
        char *path = tvi_path_join(cases[i][0], cases[i][1]);

        ck_assert_str_eq(path, cases[i][2]);
        tvi_free(path);
    }
}
END_TEST

static tvae_status write_and_read(void *context)
{
    char *bytes = NULL;
    size_t n_bytes;
    tvae_status st = tvi_file_write(context, "abc", 3);

    if (st == TVAE_OK)
        st = tvi_file_read(context, 3, &bytes, &n_bytes);
    tvi_free(bytes);
    return st;
}

START_TEST(calls_survive_failing_allocations)
{
    char path[4096];

    (void)strcpy(path, scratch_path("memory"));
    ck_assert_uint_ge(sweep_allocation_failures(write_and_read, path), 2);
    ck_assert_uint_eq(count_scratch_entries(), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("file");
    TCase *file = tcase_create("file");

    tcase_add_checked_fixture(file, scratch_begin, scratch_end);
    tcase_add_test(file, write_replaces_a_file_whole);
    tcase_add_test(file, write_works_in_the_current_folder);
    tcase_add_test(file, write_takes_the_longest_name);
    tcase_add_test(file, write_replaces_a_link_not_its_target);
    tcase_add_test(file, write_that_fails_keeps_the_older_file);
    tcase_add_test(file, write_says_why_a_place_is_refused);
    tcase_add_test(file, write_names_a_folder_without_permission);
    tcase_add_test(file, begin_passes_over_left_overs);
    tcase_add_test(file, read_checks_size_and_kind);
    tcase_add_test(file, sentences_of_long_paths_keep_their_reason);
    tcase_add_test(file, join_puts_one_slash_between);
    tcase_add_test(file, calls_survive_failing_allocations);
    suite_add_tcase(suite, file);
    return run_suite(suite);
}
