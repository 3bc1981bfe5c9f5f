/* SPDX-License-Identifier: MIT */
#include "report/figures.h"

#include <math.h>

#include "report/log.h"
#include "report/plot.h"

enum { WIDTH = 380, HEIGHT = 200, MARGIN = 14 };
enum {
    CELL_WIDTH = TVI_PLOT_LEFT + WIDTH + MARGIN,
    CELL_HEIGHT = TVI_PLOT_ABOVE + HEIGHT + TVI_PLOT_BELOW
};

static const struct panel {
    int column;
    const char *title;
} panels[] = {
    {TVI_LOG_LOSS, "loss (nats a frame)"},
    {TVI_LOG_NEG_LOG_PX, "-log p(x|t) (nats a frame)"},
    {TVI_LOG_KL_Z, "KL of z (nats a frame)"},
    {TVI_LOG_KL_U, "KL of u (nats a frame)"},
    {TVI_LOG_EQUIVARIANCE_ERROR, "equivariance error"},
    {TVI_LOG_STEP_SECONDS, "seconds a step"},
};
enum { N_PANELS = sizeof panels / sizeof *panels };

/* Around the values of both tables. */
static tvi_axis axis_of_both(const tvi_run_log *log, int column, const char *label)
{
    const tvi_axis training =
        tvi_axis_around(log->training.columns[column], log->training.n_lines, label);
    const tvi_axis validation =
        tvi_axis_around(log->validation.columns[column], log->validation.n_lines, label);
    const double ends[] = {training.low, training.high, validation.low, validation.high};
    bool known = false;

    for (size_t i = 0; i < log->validation.n_lines; i++)
        known = known || isfinite(log->validation.columns[column][i]);
    return known ? tvi_axis_around(ends, 4, label) : training;
}

static void draw_panel(tvi_canvas *canvas, const tvi_run_log *log, int index)
{
    const int column = panels[index].column;
    const tvi_log_table *training = &log->training, *validation = &log->validation;
    const tvi_plot plot = {
        .canvas = canvas,
        .x = index % 2 * CELL_WIDTH + TVI_PLOT_LEFT,
        .y = index / 2 * CELL_HEIGHT + TVI_PLOT_ABOVE,
        .width = WIDTH,
        .height = HEIGHT,
        .across = axis_of_both(log, TVI_LOG_STEP, "step"),
        .up = axis_of_both(log, column, ""),
    };

    tvi_plot_axes(&plot, panels[index].title);
    tvi_plot_line(&plot, training->columns[TVI_LOG_STEP], training->columns[column],
                  training->n_lines, tvi_colour_series(0));
    tvi_plot_line(&plot, validation->columns[TVI_LOG_STEP], validation->columns[column],
                  validation->n_lines, tvi_colour_series(1));
}

/* What the log holds against the step: training blue, validation orange. */
tvae_status tvi_draw_curves(tvi_figures *set)
{
    tvi_canvas canvas = {0};
    tvi_run_log log;
    tvae_status st = tvi_run_log_read(set->folder, &log);

    if (st == TVAE_OK && log.training.n_lines >= 2) {
        st = tvi_canvas_create(2 * CELL_WIDTH + MARGIN, (N_PANELS + 1) / 2 * CELL_HEIGHT,
                               tvi_plot_paper, &canvas);
        for (int i = 0; st == TVAE_OK && i < N_PANELS; i++)
            draw_panel(&canvas, &log, i);
        if (st == TVAE_OK)
            st = tvi_figures_write_canvas(set, "curves", &canvas);
    }
    tvi_canvas_release(&canvas);
    tvi_run_log_release(&log);
    return st;
}
