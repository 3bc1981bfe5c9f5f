/* SPDX-License-Identifier: MIT */
#ifndef TVI_REPORT_CANVAS_H
#define TVI_REPORT_CANVAS_H

#include "base/error.h"

/* A picture in memory that is drawn on. Coordinates are pixels, x to the right and y
 * down; what lies outside the picture is not drawn. */

typedef struct tvi_colour {
    unsigned char red, green, blue;
} tvi_colour;

typedef struct tvi_canvas {
    int width, height;
    unsigned char *pixels; /* [height, width, 3], row-major */
} tvi_canvas;

enum { TVI_GLYPH_COLUMNS = 5, TVI_GLYPH_ROWS = 7, TVI_GLYPH_ADVANCE = 6 };

/* Create a picture of one colour, at most 16,384 pixels a side. */
tvae_status tvi_canvas_create(int width, int height, tvi_colour colour,
                              tvi_canvas *canvas);
void tvi_canvas_release(tvi_canvas *canvas);

void tvi_canvas_fill(tvi_canvas *canvas, int x, int y, int width, int height,
                     tvi_colour colour);

/* The outline of a rectangle, one pixel wide, inside it. */
void tvi_canvas_outline(tvi_canvas *canvas, int x, int y, int width, int height,
                        tvi_colour colour);

/* A straight line of `thickness` pixels. */
void tvi_canvas_line(tvi_canvas *canvas, int x0, int y0, int x1, int y1, int thickness,
                     tvi_colour colour);

/* ASCII text whose top left corner is (x, y); each dot of a glyph takes scale x scale
 * pixels. Other bytes are drawn as '?'. */
void tvi_canvas_text(tvi_canvas *canvas, int x, int y, int scale, const char *text,
                     tvi_colour colour);

/* Width of a text in pixels. */
int tvi_text_width(const char *text, int scale);

/* One frame [channels, height, width] of values in [0, 1] (others are clipped), 1 or 3
 * channels, each value scale x scale pixels. */
void tvi_canvas_frame(tvi_canvas *canvas, int x, int y, int scale, const float *frame,
                      size_t channels, size_t height, size_t width);

/* Write as PNG, whole or not at all; `call` begins the error sentence. */
tvae_status tvi_canvas_write(const tvi_canvas *canvas, const char *path,
                             const char *call);

/* 0 to 1 on a scale from dark blue to yellow whose brightness grows evenly. */
tvi_colour tvi_colour_sequential(double value);

/* -1 to 1 from blue over white to red. */
tvi_colour tvi_colour_diverging(double value);

/* Colour `index` of a series that people tell apart easily (repeats after ten). */
tvi_colour tvi_colour_series(size_t index);

/* ---- font.c ---- */

/* The glyph of a printable ASCII character: columns left to right, bit r is row r. */
const unsigned char *tvi_glyph(char character);

#endif
