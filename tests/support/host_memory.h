/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_HOST_MEMORY_H
#define TVAE_TESTS_HOST_MEMORY_H

#include <stddef.h>

/* A host's allocator (tvae_set_allocator()) on malloc's heap, for those of tests that
 * count or refuse first. */
void *alloc_any(void *user, size_t bytes, size_t align);
void release_any(void *user, void *memory, size_t bytes);

#endif
