/* SPDX-License-Identifier: MIT */
#include "data/numpy_split.h"

enum { STATE_WORDS = 624, STATE_SHIFT = 397 };

/* MT19937 (Matsumoto and Nishimura 1998). */
typedef struct mersenne_twister {
    uint32_t state[STATE_WORDS];
    size_t position;
} mersenne_twister;

static void seed_twister(mersenne_twister *twister, uint32_t seed)
{
    twister->state[0] = seed;
    for (uint32_t i = 1; i < STATE_WORDS; i++) {
        const uint32_t last = twister->state[i - 1];

        twister->state[i] = 1812433253u * (last ^ (last >> 30)) + i;
    }
    twister->position = STATE_WORDS;
}

static void renew_state(uint32_t state[STATE_WORDS])
{
    for (size_t i = 0; i < STATE_WORDS; i++) {
        const uint32_t joined =
            (state[i] & 0x80000000u) | (state[(i + 1) % STATE_WORDS] & 0x7fffffffu);

        state[i] = state[(i + STATE_SHIFT) % STATE_WORDS] ^ (joined >> 1) ^
                   (joined & 1u ? 0x9908b0dfu : 0u);
    }
}

static uint32_t next_word(mersenne_twister *twister)
{
    uint32_t word;

    if (twister->position == STATE_WORDS) {
        renew_state(twister->state);
        twister->position = 0;
    }
    word = twister->state[twister->position++];
    word ^= word >> 11;
    word ^= word << 7 & 0x9d2c5680u;
    word ^= word << 15 & 0xefc60000u;
    return word ^ word >> 18;
}

/* Uniform in 0 .. last: words under the smallest mask that covers `last` are redrawn
 * until one fits, as NumPy does. */
static uint32_t next_up_to(mersenne_twister *twister, uint32_t last)
{
    uint32_t mask = last, value;

    for (uint32_t shift = 1; shift <= 16; shift *= 2)
        mask |= mask >> shift;
    do
        value = next_word(twister) & mask;
    while (value > last);
    return value;
}

void tvi_numpy_shuffle(uint32_t seed, size_t n, uint32_t *order)
{
    mersenne_twister twister;

    seed_twister(&twister, seed);
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;
    for (size_t i = n; i-- > 1;) {
        const uint32_t j = next_up_to(&twister, (uint32_t)i), moved = order[i];

        order[i] = order[j];
        order[j] = moved;
    }
}
