/* SPDX-License-Identifier: MIT */
#ifndef TVI_TRAIN_LIT_ROWS_H
#define TVI_TRAIN_LIT_ROWS_H

#include "base/error.h"
#include "kernel/sparse.h"

/* Which inputs of a first layer, that is rows of its weight, are lit: not zero throughout
 * the batch. As lists of non-zeros that tell nothing else, so that whoever takes those of
 * a batch takes these of all ranks. */

/* Room for n_rows in `lit`, which must be all zero; release it on failure, too. */
tvae_status tvi_lit_rows_create(tvi_sparse_rows *lit, size_t n_rows);
void tvi_lit_rows_release(tvi_sparse_rows *lit);

/* Bytes of a set of so many rows, a bit each. */
size_t tvi_lit_bytes(size_t n_rows);

/* The columns of x [n_rows, width] that are not all zero, as a set. */
void tvi_lit_find(size_t n_rows, size_t width, const float *x, unsigned char *set);

/* The rows that are in any of the sets [n_sets], `stride` bytes apart. */
void tvi_lit_rows_unite(tvi_sparse_rows *lit, size_t n_sets, size_t stride,
                        const unsigned char *sets);

static inline size_t tvi_lit_before(const tvi_sparse_rows *lit, size_t row)
{
    return lit->columns.bounds[row];
}

static inline bool tvi_is_lit(const tvi_sparse_rows *lit, size_t row)
{
    return lit->columns.bounds[lit->columns.n_lists + row] != lit->columns.bounds[row];
}

/* Rows from 0 up to `row`, not included, that are lit; `row` may be their number. */
static inline size_t tvi_lit_up_to(const tvi_sparse_rows *lit, size_t row)
{
    return row == 0 ? 0 : lit->columns.bounds[lit->columns.n_lists + row - 1];
}

#endif
