/* SPDX-License-Identifier: MIT */
#ifndef TVI_REPORT_PNG_H
#define TVI_REPORT_PNG_H

#include "base/error.h"

/* Encode RGB pixels [height, width, 3] as a PNG in a block of tvi_alloc_array(); `call`
 * begins the error sentence. */
tvae_status tvi_png_encode(const unsigned char *pixels, size_t width, size_t height,
                           const char *call, unsigned char **bytes, size_t *n_bytes);

/* The same into a file, whole or not at all. */
tvae_status tvi_png_write(const char *path, const unsigned char *pixels, size_t width,
                          size_t height, const char *call);

#endif
