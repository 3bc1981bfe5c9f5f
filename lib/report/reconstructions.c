/* SPDX-License-Identifier: MIT */
#include "report/figures.h"

#include <math.h>

enum { N_COLUMNS = 10 };

/* Rows: input, output, |difference|; one column for the first frame of each sequence. */
tvae_status tvi_draw_reconstructions(tvi_figures *set)
{
    const size_t n_items = tvae_dataset_count(set->dataset);
    const size_t n_columns = n_items < N_COLUMNS ? n_items : N_COLUMNS;
    const size_t frame = set->sequence[1] * set->sequence[2] * set->sequence[3];
    const size_t shape[] = {3, n_columns, set->sequence[1], set->sequence[2],
                            set->sequence[3]};
    const float *input = tvae_tensor_data_const(set->x);
    const float *output = tvae_tensor_data_const(set->decoded);
    tvae_tensor *picture = NULL;
    tvae_status st;

    if (!set->are_images)
        return TVAE_OK;
    st = tvae_tensor_create(5, shape, &picture);
    for (size_t column = 0; st == TVAE_OK && column < n_columns; column++) {
        float *top = tvae_tensor_data(picture) + column * frame;

        st = tvi_figures_read(set, column);
        if (st == TVAE_OK)
            st = tvi_figures_encode(set, column);
        if (st == TVAE_OK)
            st = tvae_model_decode(set->model, set->work, set->t, set->decoded);
        for (size_t i = 0; st == TVAE_OK && i < frame; i++) {
            top[i] = input[i];
            top[n_columns * frame + i] = output[i];
            top[2 * n_columns * frame + i] = fabsf(input[i] - output[i]);
        }
    }
    if (st == TVAE_OK)
        st = tvi_figures_write(set, "reconstructions", picture);
    tvae_tensor_destroy(&picture);
    return st;
}
