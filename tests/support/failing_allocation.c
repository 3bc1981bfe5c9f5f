/* SPDX-License-Identifier: MIT */
#include "failing_allocation.h"

#include <stdatomic.h>

#include "host_memory.h"

static atomic_long n_asked, failing;

static void *alloc_but_one(void *user, size_t bytes, size_t align)
{
    if (atomic_fetch_add(&n_asked, 1) + 1 == atomic_load(&failing))
        return NULL;
    return alloc_any(user, bytes, align);
}

const tvae_allocator failing_allocator = {
    .size = sizeof failing_allocator, .alloc = alloc_but_one, .release = release_any};

void fail_allocation(long k)
{
    atomic_store(&failing, k);
    atomic_store(&n_asked, 0);
}

long count_allocations(void)
{
    return atomic_load(&n_asked);
}
