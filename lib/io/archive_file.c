/* SPDX-License-Identifier: MIT */
#include "io/archive.h"

#include "io/text.h"

/* The formats of archives, told by the ending of the file's name. */
static const struct {
    const char *ending;
    tvae_status (*load)(tvae_archive *archive, const char *path);
} formats[] = {
    {".npz", tvi_npz_load},
};

enum { N_FORMATS = sizeof formats / sizeof formats[0] };

/* The format of a path, or N_FORMATS. */
static size_t find_format(const char *path)
{
    size_t format = 0;

    while (format < N_FORMATS && !tvi_ends_with(path, formats[format].ending))
        format++;
    return format;
}

tvae_status tvae_archive_load(const char *path, tvae_archive **out)
{
    size_t format;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "archive_load: out is NULL");
    *out = NULL;
    if (!path)
        return tvi_fail(TVAE_E_INVALID, "archive_load: path is NULL");
    format = find_format(path);
    if (format == N_FORMATS)
        return tvi_fail(TVAE_E_UNSUPPORTED,
                        "archive_load: %s: unknown ending, want .safetensors, .npz or "
                        ".npy",
                        path);
    st = tvae_archive_create(out);
    if (st == TVAE_OK)
        st = formats[format].load(*out, path);
    if (st != TVAE_OK)
        tvae_archive_destroy(out);
    return st;
}
