/* SPDX-License-Identifier: MIT */
#include "report/figures.h"

#include <stdio.h>
#include <string.h>

enum { N_CANDIDATES = 200 }; /* sequences looked at to find one of every factor */

/* Rows: the true sequence, its reconstruction, the decoding of frame 0 rolled step by
 * step; one column a frame (paper Figure 4). The sequence is in set->x. */
static tvae_status draw_traversal(tvi_figures *set, size_t item, const char *factor)
{
    const size_t count = tvae_tensor_count(set->x);
    const size_t shape[] = {3, set->sequence[0], set->sequence[1], set->sequence[2],
                            set->sequence[3]};
    tvae_tensor *picture = NULL;
    float *rows;
    char name[96];
    tvae_status st = tvae_tensor_create(5, shape, &picture);

    if (st != TVAE_OK)
        return st;
    rows = tvae_tensor_data(picture);
    memcpy(rows, tvae_tensor_data_const(set->x), count * sizeof *rows);
    st = tvi_figures_encode(set, item);
    if (st == TVAE_OK)
        st = tvae_model_decode(set->model, set->work, set->t, set->decoded);
    if (st == TVAE_OK) {
        memcpy(rows + count, tvae_tensor_data_const(set->decoded), count * sizeof *rows);
        st = tvi_figures_roll(set, 0);
    }
    if (st == TVAE_OK)
        st = tvae_model_decode(set->model, set->work, set->rolled, set->decoded);
    if (st == TVAE_OK) {
        memcpy(rows + 2 * count, tvae_tensor_data_const(set->decoded),
               count * sizeof *rows);
        (void)snprintf(name, sizeof name, "traversal_%s%.64s",
                       set->dataset == set->train ? "train_" : "", factor);
        st = tvi_figures_write(set, name, picture);
    }
    tvae_tensor_destroy(&picture);
    return st;
}

/* One traversal for each factor that varies in the first sequences of the dataset. */
static tvae_status draw_dataset(tvi_figures *set)
{
    const size_t n_items = tvae_dataset_count(set->dataset);
    const size_t n_factors = tvae_dataset_factor_count(set->dataset);
    const size_t n_looked_at = n_items < N_CANDIDATES ? n_items : N_CANDIDATES;
    uint64_t drawn = 0; /* bit f: factor f has its picture */
    tvae_status st = TVAE_OK;

    if (n_factors == 0) {
        st = tvi_figures_read(set, 0);
        return st == TVAE_OK ? draw_traversal(set, 0, "sequence") : st;
    }
    for (size_t item = 0; st == TVAE_OK && item < n_looked_at; item++) {
        size_t factor;

        st = tvi_figures_read(set, item);
        factor = tvi_figures_varying_factor(set);
        if (st != TVAE_OK || factor == n_factors || factor >= 64 || drawn >> factor & 1)
            continue;
        drawn |= UINT64_C(1) << factor;
        st = draw_traversal(set, item, tvae_dataset_factor_name(set->dataset, factor));
    }
    return st;
}

tvae_status tvi_draw_traversals(tvi_figures *set)
{
    tvae_status st;

    if (!set->are_images || set->sequence[0] < 2)
        return TVAE_OK;
    st = draw_dataset(set);
    set->dataset = set->train;
    if (st == TVAE_OK)
        st = draw_dataset(set);
    set->dataset = set->test;
    return st;
}
