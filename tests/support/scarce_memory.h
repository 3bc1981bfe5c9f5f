/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_SCARCE_MEMORY_H
#define TVAE_TESTS_SCARCE_MEMORY_H

#include <stddef.h>

#include <tvae/base.h>

#include "host_memory.h"

/* Of an allocator (with release_any()) that gives `allocations_left` blocks and refuses
 * every one after them. */
extern size_t allocations_left;
void *alloc_some(void *user, size_t bytes, size_t align);

/* Call `use`, which owns nothing before and after, with 0, 1, 2.. blocks until it
 * succeeds: each time it must leave no block, and fail with TVAE_E_NOMEM alone. It must
 * need at least `least` blocks, so that a sweep over nothing does not pass. */
void assert_survives_scarce_memory(tvae_status (*use)(void), size_t least);

#endif
