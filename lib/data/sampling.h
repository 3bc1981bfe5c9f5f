/* SPDX-License-Identifier: MIT */
#ifndef TVI_DATA_SAMPLING_H
#define TVI_DATA_SAMPLING_H

#include <stddef.h>

/* A line through a padded image (data/warp.h), in coordinates in which the image's first
 * pixel, not the border's, is (1, 1): sample i is taken at (x0 + i * step_x,
 * y0 + i * step_y). Both are monotonic in i, rounding included, so the samples that fall
 * inside the image and its border are one interval. */
typedef struct tvi_sampling_line {
    double x0, y0;
    double step_x, step_y;
} tvi_sampling_line;

/* target[i * target_step], i = 0 .. n_samples - 1, = the image [height, width], bilinear,
 * at sample i; zero outside, and where a coordinate is not finite. */
void tvi_sample_line(const tvi_sampling_line *line, size_t height, size_t width,
                     const float *padded, size_t n_samples, float *target,
                     size_t target_step);

#endif
