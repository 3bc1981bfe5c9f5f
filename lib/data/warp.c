/* SPDX-License-Identifier: MIT */
#include "data/warp.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* Where column x of an output row samples the padded source: (x0 + x * step_x,
 * y0 + x * step_y). Both are monotonic in x, rounding included, so the columns that
 * fall inside the source are one interval. */
typedef struct sampling_line {
    double x0, y0;
    double step_x, step_y;
    double end_x, end_y; /* samples are inside if 0 <= x < end_x and 0 <= y < end_y */
} sampling_line;

size_t tvi_warp_padded_count(size_t height, size_t width)
{
    return (height + 2) * (width + 2);
}

static float *padded_row(float *padded, size_t width, size_t y)
{
    return padded + (y + 1) * (width + 2) + 1;
}

void tvi_warp_pad(size_t height, size_t width, const float *image, float *padded)
{
    memset(padded, 0, tvi_warp_padded_count(height, width) * sizeof *padded);
    for (size_t y = 0; y < height; y++)
        memcpy(padded_row(padded, width, y), image + y * width, width * sizeof *image);
}

void tvi_warp_pad_bytes(size_t height, size_t width, const unsigned char *image,
                        float *padded)
{
    memset(padded, 0, tvi_warp_padded_count(height, width) * sizeof *padded);
    for (size_t y = 0; y < height; y++) {
        float *row = padded_row(padded, width, y);

        for (size_t x = 0; x < width; x++)
            row[x] = (float)image[y * width + x] / 255.0f;
    }
}

static bool samples_inside(const sampling_line *line, size_t column)
{
    const double x = line->x0 + (double)column * line->step_x;
    const double y = line->y0 + (double)column * line->step_y;

    return x >= 0.0 && x < line->end_x && y >= 0.0 && y < line->end_y;
}

static void warp_row(const sampling_line *line, size_t width, const float *padded,
                     float *target)
{
    const size_t stride = width + 2;
    size_t begin = 0, end = width;

    while (begin < end && !samples_inside(line, begin))
        begin++;
    while (end > begin && !samples_inside(line, end - 1))
        end--;
    memset(target, 0, begin * sizeof *target);
    for (size_t column = begin; column < end; column++) {
        const double x = line->x0 + (double)column * line->step_x;
        const double y = line->y0 + (double)column * line->step_y;
        const ptrdiff_t left = (ptrdiff_t)x, top = (ptrdiff_t)y;
        const float fx = (float)(x - (double)left), fy = (float)(y - (double)top);
        const float *upper = padded + (size_t)top * stride + (size_t)left;
        const float *lower = upper + stride;
        const float above = upper[0] + fx * (upper[1] - upper[0]);
        const float below = lower[0] + fx * (lower[1] - lower[0]);

        target[column] = above + fy * (below - above);
    }
    memset(target + end, 0, (width - end) * sizeof *target);
}

void tvi_warp(size_t height, size_t width, const float *padded, double degrees,
              double scale, float *target)
{
    const double radians = degrees * (3.14159265358979323846 / 180.0);
    const double cosine = cos(radians) / scale, sine = sin(radians) / scale;
    const double centre_x = (double)width / 2.0, centre_y = (double)height / 2.0;
    sampling_line line = {.step_x = cosine,
                          .step_y = sine,
                          .end_x = (double)(width + 1),
                          .end_y = (double)(height + 1)};

    for (size_t y = 0; y < height; y++) {
        const double from_centre = (double)y - centre_y;

        line.x0 = centre_x + 1.0 - cosine * centre_x - sine * from_centre;
        line.y0 = centre_y + 1.0 - sine * centre_x + cosine * from_centre;
        warp_row(&line, width, padded, target + y * width);
    }
}
