/* SPDX-License-Identifier: MIT */
#ifndef TVI_DATA_DATA_H
#define TVI_DATA_DATA_H

#include <tvae/data.h>

#include "base/refcount.h"
#include "base/rng.h"

/* What a kind of dataset does; all functions may be called from several threads at once.
 */
typedef struct tvi_dataset_class {
    /* x [frames, channels, height, width] and factors [frames, n_factors] (NULL: not
     * wanted) of one item; `rng` is this draw's own stream. Every element is written. */
    tvae_status (*get)(const tvae_dataset *dataset, size_t item, tvi_rng *rng, float *x,
                       float *factors);
    void (*release)(tvae_dataset *dataset); /* frees all but the handle itself */
} tvi_dataset_class;

enum { TVI_MAX_FACTORS = 16, TVI_FACTOR_NAME = 16 };

/* The head of every dataset; each class's own struct begins with it. */
struct tvae_dataset {
    tvi_refcount references;
    const tvi_dataset_class *kind;
    size_t n_items;
    size_t shape[4]; /* frames, channels, height, width */
    size_t n_factors;
    char factor_names[TVI_MAX_FACTORS][TVI_FACTOR_NAME];
    size_t factor_values[TVI_MAX_FACTORS];
};

/* A zeroed dataset of `bytes` (sizeof the class's own struct, whose first member is the
 * head) with one reference and its class set; NULL, with the error sentence set, if there
 * is no memory. From then on tvae_dataset_destroy() frees it, half-built or not, so the
 * class's release() must accept members that are still zero. */
tvae_dataset *tvi_dataset_alloc(size_t bytes, const tvi_dataset_class *kind);

/* Append a factor; `n_values` 0: unknown. There is room for TVI_MAX_FACTORS. */
void tvi_dataset_add_factor(tvae_dataset *dataset, const char *name, size_t n_values);

/* Floats of one sequence, and of its factors. */
size_t tvi_dataset_sequence_count(const tvae_dataset *dataset);
size_t tvi_dataset_factors_count(const tvae_dataset *dataset);

/* tvae_dataset_get() into plain memory, for arguments that are known to be right. */
tvae_status tvi_dataset_fill(const tvae_dataset *dataset, size_t item, uint64_t seed,
                             uint64_t draw, float *x, float *factors);

/* Fisher-Yates: every order of the values equally likely. */
void tvi_shuffle(tvi_rng *rng, uint32_t *values, size_t n_values);

#endif
