/* SPDX-License-Identifier: MIT */
/* In place of png.c in a build without libpng. */
#include "base/missing.h"
#include "report/png.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

tvae_status tvi_png_encode(const unsigned char *pixels, size_t width, size_t height,
                           const char *call, unsigned char **bytes, size_t *n_bytes)
{
    *bytes = NULL;
    *n_bytes = 0;
    return tvi_fail_missing(call, "png");
}

tvae_status tvi_png_write(const char *path, const unsigned char *pixels, size_t width,
                          size_t height, const char *call)
{
    return tvi_fail_missing(call, "png");
}
