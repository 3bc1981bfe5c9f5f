/* SPDX-License-Identifier: MIT */
#ifndef TVI_DATA_BATCH_H
#define TVI_DATA_BATCH_H

#include <stdbool.h>

#include "data/data.h"

/* Which sequences a batch holds, and how they are prepared. Used by one thread at a time.
 */
typedef struct tvi_batch_plan {
    const tvae_dataset *dataset;
    uint64_t seed;
    size_t batch_size; /* of this shard */
    size_t n_shards, shard;
    size_t n_batches; /* an epoch */
    uint32_t *order;  /* [n_items] of order_epoch; NULL: items in order */
    uint64_t order_epoch;
    bool has_order; /* order_epoch is valid */
} tvi_batch_plan;

/* Plan from checked options; `plan` is zeroed. tvi_batch_plan_release() frees what it
 * holds, half-built or not; the dataset stays the caller's. */
tvae_status tvi_batch_plan_setup(tvi_batch_plan *plan, const tvae_dataset *dataset,
                                 const tvae_loader_options *options);
void tvi_batch_plan_release(tvi_batch_plan *plan);

/* Floats of a batch, and of its factors. */
size_t tvi_batch_count(const tvi_batch_plan *plan);
size_t tvi_batch_factors_count(const tvi_batch_plan *plan);

/* Sequences of batch `batch`, counted over all epochs, of all shards together. */
size_t tvi_batch_total(const tvi_batch_plan *plan, uint64_t batch);

/* Prepare this shard's part of it, into x [n_sequences, ...] and factors (NULL: not
 * wanted). `n_sequences` is always set. */
tvae_status tvi_batch_prepare(tvi_batch_plan *plan, uint64_t batch, float *x,
                              float *factors, size_t *n_sequences);

/* Batches prepared ahead by a thread of its own, which is the plan's only user from start
 * to stop. */
typedef struct tvi_prefetch tvi_prefetch;

tvae_status tvi_prefetch_start(tvi_batch_plan *plan, uint64_t first_batch, size_t n_slots,
                               tvi_prefetch **out);

/* Copy out the next batch, or give the error that its preparation ended in. */
tvae_status tvi_prefetch_take(tvi_prefetch *prefetch, float *x, float *factors,
                              size_t *n_sequences);

/* Stop and join the thread, free all, null the pointer. */
void tvi_prefetch_stop(tvi_prefetch **prefetch);

#endif
