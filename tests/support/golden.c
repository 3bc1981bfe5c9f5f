/* SPDX-License-Identifier: MIT */
#include "golden.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support.h"

const char *golden_folder(const char *what_is_skipped)
{
    static char folder[4096];
    const char *chosen = getenv("TVAE_GOLDEN_DIR"), *source = getenv("TVAE_SOURCE_DIR");
    struct stat info;

    if (chosen && *chosen)
        (void)snprintf(folder, sizeof folder, "%s", chosen);
    else
        (void)snprintf(folder, sizeof folder, "%s/../shared/golden",
                       source ? source : ".");
    if (stat(folder, &info) == 0 && S_ISDIR(info.st_mode))
        return folder;
    ck_assert_msg(!(chosen && *chosen), "TVAE_GOLDEN_DIR=%s is not a folder", chosen);
    printf("SKIP %s: no folder %s (set TVAE_GOLDEN_DIR)\n", what_is_skipped, folder);
    return NULL;
}

tvae_archive *golden_open(const char *file_name)
{
    const char *folder = golden_folder(file_name);
    char path[4200];
    tvae_archive *archive = NULL;

    if (!folder)
        return NULL;
    (void)snprintf(path, sizeof path, "%s/%s", folder, file_name);
    ASSERT_OK(tvae_archive_load(path, &archive));
    return archive;
}

static void join_name(char name[256], const char *case_name, const char *suffix)
{
    (void)snprintf(name, 256, "%s.%s", case_name, suffix);
}

tvae_tensor *golden_get(const tvae_archive *archive, const char *case_name,
                        const char *suffix)
{
    tvae_tensor *tensor = NULL;
    char name[256];

    join_name(name, case_name, suffix);
    ASSERT_OK(tvae_archive_get(archive, name, &tensor));
    return tensor;
}

bool golden_has(const tvae_archive *archive, const char *case_name, const char *suffix)
{
    char name[256];

    join_name(name, case_name, suffix);
    for (size_t i = 0; i < tvae_archive_count(archive); i++)
        if (strcmp(tvae_archive_name(archive, i), name) == 0)
            return true;
    return false;
}

int64_t golden_meta(const tvae_archive *archive, const char *case_name, size_t index)
{
    tvae_tensor *meta = golden_get(archive, case_name, "meta");
    int64_t value;

    ck_assert_uint_lt(index, tvae_tensor_count(meta));
    value = (int64_t)tvae_tensor_data_const(meta)[index];
    tvae_tensor_destroy(&meta);
    return value;
}

size_t golden_each_case(const tvae_archive *archive,
                        void (*check)(const tvae_archive *archive, const char *case_name))
{
    size_t n_cases = 0;

    for (size_t i = 0; i < tvae_archive_count(archive); i++) {
        const char *name = tvae_archive_name(archive, i);
        const size_t length = strlen(name);
        char case_name[256];

        if (length < 6 || length >= sizeof case_name ||
            strcmp(name + length - 5, ".meta"))
            continue;
        memcpy(case_name, name, length - 5);
        case_name[length - 5] = '\0';
        check(archive, case_name);
        n_cases++;
    }
    return n_cases;
}
