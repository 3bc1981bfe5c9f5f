/* SPDX-License-Identifier: MIT */
#include "report/figures.h"

#include <stdio.h>
#include <string.h>

#include <tvae/metric.h>

#include "report/plot.h"

/* The 2-D torus coloured by the class that each place tells apart (paper Figure 3). */

enum { N_FRAMES = 10000, MOST_CLASSES = 64, SIDE = 432 };
enum { LEFT = 36, ABOVE = 44, BELOW = 24, RIGHT = 110, KEY_STEP = 16, TEXT = 96 };

static const double threshold = 0.85; /* of d': the paper's */

static bool is_torus(const tvi_figures *set)
{
    return set->latent[0] == 1 && set->latent[1] > 1 && set->latent[2] > 1 &&
           set->latent[3] == 1;
}

/* Number of classes, if the data's only factor is a label; else 0. */
static size_t count_classes(const tvi_figures *set)
{
    const char *name = tvae_dataset_factor_name(set->dataset, 0);

    if (tvae_dataset_factor_count(set->dataset) != 1 || !name ||
        strcmp(name, "label") != 0)
        return 0;
    return tvae_dataset_factor_values(set->dataset, 0);
}

static tvae_status add_latents(void *context, size_t first, const tvae_tensor *t,
                               const tvae_tensor *factors)
{
    (void)first;
    return tvae_selectivity_add(context, t, factors);
}

static void draw_map(tvi_canvas *canvas, const float *map, int n_rows, int n_columns,
                     int cell)
{
    const tvi_colour none = {20, 20, 22};

    for (int row = 0; row < n_rows; row++)
        for (int column = 0; column < n_columns; column++) {
            const float label = map[row * n_columns + column];

            tvi_canvas_fill(canvas, LEFT + column * cell, ABOVE + row * cell, cell - 1,
                            cell - 1,
                            label >= 0.0f ? tvi_colour_series((size_t)label) : none);
        }
    for (int i = 0; i < n_rows || i < n_columns; i += 3) {
        char text[TEXT];

        (void)snprintf(text, sizeof text, "%d", i);
        if (i < n_rows)
            tvi_canvas_text(canvas, LEFT - 6 - tvi_text_width(text, 1),
                            ABOVE + i * cell + cell / 2 - 3, 1, text, tvi_plot_ink);
        if (i < n_columns)
            tvi_canvas_text(canvas, LEFT + i * cell + cell / 2 - 3,
                            ABOVE + n_rows * cell + 6, 1, text, tvi_plot_ink);
    }
}

/* Class by class, its colour and how many places it has. */
static void draw_key(tvi_canvas *canvas, int x, const float *map, size_t n_places,
                     size_t n_classes)
{
    for (size_t c = 0; c < n_classes; c++) {
        const int y = ABOVE + (int)c * KEY_STEP;
        size_t n = 0;
        char text[TEXT];

        for (size_t i = 0; i < n_places; i++)
            n += map[i] == (float)c;
        (void)snprintf(text, sizeof text, "%zu: %zu", c, n);
        tvi_canvas_fill(canvas, x, y, 10, 10, tvi_colour_series(c));
        tvi_canvas_text(canvas, x + 16, y + 2, 1, text, tvi_plot_ink);
    }
}

static tvae_status draw_selectivity(tvi_figures *set, const tvae_selectivity *selectivity,
                                    size_t n_classes)
{
    const int n_rows = (int)set->latent[1], n_columns = (int)set->latent[2];
    const int side = n_rows > n_columns ? n_rows : n_columns;
    const int cell = SIDE / side > 2 ? SIDE / side : 2;
    const int height = ABOVE + BELOW + n_rows * cell;
    const int key_height = ABOVE + (int)n_classes * KEY_STEP;
    tvi_canvas canvas = {0};
    tvae_tensor *map = NULL;
    tvae_status st =
        tvae_tensor_create(2, (size_t[]){set->latent[1], set->latent[2]}, &map);

    if (st == TVAE_OK)
        st = tvae_selectivity_map(selectivity, threshold, map);
    if (st == TVAE_OK)
        st = tvi_canvas_create(LEFT + n_columns * cell + RIGHT,
                               height > key_height ? height : key_height, tvi_plot_paper,
                               &canvas);
    if (st == TVAE_OK) {
        const float *values = tvae_tensor_data_const(map);

        tvi_canvas_text(&canvas, 8, 8, 1, "class selectivity: d' of at least 0.85",
                        tvi_plot_ink);
        tvi_canvas_text(&canvas, 8, 22, 1, "(black: none; key: class, places)",
                        tvi_plot_ink);
        draw_map(&canvas, values, n_rows, n_columns, cell);
        draw_key(&canvas, LEFT + n_columns * cell + 14, values, tvae_tensor_count(map),
                 n_classes);
        st = tvi_figures_write_canvas(set, "class_selectivity", &canvas);
    }
    tvi_canvas_release(&canvas);
    tvae_tensor_destroy(&map);
    return st;
}

tvae_status tvi_draw_class_selectivity(tvi_figures *set)
{
    tvae_selectivity *selectivity = NULL;
    const size_t n_classes = count_classes(set);
    tvae_status st;

    if (!is_torus(set) || n_classes < 2 || n_classes > MOST_CLASSES)
        return TVAE_OK;
    st =
        tvae_selectivity_create(set->latent[1] * set->latent[2], n_classes, &selectivity);
    if (st == TVAE_OK)
        st = tvi_figures_visit(set, N_FRAMES / set->sequence[0] + 1, add_latents,
                               selectivity);
    if (st == TVAE_OK)
        st = draw_selectivity(set, selectivity, n_classes);
    tvae_selectivity_destroy(&selectivity);
    return st;
}
