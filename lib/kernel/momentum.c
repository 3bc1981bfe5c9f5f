/* SPDX-License-Identifier: MIT */
#include "kernel/momentum.h"
#include "kernel/level.h"

/* Steps that a row of a weight has missed. */

enum { LANES = TVI_LANES, AT_ONCE = 4 };

#define UNROLL _Pragma("GCC unroll 4")

/* All steps of a few vectors while they are in registers: each waits for the one before,
 * so that several vectors take no longer than one. */
TVI_INLINE void replay_vectors(size_t n_vectors, size_t n_steps, const float *rates,
                               float momentum, float *buffer, float *value)
{
    const tvi_vector none = {0};
    tvi_vector buffers[AT_ONCE], values[AT_ONCE];

    UNROLL
    for (size_t v = 0; v < n_vectors; v++) {
        buffers[v] = tvi_load(buffer + v * LANES);
        values[v] = tvi_load(value + v * LANES);
    }
    for (size_t step = 0; step < n_steps; step++) {
        UNROLL
        for (size_t v = 0; v < n_vectors; v++)
            tvi_momentum_step(rates[step], momentum, none, &buffers[v], &values[v]);
    }
    UNROLL
    for (size_t v = 0; v < n_vectors; v++) {
        tvi_store(buffer + v * LANES, buffers[v]);
        tvi_store(value + v * LANES, values[v]);
    }
}

static void replay(size_t n, size_t n_steps, const float *rates, float momentum,
                   float *buffer, float *value)
{
    size_t i = 0;

    for (; i + AT_ONCE * LANES <= n; i += AT_ONCE * LANES)
        replay_vectors(AT_ONCE, n_steps, rates, momentum, buffer + i, value + i);
    for (; i < n; i += LANES)
        replay_vectors(1, n_steps, rates, momentum, buffer + i, value + i);
}

void TVI_LEVEL_NAME(tvi_set_momentum, TVI_ISA)(tvi_kernels *t)
{
    t->replay = replay;
}
