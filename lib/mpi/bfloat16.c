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
 * what rounding up to infinity is. A NaN that comes of adding two bfloat16 has nothing in
 * its lower half that could round it into something else. */
static uint16_t narrow(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
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
