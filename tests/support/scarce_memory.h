/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_SCARCE_MEMORY_H
#define TVAE_TESTS_SCARCE_MEMORY_H

#include <stddef.h>

/* The functions of an allocator (tvae_set_allocator) that gives `allocations_left` blocks and
 * refuses every one after them. */
extern size_t allocations_left;
void *alloc_some(void *user, size_t bytes, size_t align);
void release_any(void *user, void *memory, size_t bytes);

#endif
