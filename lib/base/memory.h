/* SPDX-License-Identifier: MIT */
#ifndef TVI_BASE_MEMORY_H
#define TVI_BASE_MEMORY_H

#include <stdbool.h>

#include "base/error.h"

/* All heap memory of the library passes through here, and so through the host's
 * allocator. */

/* `count` zeroed elements, aligned to 64 bytes; NULL, with the error sentence set, if the
 * size overflows or there is no memory. A count of zero gives a valid block. */
void *tvi_alloc_array(size_t count, size_t element_bytes);

/* Give back a block of tvi_alloc_array(); NULL is fine. */
void tvi_free(void *block);

/* Room for at least `count` floats in a block of *capacity of them; what they held is
 * lost if it grows. On failure, TVAE_E_NOMEM, nothing has changed. */
tvae_status tvi_grow_floats(float **values, size_t *capacity, size_t count);

/* Zero-ended copy of a string; NULL as tvi_alloc_array(). */
char *tvi_copy_string(const char *text);

/* *product = a * b, *sum = a + b; false (result untouched) on overflow. */
bool tvi_multiply(size_t a, size_t b, size_t *product);
bool tvi_add(size_t a, size_t b, size_t *sum);

static inline size_t tvi_least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* The length of equal pieces of n, each at most `most` but for the rounding up to whole
 * units; n and the others are not zero. */
static inline size_t tvi_piece_of(size_t n, size_t most, size_t unit)
{
    const size_t n_pieces = (n + most - 1) / most;
    const size_t piece = (n + n_pieces - 1) / n_pieces;

    return (piece + unit - 1) / unit * unit;
}

/* Blocks in use, and blocks ever handed out: what tests of leaks and of steady state
 * count. */
size_t tvi_live_blocks(void);
size_t tvi_blocks_allocated(void);

#endif
