/* SPDX-License-Identifier: MIT */
#include "report/figures.h"

#include <math.h>
#include <stdio.h>

#include <tvae/metric.h>

#include "report/plot.h"

/* Correlations of t and of t^2 over test frames, latents in the order of the capsules. */

enum { MOST_LATENTS = 1024, N_FRAMES = 3000, SIDE = 640 };
enum { LEFT = 44, ABOVE = 30, BELOW = 26, RIGHT = 84, TEXT = 96 };

static tvae_status add_latents(void *context, size_t first, const tvae_tensor *t,
                               const tvae_tensor *factors)
{
    tvae_covariance *const *both = context;
    tvae_status st = tvae_covariance_add(both[0], t, NULL);

    (void)first;
    (void)factors;
    return st == TVAE_OK ? tvae_covariance_add(both[1], t, NULL) : st;
}

static double largest_magnitude(const float *values, size_t n)
{
    double largest = 0.0;

    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, fabs((double)values[i])); /* NaN counts for nothing */
    return largest > 0.0 ? largest : 1.0;
}

/* Numbers of latents along both axes, at whole groups that are far enough apart. */
static void number_latents(tvi_canvas *canvas, int n, int group, int cell)
{
    const int enough = (40 + cell - 1) / cell;
    const int every = group * ((enough + group - 1) / group);

    for (int i = 0; i < n; i += every) {
        char text[TEXT];

        (void)snprintf(text, sizeof text, "%d", i);
        tvi_canvas_text(canvas, LEFT - 6 - tvi_text_width(text, 1), ABOVE + i * cell, 1,
                        text, tvi_plot_ink);
        tvi_canvas_text(canvas, LEFT + i * cell, ABOVE + n * cell + 6, 1, text,
                        tvi_plot_ink);
    }
}

static void draw_matrix(tvi_canvas *canvas, const float *values, int n, int cell,
                        double largest)
{
    const tvi_colour unknown = {128, 128, 128};

    for (int row = 0; row < n; row++)
        for (int column = 0; column < n; column++) {
            const double value = (double)values[(size_t)row * (size_t)n + (size_t)column];

            tvi_canvas_fill(canvas, LEFT + column * cell, ABOVE + row * cell, cell, cell,
                            isfinite(value) ? tvi_colour_diverging(value / largest)
                                            : unknown);
        }
}

/* Latents that belong together: a capsule, or a row of a torus that is the only one. */
static int group_of(const tvi_figures *set)
{
    const size_t row = set->latent[2] * set->latent[3];

    return (int)(set->latent[0] > 1 ? set->latent[1] * row : row);
}

static tvae_status draw_covariance(tvi_figures *set, const tvae_covariance *covariance,
                                   size_t n_latents, const char *name, const char *title)
{
    const int n = (int)n_latents, cell = n < SIDE ? SIDE / n : 1;
    tvi_canvas canvas = {0};
    tvae_tensor *matrix = NULL;
    tvae_status st = tvae_tensor_create(2, (size_t[]){n_latents, n_latents}, &matrix);

    if (st == TVAE_OK)
        st = tvae_covariance_matrix(covariance, 1, matrix);
    if (st == TVAE_OK)
        st = tvi_canvas_create(LEFT + n * cell + RIGHT, ABOVE + n * cell + BELOW,
                               tvi_plot_paper, &canvas);
    if (st == TVAE_OK) {
        const float *values = tvae_tensor_data_const(matrix);
        const double largest = largest_magnitude(values, n_latents * n_latents);

        tvi_canvas_text(&canvas, 8, 8, 1, title, tvi_plot_ink);
        draw_matrix(&canvas, values, n, cell, largest);
        number_latents(&canvas, n, group_of(set), cell);
        tvi_plot_colour_scale(&canvas, LEFT + n * cell + 14, ABOVE,
                              n * cell < 160 ? n * cell : 160, -largest, largest, -1.0,
                              1.0, tvi_colour_diverging);
        st = tvi_figures_write_canvas(set, name, &canvas);
    }
    tvi_canvas_release(&canvas);
    tvae_tensor_destroy(&matrix);
    return st;
}

tvae_status tvi_draw_covariances(tvi_figures *set)
{
    const size_t n_latents =
        set->latent[0] * set->latent[1] * set->latent[2] * set->latent[3];
    tvae_covariance *both[2] = {NULL, NULL};
    tvae_status st;

    if (n_latents < 2 || n_latents > MOST_LATENTS)
        return TVAE_OK;
    st = tvae_covariance_create(n_latents, n_latents, TVAE_COVARIANCE_VALUES, &both[0]);
    if (st == TVAE_OK)
        st = tvae_covariance_create(n_latents, n_latents, TVAE_COVARIANCE_SQUARES,
                                    &both[1]);
    if (st == TVAE_OK)
        st = tvi_figures_visit(set, N_FRAMES / set->sequence[0] + 1, add_latents, both);
    if (st == TVAE_OK)
        st = draw_covariance(set, both[0], n_latents, "covariance",
                             "correlation of t over test frames, by latent (diagonal 0)");
    if (st == TVAE_OK)
        st = draw_covariance(
            set, both[1], n_latents, "covariance_squares",
            "correlation of t^2 over test frames, by latent (diagonal 0)");
    tvae_covariance_destroy(&both[0]);
    tvae_covariance_destroy(&both[1]);
    return st;
}
