/* SPDX-License-Identifier: MIT */
#ifndef TVI_EXCHANGE_SHARED_H
#define TVI_EXCHANGE_SHARED_H

#include "exchange/exchange.h"

/* Sums in memory that all ranks share, where all of them run on one machine: each rank
 * has a segment of it, adds up its part of the values out of all segments, and writes
 * the sums to all of them. That moves each value half as often as messages do. */
typedef struct tvi_shared tvi_shared;

/* A collective. *out stays NULL, with TVAE_OK, where the ranks cannot share memory: they
 * are on several machines (or in several networks of one, which stand for such), or the
 * system has none to share. `bytes` is the size of a segment. */
tvae_status tvi_shared_create(tvi_exchange *exchange, size_t bytes, tvi_shared **out,
                              const char *call);

/* Not a collective: those who still use it keep it. */
void tvi_shared_destroy(tvi_shared **shared);

/* This rank's segment. */
void *tvi_shared_segment(const tvi_shared *shared);

/* Values at `at` .. of this rank's segment, the same places on all ranks, are written;
 * sums begin and are waited for in one order everywhere, from 0 on at every step. */
typedef struct tvi_shared_sum {
    size_t at, n_values; /* of the type, from the segment's begin */
    bool is_bfloat16;
    uint64_t number; /* of all sums so far */
} tvi_shared_sum;

void tvi_shared_offer(tvi_shared *shared, tvi_shared_sum *sum);
/* Have all ranks offered it by now? */
bool tvi_shared_is_offered(const tvi_shared *shared, const tvi_shared_sum *sum);
/* Add up this rank's part, once all have offered. */
tvae_status tvi_shared_add(tvi_shared *shared, const tvi_shared_sum *sum,
                           const char *call);
/* Wait until all have added up theirs. */
tvae_status tvi_shared_wait(tvi_shared *shared, const tvi_shared_sum *sum,
                            const char *call);

#endif
