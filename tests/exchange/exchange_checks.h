/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_EXCHANGE_CHECKS_H
#define TVAE_TESTS_EXCHANGE_CHECKS_H

#include <stdbool.h>

#include <tvae/exchange.h>

/* What every exchange has to do, whatever is behind its table. All ranks make the same
 * check at the same time. Nothing here belongs to a test framework: ranks may be threads
 * or processes. */
typedef struct exchange_check {
    const tvae_exchange *table;
    char failure[256]; /* the first one: what was got, and what wanted */
} exchange_check;

/* Each returns whether all was well on this rank. */
typedef bool exchange_check_function(exchange_check *check);

exchange_check_function check_sums_are_exact;
exchange_check_function check_bfloat16_is_rounded_to_nearest_even;
exchange_check_function check_ranks_get_the_same_bits;
exchange_check_function check_many_sums_are_under_way;
exchange_check_function check_gather_puts_parts_together;
exchange_check_function check_broadcast_reaches_all_from_each_root;
exchange_check_function check_barrier_waits_for_the_last;
exchange_check_function check_sums_go_on_while_nobody_calls; /* where threads may call */

/* The last rank stays away: the others are told so in time, and of a broken exchange
 * from then on. Each needs an exchange of its own. */
exchange_check_function check_sum_has_a_time_limit;
exchange_check_function check_gather_has_a_time_limit;
exchange_check_function check_broadcast_has_a_time_limit;
exchange_check_function check_barrier_has_a_time_limit;

#define EXCHANGE_CHECK(name) \
    {                        \
#name, check_##name  \
    }

typedef struct named_check {
    const char *name;
    exchange_check_function *function;
} named_check;

enum { N_WHOLE_CHECKS = 8, N_LIMIT_CHECKS = 4 };
extern const named_check whole_checks[N_WHOLE_CHECKS];
extern const named_check limit_checks[N_LIMIT_CHECKS];

#endif
