/* SPDX-License-Identifier: MIT */
#include "scratch.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "scarce_memory.h"
#include "support.h"

static char folder[3000];

void scratch_begin(void)
{
    const char *parent = getenv("TMPDIR");

    (void)snprintf(folder, sizeof folder, "%s/tvae-io-XXXXXX",
                   parent && *parent ? parent : P_tmpdir);
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

/* Remove what the folder holds and, one level down, what its folders hold. */
static void remove_folder(const char *path)
{
    DIR *list = opendir(path);
    struct dirent *entry;

    if (!list)
        return;
    (void)chmod(path, 0700);
    while ((entry = readdir(list))) {
        char inner[4096];

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        if (unlink(inner) != 0)
            remove_folder(inner);
    }
    (void)closedir(list);
    (void)rmdir(path);
}

void scratch_end(void)
{
    remove_folder(folder);
}

const char *scratch_path(const char *name)
{
    static char paths[4][4096];
    static unsigned next;
    char *path = paths[next++ % 4];

    (void)snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

void write_bytes(const char *path, const void *bytes, size_t n_bytes)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, n_bytes, file), n_bytes);
    ck_assert_int_eq(fclose(file), 0);
}

unsigned char *read_bytes(const char *path, size_t *n_bytes)
{
    FILE *file = fopen(path, "rb");
    unsigned char *bytes;
    long size;

    ck_assert_msg(file != NULL, "%s cannot be opened", path);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    size = ftell(file);
    ck_assert_int_ge(size, 0);
    rewind(file);
    bytes = malloc((size_t)size + 1);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)size, file), (size_t)size);
    ck_assert_int_eq(fclose(file), 0);
    *n_bytes = (size_t)size;
    return bytes;
}

size_t count_scratch_entries(void)
{
    DIR *list = opendir(folder);
    size_t n = 0;

    ck_assert_ptr_nonnull(list);
    while (readdir(list))
        n++;
    (void)closedir(list);
    return n - 2;
}

size_t sweep_allocation_failures(tvae_status (*act)(void *context), void *context)
{
    const tvae_allocator some = {sizeof some, NULL, alloc_some, release_any};
    tvae_status st = TVAE_E_NOMEM;
    size_t n_refused = 0;

    ASSERT_OK(tvae_set_allocator(&some));
    for (; st == TVAE_E_NOMEM; n_refused++) {
        ck_assert_uint_lt(n_refused, 10000);
        allocations_left = n_refused;
        st = act(context);
        allocations_left = SIZE_MAX;
        ck_assert_uint_eq(tvi_live_blocks(), 0);
    }
    ASSERT_OK(st);
    ASSERT_OK(tvae_set_allocator(NULL));
    return n_refused - 1;
}

void assert_no_prefix_loads(const char *path, const unsigned char *bytes, size_t n_bytes,
                            tvae_status (*load)(const char *path))
{
    for (size_t n = 0; n < n_bytes; n++) {
        tvae_status st;

        write_bytes(path, bytes, n);
        st = load(path);
        ck_assert_msg(st == TVAE_E_FORMAT || st == TVAE_E_UNSUPPORTED,
                      "%s cut at byte %zu of %zu: %s", path, n, n_bytes,
                      tvae_status_name(st));
        ck_assert_msg(strstr(tvae_last_error(), path) != NULL, "%s", tvae_last_error());
    }
}

size_t load_all_mutations(const char *path, const unsigned char *bytes, size_t n_bytes,
                          tvae_status (*load)(const char *path))
{
    static const unsigned char masks[] = {0x01, 0x80, 0xff};
    unsigned char *copy = malloc(n_bytes);
    size_t n_refused = 0;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, n_bytes);
    for (size_t i = 0; i < n_bytes; i++)
        for (size_t k = 0; k < sizeof masks; k++) {
            copy[i] = bytes[i] ^ masks[k];
            write_bytes(path, copy, n_bytes);
            n_refused += load(path) != TVAE_OK;
            ck_assert_uint_eq(tvi_live_blocks(), 0);
            copy[i] = bytes[i];
        }
    free(copy);
    return n_refused;
}
