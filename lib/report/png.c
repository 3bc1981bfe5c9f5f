/* SPDX-License-Identifier: MIT */
#include "report/png.h"

#include <png.h>

#include "base/memory.h"
#include "io/io.h"

tvae_status tvi_png_encode(const unsigned char *pixels, size_t width, size_t height,
                           const char *call, unsigned char **bytes, size_t *n_bytes)
{
    png_image image = {
        .version = PNG_IMAGE_VERSION,
        .width = (png_uint_32)width,
        .height = (png_uint_32)height,
        .format = PNG_FORMAT_RGB,
    };
    png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
    tvae_status st = TVAE_OK;

    *bytes = tvi_alloc_array(size, 1);
    if (!*bytes)
        return TVAE_E_NOMEM;
    if (!png_image_write_to_memory(&image, *bytes, &size, 0, pixels, 0, NULL)) {
        st = tvi_fail(TVAE_E_IO, "%s: the picture was not encoded: libpng says: %s", call,
                      image.message);
        tvi_free(*bytes);
        *bytes = NULL;
    }
    *n_bytes = size;
    png_image_free(&image);
    return st;
}

tvae_status tvi_png_write(const char *path, const unsigned char *pixels, size_t width,
                          size_t height, const char *call)
{
    unsigned char *bytes = NULL;
    size_t n_bytes = 0;
    tvae_status st = tvi_png_encode(pixels, width, height, call, &bytes, &n_bytes);

    if (st == TVAE_OK)
        st = tvi_file_write(path, bytes, n_bytes);
    tvi_free(bytes);
    return st;
}
