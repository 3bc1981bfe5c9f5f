/* SPDX-License-Identifier: MIT */
#include "report/plot.h"

#include <math.h>
#include <stdio.h>

enum { N_TICKS = 5, TICK_TEXT = 32, STRIP_WIDTH = 14 };

const tvi_colour tvi_plot_ink = {30, 30, 34}, tvi_plot_paper = {255, 255, 255},
                 tvi_plot_grid = {222, 222, 226};

/* The distance of about N_TICKS round numbers over a span. */
static double tick_step(double span)
{
    const double raw = span / N_TICKS, power = pow(10.0, floor(log10(raw)));
    const double lead = raw / power;

    return power * (lead < 1.5 ? 1.0 : lead < 3.5 ? 2.0 : lead < 7.5 ? 5.0 : 10.0);
}

tvi_axis tvi_axis_around(const double *values, size_t n, const char *label)
{
    double low = INFINITY, high = -INFINITY, step;

    for (size_t i = 0; i < n; i++)
        if (isfinite(values[i])) {
            low = fmin(low, values[i]);
            high = fmax(high, values[i]);
        }
    if (!(low <= high) || !isfinite(high - low))
        low = 0.0, high = 1.0;
    if (!(high - low > 1e-9 * fmax(fabs(low), fabs(high)))) {
        const double room = fmax(0.05 * fabs(high), 1e-6);

        low -= room;
        high += room;
    }
    step = tick_step(high - low);
    return (tvi_axis){floor(low / step) * step, ceil(high / step) * step, label};
}

static int place(double value, tvi_axis axis, int length)
{
    return (int)lround((value - axis.low) / (axis.high - axis.low) * (length - 1));
}

static void format_tick(double value, double step, char text[TICK_TEXT])
{
    if (fabs(value) < step * 1e-6)
        value = 0.0;
    (void)snprintf(text, TICK_TEXT, "%.5g", value);
}

static void draw_ticks_across(const tvi_plot *p)
{
    const double step = tick_step(p->across.high - p->across.low);

    for (double v = ceil(p->across.low / step - 1e-6) * step;
         v <= p->across.high + step * 1e-6; v += step) {
        const int x = p->x + place(v, p->across, p->width);
        char text[TICK_TEXT];

        format_tick(v, step, text);
        tvi_canvas_fill(p->canvas, x, p->y, 1, p->height, tvi_plot_grid);
        tvi_canvas_text(p->canvas, x - tvi_text_width(text, 1) / 2, p->y + p->height + 5,
                        1, text, tvi_plot_ink);
    }
}

static void draw_ticks_up(const tvi_plot *p)
{
    const double step = tick_step(p->up.high - p->up.low);

    for (double v = ceil(p->up.low / step - 1e-6) * step; v <= p->up.high + step * 1e-6;
         v += step) {
        const int y = p->y + p->height - 1 - place(v, p->up, p->height);
        char text[TICK_TEXT];

        format_tick(v, step, text);
        tvi_canvas_fill(p->canvas, p->x, y, p->width, 1, tvi_plot_grid);
        tvi_canvas_text(p->canvas, p->x - 6 - tvi_text_width(text, 1),
                        y - TVI_GLYPH_ROWS / 2, 1, text, tvi_plot_ink);
    }
}

void tvi_plot_axes(const tvi_plot *p, const char *title)
{
    tvi_canvas_text(p->canvas, p->x, p->y - 14, 1, title, tvi_plot_ink);
    draw_ticks_across(p);
    draw_ticks_up(p);
    tvi_canvas_outline(p->canvas, p->x, p->y, p->width, p->height, tvi_plot_ink);
    tvi_canvas_text(p->canvas, p->x + (p->width - tvi_text_width(p->across.label, 1)) / 2,
                    p->y + p->height + 18, 1, p->across.label, tvi_plot_ink);
}

void tvi_plot_line(const tvi_plot *p, const double *x, const double *y, size_t n,
                   tvi_colour colour)
{
    for (size_t i = 0; i < n; i++) {
        const size_t before = i ? i - 1 : 0;

        if (!isfinite(x[i]) || !isfinite(y[i]) || !isfinite(x[before]) ||
            !isfinite(y[before]))
            continue;
        tvi_canvas_line(p->canvas, p->x + place(x[before], p->across, p->width),
                        p->y + p->height - 1 - place(y[before], p->up, p->height),
                        p->x + place(x[i], p->across, p->width),
                        p->y + p->height - 1 - place(y[i], p->up, p->height), 2, colour);
    }
}

void tvi_plot_colour_scale(tvi_canvas *canvas, int x, int y, int height, double low,
                           double high, double from, double to,
                           tvi_colour (*colour_of)(double))
{
    for (int row = 0; row < height; row++) {
        const double f = height > 1 ? 1.0 - (double)row / (height - 1) : 1.0;

        tvi_canvas_fill(canvas, x, y + row, STRIP_WIDTH, 1,
                        colour_of(from + f * (to - from)));
    }
    tvi_canvas_outline(canvas, x, y, STRIP_WIDTH, height, tvi_plot_ink);
    for (int i = 0; i < 3; i++) {
        char text[TICK_TEXT];

        (void)snprintf(text, sizeof text, "%.3g", low + (high - low) * i / 2.0);
        tvi_canvas_text(canvas, x + STRIP_WIDTH + 5,
                        y + (height - 1) * (2 - i) / 2 - TVI_GLYPH_ROWS / 2, 1, text,
                        tvi_plot_ink);
    }
}
