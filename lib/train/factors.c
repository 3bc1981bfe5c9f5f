/* SPDX-License-Identifier: MIT */
#include "train/factors.h"

#include <string.h>

#include "base/memory.h"

static const char call[] = "trainer_step";

enum { SKIPPED = 100 };

tvae_status tvi_factors_create(tvi_factors *factors, tvi_exchange *exchange)
{
    factors->exchange = exchange;
    factors->counts =
        tvi_alloc_array((size_t)exchange->table.n_ranks, sizeof *factors->counts);
    return factors->counts ? TVAE_OK : TVAE_E_NOMEM;
}

void tvi_factors_release(tvi_factors *factors)
{
    if (factors->exchange) {
        tvi_exchange_free(factors->exchange, factors->inputs);
        tvi_exchange_free(factors->exchange, factors->gradients);
    }
    tvi_free(factors->lists);
    tvi_free(factors->panels);
    tvi_free(factors->counts);
    memset(factors, 0, sizeof *factors);
}

void tvi_factors_begin(tvi_factors *factors)
{
    const int32_t n_ranks = factors->exchange->table.n_ranks;

    factors->n_rows = 0;
    for (int32_t rank = 0; rank < n_ranks; rank++)
        factors->n_rows += factors->counts[rank];
    factors->n_own = factors->counts[factors->exchange->table.rank];
    factors->has_inputs = false;
    factors->sent_bytes = 0.0;
    factors->n_skipped -= factors->n_skipped > 0;
}

/* The inputs serve two encoders. */
bool tvi_factors_pay(const tvi_factors *factors, const tvi_outer_product *product,
                     size_t n_values, size_t value_bytes)
{
    const size_t width = product->n_inputs / 2 + product->n_outputs;

    return factors->n_skipped == 0 &&
           (double)factors->n_rows * (double)width * sizeof(float) <
               (double)n_values * (double)value_bytes;
}

/* Memory of all kinds, or none on any rank. */
static tvae_status get_room(tvi_factors *f, const tvi_outer_product *own)
{
    const size_t lists = tvi_sparse_floats(f->n_rows, own->n_inputs, true);
    const size_t panels = tvi_outer_product_floats(f->n_rows, own->n_outputs);
    size_t inputs, gradients;
    tvae_status st = TVAE_E_NOMEM;

    if (tvi_multiply(f->n_rows, own->n_inputs, &inputs) &&
        tvi_multiply(f->n_rows, own->n_outputs, &gradients) && lists != SIZE_MAX)
        st = TVAE_OK;
    if (st != TVAE_OK)
        return tvi_fail(st, "%s: the whole batch is too large to be gathered", call);
    if (inputs <= f->input_floats && gradients <= f->gradient_floats &&
        lists <= f->list_floats && panels <= f->panel_floats)
        return TVAE_OK; /* the same on all ranks */
    st = tvi_grow_floats(&f->inputs, &f->input_floats, inputs);
    if (st == TVAE_OK)
        st = tvi_grow_floats(&f->gradients, &f->gradient_floats, gradients);
    if (st == TVAE_OK)
        st = tvi_grow_floats(&f->lists, &f->list_floats, lists);
    if (st == TVAE_OK)
        st = tvi_grow_floats(&f->panels, &f->panel_floats, panels);
    return tvi_exchange_settle(f->exchange, st, call);
}

static tvae_status gather_rows(tvi_factors *f, const float *own, size_t width, float *all)
{
    const int32_t n_ranks = f->exchange->table.n_ranks;

    for (int32_t rank = 0; rank < n_ranks; rank++)
        f->exchange->counts[rank] = f->counts[rank] * width;
    f->sent_bytes += (double)(f->n_own * width * sizeof(float));
    return tvi_exchange_gather_floats(f->exchange, own, all, call);
}

static tvae_status gather_inputs(tvi_factors *f, const tvi_outer_product *own)
{
    const tvae_status st = gather_rows(f, own->x, own->n_inputs, f->inputs);

    if (st != TVAE_OK)
        return st;
    f->is_sparse =
        tvi_sparse_list(&f->sparse, f->n_rows, own->n_inputs, f->inputs, true, f->lists);
    f->has_inputs = true;
    if (!f->is_sparse)
        f->n_skipped = SKIPPED;
    return TVAE_OK;
}

tvae_status tvi_factors_gather(tvi_factors *f, const tvi_outer_product *own,
                               tvi_outer_product *whole, bool *works)
{
    tvae_status st = get_room(f, own);

    *works = false;
    if (st == TVAE_OK && !f->has_inputs)
        st = gather_inputs(f, own);
    if (st != TVAE_OK || !f->is_sparse)
        return st;
    *works = true;
    st = gather_rows(f, own->dy, own->n_outputs, f->gradients);
    if (st != TVAE_OK)
        return st;
    *whole = (tvi_outer_product){.n_rows = f->n_rows,
                                 .n_inputs = own->n_inputs,
                                 .n_outputs = own->n_outputs,
                                 .pitch = own->pitch,
                                 .x = f->inputs,
                                 .dy = f->gradients,
                                 .sparse = &f->sparse};
    return tvi_outer_product_prepare(whole, f->panels);
}
