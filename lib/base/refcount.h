/* SPDX-License-Identifier: MIT */
#ifndef TVI_BASE_REFCOUNT_H
#define TVI_BASE_REFCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>

/* The count inside every shared handle; starts at one. */
typedef struct tvi_refcount {
    atomic_uint count;
} tvi_refcount;

static inline void tvi_refcount_init(tvi_refcount *references)
{
    atomic_init(&references->count, 1);
}

static inline void tvi_refcount_retain(tvi_refcount *references)
{
    atomic_fetch_add_explicit(&references->count, 1, memory_order_relaxed);
}

/* True when the last reference is gone: the caller then frees the object. */
static inline bool tvi_refcount_release(tvi_refcount *references)
{
    return atomic_fetch_sub_explicit(&references->count, 1, memory_order_acq_rel) == 1;
}

#endif
