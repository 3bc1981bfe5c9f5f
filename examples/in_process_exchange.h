/* SPDX-License-Identifier: MIT */
#ifndef IN_PROCESS_EXCHANGE_H
#define IN_PROCESS_EXCHANGE_H

#include <tvae/exchange.h>

/* An exchange whose ranks are threads of one process: what a host application writes that
 * has an engine of its own, here the simplest one. Who comes last to a collective does
 * the work for all. Sums are made in the order of the ranks, so that they are the same in
 * every run; those of bfloat16 in float, rounded once. */
typedef struct in_process_group in_process_group;

/* NULL: no memory, or n_ranks < 1. */
in_process_group *in_process_group_create(int32_t n_ranks);

/* When no rank is in a function of its table any more; accepts NULL. */
void in_process_group_destroy(in_process_group *group);

/* Fill the table of a rank, 0 to n_ranks - 1, which one thread at a time uses. */
void in_process_group_table(in_process_group *group, int32_t rank, tvae_exchange *table);

/* The rank has died, and the others learn of it as they would from a network: what cannot
 * be completed without it fails with TVAE_E_IO at once, not at its time limit. */
void in_process_group_leave(in_process_group *group, int32_t rank);

#endif
