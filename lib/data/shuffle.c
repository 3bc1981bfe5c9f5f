/* SPDX-License-Identifier: MIT */
#include "data/data.h"

void tvi_shuffle(tvi_rng *rng, uint32_t *values, size_t n_values)
{
    for (size_t left = n_values; left > 1; left--) {
        const size_t chosen = tvi_rng_below(rng, (uint32_t)left);
        const uint32_t kept = values[left - 1];

        values[left - 1] = values[chosen];
        values[chosen] = kept;
    }
}
