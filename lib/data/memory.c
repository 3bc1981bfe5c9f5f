/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "data/data.h"
#include "tensor/tensor.h"

/* Sequences that the host application already has. */
typedef struct memory_dataset {
    tvae_dataset head;
    tvae_tensor *x;       /* [sequences, frames, channels, height, width] */
    tvae_tensor *factors; /* [sequences, frames, factors] or NULL */
} memory_dataset;

static tvae_status get_from_memory(const tvae_dataset *dataset, size_t item, tvi_rng *rng,
                                   float *x, float *factors)
{
    const memory_dataset *memory = (const memory_dataset *)dataset;
    const size_t n_x = tvi_dataset_sequence_count(dataset);
    const size_t n_factors = tvi_dataset_factors_count(dataset);

    (void)rng;
    memcpy(x, memory->x->data + item * n_x, n_x * sizeof *x);
    if (factors)
        memcpy(factors, memory->factors->data + item * n_factors,
               n_factors * sizeof *factors);
    return TVAE_OK;
}

static void release_memory(tvae_dataset *dataset)
{
    memory_dataset *memory = (memory_dataset *)dataset;

    tvae_tensor_destroy(&memory->x);
    tvae_tensor_destroy(&memory->factors);
}

static const tvi_dataset_class memory_class = {.get = get_from_memory,
                                               .release = release_memory};

static tvae_status check_tensors(const tvae_tensor *x, const tvae_tensor *factors)
{
    char got[TVI_SHAPE_TEXT];

    if (!x)
        return tvi_fail(TVAE_E_INVALID, "dataset_create_memory: x is NULL");
    if (x->rank != 5)
        return tvi_fail(TVAE_E_SHAPE,
                        "dataset_create_memory: x is %s, want [sequences, frames, "
                        "channels, height, width]",
                        tvi_shape_text(x->rank, x->shape, got));
    if (!factors)
        return TVAE_OK;
    if (factors->rank != 3 || factors->shape[0] != x->shape[0] ||
        factors->shape[1] != x->shape[1] || factors->shape[2] > TVI_MAX_FACTORS)
        return tvi_fail(TVAE_E_SHAPE,
                        "dataset_create_memory: factors is %s, want [%zu, %zu, factors] "
                        "with 1 to %d factors",
                        tvi_shape_text(factors->rank, factors->shape, got), x->shape[0],
                        x->shape[1], TVI_MAX_FACTORS);
    return TVAE_OK;
}

tvae_status tvae_dataset_create_memory(tvae_tensor *x, tvae_tensor *factors,
                                       tvae_dataset **out)
{
    memory_dataset *memory;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "dataset_create_memory: out is NULL");
    *out = NULL;
    st = check_tensors(x, factors);
    if (st != TVAE_OK)
        return st;
    memory = (memory_dataset *)tvi_dataset_alloc(sizeof *memory, &memory_class);
    if (!memory)
        return TVAE_E_NOMEM;
    memory->head.n_items = x->shape[0];
    memcpy(memory->head.shape, x->shape + 1, sizeof memory->head.shape);
    for (size_t factor = 0; factors && factor < factors->shape[2]; factor++) {
        char name[TVI_FACTOR_NAME];

        (void)snprintf(name, sizeof name, "factor%u", (unsigned)factor);
        tvi_dataset_add_factor(&memory->head, name, 0);
    }
    memory->x = tvae_tensor_retain(x);
    memory->factors = tvae_tensor_retain(factors);
    *out = &memory->head;
    return TVAE_OK;
}
