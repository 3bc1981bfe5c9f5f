/* SPDX-License-Identifier: MIT */
#ifndef TVI_DATA_PERSPECTIVE_H
#define TVI_DATA_PERSPECTIVE_H

#include <stddef.h>

/* Turning an image in space and looking at it in perspective, GOLDEN section 5.3: by the
 * same angle about the vertical axis and in its own plane, seen from a distance (the
 * focal length) that keeps its size. */

typedef struct tvi_perspective {
    double degrees; /* the angle used: 181 for 180, whose focal length is infinite */
    double focal;   /* 0 for no turn, which leaves the image as it is */
    double cosine, sine;
    double centre_x, centre_y;
} tvi_perspective;

/* The view of images [height, width] by `degrees`. */
void tvi_perspective_setup(size_t height, size_t width, double degrees,
                           tvi_perspective *view);

/* Where column `x` of the target looks: at (*source_x + y * *step_x,
 * *source_y + y * *step_y) for row y, in pixel-index coordinates of the source. */
void tvi_perspective_column(const tvi_perspective *view, double x, double *source_x,
                            double *source_y, double *step_x, double *step_y);

/* target = the view of an image that is given with its border as tvi_warp() wants it;
 * bilinear, zero outside. `target` is [height, width]. */
void tvi_perspective_warp(size_t height, size_t width, const float *padded,
                          double degrees, float *target);

#endif
