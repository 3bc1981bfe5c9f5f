/* SPDX-License-Identifier: MIT */
#ifndef TVI_KERNEL_TILES_H
#define TVI_KERNEL_TILES_H

#include "kernel/gemm.h"
#include "kernel/kernel.h"

/* Products of a batch with a weight in the level's own tiles. They are as fast as those
 * of a BLAS, whose whole products are such tiles too, and let what belongs to a product
 * be done while it is in the cache: adding a bias, updating the weight. */

/* True if tiles can multiply this and are at least as fast as BLAS. */
bool tvi_tiles_take(const tvi_gemm *product);

/* The product, split among the threads; sizes were checked, tvi_tiles_take() said so. */
void tvi_tiles_run(const tvi_gemm *product);

/* The product x' dy of x [n_rows, n_inputs] and dy [n_rows, n_outputs], block by block.
 */
typedef struct tvi_tiles_outer {
    size_t n_rows, n_inputs, n_outputs;
    const float *x;
    const float *dy_panels; /* of tvi_tiles_pack() */
} tvi_tiles_outer;

/* Floats of dy [n_rows, n_outputs] packed, and the packing, split among the threads. */
size_t tvi_tiles_packed_floats(size_t n_rows, size_t n_outputs);
void tvi_tiles_pack(size_t n_rows, size_t n_outputs, const float *dy, float *panels);

/* Rows and columns of a matrix; of such a product, `first_column` is a multiple of 32. */
typedef struct tvi_block {
    size_t first_row, end_row, first_column, end_column;
} tvi_block;

/* Where a block of an outer product goes: into `to`, rows ld apart, or added to it. */
typedef struct tvi_target {
    float *to;
    size_t ld;
    bool add;
    tvi_near near; /* arrays like the whole result */
} tvi_target;

/* That block of the product, on the calling thread. */
void tvi_tiles_outer_block(const tvi_tiles_outer *product, const tvi_block *block,
                           const tvi_target *target);

#endif
