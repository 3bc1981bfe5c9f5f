/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <string.h>

#include <tvae/report.h>

#include "base/memory.h"
#include "report/png.h"
#include "tensor/tensor.h"

/* A grid of frames as an 8-bit RGB picture. */

enum { GAP = 2, GAP_LEVEL = 128, MAX_SCALE = 16, BYTES_A_PIXEL = 3 };
enum { MAX_SIDE = 32768, MAX_PIXELS = 1 << 27 };

/* The frames and the picture they make. */
typedef struct grid {
    const tvae_tensor *frames;
    size_t rows, columns, channels, height, width; /* of the frames */
    size_t scale;
    size_t picture_width, picture_height;
} grid;

static bool ends_in_png(const char *path)
{
    const size_t length = strlen(path);

    return length > 4 && strcmp(path + length - 4, ".png") == 0;
}

static tvae_status check_arguments(const char *path, const tvae_tensor *frames,
                                   int64_t scale)
{
    char got[TVI_SHAPE_TEXT];
    size_t bad;

    if (!path || !frames)
        return tvi_fail(TVAE_E_INVALID, "picture_write: %s is NULL",
                        path ? "frames" : "path");
    if (!ends_in_png(path))
        return tvi_fail(TVAE_E_INVALID,
                        "picture_write: path is %s, want it to end in .png", path);
    if (scale < 1 || scale > MAX_SCALE)
        return tvi_fail(TVAE_E_INVALID,
                        "picture_write: scale is %" PRId64 ", want 1 to %d", scale,
                        MAX_SCALE);
    if (frames->rank != 5 || (frames->shape[2] != 1 && frames->shape[2] != 3))
        return tvi_fail(TVAE_E_SHAPE,
                        "picture_write: frames is %s, want [rows, columns, 1 or 3 "
                        "channels, height, width]",
                        tvi_shape_text(frames->rank, frames->shape, got));
    bad = tvi_first_non_finite(frames->data, frames->count);
    if (bad < frames->count)
        return tvi_fail(TVAE_E_NUMERIC,
                        "picture_write: element %zu of frames is %g, want all of them "
                        "finite",
                        bad, (double)frames->data[bad]);
    return TVAE_OK;
}

/* Pixels of n frames side by side; more than MAX_SIDE if they are too many. */
static size_t measure_side(size_t n, size_t extent, size_t scale)
{
    if (n > MAX_SIDE || extent > MAX_SIDE)
        return MAX_SIDE + 1;
    return n * extent * scale + (n - 1) * GAP;
}

static tvae_status lay_out(const tvae_tensor *frames, size_t scale, grid *g)
{
    *g = (grid){
        .frames = frames,
        .rows = frames->shape[0],
        .columns = frames->shape[1],
        .channels = frames->shape[2],
        .height = frames->shape[3],
        .width = frames->shape[4],
        .scale = scale,
    };
    g->picture_width = measure_side(g->columns, g->width, scale);
    g->picture_height = measure_side(g->rows, g->height, scale);
    if (g->picture_width > MAX_SIDE || g->picture_height > MAX_SIDE ||
        g->picture_width * g->picture_height > MAX_PIXELS)
        return tvi_fail(TVAE_E_SHAPE,
                        "picture_write: %zu x %zu frames make a picture too large, want "
                        "at most %d pixels a side and %d in all",
                        g->rows, g->columns, MAX_SIDE, MAX_PIXELS);
    return TVAE_OK;
}

static unsigned char to_level(float value)
{
    if (value <= 0.0f)
        return 0;
    return value >= 1.0f ? 255 : (unsigned char)(value * 255.0f + 0.5f);
}

/* One line of one frame, each value `scale` pixels wide; grey frames fill all colours. */
static void draw_line(const grid *g, const float *frame, size_t line, unsigned char *out)
{
    const size_t colour_step = g->channels == 3 ? g->height * g->width : 0;

    for (size_t x = 0; x < g->width; x++) {
        const float *value = frame + line * g->width + x;

        for (size_t i = 0; i < g->scale; i++)
            for (size_t colour = 0; colour < BYTES_A_PIXEL; colour++)
                *out++ = to_level(value[colour * colour_step]);
    }
}

static void draw(const grid *g, unsigned char *pixels)
{
    const size_t line_bytes = g->picture_width * BYTES_A_PIXEL;
    const size_t frame_floats = g->channels * g->height * g->width;
    const float *frame = g->frames->data;

    memset(pixels, GAP_LEVEL, line_bytes * g->picture_height);
    for (size_t row = 0; row < g->rows; row++)
        for (size_t column = 0; column < g->columns; column++, frame += frame_floats) {
            unsigned char *out = pixels +
                                 row * (g->height * g->scale + GAP) * line_bytes +
                                 column * (g->width * g->scale + GAP) * BYTES_A_PIXEL;

            for (size_t y = 0; y < g->height * g->scale; y++, out += line_bytes)
                draw_line(g, frame, y / g->scale, out);
        }
}

tvae_status tvae_picture_write(const char *path, const tvae_tensor *frames, int64_t scale)
{
    unsigned char *pixels;
    grid g;
    tvae_status st = check_arguments(path, frames, scale);

    if (st == TVAE_OK)
        st = lay_out(frames, (size_t)scale, &g);
    if (st != TVAE_OK)
        return st;
    pixels = tvi_alloc_array(g.picture_width * g.picture_height, BYTES_A_PIXEL);
    if (!pixels)
        return TVAE_E_NOMEM;
    draw(&g, pixels);
    st = tvi_png_write(path, pixels, g.picture_width, g.picture_height, "picture_write");
    tvi_free(pixels);
    return st;
}
