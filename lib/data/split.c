/* SPDX-License-Identifier: MIT */
#include "data/split.h"

#include <string.h>

#include "base/memory.h"

tvae_status tvi_split_check(int32_t split, double test_fraction, const char *call)
{
    if (!(split >= TVAE_SPLIT_TRAIN && split <= TVAE_SPLIT_TEST))
        return tvi_fail(TVAE_E_INVALID, "%s: split is %d, want a TVAE_SPLIT, 0 to 2",
                        call, (int)split);
    if (!(test_fraction >= 0.0 && test_fraction < 1.0))
        return tvi_fail(TVAE_E_INVALID,
                        "%s: test_fraction is %g, want at least 0 and less than 1", call,
                        test_fraction);
    return TVAE_OK;
}

tvae_status tvi_split_items(const tvi_split *split, size_t n_all, const char *call,
                            uint32_t **items, size_t *n_items)
{
    const size_t n_test = (size_t)(split->test_fraction * (double)n_all);
    const bool trains = split->part == TVAE_SPLIT_TRAIN;
    const size_t n_part = trains ? n_all - n_test : n_test;
    const size_t first = trains == split->in_order ? 0 : n_all - n_part;
    uint32_t *order;
    tvi_rng rng;

    if (n_part == 0)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: test_fraction %g of %zu sequences leaves none in this "
                        "split, want at least one",
                        call, split->test_fraction, n_all);
    order = tvi_alloc_array(n_all, sizeof *order);
    if (!order)
        return TVAE_E_NOMEM;
    for (size_t i = 0; i < n_all; i++)
        order[i] = (uint32_t)i;
    tvi_rng_init(&rng, split->seed, TVI_RNG_SPLIT, 0);
    if (!split->in_order)
        tvi_shuffle(&rng, order, n_all);
    memmove(order, order + first, n_part * sizeof *order);
    *items = order;
    *n_items = n_part;
    return TVAE_OK;
}
