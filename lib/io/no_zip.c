/* SPDX-License-Identifier: MIT */
/* In place of npz.c, npz_save.c, npz_stream.c and zip.c in a build without libzip. */
#include "base/missing.h"
#include "io/archive.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

tvae_status tvi_npz_load(tvae_archive *archive, const char *path)
{
    return tvi_fail_missing("archive_load", "zip");
}

tvae_status tvi_npz_save(const tvae_archive *archive, const char *path)
{
    return tvi_fail_missing("archive_save", "zip");
}

tvae_status tvi_npz_open(const char *path, const char *name, tvi_npz_stream **out)
{
    *out = NULL;
    return tvi_fail_missing("npz_open", "zip");
}

/* No stream can be opened; these have nothing to ask. */

int32_t tvi_npz_rank(const tvi_npz_stream *stream)
{
    return 0;
}

const size_t *tvi_npz_shape(const tvi_npz_stream *stream)
{
    return NULL;
}

size_t tvi_npz_element_bytes(const tvi_npz_stream *stream)
{
    return 0;
}

tvae_status tvi_npz_read(tvi_npz_stream *stream, void *bytes, size_t n_bytes)
{
    return tvi_fail_missing("npz_read", "zip");
}

void tvi_npz_close(tvi_npz_stream **stream)
{
}
