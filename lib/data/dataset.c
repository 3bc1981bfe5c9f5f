/* SPDX-License-Identifier: MIT */
#include "data/data.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "tensor/tensor.h"

tvae_dataset *tvi_dataset_alloc(size_t bytes, const tvi_dataset_class *kind)
{
    tvae_dataset *dataset = tvi_alloc_array(1, bytes);

    if (!dataset)
        return NULL;
    tvi_refcount_init(&dataset->references);
    dataset->kind = kind;
    return dataset;
}

void tvi_dataset_add_factor(tvae_dataset *dataset, const char *name, size_t n_values)
{
    (void)snprintf(dataset->factor_names[dataset->n_factors], TVI_FACTOR_NAME, "%s",
                   name);
    dataset->factor_values[dataset->n_factors] = n_values;
    dataset->n_factors++;
}

size_t tvi_dataset_sequence_count(const tvae_dataset *dataset)
{
    const size_t *shape = dataset->shape;

    return shape[0] * shape[1] * shape[2] * shape[3];
}

size_t tvi_dataset_factors_count(const tvae_dataset *dataset)
{
    return dataset->shape[0] * dataset->n_factors;
}

tvae_status tvi_dataset_fill(const tvae_dataset *dataset, size_t item, uint64_t seed,
                             uint64_t draw, float *x, float *factors)
{
    tvi_rng rng;

    tvi_rng_init(&rng, seed, TVI_RNG_TRANSFORM, draw);
    return dataset->kind->get(dataset, item, &rng, x, factors);
}

tvae_dataset *tvae_dataset_retain(tvae_dataset *dataset)
{
    if (dataset)
        tvi_refcount_retain(&dataset->references);
    return dataset;
}

void tvae_dataset_destroy(tvae_dataset **dataset)
{
    tvae_dataset *gone;

    if (!dataset || !*dataset)
        return;
    gone = *dataset;
    *dataset = NULL;
    if (!tvi_refcount_release(&gone->references))
        return;
    gone->kind->release(gone);
    tvi_free(gone);
}

size_t tvae_dataset_count(const tvae_dataset *dataset)
{
    return dataset ? dataset->n_items : 0;
}

tvae_status tvae_dataset_shape(const tvae_dataset *dataset, size_t *shape)
{
    if (!dataset || !shape)
        return tvi_fail(TVAE_E_INVALID, "dataset_shape: %s is NULL",
                        dataset ? "shape" : "dataset");
    memcpy(shape, dataset->shape, sizeof dataset->shape);
    return TVAE_OK;
}

size_t tvae_dataset_factor_count(const tvae_dataset *dataset)
{
    return dataset ? dataset->n_factors : 0;
}

const char *tvae_dataset_factor_name(const tvae_dataset *dataset, size_t factor)
{
    return dataset && factor < dataset->n_factors ? dataset->factor_names[factor] : NULL;
}

size_t tvae_dataset_factor_values(const tvae_dataset *dataset, size_t factor)
{
    return dataset && factor < dataset->n_factors ? dataset->factor_values[factor] : 0;
}

static tvae_status check_get(const tvae_dataset *dataset, size_t item,
                             const tvae_tensor *x, const tvae_tensor *factors)
{
    const size_t factors_shape[] = {dataset->shape[0], dataset->n_factors};
    tvae_status st;

    if (item >= dataset->n_items)
        return tvi_fail(TVAE_E_INVALID, "dataset_get: item is %zu, want less than %zu",
                        item, dataset->n_items);
    st = tvi_tensor_check(x, 4, dataset->shape, "dataset_get", "x");
    if (st != TVAE_OK || !factors)
        return st;
    if (dataset->n_factors == 0)
        return tvi_fail(TVAE_E_SHAPE,
                        "dataset_get: factors is a tensor, but the dataset has no "
                        "factors: pass NULL");
    return tvi_tensor_check(factors, 2, factors_shape, "dataset_get", "factors");
}

tvae_status tvae_dataset_get(const tvae_dataset *dataset, size_t item, uint64_t seed,
                             uint64_t draw, tvae_tensor *x, tvae_tensor *factors)
{
    tvae_status st;

    if (!dataset)
        return tvi_fail(TVAE_E_INVALID, "dataset_get: dataset is NULL");
    st = check_get(dataset, item, x, factors);
    if (st != TVAE_OK)
        return st;
    return tvi_dataset_fill(dataset, item, seed, draw, x->data,
                            factors ? factors->data : NULL);
}
