/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_ARGUMENTS_HARNESS_H
#define TVAE_TESTS_ARGUMENTS_HARNESS_H

#include "arguments.h"

/* What the processes that call the functions share with the one that waits for them. */
struct shared {
    size_t n_calls, n_refused, n_wrong;
    char call[512]; /* what is called next */
};
extern struct shared *shared;

/* Count and print what is wrong with the call. */
void complain(const char *what, const outcome *result);

/* Call the function with valid arguments again and again, while its first, second, ...
 * allocation fails, until it needs no more. */
void refuse_allocations(const public_function *function, const choices *parameters);

#endif
