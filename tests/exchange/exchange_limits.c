/* SPDX-License-Identifier: MIT */
/* What a rank is told when another one stays away. */
#include "exchange_checks.h"

#include "exchange_support.h"

static const double limit = 0.3, slack = 1.0;

static tvae_status sum_once(const tvae_exchange *t, float *values)
{
    void *request = NULL;
    const tvae_status st =
        t->sum_start(t->user, values, 1, TVAE_EXCHANGE_FLOAT32, &request);

    return st == TVAE_OK ? t->sum_wait(t->user, request, limit) : st;
}

static tvae_status gather_once(const tvae_exchange *t, float *values)
{
    static const size_t counts[] = {1, 1, 1, 1, 1, 1, 1, 1};

    return t->gather(t->user, values, counts, values + 1, TVAE_EXCHANGE_FLOAT32, limit);
}

static tvae_status broadcast_once(const tvae_exchange *t, float *values)
{
    return t->broadcast(t->user, values, 1, TVAE_EXCHANGE_FLOAT32, t->n_ranks - 1, limit);
}

static tvae_status barrier_once(const tvae_exchange *t, float *values)
{
    (void)values;
    return t->barrier(t->user, limit);
}

static bool has_a_limit(exchange_check *c,
                        tvae_status (*call)(const tvae_exchange *, float *))
{
    static float values[16]; /* the exchange may write there for ever after */
    const tvae_exchange *const t = c->table;
    double start, took;

    if (t->rank == t->n_ranks - 1)
        return true;
    start = seconds_now();
    if (!expect_status(c, "a call without the last rank", call(t, values),
                       TVAE_E_TIMEOUT))
        return false;
    took = seconds_now() - start;
    if (!(took >= 0.9 * limit && took <= limit + slack))
        return fail_check(c, "the time of a call with a limit", took, limit);
    if (!*t->last_error(t->user))
        return fail_check(c, "the length of last_error", 0, 1);
    return expect_status(c, "a call after a failure", barrier_once(t, values),
                         TVAE_E_STATE) &&
           expect_status(c, "a call after a failure", sum_once(t, values), TVAE_E_STATE);
}

bool check_sum_has_a_time_limit(exchange_check *check)
{
    return has_a_limit(check, sum_once);
}

bool check_gather_has_a_time_limit(exchange_check *check)
{
    return has_a_limit(check, gather_once);
}

bool check_broadcast_has_a_time_limit(exchange_check *check)
{
    return has_a_limit(check, broadcast_once);
}

bool check_barrier_has_a_time_limit(exchange_check *check)
{
    return has_a_limit(check, barrier_once);
}

const named_check limit_checks[N_LIMIT_CHECKS] = {
    EXCHANGE_CHECK(sum_has_a_time_limit),
    EXCHANGE_CHECK(gather_has_a_time_limit),
    EXCHANGE_CHECK(broadcast_has_a_time_limit),
    EXCHANGE_CHECK(barrier_has_a_time_limit),
};
