/* SPDX-License-Identifier: MIT */
#include "report/canvas.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "report/png.h"

enum { MAX_SIDE = 16384, BYTES_A_PIXEL = 3 };

tvae_status tvi_canvas_create(int width, int height, tvi_colour colour,
                              tvi_canvas *canvas)
{
    *canvas = (tvi_canvas){0};
    if (width < 1 || height < 1 || width > MAX_SIDE || height > MAX_SIDE)
        return tvi_fail(TVAE_E_SHAPE,
                        "canvas_create: a picture of %d x %d pixels, want 1 to %d a side",
                        width, height, MAX_SIDE);
    canvas->pixels = tvi_alloc_array((size_t)width * (size_t)height, BYTES_A_PIXEL);
    if (!canvas->pixels)
        return TVAE_E_NOMEM;
    canvas->width = width;
    canvas->height = height;
    tvi_canvas_fill(canvas, 0, 0, width, height, colour);
    return TVAE_OK;
}

void tvi_canvas_release(tvi_canvas *canvas)
{
    tvi_free(canvas->pixels);
    *canvas = (tvi_canvas){0};
}

static int clip(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

void tvi_canvas_fill(tvi_canvas *canvas, int x, int y, int width, int height,
                     tvi_colour colour)
{
    const int x0 = clip(x, 0, canvas->width), x1 = clip(x + width, 0, canvas->width);
    const int y0 = clip(y, 0, canvas->height), y1 = clip(y + height, 0, canvas->height);

    for (int row = y0; row < y1; row++) {
        unsigned char *pixel =
            canvas->pixels +
            ((size_t)row * (size_t)canvas->width + (size_t)x0) * BYTES_A_PIXEL;

        for (int column = x0; column < x1; column++) {
            *pixel++ = colour.red;
            *pixel++ = colour.green;
            *pixel++ = colour.blue;
        }
    }
}

void tvi_canvas_outline(tvi_canvas *canvas, int x, int y, int width, int height,
                        tvi_colour colour)
{
    tvi_canvas_fill(canvas, x, y, width, 1, colour);
    tvi_canvas_fill(canvas, x, y + height - 1, width, 1, colour);
    tvi_canvas_fill(canvas, x, y, 1, height, colour);
    tvi_canvas_fill(canvas, x + width - 1, y, 1, height, colour);
}

void tvi_canvas_line(tvi_canvas *canvas, int x0, int y0, int x1, int y1, int thickness,
                     tvi_colour colour)
{
    const int dx = x1 - x0, dy = y1 - y0;
    const int n = abs(dx) > abs(dy) ? abs(dx) : abs(dy);

    for (int i = 0; i <= n; i++) {
        const int x = n ? x0 + (int)((long)dx * i / n) : x0;
        const int y = n ? y0 + (int)((long)dy * i / n) : y0;

        tvi_canvas_fill(canvas, x - thickness / 2, y - thickness / 2, thickness,
                        thickness, colour);
    }
}

int tvi_text_width(const char *text, int scale)
{
    const int n = (int)strnlen(text, MAX_SIDE);

    return n ? (n * TVI_GLYPH_ADVANCE - 1) * scale : 0;
}

static void draw_glyph(tvi_canvas *canvas, int x, int y, int scale, char character,
                       tvi_colour colour)
{
    const unsigned char *columns = tvi_glyph(character);

    for (int column = 0; column < TVI_GLYPH_COLUMNS; column++)
        for (int row = 0; row < TVI_GLYPH_ROWS; row++)
            if (columns[column] >> row & 1)
                tvi_canvas_fill(canvas, x + column * scale, y + row * scale, scale, scale,
                                colour);
}

void tvi_canvas_text(tvi_canvas *canvas, int x, int y, int scale, const char *text,
                     tvi_colour colour)
{
    for (; *text && x < canvas->width; text++, x += TVI_GLYPH_ADVANCE * scale)
        draw_glyph(canvas, x, y, scale, *text, colour);
}

static unsigned char to_level(float value)
{
    if (!(value > 0.0f))
        return 0;
    return value >= 1.0f ? 255 : (unsigned char)(value * 255.0f + 0.5f);
}

void tvi_canvas_frame(tvi_canvas *canvas, int x, int y, int scale, const float *frame,
                      size_t channels, size_t height, size_t width)
{
    const size_t step = channels == 3 ? height * width : 0;

    for (size_t row = 0; row < height; row++)
        for (size_t column = 0; column < width; column++) {
            const float *value = frame + row * width + column;
            const tvi_colour colour = {to_level(value[0]), to_level(value[step]),
                                       to_level(value[2 * step])};

            tvi_canvas_fill(canvas, x + (int)column * scale, y + (int)row * scale, scale,
                            scale, colour);
        }
}

tvae_status tvi_canvas_write(const tvi_canvas *canvas, const char *path, const char *call)
{
    return tvi_png_write(path, canvas->pixels, (size_t)canvas->width,
                         (size_t)canvas->height, call);
}

/* The colour at `place` (0 to 1) between anchors at even distances. */
static tvi_colour blend(const tvi_colour *anchors, int n_anchors, double place)
{
    const double at =
        !(place > 0.0) ? 0.0 : (place < 1.0 ? place : 1.0) * (n_anchors - 1);
    const int left = at < n_anchors - 1 ? (int)at : n_anchors - 2;
    const double f = at - left;
    const tvi_colour a = anchors[left], b = anchors[left + 1];

    return (tvi_colour){(unsigned char)(a.red + f * (b.red - a.red) + 0.5),
                        (unsigned char)(a.green + f * (b.green - a.green) + 0.5),
                        (unsigned char)(a.blue + f * (b.blue - a.blue) + 0.5)};
}

tvi_colour tvi_colour_sequential(double value)
{
    static const tvi_colour anchors[] = {
        {68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}};

    return blend(anchors, sizeof anchors / sizeof *anchors, value);
}

tvi_colour tvi_colour_diverging(double value)
{
    static const tvi_colour anchors[] = {
        {33, 102, 172}, {146, 197, 222}, {247, 247, 247}, {244, 165, 130}, {178, 24, 43}};

    return blend(anchors, sizeof anchors / sizeof *anchors, (value + 1.0) / 2.0);
}

tvi_colour tvi_colour_series(size_t index)
{
    static const tvi_colour colours[] = {
        {31, 119, 180}, {255, 127, 14},  {44, 160, 44},   {214, 39, 40},  {148, 103, 189},
        {140, 86, 75},  {227, 119, 194}, {110, 110, 110}, {188, 189, 34}, {23, 190, 207}};

    return colours[index % (sizeof colours / sizeof *colours)];
}
