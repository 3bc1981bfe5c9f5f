/* SPDX-License-Identifier: MIT */
#include "base/normal.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#define PASTE(name, isa) name##_##isa
#define LEVEL_NAME(name, isa) PASTE(name, isa)

/* Philox 4x32-10 (Salmon et al. 2011), one block a lane; Random123's own code does not
 * become vector instructions. The words equal Random123's. */
static void philox_lanes(uint64_t seed, uint32_t purpose, uint64_t index,
                         uint32_t first_block, uint32_t words[4][TVI_NORMAL_BLOCKS])
{
    for (uint32_t lane = 0; lane < TVI_NORMAL_BLOCKS; lane++) {
        uint32_t c0 = first_block + lane, c1 = (uint32_t)index;
        uint32_t c2 = (uint32_t)(index >> 32), c3 = purpose;
        uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);

        for (int round = 0; round < 10; round++) {
            const uint64_t product_0 = (uint64_t)c0 * 0xD2511F53u;
            const uint64_t product_1 = (uint64_t)c2 * 0xCD9E8D57u;

            c0 = (uint32_t)(product_1 >> 32) ^ c1 ^ k0;
            c1 = (uint32_t)product_1;
            c2 = (uint32_t)(product_0 >> 32) ^ c3 ^ k1;
            c3 = (uint32_t)product_0;
            k0 += 0x9E3779B9u;
            k1 += 0xBB67AE85u;
        }
        words[0][lane] = c0;
        words[1][lane] = c1;
        words[2][lane] = c2;
        words[3][lane] = c3;
    }
}

static inline uint32_t float_bits(float x)
{
    uint32_t bits;

    memcpy(&bits, &x, sizeof bits);
    return bits;
}

static inline float bits_float(uint32_t bits)
{
    float x;

    memcpy(&x, &bits, sizeof x);
    return x;
}

/* log(x) for normal x > 0, within 2 ulp: x = 2^e m, m in [sqrt(1/2), sqrt(2)). */
static inline float log_normal_range(float x)
{
    const uint32_t root_half = 0x3f3504f3u;
    const int32_t e = (int32_t)(float_bits(x) - root_half) >> 23;
    const float f = bits_float(float_bits(x) - ((uint32_t)e << 23)) - 1.0f;
    const float q = f * f, exponent = (float)e;
    float p = 7.0376836292e-2f;

    p = p * f - 1.1514610310e-1f;
    p = p * f + 1.1676998740e-1f;
    p = p * f - 1.2420140846e-1f;
    p = p * f + 1.4249322787e-1f;
    p = p * f - 1.6668057665e-1f;
    p = p * f + 2.0000714765e-1f;
    p = p * f - 2.4999993993e-1f;
    p = p * f + 3.3333331174e-1f;
    p = p * f * q + exponent * -2.12194440e-4f - 0.5f * q;
    return f + p + exponent * 0.693359375f;
}

/* Sine and cosine of word / 2^32 of a turn (its top 24 bits): the nearest quarter turn is
 * split off in integers, exactly. */
static inline void sine_cosine(uint32_t word, float *sine, float *cosine)
{
    const uint32_t fraction = word >> 8;
    const uint32_t quarter = (fraction + (1u << 21)) >> 22;
    const float x = (float)(int32_t)(fraction - (quarter << 22)) * 3.74507028e-7f;
    const float q = x * x;
    const float s =
        x + x * q * (-1.6666654611e-1f + q * (8.3321608736e-3f + q * -1.9515295891e-4f));
    const float c = 1.0f - 0.5f * q +
                    q * q *
                        (4.166664568298827e-2f +
                         q * (-1.388731625493765e-3f + q * 2.443315711809948e-5f));
    const uint32_t sine_sign = (quarter & 2) << 30, cosine_sign = ((quarter + 1) & 2)
                                                                  << 30;

    *sine = bits_float(float_bits(quarter & 1 ? c : s) ^ sine_sign);
    *cosine = bits_float(float_bits(quarter & 1 ? s : c) ^ cosine_sign);
}

/* Box-Muller on words 2 pair and 2 pair + 1 of every block. */
static void draw_pairs(const uint32_t *radius_words, const uint32_t *angle_words,
                       float *draws)
{
    for (size_t lane = 0; lane < TVI_NORMAL_BLOCKS; lane++) {
        const float uniform =
            ((float)(int32_t)(radius_words[lane] >> 8) + 0.5f) * 0x1p-24f;
        const float radius = sqrtf(-2.0f * log_normal_range(uniform));
        float sine, cosine;

        sine_cosine(angle_words[lane], &sine, &cosine);
        draws[4 * lane] = radius * cosine;
        draws[4 * lane + 1] = radius * sine;
    }
}

void LEVEL_NAME(tvi_normal_blocks, TVI_ISA)(uint64_t seed, uint32_t purpose,
                                            uint64_t index, uint32_t first_block,
                                            float draws[TVI_NORMAL_DRAWS])
{
    uint32_t words[4][TVI_NORMAL_BLOCKS];

    philox_lanes(seed, purpose, index, first_block, words);
    draw_pairs(words[0], words[1], draws);
    draw_pairs(words[2], words[3], draws + 2);
}
