/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness.h"

static bool equal_tensors(const tvae_tensor *a, const tvae_tensor *b)
{
    const int32_t rank = tvae_tensor_rank(a);
    bool equal = rank == tvae_tensor_rank(b);

    for (int32_t axis = 0; axis < rank && equal; axis++)
        equal = tvae_tensor_extent(a, axis) == tvae_tensor_extent(b, axis);
    return equal && memcmp(tvae_tensor_data_const(a), tvae_tensor_data_const(b),
                           tvae_tensor_count(a) * sizeof(float)) == 0;
}

static void compare(const tvae_archive *first, const tvae_archive *again)
{
    fuzz_expect(tvae_archive_count(first) == tvae_archive_count(again),
                "an archive saved and read again has another number of tensors");
    for (size_t i = 0; i < tvae_archive_count(first); i++) {
        const char *name = tvae_archive_name(first, i);
        tvae_tensor *a = NULL, *b = NULL;

        fuzz_expect(tvae_archive_get(first, name, &a) == TVAE_OK &&
                        tvae_archive_get(again, name, &b) == TVAE_OK,
                    "a tensor that was listed, or saved, is not there");
        fuzz_expect(equal_tensors(a, b), "a tensor saved and read again differs");
        tvae_tensor_destroy(&a);
        tvae_tensor_destroy(&b);
    }
}

static void use_archive(const tvae_archive *archive, const char *ending)
{
    tvae_archive *again = NULL;
    char name[32];
    const char *path;

    if (tvae_archive_count(archive) == 0)
        return;
    (void)snprintf(name, sizeof name, "again%s", ending);
    path = fuzz_path(name);
    fuzz_expect(tvae_archive_save(archive, path) == TVAE_OK,
                "an archive that was read cannot be saved");
    fuzz_expect(tvae_archive_load(path, &again) == TVAE_OK,
                "an archive that was saved cannot be read");
    compare(archive, again);
    tvae_archive_destroy(&again);
    (void)unlink(path);
}

void fuzz_archive(const char *ending, const uint8_t *data, size_t size)
{
    const tvae_status allowed[] = {TVAE_E_FORMAT, TVAE_E_UNSUPPORTED, TVAE_OK};
    tvae_archive *archive = NULL;
    char name[32];
    tvae_status st;

    (void)snprintf(name, sizeof name, "input%s", ending);
    fuzz_begin_reading(size);
    st = tvae_archive_load(fuzz_file(name, data, size), &archive);
    fuzz_expect_status(st, allowed);
    if (st == TVAE_OK)
        use_archive(archive, ending);
    tvae_archive_destroy(&archive);
    fuzz_end();
}
