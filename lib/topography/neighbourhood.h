/* SPDX-License-Identifier: MIT */
#ifndef TVI_TOPOGRAPHY_NEIGHBOURHOOD_H
#define TVI_TOPOGRAPHY_NEIGHBOURHOOD_H

#include <tvae/topography.h>

#include "base/refcount.h"

/* Neighbourhoods never change once created; a prior copies the weights it trains. */
struct tvae_neighbourhood {
    tvi_refcount references;
    size_t n_offsets;
    int64_t *offsets; /* [n_offsets, TVAE_OFFSET_AXES] */
    float *weights;   /* [n_offsets] */
};

#endif
