/* SPDX-License-Identifier: MIT */
#ifndef TVI_LAYER_PRODUCT_H
#define TVI_LAYER_PRODUCT_H

#include "base/error.h"
#include "kernel/sparse.h"

/* The gradient of a weight [n_inputs, n_outputs] as the product x' dy that it is:
 * whoever updates the weight may compute it block by block and never hold the whole. */
typedef struct tvi_outer_product {
    size_t n_rows, n_inputs, n_outputs;
    const float *x, *dy;           /* [n_rows, n_inputs], [n_rows, n_outputs] */
    const tvi_sparse_rows *sparse; /* x by its non-zeros, columns too; or NULL */
    const float *dy_panels;        /* with sparse: dy in panels */
} tvi_outer_product;

/* Sizes that the matrix products can take; before the functions below. */
tvae_status tvi_outer_product_check(const tvi_outer_product *product);

/* The whole, split among the threads; added to the gradient or written over it. */
void tvi_outer_product_run(const tvi_outer_product *product, bool add, float *gradient);

/* Rows of the weight in a block, such that n_parts threads have as many blocks each and
 * a block's gradient stays in the cache. */
size_t tvi_outer_product_block(const tvi_outer_product *product, size_t n_parts);

/* Rows begin .. end - 1 into block [end - begin, n_outputs], on the calling thread. */
void tvi_outer_product_rows(const tvi_outer_product *product, size_t begin, size_t end,
                            float *block);

#endif
