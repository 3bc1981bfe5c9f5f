/* SPDX-License-Identifier: MIT */
#include "report/figures.h"

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

static void draw_panel(tvi_canvas *canvas, const tvi_log_table *log, int index)
{
    const double *x = log->columns[TVI_LOG_STEP], *y = log->columns[panels[index].column];
    const tvi_plot plot = {
        .canvas = canvas,
        .x = index % 2 * CELL_WIDTH + TVI_PLOT_LEFT,
        .y = index / 2 * CELL_HEIGHT + TVI_PLOT_ABOVE,
        .width = WIDTH,
        .height = HEIGHT,
        .across = tvi_axis_around(x, log->n_lines, "step"),
        .up = tvi_axis_around(y, log->n_lines, ""),
    };

    tvi_plot_axes(&plot, panels[index].title);
    tvi_plot_line(&plot, x, y, log->n_lines, tvi_colour_series(0));
}

/* What the log holds against the step. */
tvae_status tvi_draw_curves(tvi_figures *set)
{
    tvi_canvas canvas = {0};
    tvi_log_table log;
    tvae_status st = tvi_log_table_read(set->folder, &log);

    if (st == TVAE_OK && log.n_lines >= 2) {
        st = tvi_canvas_create(2 * CELL_WIDTH + MARGIN, (N_PANELS + 1) / 2 * CELL_HEIGHT,
                               tvi_plot_paper, &canvas);
        for (int i = 0; st == TVAE_OK && i < N_PANELS; i++)
            draw_panel(&canvas, &log, i);
        if (st == TVAE_OK)
            st = tvi_figures_write_canvas(set, "curves", &canvas);
    }
    tvi_canvas_release(&canvas);
    tvi_log_table_release(&log);
    return st;
}
