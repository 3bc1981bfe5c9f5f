/* SPDX-License-Identifier: MIT */
#include "scarce_memory.h"

#include "base/memory.h"
#include "support.h"

size_t allocations_left;

void *alloc_some(void *user, size_t bytes, size_t align)
{
    if (allocations_left == 0)
        return NULL;
    allocations_left--;
    return alloc_any(user, bytes, align);
}

void assert_survives_scarce_memory(tvae_status (*use)(void), size_t least)
{
    const tvae_allocator some = {sizeof some, NULL, alloc_some, release_any};
    tvae_status st = TVAE_E_NOMEM;
    size_t n_allowed;

    ASSERT_OK(tvae_set_allocator(&some));
    for (n_allowed = 0; st != TVAE_OK; n_allowed++) {
        allocations_left = n_allowed;
        st = use();
        ck_assert_uint_eq(tvi_live_blocks(), 0);
        ck_assert_msg(st == TVAE_OK || st == TVAE_E_NOMEM, "got %s after %zu blocks",
                      tvae_status_name(st), n_allowed);
    }
    ck_assert_uint_gt(n_allowed, least);
}
