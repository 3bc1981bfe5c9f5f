/* SPDX-License-Identifier: MIT */
#include "io/name_hash.h"

#include <string.h>
#include <sys/random.h>
#include <time.h>

enum { WORD_BYTES = 8, N_ROUNDS = 2, N_LAST_ROUNDS = 4 };

typedef struct sip_state {
    uint64_t v0, v1, v2, v3;
} sip_state;

static uint64_t rotate(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static void mix(sip_state *s, int n_rounds)
{
    for (int i = 0; i < n_rounds; i++) {
        s->v0 += s->v1;
        s->v2 += s->v3;
        s->v1 = rotate(s->v1, 13) ^ s->v0;
        s->v3 = rotate(s->v3, 16) ^ s->v2;
        s->v0 = rotate(s->v0, 32) + s->v3;
        s->v2 += s->v1;
        s->v1 = rotate(s->v1, 17) ^ s->v2;
        s->v3 = rotate(s->v3, 21) ^ s->v0;
        s->v2 = rotate(s->v2, 32);
    }
}

static void absorb(sip_state *s, uint64_t word)
{
    s->v3 ^= word;
    mix(s, N_ROUNDS);
    s->v0 ^= word;
}

uint64_t tvi_name_hash(tvi_hash_key key, const void *bytes, size_t n_bytes)
{
    sip_state s = {key.low ^ 0x736f6d6570736575u, key.high ^ 0x646f72616e646f6du,
                   key.low ^ 0x6c7967656e657261u, key.high ^ 0x7465646279746573u};
    const unsigned char *next = bytes;
    size_t n_left = n_bytes;
    uint64_t word;

    for (; n_left >= WORD_BYTES; n_left -= WORD_BYTES, next += WORD_BYTES) {
        memcpy(&word, next, WORD_BYTES);
        absorb(&s, word);
    }
    word = (uint64_t)n_bytes << 56;
    for (size_t i = 0; i < n_left; i++)
        word |= (uint64_t)next[i] << (8 * i);
    absorb(&s, word);
    s.v2 ^= 0xff;
    mix(&s, N_LAST_ROUNDS);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

tvi_hash_key tvi_hash_key_draw(void)
{
    tvi_hash_key key;
    struct timespec now = {0};

    if (getrandom(&key, sizeof key, GRND_NONBLOCK) == (ssize_t)sizeof key)
        return key;
    /* early at boot, or an old kernel: better than a key that everyone knows */
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (tvi_hash_key){(uint64_t)now.tv_nsec, (uint64_t)now.tv_sec};
}
