/* SPDX-License-Identifier: MIT */
#ifndef TVI_KERNEL_GEMM_H
#define TVI_KERNEL_GEMM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* c [m, n] = op(a) [m, k] * op(b) [k, n] + (add_to_c ? c : 0) + bias, all row-major;
 * `transpose_a` means that a lies as [k, m], `transpose_b` that b lies as [n, k]. Leading
 * dimensions are the row strides of a, b and c as they lie; bias [n] may be NULL. Split
 * among the library's threads, each part in tiles of our own (tiles.h), a walk through
 * the non-zeros of few rows, or one call of CBLAS, whichever suits. Fails with
 * TVAE_E_SHAPE if a dimension does not fit the BLAS's integer. */
typedef struct tvi_gemm {
    size_t m, n, k;
    const float *a, *b;
    float *c;
    size_t ld_a, ld_b, ld_c;
    bool transpose_a, transpose_b, add_to_c;
    const float *bias;
} tvi_gemm;

tvae_status tvi_gemm_run(const tvi_gemm *product);

/* The same in two steps, for who splits the work himself: the sizes, and the product of
 * sizes that were checked, on the calling thread. */
tvae_status tvi_gemm_check(const tvi_gemm *product);
void tvi_gemm_multiply(const tvi_gemm *product);

#endif
