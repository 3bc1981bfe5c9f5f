/* SPDX-License-Identifier: MIT */
#include "data/batch.h"

#include "base/memory.h"

/* Sequences of a full batch of all shards. */
static size_t whole_size(const tvi_batch_plan *plan)
{
    return plan->batch_size * plan->n_shards;
}

tvae_status tvi_batch_plan_setup(tvi_batch_plan *plan, const tvae_dataset *dataset,
                                 const tvae_loader_options *options)
{
    const size_t n_items = dataset->n_items;

    plan->dataset = dataset;
    plan->seed = options->seed;
    plan->batch_size = (size_t)options->batch_size;
    plan->n_shards = (size_t)options->n_shards;
    plan->shard = (size_t)options->shard;
    plan->n_batches = n_items / whole_size(plan);
    if (!options->drop_last && n_items % whole_size(plan))
        plan->n_batches++;
    if (!options->shuffle)
        return TVAE_OK;
    plan->order = tvi_alloc_array(n_items, sizeof *plan->order);
    return plan->order ? TVAE_OK : TVAE_E_NOMEM;
}

void tvi_batch_plan_release(tvi_batch_plan *plan)
{
    tvi_free(plan->order);
}

size_t tvi_batch_count(const tvi_batch_plan *plan)
{
    return plan->batch_size * tvi_dataset_sequence_count(plan->dataset);
}

size_t tvi_batch_factors_count(const tvi_batch_plan *plan)
{
    return plan->batch_size * tvi_dataset_factors_count(plan->dataset);
}

/* An epoch's order comes from (seed, epoch) alone, so that a run can resume anywhere. */
static void shuffle_epoch(tvi_batch_plan *plan, uint64_t epoch)
{
    const size_t n_items = plan->dataset->n_items;
    tvi_rng rng;

    if (plan->has_order && plan->order_epoch == epoch)
        return;
    for (size_t i = 0; i < n_items; i++)
        plan->order[i] = (uint32_t)i;
    tvi_rng_init(&rng, plan->seed, TVI_RNG_ORDER, epoch);
    tvi_shuffle(&rng, plan->order, n_items);
    plan->order_epoch = epoch;
    plan->has_order = true;
}

size_t tvi_batch_total(const tvi_batch_plan *plan, uint64_t batch)
{
    const size_t first = (size_t)(batch % plan->n_batches) * whole_size(plan);

    return tvi_least(plan->dataset->n_items - first, whole_size(plan));
}

tvae_status tvi_batch_prepare(tvi_batch_plan *plan, uint64_t batch, float *x,
                              float *factors, size_t *n_sequences)
{
    const tvae_dataset *dataset = plan->dataset;
    const size_t n_x = tvi_dataset_sequence_count(dataset);
    const size_t n_factors = tvi_dataset_factors_count(dataset);
    const size_t whole = whole_size(plan), total = tvi_batch_total(plan, batch);
    const size_t place = tvi_least(plan->shard * plan->batch_size, total);
    const size_t first = (size_t)(batch % plan->n_batches) * whole + place;
    const size_t n = tvi_least(total - place, plan->batch_size);

    *n_sequences = n;
    if (plan->order)
        shuffle_epoch(plan, batch / plan->n_batches);
    for (size_t i = 0; i < n; i++) {
        const size_t item = plan->order ? plan->order[first + i] : first + i;
        const tvae_status st =
            tvi_dataset_fill(dataset, item, plan->seed, batch * whole + place + i,
                             x + i * n_x, factors ? factors + i * n_factors : NULL);

        if (st != TVAE_OK)
            return st;
    }
    return TVAE_OK;
}
