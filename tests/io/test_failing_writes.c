/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "failing_system.h"
#include "io/file.h"
#include "io/system.h"
#include "scratch.h"
#include "support.h"

/* Each system call of a save fails, once or with all after it: the file stays as it was
 * or is the new one, whole, and nothing else is left. */

static tvae_archive *make_archive(double seed)
{
    const size_t shape[] = {40, 25};
    tvae_archive *archive = NULL;
    tvae_tensor *tensor = NULL;

    ASSERT_OK(tvae_archive_create(&archive));
    ASSERT_OK(tvae_tensor_create(2, shape, &tensor));
    fill_uniform(tvae_tensor_data(tensor), 1000, 0.0, 1.0, (uint64_t)seed);
    ASSERT_OK(tvae_archive_put(archive, "x", tensor));
    tvae_tensor_destroy(&tensor);
    return archive;
}

static bool has_bytes(const char *path, const unsigned char *wanted, size_t n_wanted)
{
    size_t n_bytes;
    unsigned char *bytes = read_bytes(path, &n_bytes);
    const bool equal = n_bytes == n_wanted && memcmp(bytes, wanted, n_bytes) == 0;

    free(bytes);
    return equal;
}

typedef struct save_case {
    const char *path;
    tvae_archive *older, *newer;
    unsigned char *older_bytes, *newer_bytes;
    size_t n_older, n_newer;
} save_case;

static void open_case(save_case *c, const char *path)
{
    *c = (save_case){.path = path, .older = make_archive(1), .newer = make_archive(2)};
    ASSERT_OK(tvae_archive_save(c->newer, path));
    c->newer_bytes = read_bytes(path, &c->n_newer);
    ASSERT_OK(tvae_archive_save(c->older, path));
    c->older_bytes = read_bytes(path, &c->n_older);
}

static void close_case(save_case *c)
{
    tvae_archive_destroy(&c->older);
    tvae_archive_destroy(&c->newer);
    free(c->older_bytes);
    free(c->newer_bytes);
}

/* Where even removing fails, the temporary file stays: one at most, of that name. The
 * disk works again: so does a save. */
static void remove_left_over(const save_case *c)
{
    tvi_file_writer writer;

    if (count_scratch_entries() > 1) {
        ASSERT_OK(tvi_file_begin(&writer, c->path)); /* is "...-1": "-0" is taken */
        writer.temporary[strlen(writer.temporary) - 1] = '0';
        ck_assert_int_eq(unlink(writer.temporary), 0);
        writer.temporary[strlen(writer.temporary) - 1] = '1';
        tvi_file_abandon(&writer);
    }
    ASSERT_OK(tvae_archive_save(c->newer, c->path));
    ck_assert(has_bytes(c->path, c->newer_bytes, c->n_newer));
}

/* Save with call `n` failing; false when there is no such call. */
static bool save_once(const save_case *c, fault kind, size_t n)
{
    tvae_status st;
    bool due;

    ASSERT_OK(tvae_archive_save(c->older, c->path));
    faults_begin(kind, n);
    st = tvae_archive_save(c->newer, c->path);
    due = faults_end();
    ck_assert_msg(st == TVAE_OK || (st == TVAE_E_IO && kind != FAULT_SHORT),
                  "call %zu, %s: %s", n, fault_names[kind], tvae_last_error());
    ck_assert_msg(has_bytes(c->path, c->newer_bytes, c->n_newer) ||
                      (st != TVAE_OK && has_bytes(c->path, c->older_bytes, c->n_older)),
                  "call %zu, %s: neither the older file nor the newer", n,
                  fault_names[kind]);
    if (kind == FAULT_STAYS_DEAD)
        remove_left_over(c);
    ck_assert_uint_eq(count_scratch_entries(), 1);
    return due;
}

static void sweep(const char *name, size_t n_least)
{
    save_case c;
    const size_t n_descriptors = count_descriptors();

    open_case(&c, scratch_path(name));
    for (fault kind = 0; kind < N_FAULTS; kind++) {
        size_t n = 1;

        while (save_once(&c, kind, n))
            n++;
        ck_assert_uint_ge(n, n_least + 1);
    }
    close_case(&c);
    ck_assert_uint_eq(count_descriptors(), n_descriptors);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}

/* Create, write header and data, flush, close, open the folder, rename, flush, close. */
START_TEST(safetensors_is_whole_or_not_at_all)
{
    sweep("x.safetensors", 9);
}
END_TEST

START_TEST(npy_is_whole_or_not_at_all)
{
    sweep("x.npy", 9);
}
END_TEST

/* libzip asks for each part of a zip in a write of its own. */
START_TEST(npz_is_whole_or_not_at_all)
{
    sweep("x.npz", 15);
}
END_TEST

/* ---- what lies in the way, and who may write what is made ---- */

/* A link at the name of the temporary file is passed over, not followed. */
START_TEST(a_planted_link_is_not_followed)
{
    tvi_file_writer writer;
    char planted[4096];

    ASSERT_OK(tvi_file_write(scratch_path("victim"), "kept", 4));
    ASSERT_OK(tvi_file_begin(&writer, scratch_path("file")));
    (void)strcpy(planted, writer.temporary);
    tvi_file_abandon(&writer);
    ck_assert_int_eq(symlink(scratch_path("victim"), planted), 0);
    ASSERT_OK(tvi_file_write(scratch_path("file"), "new", 3));
    ck_assert(has_bytes(scratch_path("victim"), (const unsigned char *)"kept", 4));
    ck_assert(has_bytes(scratch_path("file"), (const unsigned char *)"new", 3));
    ck_assert_int_eq(unlink(planted), 0);
    ck_assert_int_eq(symlink(scratch_path("made"), planted), 0);
    ASSERT_OK(tvi_file_write(scratch_path("file"), "newer", 5));
    ck_assert(!tvi_file_exists(scratch_path("made")));
}
END_TEST

START_TEST(only_the_owner_may_write_whatever_the_umask)
{
    static const char *const names[] = {"x.safetensors", "x.npy", "x.npz"};
    static const mode_t masks[][2] = {{0, 0644}, {027, 0640}, {077, 0600}};
    tvae_archive *archive = make_archive(1);

    for (size_t i = 0; i < 9; i++) {
        const char *path = scratch_path(names[i % 3]);
        struct stat facts;

        (void)umask(masks[i / 3][0]);
        ASSERT_OK(tvae_archive_save(archive, path));
        ck_assert_int_eq(stat(path, &facts), 0);
        ck_assert_uint_eq(facts.st_mode & 07777, masks[i / 3][1]);
    }
    tvae_archive_destroy(&archive);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("failing writes");
    TCase *tcase = tcase_create("unit");

    tcase_add_checked_fixture(tcase, scratch_begin, scratch_end);
    tcase_add_test(tcase, safetensors_is_whole_or_not_at_all);
    tcase_add_test(tcase, npy_is_whole_or_not_at_all);
    tcase_add_test(tcase, npz_is_whole_or_not_at_all);
    tcase_add_test(tcase, a_planted_link_is_not_followed);
    tcase_add_test(tcase, only_the_owner_may_write_whatever_the_umask);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
