/* SPDX-License-Identifier: MIT */
#include "data/sampling.h"

#include <stdbool.h>

static bool samples_inside(const tvi_sampling_line *line, size_t height, size_t width,
                           size_t i)
{
    const double x = line->x0 + (double)i * line->step_x;
    const double y = line->y0 + (double)i * line->step_y;

    return x >= 0.0 && x < (double)(width + 1) && y >= 0.0 && y < (double)(height + 1);
}

void tvi_sample_line(const tvi_sampling_line *line, size_t height, size_t width,
                     const float *padded, size_t n_samples, float *target,
                     size_t target_step)
{
    const size_t stride = width + 2;
    size_t begin = 0, end = n_samples;

    for (; begin < end && !samples_inside(line, height, width, begin); begin++)
        target[begin * target_step] = 0.0f;
    for (; end > begin && !samples_inside(line, height, width, end - 1); end--)
        target[(end - 1) * target_step] = 0.0f;
    for (size_t i = begin; i < end; i++) {
        const double x = line->x0 + (double)i * line->step_x;
        const double y = line->y0 + (double)i * line->step_y;
        const ptrdiff_t left = (ptrdiff_t)x, top = (ptrdiff_t)y;
        const float fx = (float)(x - (double)left), fy = (float)(y - (double)top);
        const float *upper = padded + (size_t)top * stride + (size_t)left;
        const float *lower = upper + stride;
        const float above = upper[0] + fx * (upper[1] - upper[0]);
        const float below = lower[0] + fx * (lower[1] - lower[0]);

        target[i * target_step] = above + fy * (below - above);
    }
}
