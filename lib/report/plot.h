/* SPDX-License-Identifier: MIT */
#ifndef TVI_REPORT_PLOT_H
#define TVI_REPORT_PLOT_H

#include "report/canvas.h"

/* Axes with numbers, lines and colour scales on a canvas. Ink is dark on white. */

extern const tvi_colour tvi_plot_ink, tvi_plot_paper, tvi_plot_grid;

/* Where values from low to high lie on the paper. */
typedef struct tvi_axis {
    double low, high; /* low < high */
    const char *label;
} tvi_axis;

/* The inside of a plot; numbers and labels take room to the left (64 pixels), below (34)
 * and above (20). */
typedef struct tvi_plot {
    tvi_canvas *canvas;
    int x, y, width, height;
    tvi_axis across, up;
} tvi_plot;

enum { TVI_PLOT_LEFT = 64, TVI_PLOT_BELOW = 34, TVI_PLOT_ABOVE = 20 };

/* An axis that holds all finite values, widened to round numbers. */
tvi_axis tvi_axis_around(const double *values, size_t n, const char *label);

/* Title, frame, grid and numbers. */
void tvi_plot_axes(const tvi_plot *plot, const char *title);

/* A line through n points; points that are not finite interrupt it. */
void tvi_plot_line(const tvi_plot *plot, const double *x, const double *y, size_t n,
                   tvi_colour colour);

/* A strip of colours with the numbers at its ends and middle to its right. `colour_of`
 * takes low .. high mapped linearly to from .. to. */
void tvi_plot_colour_scale(tvi_canvas *canvas, int x, int y, int height, double low,
                           double high, double from, double to,
                           tvi_colour (*colour_of)(double));

#endif
