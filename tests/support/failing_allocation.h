/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_FAILING_ALLOCATION_H
#define TVAE_TESTS_FAILING_ALLOCATION_H

#include <tvae/base.h>

/* An allocator that refuses one allocation and grants those before and after it, from
 * whatever thread they come. */
extern const tvae_allocator failing_allocator;

/* Refuse the k-th allocation from now on, counting from 1; 0: none. */
void fail_allocation(long k);

/* How many allocations there were since then. */
long count_allocations(void);

#endif
