/* SPDX-License-Identifier: MIT */
#include "host_memory.h"

#include <stdlib.h>

void *alloc_any(void *user, size_t bytes, size_t align)
{
    (void)user;
    return aligned_alloc(align, (bytes + align - 1) / align * align);
}

void release_any(void *user, void *memory, size_t bytes)
{
    (void)user;
    (void)bytes;
    free(memory);
}
