/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "experiment/run.h"
#include "report/figures.h"
#include "report/plot.h"

/* Log-likelihood against L, one point a run. */

enum { WIDTH = 460, HEIGHT = 300, RIGHT = 240, KEY_STEP = 16, DOT = 7, TEXT = 160 };

typedef struct points {
    size_t n;
    double length[TVI_MAX_RUNS], value[TVI_MAX_RUNS];
    const char *name[TVI_MAX_RUNS];
} points;

/* A run that was not evaluated adds nothing. */
static tvae_status add_point(tvae_run *run, points *p)
{
    double value;
    const tvae_status st = tvae_run_summary_number(run, "log_likelihood", &value);

    if (st == TVAE_E_NOT_FOUND)
        return TVAE_OK;
    if (st != TVAE_OK)
        return st;
    p->name[p->n] = tvi_run_name(run);
    p->value[p->n] = value;
    p->length[p->n] = run->config->settings.prior == TVI_PRIOR_NONE
                          ? 0.0
                          : (double)run->config->settings.window;
    p->n++;
    return TVAE_OK;
}

static int place(double value, tvi_axis axis, int length)
{
    return (int)((value - axis.low) / (axis.high - axis.low) * (length - 1) + 0.5);
}

static void draw_points(const tvi_plot *plot, const points *p)
{
    for (size_t i = 0; i < p->n; i++) {
        const tvi_colour colour = tvi_colour_series(i);
        const int x = plot->x + plot->width + 16;
        const int y = plot->y + 4 + (int)i * KEY_STEP;
        char text[TEXT];

        if (p->value[i] >= plot->up.low) /* not NaN */
            tvi_canvas_fill(plot->canvas,
                            plot->x + place(p->length[i], plot->across, plot->width) -
                                DOT / 2,
                            plot->y + plot->height - 1 -
                                place(p->value[i], plot->up, plot->height) - DOT / 2,
                            DOT, DOT, colour);
        (void)snprintf(text, sizeof text, "%.2f %.100s", p->value[i], p->name[i]);
        tvi_canvas_fill(plot->canvas, x, y, DOT, DOT, colour);
        tvi_canvas_text(plot->canvas, x + 12, y, 1, text, tvi_plot_ink);
    }
}

static tvae_status draw_likelihoods(const points *p, const char *path)
{
    tvi_canvas canvas;
    tvi_plot plot = {
        .canvas = &canvas,
        .x = TVI_PLOT_LEFT,
        .y = TVI_PLOT_ABOVE,
        .width = WIDTH,
        .height = HEIGHT,
        .across =
            tvi_axis_around(p->length, p->n, "L: frames of the window (plain VAE: 0)"),
        .up = tvi_axis_around(p->value, p->n, ""),
    };
    tvae_status st = tvi_canvas_create(TVI_PLOT_LEFT + WIDTH + RIGHT,
                                       TVI_PLOT_ABOVE + HEIGHT + TVI_PLOT_BELOW,
                                       tvi_plot_paper, &canvas);

    if (st != TVAE_OK)
        return st;
    tvi_plot_axes(&plot, "log-likelihood (nats a frame)");
    draw_points(&plot, p);
    st = tvi_canvas_write(&canvas, path, "report_likelihood");
    tvi_canvas_release(&canvas);
    return st;
}

tvae_status tvae_report_likelihood(tvae_run *const *runs, size_t n_runs, const char *path)
{
    points p = {0};
    tvae_status st = tvi_check_runs(runs, n_runs, path, "report_likelihood");
    size_t length;

    if (st != TVAE_OK)
        return st;
    length = strlen(path);
    if (length < 5 || strcmp(path + length - 4, ".png") != 0)
        return tvi_fail(TVAE_E_INVALID,
                        "report_likelihood: path is %s, want it to end in .png", path);
    for (size_t i = 0; st == TVAE_OK && i < n_runs; i++)
        st = add_point(runs[i], &p);
    if (st != TVAE_OK)
        return st;
    if (p.n == 0)
        return tvi_fail(TVAE_E_NOT_FOUND,
                        "report_likelihood: none of the %zu runs has a log-likelihood: "
                        "evaluate them first",
                        n_runs);
    return draw_likelihoods(&p, path);
}
