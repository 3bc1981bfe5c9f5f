/* SPDX-License-Identifier: MIT */
#include "report/figures.h"

#include <string.h>

#include "model/model.h"

enum { N_ROWS = 6, N_SINGLE_FRAMES = 12, FIRST_STREAM = 1 << 20 };

/* z and u drawn from N(0, 1), made into t by the prior, and decoded into `rows`. */
static tvae_status decode_sample(tvi_figures *set, uint64_t stream, float *rows)
{
    tvae_status st = tvae_tensor_fill_normal(set->noise_z, 0, stream);

    if (st == TVAE_OK && set->noise_u)
        st = tvae_tensor_fill_normal(set->noise_u, 0, stream + 1);
    if (st == TVAE_OK)
        st = tvae_prior_apply(set->model->prior, set->noise_z, set->noise_u, set->t);
    if (st == TVAE_OK)
        st = tvae_model_decode(set->model, set->work, set->t, set->decoded);
    if (st == TVAE_OK)
        memcpy(rows, tvae_tensor_data_const(set->decoded),
               tvae_tensor_count(set->decoded) * sizeof *rows);
    return st;
}

/* A row is a sequence; where sequences are single frames, it is a row of those. */
tvae_status tvi_draw_samples(tvi_figures *set)
{
    const size_t n_repeats = set->sequence[0] > 1 ? 1 : N_SINGLE_FRAMES;
    const size_t count = tvae_tensor_count(set->decoded);
    const size_t shape[] = {N_ROWS, set->sequence[0] * n_repeats, set->sequence[1],
                            set->sequence[2], set->sequence[3]};
    tvae_tensor *picture = NULL;
    tvae_status st;

    if (!set->are_images)
        return TVAE_OK;
    st = tvae_tensor_create(5, shape, &picture);
    for (size_t i = 0; st == TVAE_OK && i < N_ROWS * n_repeats; i++)
        st = decode_sample(set, FIRST_STREAM + 2 * i,
                           tvae_tensor_data(picture) + i * count);
    if (st == TVAE_OK)
        st = tvi_figures_write(set, "samples", picture);
    tvae_tensor_destroy(&picture);
    return st;
}
