/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "io/io.h"
#include "scratch.h"
#include "support.h"

static tvae_status build_archive(tvae_archive **out)
{
    const size_t shape[] = {2, 3};
    tvae_tensor *tensor = NULL;
    tvae_status st = tvae_archive_create(out);

    if (st == TVAE_OK)
        st = tvae_tensor_create(2, shape, &tensor);
    if (st == TVAE_OK)
        st = tvae_archive_put(*out, "z.weight", tensor);
    if (st == TVAE_OK)
        st = tvae_archive_set_metadata(*out, "key", "line\nbreak");
    tvae_tensor_destroy(&tensor);
    return st;
}

/* Replace a text of the file by another of its length: loading refuses it. Then put the
 * first one back. */
static void assert_change_is_refused(const char *path, unsigned char *bytes,
                                     size_t n_bytes, const char *from, const char *to)
{
    unsigned char *place = memmem(bytes, n_bytes, from, strlen(from));
    tvae_archive *loaded = NULL;

    ck_assert_ptr_nonnull(place);
    memcpy(place, to, strlen(to));
    write_bytes(path, bytes, n_bytes);
    ASSERT_STATUS(tvi_archive_load_checked(path, &loaded), TVAE_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "damaged"));
    ck_assert_ptr_null(loaded);
    memcpy(place, from, strlen(from));
}

/* The sum covers texts, names, shapes and data: no change of the content passes. */
START_TEST(load_refuses_changed_content)
{
    const char *path = scratch_path("state.safetensors");
    tvae_archive *archive = NULL, *loaded = NULL;
    unsigned char *bytes;
    size_t n_bytes;

    ASSERT_OK(build_archive(&archive));
    ASSERT_OK(tvi_archive_save_checked(archive, path));
    ck_assert_ptr_null(tvae_archive_metadata(archive, "crc32"));
    ASSERT_OK(tvi_archive_load_checked(path, &loaded));
    ck_assert_uint_eq(tvae_archive_count(loaded), 1);
    ASSERT_OK(tvi_archive_save_checked(loaded, scratch_path("again.safetensors")));
    tvae_archive_destroy(&loaded);

    bytes = read_bytes(path, &n_bytes);
    assert_change_is_refused(path, bytes, n_bytes, "[2,3]", "[3,2]");
    assert_change_is_refused(path, bytes, n_bytes, "z.weight", "y.weight");
    assert_change_is_refused(path, bytes, n_bytes, "break", "brake");
    bytes[n_bytes - 1] ^= 1;
    write_bytes(path, bytes, n_bytes);
    ASSERT_STATUS(tvi_archive_load_checked(path, &loaded), TVAE_E_FORMAT);
    bytes[n_bytes - 1] ^= 1;
    write_bytes(path, bytes, n_bytes);
    ASSERT_OK(tvi_archive_load_checked(path, &loaded));
    free(bytes);
    tvae_archive_destroy(&loaded);
    tvae_archive_destroy(&archive);
}
END_TEST

START_TEST(load_refuses_a_file_without_sum)
{
    const char *path = scratch_path("plain.safetensors");
    tvae_archive *archive = NULL, *loaded = NULL;

    ASSERT_OK(build_archive(&archive));
    ASSERT_OK(tvae_archive_save(archive, path));
    ASSERT_STATUS(tvi_archive_load_checked(path, &loaded), TVAE_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "no checksum"));
    ck_assert_ptr_null(loaded);
    tvae_archive_destroy(&archive);
}
END_TEST

static tvae_status make_save_and_load(void *context)
{
    tvae_archive *archive = NULL, *loaded = NULL;
    tvae_status st = build_archive(&archive);

    if (st == TVAE_OK)
        st = tvi_archive_save_checked(archive, context);
    if (st == TVAE_OK)
        st = tvi_archive_load_checked(context, &loaded);
    tvae_archive_destroy(&archive);
    tvae_archive_destroy(&loaded);
    return st;
}

START_TEST(calls_survive_failing_allocations)
{
    char path[4096];

    (void)strcpy(path, scratch_path("memory.safetensors"));
    ck_assert_uint_ge(sweep_allocation_failures(make_save_and_load, path), 20);
    ck_assert_uint_eq(count_scratch_entries(), 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checked");
    TCase *tc = tcase_create("checked");

    tcase_add_checked_fixture(tc, scratch_begin, scratch_end);
    tcase_add_test(tc, load_refuses_changed_content);
    tcase_add_test(tc, load_refuses_a_file_without_sum);
    tcase_add_test(tc, calls_survive_failing_allocations);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
