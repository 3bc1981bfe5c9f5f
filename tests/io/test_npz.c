/* SPDX-License-Identifier: MIT */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <zip.h>

#include "base/memory.h"
#include "io/io.h"
#include "scratch.h"
#include "support.h"
#include "zip_file.h"

#define FLOATS(shape) "{'descr': '<f4', 'fortran_order': False, 'shape': " shape ", }"

static const float six[] = {1.0f, 2.0f, 3.0f, -4.0f, 5.5f, 6.0f};

static tvae_status load_path(const char *path)
{
    tvae_archive *archive = NULL;
    const tvae_status st = tvae_archive_load(path, &archive);

    tvae_archive_destroy(&archive);
    return st;
}

START_TEST(load_reads_stored_and_deflated_members)
{
    static const zip_member members[] = {
        {"b.npy", FLOATS("(2, 3)"), six, sizeof six},
        {"readme.txt", NULL, "not an array", 12},
        {"folder/a.npy", FLOATS("(6,)"), six, sizeof six},
    };
    static const int methods[] = {ZIP_CM_STORE, ZIP_CM_DEFLATE};
    const char *path = scratch_path("file.npz");

    for (size_t i = 0; i < 2; i++) {
        tvae_archive *archive = NULL;
        tvae_tensor *a = NULL;

        write_zip(path, members, 3, methods[i]);
        ASSERT_OK(tvae_archive_load(path, &archive));
        ck_assert_uint_eq(tvae_archive_count(archive), 2);
        ck_assert_str_eq(tvae_archive_name(archive, 0), "b");
        ck_assert_str_eq(tvae_archive_name(archive, 1), "folder/a");
        ASSERT_OK(tvae_archive_get(archive, "folder/a", &a));
        ck_assert_mem_eq(tvae_tensor_data(a), six, sizeof six);
        tvae_tensor_destroy(&a);
        tvae_archive_destroy(&archive);
    }
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

static void assert_refused(const zip_member *member, tvae_status status,
                           const char *reason)
{
    const char *path = scratch_path("refused.npz");

    write_zip(path, member, 1, ZIP_CM_DEFLATE);
    ASSERT_STATUS(load_path(path), status);
    ck_assert_msg(strstr(tvae_last_error(), reason) != NULL, "\"%s\" lacks \"%s\"",
                  tvae_last_error(), reason);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}

START_TEST(load_refuses_bad_members)
{
    static const zip_member pickle = {
        "metadata.npy", "{'descr': '|O', 'fortran_order': False, 'shape': (), }",
        "\x80\x02}.", 4};
    static const zip_member nameless = {".npy", FLOATS("(6,)"), six, sizeof six};
    static const zip_member raw = {"x.npy", NULL, "not numpy at all", 16};
    static const zip_member empty = {"x.npy", NULL, "", 0};
    static const zip_member longer = {"x.npy", FLOATS("(5,)"), six, sizeof six};
    char name[300];
    zip_member long_name = {name, FLOATS("(6,)"), six, sizeof six};

    assert_refused(&pickle, TVAE_E_UNSUPPORTED, "metadata.npy: the array holds pickled");
    assert_refused(&nameless, TVAE_E_FORMAT, "is empty");
    assert_refused(&raw, TVAE_E_FORMAT, "magic");
    assert_refused(&empty, TVAE_E_FORMAT, "truncated");
    assert_refused(&longer, TVAE_E_FORMAT, "does not fit");
    memset(name, 'n', 256);
    (void)strcpy(name + 256, ".npy");
    assert_refused(&long_name, TVAE_E_FORMAT, "longer than 255");
}
END_TEST

/* libzip writes no name twice: one of two is renamed in the bytes. */
START_TEST(load_refuses_a_repeated_name)
{
    static const zip_member members[] = {{"aa.npy", FLOATS("(6,)"), six, sizeof six},
                                         {"ab.npy", FLOATS("(6,)"), six, sizeof six}};
    const char *path = scratch_path("twice.npz");
    unsigned char *bytes, *place;
    size_t n_bytes;

    write_zip(path, members, 2, ZIP_CM_STORE);
    bytes = read_bytes(path, &n_bytes);
    while ((place = memmem(bytes, n_bytes, "ab.npy", 6)))
        place[1] = 'a';
    write_bytes(path, bytes, n_bytes);
    ASSERT_STATUS(load_path(path), TVAE_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "occurs twice"));
    free(bytes);
}
END_TEST

START_TEST(load_refuses_damaged_data)
{
    static const zip_member member = {"x.npy", FLOATS("(6,)"), six, sizeof six};
    const char *path = scratch_path("damaged.npz");
    unsigned char *bytes, *place;
    size_t n_bytes;

    write_zip(path, &member, 1, ZIP_CM_STORE);
    bytes = read_bytes(path, &n_bytes);
    place = memmem(bytes, n_bytes, six, sizeof six);
    ck_assert_ptr_nonnull(place);
    place[5] ^= 1;
    write_bytes(path, bytes, n_bytes);
    ASSERT_STATUS(load_path(path), TVAE_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "CRC"));
    free(bytes);
}
END_TEST

START_TEST(load_survives_truncation_and_mutation)
{
    static const zip_member members[] = {{"x.npy", FLOATS("(6,)"), six, sizeof six},
                                         {"y.npy", FLOATS("()"), six, 4}};
    const char *path = scratch_path("small.npz");
    unsigned char *bytes;
    size_t n_bytes;

    write_zip(path, members, 2, ZIP_CM_DEFLATE);
    bytes = read_bytes(path, &n_bytes);
    assert_no_prefix_loads(path, bytes, n_bytes, load_path);
    ck_assert_uint_gt(load_all_mutations(path, bytes, n_bytes, load_path), n_bytes);
    free(bytes);
}
END_TEST

static tvae_archive *make_archive(size_t count)
{
    tvae_archive *archive = NULL;
    tvae_tensor *x = NULL, *y = NULL;

    ASSERT_OK(tvae_archive_create(&archive));
    ASSERT_OK(tvae_tensor_create(1, &count, &x));
    ASSERT_OK(tvae_tensor_create(0, NULL, &y));
    fill_uniform(tvae_tensor_data(x), count, -1.0, 1.0, 3);
    ASSERT_OK(tvae_archive_put(archive, "x", x));
    ASSERT_OK(tvae_archive_put(archive, "caf\xc3\xa9.y", y));
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
    return archive;
}

START_TEST(save_and_load_keep_tensors)
{
    const char *path = scratch_path("kept.npz"), *again = scratch_path("again.npz");
    tvae_archive *saved = make_archive(5000), *loaded = NULL;
    tvae_tensor *want = NULL, *got = NULL;
    unsigned char *first, *second;
    size_t n_first, n_second;

    ASSERT_OK(tvae_archive_save(saved, path));
    ASSERT_OK(tvae_archive_save(saved, path));
    ck_assert_uint_eq(count_scratch_entries(), 1);
    ASSERT_OK(tvae_archive_load(path, &loaded));
    ck_assert_uint_eq(tvae_archive_count(loaded), 2);
    ck_assert_str_eq(tvae_archive_name(loaded, 1), "caf\xc3\xa9.y");
    ASSERT_OK(tvae_archive_get(saved, "x", &want));
    ASSERT_OK(tvae_archive_get(loaded, "x", &got));
    ck_assert_mem_eq(tvae_tensor_data(got), tvae_tensor_data(want), 5000 * sizeof(float));
    ASSERT_OK(tvae_archive_save(loaded, again));
    first = read_bytes(path, &n_first);
    second = read_bytes(again, &n_second);
    ck_assert_uint_eq(n_first, n_second);
    ck_assert_mem_eq(first, second, n_first);
    free(first);
    free(second);
    tvae_tensor_destroy(&want);
    tvae_tensor_destroy(&got);
    tvae_archive_destroy(&saved);
    tvae_archive_destroy(&loaded);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(save_of_nothing_loads)
{
    const char *path = scratch_path("empty.npz");
    tvae_archive *archive = NULL;

    ASSERT_OK(tvae_archive_create(&archive));
    ASSERT_OK(tvae_archive_save(archive, path));
    tvae_archive_destroy(&archive);
    ASSERT_OK(tvae_archive_load(path, &archive));
    ck_assert_uint_eq(tvae_archive_count(archive), 0);
    tvae_archive_destroy(&archive);
}
END_TEST

START_TEST(save_that_fails_keeps_the_older_file)
{
    const struct rlimit limit = {.rlim_cur = 8192, .rlim_max = RLIM_INFINITY};
    const char *path = scratch_path("kept.npz");
    tvae_archive *small = make_archive(10), *large = make_archive(100000);

    ASSERT_OK(tvae_archive_save(small, path));
    ck_assert(signal(SIGXFSZ, SIG_IGN) != SIG_ERR);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ASSERT_STATUS(tvae_archive_save(large, path), TVAE_E_IO);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "kept"));
    ck_assert_uint_eq(count_scratch_entries(), 1);
    ASSERT_OK(load_path(path));
    tvae_archive_destroy(&small);
    tvae_archive_destroy(&large);
}
END_TEST

static tvae_status make_save_and_load(void *context)
{
    const size_t shape[] = {3};
    tvae_archive *archive = NULL, *loaded = NULL;
    tvae_tensor *tensor = NULL;
    tvae_status st = tvae_archive_create(&archive);

    if (st == TVAE_OK)
        st = tvae_tensor_create(1, shape, &tensor);
    if (st == TVAE_OK)
        st = tvae_archive_put(archive, "x", tensor);
    if (st == TVAE_OK)
        st = tvae_archive_save(archive, context);
    if (st == TVAE_OK)
        st = tvae_archive_load(context, &loaded);
    tvae_tensor_destroy(&tensor);
    tvae_archive_destroy(&archive);
    tvae_archive_destroy(&loaded);
    return st;
}

START_TEST(calls_survive_failing_allocations)
{
    char path[4096];

    (void)strcpy(path, scratch_path("memory.npz"));
    ck_assert_uint_ge(sweep_allocation_failures(make_save_and_load, path), 12);
    (void)strcpy(path, scratch_path("memory.npy"));
    ck_assert_uint_ge(sweep_allocation_failures(make_save_and_load, path), 10);
    ck_assert_uint_eq(count_scratch_entries(), 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("npz");
    TCase *npz = tcase_create("npz");

    tcase_add_checked_fixture(npz, scratch_begin, scratch_end);
    tcase_add_test(npz, load_reads_stored_and_deflated_members);
    tcase_add_test(npz, load_refuses_bad_members);
    tcase_add_test(npz, load_refuses_a_repeated_name);
    tcase_add_test(npz, load_refuses_damaged_data);
    tcase_add_test(npz, load_survives_truncation_and_mutation);
    tcase_add_test(npz, save_and_load_keep_tensors);
    tcase_add_test(npz, save_of_nothing_loads);
    tcase_add_test(npz, save_that_fails_keeps_the_older_file);
    tcase_add_test(npz, calls_survive_failing_allocations);
    suite_add_tcase(suite, npz);
    return run_suite(suite);
}
