/* SPDX-License-Identifier: MIT */
#include "failing_allocation.h"

#include <stdatomic.h>
#include <stdlib.h>

static atomic_long n_asked, failing;

static void *alloc_but_one(void *user, size_t bytes, size_t align)
{
    (void)user;
    if (atomic_fetch_add(&n_asked, 1) + 1 == atomic_load(&failing))
        return NULL;
    return aligned_alloc(align, (bytes + align - 1) / align * align);
}

static void release(void *user, void *memory, size_t bytes)
{
    (void)user;
    (void)bytes;
    free(memory);
}

const tvae_allocator failing_allocator = {
    .size = sizeof failing_allocator, .alloc = alloc_but_one, .release = release};

void fail_allocation(long k)
{
    atomic_store(&failing, k);
    atomic_store(&n_asked, 0);
}

long count_allocations(void)
{
    return atomic_load(&n_asked);
}
