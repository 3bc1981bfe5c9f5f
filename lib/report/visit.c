/* SPDX-License-Identifier: MIT */
#include "report/figures.h"

#include <string.h>

enum { BATCH_FRAMES = 256, FIRST_STREAM = 1 << 21 };

/* A batch of whole sequences. */
typedef struct batch {
    const tvi_figures *set;
    size_t count, n_factors;
    tvae_tensor *x;                     /* [count, S, channels, height, width] */
    tvae_tensor *factors;               /* [count, S, factors]; NULL without factors */
    tvae_tensor *t, *noise_z, *noise_u; /* [count, S, latents] */
} batch;

static void release_batch(batch *b)
{
    tvae_tensor_destroy(&b->x);
    tvae_tensor_destroy(&b->factors);
    tvae_tensor_destroy(&b->t);
    tvae_tensor_destroy(&b->noise_z);
    tvae_tensor_destroy(&b->noise_u);
}

static tvae_status create_batch(const tvi_figures *set, size_t count, batch *b)
{
    const size_t *s = set->sequence;
    const size_t n_latents =
        set->latent[0] * set->latent[1] * set->latent[2] * set->latent[3];
    const size_t x[] = {count, s[0], s[1], s[2], s[3]}, t[] = {count, s[0], n_latents};
    tvae_status st;

    *b = (batch){.set = set, .count = count};
    b->n_factors = tvae_dataset_factor_count(set->dataset);
    st = tvae_tensor_create(5, x, &b->x);
    if (st == TVAE_OK)
        st = tvae_tensor_create(3, t, &b->t);
    if (st == TVAE_OK)
        st = tvae_tensor_create(3, t, &b->noise_z);
    if (st == TVAE_OK && set->noise_u)
        st = tvae_tensor_create(3, t, &b->noise_u);
    if (st == TVAE_OK && b->n_factors)
        st = tvae_tensor_create(3, (size_t[]){count, s[0], b->n_factors}, &b->factors);
    return st;
}

static tvae_status read_item(batch *b, size_t place, size_t item)
{
    const size_t *s = b->set->sequence;
    tvae_tensor *frames = NULL, *factors = NULL;
    tvae_status st =
        tvae_tensor_view(b->x, place * s[0] * s[1] * s[2] * s[3], 4, s, &frames);

    if (st == TVAE_OK && b->factors)
        st = tvae_tensor_view(b->factors, place * s[0] * b->n_factors, 2,
                              (size_t[]){s[0], b->n_factors}, &factors);
    if (st == TVAE_OK)
        st = tvae_dataset_get(b->set->dataset, item, 0, item, frames, factors);
    tvae_tensor_destroy(&frames);
    tvae_tensor_destroy(&factors);
    return st;
}

static tvae_status encode_batch(batch *b, size_t first)
{
    tvae_status st = TVAE_OK;

    for (size_t i = 0; st == TVAE_OK && i < b->count; i++)
        st = read_item(b, i, first + i);
    if (st == TVAE_OK)
        st = tvae_tensor_fill_normal(b->noise_z, 0, FIRST_STREAM + 2 * first);
    if (st == TVAE_OK && b->noise_u)
        st = tvae_tensor_fill_normal(b->noise_u, 0, FIRST_STREAM + 2 * first + 1);
    if (st == TVAE_OK)
        st = tvae_model_sample(b->set->model, b->set->work, b->x, b->noise_z, b->noise_u,
                               b->t);
    return st;
}

tvae_status tvi_figures_visit(const tvi_figures *set, size_t n_items, tvi_visitor visit,
                              void *context)
{
    const size_t n_all = tvae_dataset_count(set->dataset);
    const size_t n = n_items < n_all ? n_items : n_all;
    const size_t step =
        set->sequence[0] < BATCH_FRAMES ? BATCH_FRAMES / set->sequence[0] : 1;
    batch b = {0};
    tvae_status st = TVAE_OK;

    for (size_t first = 0; st == TVAE_OK && first < n; first += step) {
        const size_t count = n - first < step ? n - first : step;

        if (count != b.count) {
            release_batch(&b);
            st = create_batch(set, count, &b);
        }
        if (st == TVAE_OK)
            st = encode_batch(&b, first);
        if (st == TVAE_OK)
            st = visit(context, first, b.t, b.factors);
    }
    release_batch(&b);
    return st;
}
