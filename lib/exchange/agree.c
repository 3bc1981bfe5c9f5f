/* SPDX-License-Identifier: MIT */
#include "exchange/exchange.h"

#include <stdio.h>
#include <stdint.h>
#include <string.h>

#include "base/memory.h"

/* How ranks find out whether they may go on together. */

enum { MESSAGE_BYTES = 500 };

/* What a rank says of itself. */
typedef struct outcome {
    int32_t status;
    char message[MESSAGE_BYTES];
} outcome;

static tvae_status find_failure(const outcome *all, int32_t n_ranks, const char *call)
{
    for (int32_t rank = 0; rank < n_ranks; rank++)
        if (all[rank].status != TVAE_OK)
            return tvi_fail(all[rank].status, "%s: rank %d has %s: %.*s", call, rank,
                            all[rank].status == TVAE_E_CANCELLED ? "stopped" : "failed",
                            MESSAGE_BYTES - 1, all[rank].message);
    return TVAE_OK;
}

tvae_status tvi_exchange_settle(tvi_exchange *exchange, tvae_status own, const char *call)
{
    const int32_t n_ranks = exchange->table.n_ranks;
    outcome mine = {.status = own}, *all;
    tvae_status st;

    if (exchange->failed)
        return own;
    if (own != TVAE_OK)
        (void)snprintf(mine.message, sizeof mine.message, "%s", tvae_last_error());
    all = tvi_alloc_array((size_t)n_ranks, sizeof *all);
    if (!all)
        return TVAE_E_NOMEM;
    st = tvi_exchange_gather_bytes(exchange, &mine, sizeof mine, all, call);
    if (own != TVAE_OK)
        (void)tvi_fail(own, "%s", mine.message);
    else if (st == TVAE_OK)
        st = find_failure(all, n_ranks, call);
    tvi_free(all);
    return own != TVAE_OK ? own : st;
}

/* Every rank must come through this with room, or none does. */
static tvae_status share_size(tvi_exchange *exchange, uint64_t *n_bytes, const char *call)
{
    const tvae_exchange *t = &exchange->table;
    uint64_t *all = tvi_alloc_array((size_t)t->n_ranks, sizeof *all);
    tvae_status st;

    if (!all)
        return TVAE_E_NOMEM;
    st = tvi_exchange_gather_bytes(exchange, n_bytes, sizeof *n_bytes, all, call);
    *n_bytes = all[0];
    tvi_free(all);
    return st;
}

tvae_status tvi_exchange_share_text(tvi_exchange *exchange, const char *text, char **out,
                                    const char *call)
{
    const tvae_exchange *t = &exchange->table;
    uint64_t n_bytes = t->rank == 0 ? strlen(text) + 1 : 0;
    tvae_status st = share_size(exchange, &n_bytes, call);

    *out = NULL;
    if (st != TVAE_OK)
        return st;
    *out = tvi_alloc_array((size_t)n_bytes, 1);
    st = tvi_exchange_settle(exchange, *out ? TVAE_OK : TVAE_E_NOMEM, call);
    if (st == TVAE_OK && t->rank == 0)
        memcpy(*out, text, (size_t)n_bytes);
    if (st == TVAE_OK)
        st = tvi_exchange_broadcast_bytes(exchange, *out, (size_t)n_bytes, call);
    if (st != TVAE_OK) {
        tvi_free(*out);
        *out = NULL;
    }
    return st;
}

/* The length of the line at `text`, without its end. */
static size_t line_length(const char *text)
{
    return strcspn(text, "\n");
}

static tvae_status compare_lines(const char *own, const char *first, int32_t rank,
                                 const char *call)
{
    while (*own || *first) {
        const size_t n_own = line_length(own), n_first = line_length(first);

        if (n_own != n_first || memcmp(own, first, n_own) != 0)
            return tvi_fail(TVAE_E_INVALID,
                            "%s: rank %d has \"%.*s\", rank 0 has \"%.*s\": start all "
                            "ranks with the same options and data",
                            call, rank, (int)tvi_least(n_own, 120), own,
                            (int)tvi_least(n_first, 120), first);
        own += n_own + (own[n_own] != '\0');
        first += n_first + (first[n_first] != '\0');
    }
    return TVAE_OK;
}

tvae_status tvi_exchange_agree(tvi_exchange *exchange, tvae_status own, const char *text,
                               const char *call)
{
    char *first = NULL;
    tvae_status st = tvi_exchange_settle(exchange, own, call);

    if (st == TVAE_OK)
        st = tvi_exchange_share_text(exchange, text, &first, call);
    if (st != TVAE_OK)
        return st;
    st = compare_lines(text, first, exchange->table.rank, call);
    tvi_free(first);
    return tvi_exchange_settle(exchange, st, call);
}
