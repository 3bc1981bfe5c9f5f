/* SPDX-License-Identifier: MIT */
#include "base/rng.h"

#include <string.h>

#include <Random123/philox.h>
#include <tvae/base.h>

#include "base/cpu.h"
#include "base/normal.h"

static void philox_block(uint64_t seed, uint32_t purpose, uint64_t index, uint32_t block,
                         uint32_t words[4])
{
    const philox4x32_ctr_t counter = {
        {block, (uint32_t)index, (uint32_t)(index >> 32), purpose}};
    const philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
    const philox4x32_ctr_t result = philox4x32(counter, key);

    memcpy(words, result.v, sizeof result.v);
}

void tvi_rng_init(tvi_rng *rng, uint64_t seed, tvi_rng_purpose purpose, uint64_t index)
{
    memset(rng, 0, sizeof *rng);
    rng->seed = seed;
    rng->index = index;
    rng->purpose = (uint32_t)purpose;
}

uint32_t tvi_rng_word(tvi_rng *rng)
{
    const uint32_t place = rng->position % 4;

    if (place == 0)
        philox_block(rng->seed, rng->purpose, rng->index, rng->position / 4, rng->words);
    rng->position++;
    return rng->words[place];
}

uint32_t tvi_rng_below(tvi_rng *rng, uint32_t n)
{
    const uint32_t limit =
        (uint32_t)(-n) % n; /* 2^32 mod n: words below it are redrawn */
    uint32_t word;

    do
        word = tvi_rng_word(rng);
    while (word < limit);
    return word % n;
}

double tvi_rng_uniform(tvi_rng *rng)
{
    const uint64_t high = tvi_rng_word(rng) >> 5, low = tvi_rng_word(rng) >> 6;

    return (double)(high << 26 | low) * 0x1p-53;
}

void tvi_rng_fill_uniform(uint64_t seed, tvi_rng_purpose purpose, uint64_t index,
                          float low, float high, size_t n_values, float *values)
{
    uint32_t words[4];

    for (size_t i = 0; i < n_values; i++) {
        if (i % 4 == 0)
            philox_block(seed, (uint32_t)purpose, index, (uint32_t)(i / 4), words);
        values[i] = low + (high - low) * ((float)(words[i % 4] >> 8) * 0x1p-24f);
    }
}

tvi_normal_function tvi_normal_function_at(int level)
{
    if (level < TVAE_KERNEL_PORTABLE || level > tvi_machine_level())
        return NULL;
#if defined(__x86_64__) || defined(__i386__)
    if (level == TVAE_KERNEL_AVX512)
        return tvi_normal_blocks_avx512;
    if (level == TVAE_KERNEL_AVX2)
        return tvi_normal_blocks_avx2;
#endif
    return tvi_normal_blocks_portable;
}

/* Draws 4k .. 4k+3 come from block k: two Box-Muller pairs of 32-bit words. */
void tvi_rng_fill_normal(uint64_t seed, tvi_rng_purpose purpose, uint64_t index,
                         size_t first, size_t n_values, float *values)
{
    const tvi_normal_function draw = tvi_normal_function_at(tvi_kernel_level());
    float draws[TVI_NORMAL_DRAWS];
    size_t done = 0;

    while (done < n_values) {
        const size_t at = first + done, place = at % 4, left = n_values - done;
        const size_t n =
            left < TVI_NORMAL_DRAWS - place ? left : TVI_NORMAL_DRAWS - place;

        draw(seed, (uint32_t)purpose, index, (uint32_t)(at / 4), draws);
        memcpy(values + done, draws + place, n * sizeof *values);
        done += n;
    }
}
