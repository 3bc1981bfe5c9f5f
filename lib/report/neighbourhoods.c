/* SPDX-License-Identifier: MIT */
#include "report/figures.h"

#include <math.h>
#include <stdio.h>

#include "base/memory.h"
#include "model/model.h"
#include "report/plot.h"

/* Which u one t shares: the offsets of a neighbourhood on a grid of frames (rows) and
 * places along the capsule (columns), or of two places where it spans one frame only. The
 * text beside the picture has all their axes. */

enum { LEFT = 60, ABOVE = 44, BELOW = 40, RIGHT = 90, MAX_CELL = 24, MIN_CELL = 2 };
enum { MOST_CELLS = 1024, MOST_TEXT = 1 << 20, NUMBER_TEXT = 24, TITLE_TEXT = 128 };

/* The part of the offsets' space that is drawn: two of its axes. */
typedef struct map {
    const tvae_neighbourhood *neighbourhood;
    int row_axis, column_axis; /* of offsets */
    int64_t low[TVAE_OFFSET_AXES], high[TVAE_OFFSET_AXES];
    int n_rows, n_columns, cell;
    double largest; /* weight */
} map;

static tvae_status measure(const tvae_neighbourhood *neighbourhood, map *m)
{
    const size_t n = tvae_neighbourhood_count(neighbourhood);
    tvae_status st = TVAE_OK;

    *m = (map){.neighbourhood = neighbourhood};
    for (size_t i = 0; st == TVAE_OK && i < n; i++) {
        int64_t offset[TVAE_OFFSET_AXES];
        float weight;

        st = tvae_neighbourhood_offset(neighbourhood, i, offset, &weight);
        for (int axis = 0; st == TVAE_OK && axis < TVAE_OFFSET_AXES; axis++) {
            m->low[axis] = offset[axis] < m->low[axis] ? offset[axis] : m->low[axis];
            m->high[axis] = offset[axis] > m->high[axis] ? offset[axis] : m->high[axis];
        }
        if (st == TVAE_OK)
            m->largest = fmax(m->largest, fabs((double)weight));
    }
    m->column_axis = 1;
    if (m->low[0] == m->high[0] && m->low[2] != m->high[2]) {
        m->row_axis = 1;
        m->column_axis = 2;
    }
    m->n_rows = (int)(m->high[m->row_axis] - m->low[m->row_axis]) + 1;
    m->n_columns = (int)(m->high[m->column_axis] - m->low[m->column_axis]) + 1;
    return st;
}

static void number_axis(tvi_canvas *canvas, const map *m, bool rows)
{
    const int axis = rows ? m->row_axis : m->column_axis;
    const int n = rows ? m->n_rows : m->n_columns;
    const int every = m->cell >= 20 ? 1 : (32 + m->cell - 1) / m->cell;

    for (int i = 0; i < n; i++) {
        const int64_t offset = m->low[axis] + i;
        char text[NUMBER_TEXT];

        if (offset % every)
            continue;
        (void)snprintf(text, sizeof text, "%+lld", (long long)offset);
        if (rows)
            tvi_canvas_text(canvas, LEFT - 6 - tvi_text_width(text, 1),
                            ABOVE + i * m->cell + (m->cell - TVI_GLYPH_ROWS) / 2, 1, text,
                            tvi_plot_ink);
        else
            tvi_canvas_text(canvas,
                            LEFT + i * m->cell + (m->cell - tvi_text_width(text, 1)) / 2,
                            ABOVE + m->n_rows * m->cell + 6, 1, text, tvi_plot_ink);
    }
}

static tvae_status draw_cells(tvi_canvas *canvas, const map *m)
{
    const size_t n = tvae_neighbourhood_count(m->neighbourhood);
    tvae_status st = TVAE_OK;

    tvi_canvas_fill(canvas, LEFT, ABOVE, m->n_columns * m->cell, m->n_rows * m->cell,
                    tvi_plot_grid);
    for (size_t i = 0; st == TVAE_OK && i < n; i++) {
        int64_t offset[TVAE_OFFSET_AXES];
        float weight;

        st = tvae_neighbourhood_offset(m->neighbourhood, i, offset, &weight);
        if (st == TVAE_OK)
            tvi_canvas_fill(
                canvas,
                LEFT + (int)(offset[m->column_axis] - m->low[m->column_axis]) * m->cell,
                ABOVE + (int)(offset[m->row_axis] - m->low[m->row_axis]) * m->cell,
                m->cell - (m->cell > 4), m->cell - (m->cell > 4),
                tvi_colour_sequential((double)weight /
                                      (m->largest > 0.0 ? m->largest : 1.0)));
    }
    tvi_canvas_outline(canvas, LEFT - (int)m->low[m->column_axis] * m->cell - 1,
                       ABOVE - (int)m->low[m->row_axis] * m->cell - 1, m->cell + 1,
                       m->cell + 1, (tvi_colour){214, 39, 40});
    return st;
}

static tvae_status draw_map(tvi_figures *set, const map *m, const char *name)
{
    static const char *const axes[] = {"frame", "place (d1)", "place (d2)", "place (d3)"};
    const int side = m->n_rows > m->n_columns ? m->n_rows : m->n_columns;
    const int width = LEFT + m->n_columns * m->cell + RIGHT;
    char title[TITLE_TEXT];
    tvi_canvas canvas;
    tvae_status st =
        tvi_canvas_create(width > 420 ? width : 420, ABOVE + m->n_rows * m->cell + BELOW,
                          tvi_plot_paper, &canvas);

    if (st != TVAE_OK)
        return st;
    (void)snprintf(title, sizeof title, "u^2 that one t sums: %zu of a window %d x %d",
                   tvae_neighbourhood_count(m->neighbourhood), m->n_rows, m->n_columns);
    tvi_canvas_text(&canvas, 8, 8, 1, title, tvi_plot_ink);
    (void)snprintf(title, sizeof title,
                   "down: offset in %s, across: in %s; red: t itself", axes[m->row_axis],
                   axes[m->column_axis]);
    tvi_canvas_text(&canvas, 8, 22, 1, title, tvi_plot_ink);
    number_axis(&canvas, m, true);
    number_axis(&canvas, m, false);
    tvi_plot_colour_scale(&canvas, LEFT + m->n_columns * m->cell + 16, ABOVE,
                          (side < 4 ? 4 : m->n_rows) * m->cell, 0.0, m->largest, 0.0, 1.0,
                          tvi_colour_sequential);
    st = draw_cells(&canvas, m);
    if (st == TVAE_OK)
        st = tvi_figures_write_canvas(set, name, &canvas);
    tvi_canvas_release(&canvas);
    return st;
}

/* A text of more than MOST_TEXT bytes helps nobody, and is left out. */
static tvae_status write_description(tvi_figures *set,
                                     const tvae_neighbourhood *neighbourhood,
                                     const char *name)
{
    size_t n_bytes = 0;
    char *text;
    tvae_status st = tvae_neighbourhood_describe(neighbourhood, NULL, 0, &n_bytes);

    if (st != TVAE_OK || n_bytes > MOST_TEXT)
        return st;
    text = tvi_alloc_array(n_bytes, 1);
    if (!text)
        return TVAE_E_NOMEM;
    st = tvae_neighbourhood_describe(neighbourhood, text, n_bytes, NULL);
    if (st == TVAE_OK)
        st = tvi_figures_write_text(set, name, text);
    tvi_free(text);
    return st;
}

tvae_status tvi_draw_neighbourhoods(tvi_figures *set)
{
    const size_t n = tvi_prior_n_neighbourhoods(set->model->prior);
    tvae_status st = TVAE_OK;

    for (size_t i = 0; st == TVAE_OK && i < n; i++) {
        char name[TITLE_TEXT] = "neighbourhood";
        int side;
        map m;

        st = measure(tvi_prior_neighbourhood(set->model->prior, i), &m);
        side = m.n_rows > m.n_columns ? m.n_rows : m.n_columns;
        if (st != TVAE_OK || side > MOST_CELLS)
            continue;
        m.cell = 480 / side;
        m.cell = m.cell > MAX_CELL ? MAX_CELL : m.cell < MIN_CELL ? MIN_CELL : m.cell;
        if (i > 0)
            (void)snprintf(name, sizeof name, "neighbourhood_%zu", i + 1);
        st = draw_map(set, &m, name);
        if (st == TVAE_OK)
            st = write_description(set, m.neighbourhood, name);
    }
    return st;
}
