/* SPDX-License-Identifier: MIT */
#ifndef TVI_DATA_SPLIT_H
#define TVI_DATA_SPLIT_H

#include <stdbool.h>

#include "data/data.h"

/* Which items belong to a part of data that come as one: a seeded shuffle of them all,
 * whose first floor(test_fraction * n) are held out, or, `in_order`, the items as they
 * come, whose last so many are held out. */
typedef struct tvi_split {
    uint64_t seed;
    double test_fraction; /* 0 to less than 1 */
    int32_t part;         /* a TVAE_SPLIT; validation and test are the same */
    bool in_order;
} tvi_split;

/* The range of an option struct's members of these names. */
tvae_status tvi_split_check(int32_t split, double test_fraction, const char *call);

/* The part's items, `*items` [*n_items] in a block of tvi_alloc_array(); `n_all` is at
 * most UINT32_MAX. An empty part is TVAE_E_INVALID. */
tvae_status tvi_split_items(const tvi_split *split, size_t n_all, const char *call,
                            uint32_t **items, size_t *n_items);

#endif
