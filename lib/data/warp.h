/* SPDX-License-Identifier: MIT */
#ifndef TVI_DATA_WARP_H
#define TVI_DATA_WARP_H

#include <stddef.h>

/* Rotation and scaling of one-channel images, GOLDEN section 5.1. The source is read from
 * a copy with a border of zeros, one pixel wide, so that the inner loop needs no bounds
 * tests. */

/* Elements of an image with its border. */
size_t tvi_warp_padded_count(size_t height, size_t width);

/* Copy image [height, width] into the middle of `padded`, whose border becomes zero; the
 * second form reads bytes as byte / 255. */
void tvi_warp_pad(size_t height, size_t width, const float *image, float *padded);
void tvi_warp_pad_bytes(size_t height, size_t width, const unsigned char *image,
                        float *padded);

/* Turn about (width / 2, height / 2) in pixel-index coordinates, counter-clockwise on the
 * screen by `degrees`, enlarge by `scale` > 0; bilinear, zero outside.
 * `target` is [height, width]. */
void tvi_warp(size_t height, size_t width, const float *padded, double degrees,
              double scale, float *target);

#endif
