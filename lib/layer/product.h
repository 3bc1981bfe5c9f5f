/* SPDX-License-Identifier: MIT */
#ifndef TVI_LAYER_PRODUCT_H
#define TVI_LAYER_PRODUCT_H

#include "base/error.h"
#include "kernel/sparse.h"

/* The gradient of a weight [n_inputs, n_outputs] as the product x' dy that it is:
 * whoever updates the weight may compute it block by block and never hold the whole. */
typedef struct tvi_outer_product {
    size_t n_rows, n_inputs, n_outputs;
    size_t pitch;        /* from row to row of the weight, and of its gradient */
    const float *x, *dy; /* [n_rows, n_inputs], [n_rows, n_outputs] */
    const tvi_sparse_rows *sparse; /* x by its non-zeros, columns too; or NULL */
    const float *dy_panels;        /* dy as the products want it */
} tvi_outer_product;

/* Check the sizes and lay out dy in `scratch`, of so many floats, which must stay: before
 * the functions below. */
size_t tvi_outer_product_floats(size_t n_rows, size_t n_outputs);
tvae_status tvi_outer_product_prepare(tvi_outer_product *product, float *scratch);

/* The whole, split among the threads; added to the gradient or written over it. */
void tvi_outer_product_run(const tvi_outer_product *product, bool add, float *gradient);

/* The blocks that the gradient is made of, equal but for the last of each row and column,
 * small enough that a block and what it updates stay in the second cache. */
typedef struct tvi_outer_blocks {
    size_t n_rows, n_columns; /* of a block */
    size_t n_down, n_blocks;
} tvi_outer_blocks;

tvi_outer_blocks tvi_outer_product_blocks(const tvi_outer_product *product);

/* Where block `index` lies; those of the same columns follow one another. */
tvi_block tvi_outer_product_block(const tvi_outer_product *product,
                                  const tvi_outer_blocks *blocks, size_t index);

/* That block to its target, on the calling thread. */
void tvi_outer_product_compute(const tvi_outer_product *product, const tvi_block *block,
                               const tvi_target *target);

/* Sparse products can also be taken as the gradient of an update where they are summed:
 * that block of it. (Dense tiles gain nothing by it: their stores would wait for memory.)
 */
void tvi_outer_product_update(const tvi_outer_product *product, const tvi_block *block,
                              const tvi_momentum *update);

#endif
