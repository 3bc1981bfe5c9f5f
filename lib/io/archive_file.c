/* SPDX-License-Identifier: MIT */
#include "io/archive.h"

#include "io/text.h"

/* The formats of archives, told by the ending of the file's name. */
static const struct {
    const char *ending;
    tvae_status (*load)(tvae_archive *archive, const char *path);
    tvae_status (*save)(const tvae_archive *archive, const char *path);
} formats[] = {
    {".safetensors", tvi_safetensors_load, tvi_safetensors_save},
    {".npz", tvi_npz_load, tvi_npz_save},
    {".npy", tvi_npy_load, tvi_npy_save},
};

enum { N_FORMATS = sizeof formats / sizeof formats[0] };

static tvae_status find_format(const char *call, const char *path, size_t *format)
{
    for (*format = 0; *format < N_FORMATS; ++*format)
        if (tvi_ends_with(path, formats[*format].ending))
            return TVAE_OK;
    return tvi_fail(TVAE_E_UNSUPPORTED,
                    "%s: %s: unknown ending, want .safetensors, .npz or .npy", call,
                    path);
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
    st = find_format("archive_load", path, &format);
    if (st != TVAE_OK)
        return st;
    st = tvae_archive_create(out);
    if (st == TVAE_OK)
        st = formats[format].load(*out, path);
    if (st != TVAE_OK)
        tvae_archive_destroy(out);
    return st;
}

tvae_status tvae_archive_save(const tvae_archive *archive, const char *path)
{
    size_t format;
    tvae_status st;

    if (!archive || !path)
        return tvi_fail(TVAE_E_INVALID, "archive_save: %s is NULL",
                        archive ? "path" : "archive");
    st = find_format("archive_save", path, &format);
    return st == TVAE_OK ? formats[format].save(archive, path) : st;
}
