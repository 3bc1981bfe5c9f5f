/* SPDX-License-Identifier: MIT */
#include "data/warp.h"

#include <math.h>
#include <string.h>

#include "data/sampling.h"

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

void tvi_warp(size_t height, size_t width, const float *padded, double degrees,
              double scale, float *target)
{
    const double radians = degrees * (3.14159265358979323846 / 180.0);
    const double cosine = cos(radians) / scale, sine = sin(radians) / scale;
    const double centre_x = (double)width / 2.0, centre_y = (double)height / 2.0;
    tvi_sampling_line line = {.step_x = cosine, .step_y = sine};

    for (size_t y = 0; y < height; y++) {
        const double from_centre = (double)y - centre_y;

        line.x0 = centre_x + 1.0 - cosine * centre_x - sine * from_centre;
        line.y0 = centre_y + 1.0 - sine * centre_x + cosine * from_centre;
        tvi_sample_line(&line, height, width, padded, width, target + y * width, 1);
    }
}
