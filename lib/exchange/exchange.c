/* SPDX-License-Identifier: MIT */
#include "exchange/exchange.h"

#include <math.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"
#include "base/options.h"

static const tvae_exchange_options default_options = {
    .size = sizeof(tvae_exchange_options),
    .timeout_seconds = 120.0,
    .bucket_bytes = 4 << 20,
    .gradient_type = TVAE_EXCHANGE_FLOAT32,
    .row_sparse = 1,
    .shared_memory = 1,
    .factors = 1};

enum { LEAST_BUCKET = 4096, MOST_RANKS = 1 << 20 };

_Static_assert(sizeof(tvae_exchange_options) == 40, "frozen layout of release 0.1");
_Static_assert(sizeof(tvae_exchange) == 24 + 6 * sizeof(void (*)(void)),
               "frozen layout of release 0.1");

tvae_status tvae_exchange_options_init(tvae_exchange_options *options, size_t size)
{
    return tvi_options_export(options, size, sizeof default_options, &default_options,
                              sizeof default_options, "exchange_options_init");
}

tvae_status tvi_exchange_options_import(tvae_exchange_options *options,
                                        const tvae_exchange_options *source,
                                        const char *call)
{
    tvae_status st;

    *options = default_options;
    st = tvi_options_import(options, sizeof *options, sizeof *options, source, call);
    if (st != TVAE_OK)
        return st;
    if (!(options->timeout_seconds > 0.0 && options->timeout_seconds < HUGE_VAL))
        return tvi_fail(TVAE_E_INVALID,
                        "%s: timeout_seconds is %g, want a finite number above 0", call,
                        options->timeout_seconds);
    if (options->bucket_bytes < LEAST_BUCKET)
        return tvi_fail(TVAE_E_INVALID, "%s: bucket_bytes is %lld, want at least %d",
                        call, (long long)options->bucket_bytes, LEAST_BUCKET);
    if (options->gradient_type != TVAE_EXCHANGE_FLOAT32 &&
        options->gradient_type != TVAE_EXCHANGE_BFLOAT16)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: gradient_type is %d, want TVAE_EXCHANGE_FLOAT32 or "
                        "TVAE_EXCHANGE_BFLOAT16",
                        call, options->gradient_type);
    if (options->row_sparse < 0 || options->row_sparse > 1 ||
        options->shared_memory < 0 || options->shared_memory > 1 ||
        options->factors < 0 || options->factors > 1)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: row_sparse is %d, shared_memory is %d and factors is %d, "
                        "want each 0 or 1",
                        call, options->row_sparse, options->shared_memory,
                        options->factors);
    return TVAE_OK;
}

static const char *missing_function(const tvae_exchange *t)
{
    return !t->sum_start   ? "sum_start"
           : !t->sum_wait  ? "sum_wait"
           : !t->gather    ? "gather"
           : !t->broadcast ? "broadcast"
           : !t->barrier   ? "barrier"
                           : NULL;
}

tvae_status tvi_exchange_import(tvi_exchange *exchange, const tvae_exchange *source,
                                const char *call)
{
    tvae_exchange *t = &exchange->table;
    const char *missing;
    tvae_status st;

    *exchange = (tvi_exchange){.table = {.size = sizeof *t},
                               .seconds = default_options.timeout_seconds};
    if (!source)
        return tvi_fail(TVAE_E_INVALID, "%s: exchange is NULL", call);
    st = tvi_options_import(t, sizeof *t, sizeof *t, source, call);
    if (st != TVAE_OK)
        return st;
    missing = missing_function(t);
    if (missing)
        return tvi_fail(TVAE_E_INVALID, "%s: %s of the exchange is NULL", call, missing);
    if (t->n_ranks < 1 || t->n_ranks > MOST_RANKS)
        return tvi_fail(TVAE_E_INVALID, "%s: n_ranks of the exchange is %d, want 1 to %d",
                        call, t->n_ranks, MOST_RANKS);
    if (t->rank < 0 || t->rank >= t->n_ranks)
        return tvi_fail(TVAE_E_INVALID, "%s: rank of the exchange is %d, want 0 to %d",
                        call, t->rank, t->n_ranks - 1);
    exchange->counts = tvi_alloc_array((size_t)t->n_ranks, sizeof *exchange->counts);
    return exchange->counts ? TVAE_OK : TVAE_E_NOMEM;
}

void tvi_exchange_release(tvi_exchange *exchange)
{
    tvi_free(exchange->counts);
    exchange->counts = NULL;
}

/* A block that is kept. Listed, so that tools that look for lost memory find it. */
typedef struct kept_block {
    struct kept_block *next;
    void *block;
} kept_block;

static _Atomic(kept_block *) kept_blocks;

void tvi_exchange_free(const tvi_exchange *exchange, void *block)
{
    kept_block *kept;

    if (!exchange->failed || !block) {
        tvi_free(block);
        return;
    }
    kept = tvi_alloc_array(1, sizeof *kept);
    if (!kept)
        return;
    kept->block = block;
    kept->next = atomic_load(&kept_blocks);
    while (!atomic_compare_exchange_weak(&kept_blocks, &kept->next, kept))
        continue;
}

bool tvi_exchange_has_others(const tvi_exchange *exchange)
{
    return exchange && exchange->table.n_ranks > 1;
}

bool tvi_exchange_is_first(const tvi_exchange *exchange)
{
    return !exchange || exchange->table.n_ranks < 2 || exchange->table.rank == 0;
}

/* ---- collectives ---- */

static tvae_status begin(const tvi_exchange *exchange, const char *call)
{
    if (exchange->failed)
        return tvi_fail(TVAE_E_STATE,
                        "%s: the exchange with the other ranks has failed before: end "
                        "this process, and go on from the last checkpoint",
                        call);
    return TVAE_OK;
}

tvae_status tvi_exchange_give_up(tvi_exchange *exchange, const char *call)
{
    const tvae_exchange *t = &exchange->table;

    exchange->failed = true;
    return tvi_fail(TVAE_E_TIMEOUT,
                    "%s: rank %d of %d has waited %g seconds for the others: one has "
                    "died, or is slower than the time limit allows; go on from the last "
                    "checkpoint",
                    call, t->rank, t->n_ranks, exchange->seconds);
}

static tvae_status end(tvi_exchange *exchange, tvae_status st, const char *call)
{
    const tvae_exchange *t = &exchange->table;
    const char *reason = NULL;

    if (st == TVAE_OK)
        return TVAE_OK;
    exchange->failed = true;
    if (st == TVAE_E_TIMEOUT)
        return tvi_exchange_give_up(exchange, call);
    if (t->last_error)
        reason = t->last_error(t->user);
    return tvi_fail(st < TVAE_OK && st >= TVAE_E_NOT_FOUND ? st : TVAE_E_IO,
                    "%s: the exchange with the other ranks has failed on rank %d of %d: "
                    "%s",
                    call, t->rank, t->n_ranks,
                    reason && *reason ? reason : "it does not say why");
}

tvae_status tvi_exchange_sum_start(tvi_exchange *exchange, void *values, size_t n_values,
                                   int32_t type, void **request, const char *call)
{
    const tvae_exchange *t = &exchange->table;
    const tvae_status st = begin(exchange, call);

    return st != TVAE_OK
               ? st
               : end(exchange, t->sum_start(t->user, values, n_values, type, request),
                     call);
}

tvae_status tvi_exchange_sum_wait(tvi_exchange *exchange, void *request, const char *call)
{
    const tvae_exchange *t = &exchange->table;
    const tvae_status st = begin(exchange, call);

    return st != TVAE_OK
               ? st
               : end(exchange, t->sum_wait(t->user, request, exchange->seconds), call);
}

/* By the counts. */
static tvae_status gather(tvi_exchange *exchange, const void *own, void *all,
                          int32_t type, const char *call)
{
    const tvae_exchange *t = &exchange->table;
    const tvae_status st = begin(exchange, call);

    return st != TVAE_OK ? st
                         : end(exchange,
                               t->gather(t->user, own, exchange->counts, all, type,
                                         exchange->seconds),
                               call);
}

tvae_status tvi_exchange_gather_floats(tvi_exchange *exchange, const float *own,
                                       float *all, const char *call)
{
    return gather(exchange, own, all, TVAE_EXCHANGE_FLOAT32, call);
}

tvae_status tvi_exchange_gather_bytes(tvi_exchange *exchange, const void *own,
                                      size_t n_own, void *all, const char *call)
{
    for (int32_t rank = 0; rank < exchange->table.n_ranks; rank++)
        exchange->counts[rank] = n_own;
    return gather(exchange, own, all, TVAE_EXCHANGE_BYTE, call);
}

static tvae_status broadcast(tvi_exchange *exchange, void *values, size_t n_values,
                             int32_t type, int32_t root, const char *call)
{
    const tvae_exchange *t = &exchange->table;
    const tvae_status st = begin(exchange, call);

    return st != TVAE_OK ? st
                         : end(exchange,
                               t->broadcast(t->user, values, n_values, type, root,
                                            exchange->seconds),
                               call);
}

tvae_status tvi_exchange_broadcast_floats(tvi_exchange *exchange, float *values,
                                          size_t n_values, const char *call)
{
    return broadcast(exchange, values, n_values, TVAE_EXCHANGE_FLOAT32, 0, call);
}

tvae_status tvi_exchange_broadcast_bytes(tvi_exchange *exchange, void *bytes,
                                         size_t n_bytes, const char *call)
{
    return broadcast(exchange, bytes, n_bytes, TVAE_EXCHANGE_BYTE, 0, call);
}

tvae_status tvi_exchange_broadcast_doubles(tvi_exchange *exchange, double *values,
                                           size_t n_values, int32_t root,
                                           const char *call)
{
    return broadcast(exchange, values, n_values * sizeof *values, TVAE_EXCHANGE_BYTE,
                     root, call);
}
