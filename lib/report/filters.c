/* SPDX-License-Identifier: MIT */
#include "report/figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { N_ROWS = 8, N_COLUMNS = 16, NAME_BYTES = 128 };

/* Filters are weights [filters, channels, height, width] of the frame's own extents. */
static bool are_filters(const tvi_figures *set, int32_t rank, const size_t *shape)
{
    return rank == 4 && memcmp(shape + 1, set->sequence + 1, 3 * sizeof *shape) == 0;
}

/* The first (or last) parameter under `prefix` that holds filters; false without one. */
static bool find_filters(const tvi_figures *set, const char *prefix, bool last,
                         char found[NAME_BYTES], size_t *shape)
{
    const size_t n = tvae_model_parameter_count(set->model);
    bool any = false;

    for (size_t i = 0; i < n && (last || !any); i++) {
        char name[NAME_BYTES];
        size_t extents[TVAE_MAX_RANK];
        int32_t rank;

        if (tvae_model_parameter_info(set->model, i, name, sizeof name, &rank, extents) !=
                TVAE_OK ||
            strncmp(name, prefix, strlen(prefix)) != 0 ||
            !are_filters(set, rank, extents))
            continue;
        any = true;
        memcpy(found, name, sizeof name);
        memcpy(shape, extents, 4 * sizeof *shape);
    }
    return any;
}

/* Weights to [0, 1]: 0 becomes grey, the largest magnitude of a filter black or white. */
static void scale_filter(const float *weights, size_t n, float *out)
{
    float largest = 0.0f;

    for (size_t i = 0; i < n; i++)
        largest = fmaxf(largest, fabsf(weights[i]));
    for (size_t i = 0; i < n; i++)
        out[i] = largest > 0.0f ? 0.5f + 0.5f * weights[i] / largest : 0.5f;
}

static tvae_status draw_filters(tvi_figures *set, const char *prefix, bool last,
                                const char *picture_name)
{
    size_t shape[TVAE_MAX_RANK];
    char name[NAME_BYTES];
    tvae_tensor *weights = NULL, *picture = NULL;
    size_t n_rows, n_columns, n_values;
    tvae_status st;

    if (!find_filters(set, prefix, last, name, shape))
        return TVAE_OK;
    n_columns = shape[0] < N_COLUMNS ? shape[0] : N_COLUMNS;
    n_rows = shape[0] / n_columns < N_ROWS ? shape[0] / n_columns : N_ROWS;
    n_values = shape[1] * shape[2] * shape[3];
    st = tvae_tensor_create(4, shape, &weights);
    if (st == TVAE_OK)
        st = tvae_model_get_parameter(set->model, name, weights);
    if (st == TVAE_OK)
        st = tvae_tensor_create(
            5, (size_t[]){n_rows, n_columns, shape[1], shape[2], shape[3]}, &picture);
    for (size_t i = 0; st == TVAE_OK && i < n_rows * n_columns; i++)
        scale_filter(tvae_tensor_data_const(weights) +
                         i * shape[0] / (n_rows * n_columns) * n_values,
                     n_values, tvae_tensor_data(picture) + i * n_values);
    if (st == TVAE_OK)
        st = tvi_figures_write(set, picture_name, picture);
    tvae_tensor_destroy(&weights);
    tvae_tensor_destroy(&picture);
    return st;
}

tvae_status tvi_draw_filters(tvi_figures *set)
{
    tvae_status st;

    if (!set->are_images)
        return TVAE_OK;
    st = draw_filters(set, "z_encoder.", false, "filters_encoder");
    if (st == TVAE_OK)
        st = draw_filters(set, "decoder.", true, "filters_decoder");
    return st;
}
