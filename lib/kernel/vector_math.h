/* SPDX-License-Identifier: MIT */
#ifndef TVI_KERNEL_VECTOR_MATH_H
#define TVI_KERNEL_VECTOR_MATH_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Elementary functions without branches or calls, so that a loop around them becomes
 * vector instructions. */

/* Before a loop: equal pointers are the only overlap, so its iterations are independent.
 */
#if defined(__clang__)
#define TVI_INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define TVI_INDEPENDENT _Pragma("GCC ivdep")
#else
#define TVI_INDEPENDENT
#endif

static inline uint32_t tvi_float_bits(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float tvi_bits_float(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* exp(x), within 2 ulp; infinite above 88.72, denormal below -87.33, zero below -103.97,
 * NaN for NaN. x = n log 2 + r, |r| <= log(2) / 2; adding 1.5 * 2^23 rounds to the
 * integer n and leaves it in the low bits; 2^n is applied in two halves, so that neither
 * overflows. */
static inline float tvi_exp(float x)
{
    const float shift = 12582912.0f;
    const float over = x > 89.0f ? 89.0f : x;
    const float bounded = over < -104.0f ? -104.0f : over;
    const float shifted = bounded * 1.44269504f + shift;
    const float n = shifted - shift;
    const int32_t whole = (int32_t)(tvi_float_bits(shifted) - tvi_float_bits(shift));
    const int32_t half = whole >> 1;
    const float scale_1 = tvi_bits_float((uint32_t)(half + 127) << 23);
    const float scale_2 = tvi_bits_float((uint32_t)(whole - half + 127) << 23);
    const float r = (bounded - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = 1.9875691500e-4f;

    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    return ((p * r) * r + r + 1.0f) * scale_1 * scale_2;
}

/* log(1 + t) for t in [0, 1], within 2 ulp: 2 artanh(s), s = t / (2 + t) <= 1/3. */
static inline float tvi_log1p_unit(float t)
{
    const float s = t / (2.0f + t), q = s * s;
    float p = 2.0f / 15.0f;

    p = p * q + 2.0f / 13.0f;
    p = p * q + 2.0f / 11.0f;
    p = p * q + 2.0f / 9.0f;
    p = p * q + 2.0f / 7.0f;
    p = p * q + 2.0f / 5.0f;
    p = p * q + 2.0f / 3.0f;
    return 2.0f * s + (p * q) * s;
}

/* Terms a sum adds in float before it goes to double. */
enum { TVI_SUM_BLOCK = 256 };

/* Terms of the next block when `left` remain. */
static inline size_t tvi_block_size(size_t left)
{
    return left < TVI_SUM_BLOCK ? left : TVI_SUM_BLOCK;
}

/* Sum of a block of terms, halving it down to 16 lanes: the order is the same for every
 * vector width. Terms are overwritten. */
static inline double tvi_fold_block(float term[TVI_SUM_BLOCK])
{
    double sum = 0.0;

    for (size_t width = TVI_SUM_BLOCK / 2; width >= 16; width /= 2)
        for (size_t i = 0; i < width; i++)
            term[i] += term[i + width];
    for (size_t i = 0; i < 16; i++)
        sum += (double)term[i];
    return sum;
}

#endif
