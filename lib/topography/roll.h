/* SPDX-License-Identifier: MIT */
#ifndef TVI_TOPOGRAPHY_ROLL_H
#define TVI_TOPOGRAPHY_ROLL_H

#include <tvae/topography.h>

#include "base/refcount.h"

/* A capsule seen from the axis that rolls: [outer, extent, inner]. */
struct tvae_roll {
    tvi_refcount references;
    size_t outer, extent, inner;
    size_t n_places;
};

/* t is whole capsules and the shifts divide the rows before them; `call` begins the
 * sentence. */
tvae_status tvi_roll_check(const tvae_roll *roll, const tvae_tensor *t,
                           const void *shifts, size_t n_shifts, const char *call);

/* Roll each [extent, inner] block by the shift, any integer; out must not overlap. */
void tvi_roll_blocks(size_t extent, size_t inner, size_t n_blocks, int64_t shift,
                     const float *t, float *out);

#endif
