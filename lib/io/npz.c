/* SPDX-License-Identifier: MIT */
#include "io/archive.h"

#include <stdio.h>
#include <string.h>

#include "io/npy.h"
#include "io/text.h"
#include "io/zip.h"

/* Read one `.npy` member into the archive. */
static tvae_status load_member(tvae_archive *archive, zip_t *zip, zip_uint64_t index,
                               const char *path, const char *member)
{
    char name[TVI_ARCHIVE_NAME_BYTES + 2];
    tvae_tensor *tensor = NULL;
    tvi_reader reader;
    tvae_status st;

    (void)snprintf(name, sizeof name, "%.*s", (int)(strlen(member) - 4), member);
    st = tvi_zip_open_member(zip, index, "archive_load", path, member, &reader);
    if (st == TVAE_OK)
        st = tvi_npy_read(&reader, &tensor);
    if (st == TVAE_OK)
        st = tvi_zip_check_end(&reader);
    if (st == TVAE_OK)
        st = tvi_archive_take(archive, &reader, name, tensor);
    tvae_tensor_destroy(&tensor);
    tvi_zip_close_member(&reader);
    return st;
}

tvae_status tvi_npz_load(tvae_archive *archive, const char *path)
{
    zip_t *zip;
    zip_int64_t n_members;
    tvae_status st;

    st = tvi_zip_open("archive_load", path, &zip);
    if (st != TVAE_OK)
        return st;
    n_members = zip_get_num_entries(zip, 0);
    if (n_members > TVI_ARCHIVE_MOST_TENSORS)
        st = tvi_fail(TVAE_E_FORMAT, "archive_load: %s: %lld members, want at most %d",
                      path, (long long)n_members, TVI_ARCHIVE_MOST_TENSORS);
    for (zip_int64_t i = 0; i < n_members && st == TVAE_OK; i++) {
        const char *member = zip_get_name(zip, (zip_uint64_t)i, 0);

        if (!member)
            st = tvi_fail(TVAE_E_FORMAT, "archive_load: %s: member %lld has no name: %s",
                          path, (long long)i, zip_strerror(zip));
        else if (tvi_ends_with(member, ".npy"))
            st = load_member(archive, zip, (zip_uint64_t)i, path, member);
    }
    zip_discard(zip);
    return st;
}
