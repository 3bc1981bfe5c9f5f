/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "kernel/level.h"
#include "kernel/vector_math.h"

/* bfloat16 is the upper half of a float: its sign, its exponent, 8 bits of significand.
 */

static uint32_t bits_of(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    return bits;
}

/* To the nearest, ties to even; what is not a number stays so. */
static void to_bfloat16(size_t n, const float *x, uint16_t *y)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = bits_of(x[i]);
        const uint32_t rounded = bits + 0x7fffu + (bits >> 16 & 1u);

        y[i] = (uint16_t)(((bits & 0x7fffffffu) > 0x7f800000u ? bits | 0x400000u
                                                              : rounded) >>
                          16);
    }
}

static void from_bfloat16(size_t n, const uint16_t *x, float *y)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const uint32_t bits = (uint32_t)x[i] << 16;

        memcpy(&y[i], &bits, sizeof bits);
    }
}

void TVI_LEVEL_NAME(tvi_set_bfloat16, TVI_ISA)(tvi_kernels *t)
{
    t->to_bfloat16 = to_bfloat16;
    t->from_bfloat16 = from_bfloat16;
}
