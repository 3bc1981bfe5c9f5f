/* SPDX-License-Identifier: MIT */
#ifndef TVI_TENSOR_TENSOR_H
#define TVI_TENSOR_TENSOR_H

#include <stdbool.h>

#include <tvae/tensor.h>

#include "base/refcount.h"

struct tvae_tensor {
    tvi_refcount references;
    int32_t rank;
    size_t shape[TVAE_MAX_RANK];
    size_t count;
    float *data;
    float *owned;      /* the block to free, or NULL */
    tvae_tensor *base; /* the tensor a view looks into, or NULL */
};

/* Room for any shape's text. */
enum { TVI_SHAPE_TEXT = 192 };

/* "[8, 18, 3, 28, 28]" into `text`; returns `text`. */
const char *tvi_shape_text(int32_t rank, const size_t *shape, char text[TVI_SHAPE_TEXT]);

/* Is the tensor's shape exactly this one? */
bool tvi_tensor_has_shape(const tvae_tensor *tensor, int32_t rank, const size_t *shape);

/* TVAE_OK if so; else TVAE_E_SHAPE with "<call>: <name> is [got], want [wanted]", or
 * TVAE_E_INVALID for NULL. */
tvae_status tvi_tensor_check(const tvae_tensor *tensor, int32_t rank, const size_t *shape,
                             const char *call, const char *name);

/* Index of the first element that is NaN or infinite, or `count`. */
size_t tvi_first_non_finite(const float *values, size_t count);

#endif
