/* SPDX-License-Identifier: MIT */
#ifndef TVI_KERNEL_SPARSE_H
#define TVI_KERNEL_SPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernel/kernel.h"
#include "kernel/tiles.h"

/* The non-zeros of a matrix as lists, one for each of its rows or columns: list i holds
 * index[k] and value[k], k ascending, from bounds[0][i] to bounds[n_blocks][i]; the part
 * of it whose indices lie in block b ends at bounds[b + 1][i]. */
typedef struct tvi_sparse_lists {
    size_t n_lists, n_blocks;
    uint32_t *bounds; /* [n_blocks + 1, n_lists] */
    uint32_t *index;
    float *value;
} tvi_sparse_lists;

/* A batch of rows of which most values are zero. */
typedef struct tvi_sparse_rows {
    size_t n_rows, width, n_listed;
    tvi_sparse_lists rows;    /* blocks of TVI_SPARSE_BLOCK columns */
    tvi_sparse_lists columns; /* one block; bounds is NULL unless asked for */
} tvi_sparse_rows;

/* Inputs in a block; gathers stage the weights of one or more. */
enum { TVI_SPARSE_BLOCK = 64 };

/* Floats of memory that the lists of a matrix need, without and with those of its
 * columns; SIZE_MAX, which no allocation grants, if they cannot be listed. */
size_t tvi_sparse_floats(size_t n_rows, size_t width, bool with_columns);

/* List the non-zeros of x [n_rows, width] in `memory`, which must stay. False, with
 * nothing of use written, if there are so many that dense products are faster. */
bool tvi_sparse_list(tvi_sparse_rows *sparse, size_t n_rows, size_t width, const float *x,
                     bool with_columns, float *memory);

/* For tests, before any other call: the share of non-zeros up to which rows are listed; 1
 * lists all of them, a negative one none. */
void tvi_sparse_set_most_density(double density);

/* y [n_rows, n_outputs] = x w + bias; w is [width, n_outputs], its rows ld_w apart, bias
 * [n_outputs] or NULL. Split among the threads; the result does not depend on their
 * number. */
void tvi_sparse_multiply(const tvi_sparse_rows *x, size_t n_outputs, const float *w,
                         size_t ld_w, const float *bias, float *y);

/* Floats of [n_rows, n_outputs] in panels, and the copying there; what the last panel
 * lacks is zero. */
size_t tvi_panel_floats(size_t n_rows, size_t n_outputs);
void tvi_panel_copy(size_t n_rows, size_t n_outputs, const float *from, float *panels);

/* That block of x' dy [width, n_outputs] to its target, on the calling thread; dy lies in
 * panels, of which first_column begins one. Or, as a gradient, into the update of a whole
 * weight. */
void tvi_sparse_outer_block(const tvi_sparse_rows *x, const float *dy_panels,
                            const tvi_block *block, const tvi_target *target);
void tvi_sparse_outer_update(const tvi_sparse_rows *x, const float *dy_panels,
                             const tvi_block *block, const tvi_momentum *update);

#endif
