/* SPDX-License-Identifier: MIT */
/* In place of gzip.c and checked.c in a build without zlib. */
#include "base/missing.h"
#include "io/gzip.h"
#include "io/io.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

tvae_status tvi_gzip_open(tvi_reader *packed, tvi_reader *reader)
{
    *reader = *packed;
    reader->source = NULL;
    return tvi_fail_missing(packed->call, "gzip");
}

tvae_status tvi_gzip_check_end(tvi_reader *reader)
{
    return tvi_fail_missing(reader->call, "gzip");
}

void tvi_gzip_close(tvi_reader *reader)
{
}

tvae_status tvi_archive_save_checked(const tvae_archive *archive, const char *path)
{
    return tvi_fail_missing("archive_save", "gzip");
}

tvae_status tvi_archive_load_checked(const char *path, tvae_archive **out)
{
    *out = NULL;
    return tvi_fail_missing("archive_load", "gzip");
}
