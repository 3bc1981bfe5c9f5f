/* SPDX-License-Identifier: MIT */
#ifndef TVI_DATA_NUMPY_SPLIT_H
#define TVI_DATA_NUMPY_SPLIT_H

#include <stddef.h>
#include <stdint.h>

/* order = 0 .. n - 1 as NumPy's RandomState(seed).shuffle() leaves it (the legacy
 * generator, whose stream NumPy promises to keep), so that a seed gives the reference's
 * split. */
void tvi_numpy_shuffle(uint32_t seed, size_t n, uint32_t *order);

#endif
