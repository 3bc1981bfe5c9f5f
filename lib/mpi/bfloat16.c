/* SPDX-License-Identifier: MIT */
#include "mpi/bfloat16.h"

#include <stdint.h>
#include <string.h>

static float widen(uint16_t value)
{
    const uint32_t bits = (uint32_t)value << 16;
    float wide;

    memcpy(&wide, &bits, sizeof wide);
    return wide;
}

/* Round to nearest even. The carry of a finite number may run into the exponent, which is
 * what rounding up to infinity is; that of a NaN would make something else of it, so it
 * is cut off instead, and made quiet, lest nothing of its significand is left. */
static uint16_t narrow(float value)
{
    uint32_t bits, rounded, nan;

    memcpy(&bits, &value, sizeof bits);
    rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
    nan = bits >> 16 | 0x40;
    return (uint16_t)((int32_t)(bits & 0x7fffffff) > 0x7f800000 ? nan : rounded);
}

void tvi_mpi_add_bfloat16(void *values, void *sums, int *n_values, MPI_Datatype *type)
{
    const uint16_t *restrict added = values;
    uint16_t *restrict sum = sums;
    const int n = *n_values;

    (void)type;
    for (int i = 0; i < n; i++)
        sum[i] = narrow(widen(added[i]) + widen(sum[i]));
}
