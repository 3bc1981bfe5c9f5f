/* SPDX-License-Identifier: MIT */
#ifndef TVI_KERNEL_MOMENTUM_H
#define TVI_KERNEL_MOMENTUM_H

#include "kernel/vector.h"

/* One step of momentum SGD (SPEC section 1) on a vector of a weight: the same operations
 * wherever it is taken, so that a step that was put off leaves the bits of one that was
 * not. */
TVI_INLINE void tvi_momentum_step(float rate, float momentum, tvi_vector gradient,
                                  tvi_vector *buffer, tvi_vector *value)
{
    *buffer = momentum * *buffer + gradient;
    *value = *value - rate * *buffer;
}

#endif
