/* SPDX-License-Identifier: MIT */
#include <stddef.h>

#include "base/memory.h"
#include "base/options.h"
#include "data/batch.h"
#include "tensor/tensor.h"

enum { MAX_PREFETCH = 1024, MAX_SHARDS = 1 << 20 };

struct tvae_loader {
    tvae_dataset *dataset;
    tvi_batch_plan plan;
    tvi_prefetch *prefetch; /* NULL: batches are prepared on demand */
    uint64_t next_batch;
    bool has_batch; /* one has been taken: that before next_batch */
};

static const tvae_loader_options defaults = {.size = sizeof(tvae_loader_options),
                                             .batch_size = 8,
                                             .n_prefetch = 4,
                                             .shuffle = 1,
                                             .drop_last = 1,
                                             .n_shards = 1};

enum { V1_SIZE = offsetof(tvae_loader_options, n_shards) };

_Static_assert(V1_SIZE == 48, "layout before shards");

tvae_status tvae_loader_options_init(tvae_loader_options *options, size_t size)
{
    return tvi_options_export(options, size, V1_SIZE, &defaults, sizeof defaults,
                              "loader_options_init");
}

static tvae_status check_range(const char *name, int64_t value, int64_t low, int64_t high)
{
    if (value >= low && value <= high)
        return TVAE_OK;
    return tvi_fail(TVAE_E_INVALID, "loader_create: %s is %lld, want %lld to %lld", name,
                    (long long)value, (long long)low, (long long)high);
}

/* A full batch must exist where partial ones are dropped, and the ring must fit size_t.
 */
static tvae_status check_sizes(const tvae_dataset *dataset,
                               const tvae_loader_options *options)
{
    const size_t batch_size = (size_t)options->batch_size;
    const size_t n_shards = (size_t)options->n_shards;
    const size_t n_sequence =
        tvi_dataset_sequence_count(dataset) + tvi_dataset_factors_count(dataset);
    size_t n;

    if (dataset->n_items == 0)
        return tvi_fail(TVAE_E_INVALID, "loader_create: the dataset has no items");
    if (dataset->n_items > UINT32_MAX)
        return tvi_fail(TVAE_E_UNSUPPORTED,
                        "loader_create: the dataset has %zu items, want at most %lu",
                        dataset->n_items, (unsigned long)UINT32_MAX);
    if (options->drop_last && batch_size > dataset->n_items / n_shards)
        return tvi_fail(TVAE_E_INVALID,
                        "loader_create: batch_size is %zu on each of %zu shards, but the "
                        "dataset has %zu items: want at most that in all, or drop_last 0",
                        batch_size, n_shards, dataset->n_items);
    if (!tvi_multiply(batch_size, n_shards, &n) ||
        !tvi_multiply(batch_size, n_sequence, &n) ||
        !tvi_multiply(n, sizeof(float), &n) ||
        !tvi_multiply(n, (size_t)options->n_prefetch, &n))
        return tvi_fail(TVAE_E_INVALID,
                        "loader_create: %zu sequences of %zu numbers, prefetched %lld "
                        "times, overflow the address space: want a smaller batch_size",
                        batch_size, n_sequence, (long long)options->n_prefetch);
    return TVAE_OK;
}

static tvae_status import_options(tvae_loader_options *options,
                                  const tvae_loader_options *source,
                                  const tvae_dataset *dataset)
{
    tvae_status st;

    *options = defaults;
    st = tvi_options_import(options, sizeof *options, V1_SIZE, source, "loader_create");
    if (st == TVAE_OK)
        st = check_range("batch_size", options->batch_size, 1, INT32_MAX);
    if (st == TVAE_OK)
        st = check_range("first_batch", options->first_batch, 0, INT64_MAX);
    if (st == TVAE_OK)
        st = check_range("n_prefetch", options->n_prefetch, 0, MAX_PREFETCH);
    if (st == TVAE_OK)
        st = check_range("shuffle", options->shuffle, 0, 1);
    if (st == TVAE_OK)
        st = check_range("drop_last", options->drop_last, 0, 1);
    if (st == TVAE_OK)
        st = check_range("n_shards", options->n_shards, 1, MAX_SHARDS);
    if (st == TVAE_OK)
        st = check_range("shard", options->shard, 0, options->n_shards - 1);
    return st == TVAE_OK ? check_sizes(dataset, options) : st;
}

tvae_status tvae_loader_create(tvae_dataset *dataset, const tvae_loader_options *options,
                               tvae_loader **out)
{
    tvae_loader_options checked;
    tvae_loader *loader;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "loader_create: out is NULL");
    *out = NULL;
    if (!dataset)
        return tvi_fail(TVAE_E_INVALID, "loader_create: dataset is NULL");
    st = import_options(&checked, options, dataset);
    if (st != TVAE_OK)
        return st;
    loader = tvi_alloc_array(1, sizeof *loader);
    if (!loader)
        return TVAE_E_NOMEM;
    loader->dataset = tvae_dataset_retain(dataset);
    loader->next_batch = (uint64_t)checked.first_batch;
    st = tvi_batch_plan_setup(&loader->plan, dataset, &checked);
    if (st == TVAE_OK && checked.n_prefetch > 0)
        st = tvi_prefetch_start(&loader->plan, loader->next_batch,
                                (size_t)checked.n_prefetch, &loader->prefetch);
    if (st != TVAE_OK)
        tvae_loader_destroy(&loader);
    *out = loader;
    return st;
}

void tvae_loader_destroy(tvae_loader **loader)
{
    tvae_loader *gone;

    if (!loader || !*loader)
        return;
    gone = *loader;
    *loader = NULL;
    tvi_prefetch_stop(&gone->prefetch);
    tvi_batch_plan_release(&gone->plan);
    tvae_dataset_destroy(&gone->dataset);
    tvi_free(gone);
}

size_t tvae_loader_batches_per_epoch(const tvae_loader *loader)
{
    return loader ? loader->plan.n_batches : 0;
}

static tvae_status check_next(const tvae_loader *loader, const tvae_tensor *x,
                              const tvae_tensor *factors)
{
    const tvae_dataset *dataset = loader->dataset;
    const size_t batch_size = loader->plan.batch_size, *shape = dataset->shape;
    const size_t x_shape[] = {batch_size, shape[0], shape[1], shape[2], shape[3]};
    const size_t factors_shape[] = {batch_size, shape[0], dataset->n_factors};
    const tvae_status st = tvi_tensor_check(x, 5, x_shape, "loader_next", "x");

    if (st != TVAE_OK || !factors)
        return st;
    if (dataset->n_factors == 0)
        return tvi_fail(TVAE_E_SHAPE,
                        "loader_next: factors is a tensor, but the dataset has no "
                        "factors: pass NULL");
    return tvi_tensor_check(factors, 3, factors_shape, "loader_next", "factors");
}

tvae_status tvae_loader_next(tvae_loader *loader, tvae_tensor *x, tvae_tensor *factors,
                             size_t *n_sequences)
{
    float *labels = factors ? factors->data : NULL;
    size_t n = 0;
    tvae_status st;

    if (!loader)
        return tvi_fail(TVAE_E_INVALID, "loader_next: loader is NULL");
    st = check_next(loader, x, factors);
    if (st != TVAE_OK)
        return st;
    if (loader->prefetch)
        st = tvi_prefetch_take(loader->prefetch, x->data, labels, &n);
    else
        st = tvi_batch_prepare(&loader->plan, loader->next_batch, x->data, labels, &n);
    loader->next_batch++;
    loader->has_batch = true;
    if (st == TVAE_OK && n_sequences)
        *n_sequences = n;
    return st;
}

tvae_status tvae_loader_place(const tvae_loader *loader, size_t *first, size_t *n_total)
{
    const tvi_batch_plan *plan;
    size_t total;

    if (!loader)
        return tvi_fail(TVAE_E_INVALID, "loader_place: loader is NULL");
    if (!loader->has_batch)
        return tvi_fail(TVAE_E_STATE,
                        "loader_place: no batch has been taken yet, want loader_next() "
                        "before this call");
    plan = &loader->plan;
    total = tvi_batch_total(plan, loader->next_batch - 1);
    if (first)
        *first = tvi_least(plan->shard * plan->batch_size, total);
    if (n_total)
        *n_total = total;
    return TVAE_OK;
}
