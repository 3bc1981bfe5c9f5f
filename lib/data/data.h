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
     * wanted) of one item; `rng` is this draw's own stream. */
    tvae_status (*get)(const tvae_dataset *dataset, size_t item, tvi_rng *rng, float *x,
                       float *factors);
    void (*release)(tvae_dataset *dataset); /* frees all but the handle itself */
} tvi_dataset_class;

enum { TVI_MAX_FACTORS = 16 };

/* The head of every dataset; each class's own struct begins with it. */
struct tvae_dataset {
    tvi_refcount references;
    const tvi_dataset_class *kind;
    size_t n_items;
    size_t shape[4]; /* frames, channels, height, width */
    size_t n_factors;
    char factor_names[TVI_MAX_FACTORS][16];
    size_t factor_values[TVI_MAX_FACTORS];
};

#endif
