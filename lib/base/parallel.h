/* SPDX-License-Identifier: MIT */
#ifndef TVI_BASE_PARALLEL_H
#define TVI_BASE_PARALLEL_H

#include <stddef.h>

#include "base/error.h"

/* The library's one pool of threads, sized by tvae_set_threads(); one thread until then.
 */

/* One part of a loop: items begin .. end - 1. */
typedef void (*tvi_range_body)(void *context, size_t begin, size_t end);

/* Run the body over 0 .. n_items - 1, split into one contiguous range a thread, the
 * calling thread included; ranges are multiples of `grain` but the last, and fixed for a
 * given thread count. Called from inside a body, or while another host thread has the
 * pool, it runs the whole loop on the calling thread, in the same ranges, one after the
 * other. Bodies run in the mode of
 * base/float_mode.h: denormal numbers count as zero there. */
void tvi_parallel_for(size_t n_items, size_t grain, tvi_range_body body, void *context);

/* Threads of the pool, the calling one included. */
size_t tvi_thread_count(void);

#endif
