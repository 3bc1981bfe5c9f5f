/* SPDX-License-Identifier: MIT */
/* The functions of the table: each posts one nonblocking collective of MPI. */
#include <limits.h>
#include <stdint.h>

#include "mpi/error.h"
#include "mpi/exchange.h"

enum { MOST_AT_ONCE = 1 << 30 }; /* values of a broadcast */

static MPI_Datatype datatype_of(int32_t type)
{
    return type == TVAE_EXCHANGE_FLOAT32    ? MPI_FLOAT
           : type == TVAE_EXCHANGE_BFLOAT16 ? MPI_UINT16_T
                                            : MPI_BYTE;
}

/* ---- arguments ---- */

static tvae_status check_values(const char *call, const void *values, size_t n_values,
                                int32_t type, int32_t last_type)
{
    if (!values && n_values > 0)
        return tvi_mpi_fail(TVAE_E_INVALID, "%s: the values are NULL, want %zu of them",
                            call, n_values);
    if (type < TVAE_EXCHANGE_FLOAT32 || type > last_type)
        return tvi_mpi_fail(TVAE_E_INVALID,
                            "%s: type is %d, want a TVAE_EXCHANGE from %d to %d", call,
                            type, TVAE_EXCHANGE_FLOAT32, last_type);
    return TVAE_OK;
}

static tvae_status check_count(const char *call, size_t n_values)
{
    return n_values <= INT_MAX ? TVAE_OK
                               : tvi_mpi_fail(TVAE_E_UNSUPPORTED,
                                              "%s: %zu values at once, want at most %d",
                                              call, n_values, INT_MAX);
}

/* ---- sums ---- */

static tvae_status check_sum(const void *values, size_t n_values, int32_t type,
                             void *const *request)
{
    tvae_status st =
        check_values("mpi sum_start", values, n_values, type, TVAE_EXCHANGE_BFLOAT16);

    if (st == TVAE_OK)
        st = check_count("mpi sum_start", n_values);
    if (st == TVAE_OK && !request)
        st = tvi_mpi_fail(TVAE_E_INVALID, "mpi sum_start: request is NULL");
    return st;
}

static tvae_status sum_start(void *user, void *values, size_t n_values, int32_t type,
                             void **request)
{
    tvae_mpi_exchange *const e = user;
    tvae_status st;
    int slot;

    st = tvi_mpi_begin(e, "mpi sum_start", &slot);
    if (st != TVAE_OK)
        return st;
    st = check_sum(values, n_values, type, request);
    if (st == TVAE_OK)
        *request = (void *)((uintptr_t)slot + 1);
    if (st == TVAE_OK && n_values > 0)
        st = tvi_mpi_status(
            "MPI_Iallreduce",
            MPI_Iallreduce(MPI_IN_PLACE, values, (int)n_values, datatype_of(type),
                           type == TVAE_EXCHANGE_BFLOAT16 ? e->add_bfloat16 : MPI_SUM,
                           e->comm, &e->pending.requests[slot]));
    return tvi_mpi_end(e, slot, st);
}

static tvae_status sum_wait(void *user, void *request, double seconds)
{
    const uintptr_t place = (uintptr_t)request; /* 0: NULL */

    return tvi_mpi_wait(user, "mpi sum_wait", place <= INT_MAX ? (int)place - 1 : -1,
                        seconds);
}

/* ---- gather ---- */

/* Counts and places as MPI wants them, and the sum of the counts. */
static tvae_status lay_out(tvae_mpi_exchange *e, const size_t *counts, size_t *n_all)
{
    tvae_status st = TVAE_OK;

    *n_all = 0;
    for (int32_t rank = 0; rank < e->table.n_ranks && st == TVAE_OK; rank++) {
        st = check_count("mpi gather", counts[rank]);
        if (st == TVAE_OK)
            st = check_count("mpi gather", *n_all + counts[rank]);
        if (st == TVAE_OK) {
            e->counts[rank] = (int)counts[rank];
            e->places[rank] = (int)*n_all;
            *n_all += counts[rank];
        }
    }
    return st;
}

static tvae_status check_gather(tvae_mpi_exchange *e, const void *own,
                                const size_t *counts, const void *all, int32_t type,
                                size_t *n_all)
{
    tvae_status st;

    if (!counts)
        return tvi_mpi_fail(TVAE_E_INVALID, "mpi gather: counts is NULL");
    st = lay_out(e, counts, n_all);
    if (st == TVAE_OK)
        st = check_values("mpi gather", own, counts[e->table.rank], type,
                          TVAE_EXCHANGE_BYTE);
    if (st == TVAE_OK)
        st = check_values("mpi gather", all, *n_all, type, TVAE_EXCHANGE_BYTE);
    return st;
}

static tvae_status gather_start(tvae_mpi_exchange *e, const void *own,
                                const size_t *counts, void *all, int32_t type, int *slot)
{
    const MPI_Datatype datatype = datatype_of(type);
    tvae_status st = tvi_mpi_begin(e, "mpi gather", slot);
    size_t n_all = 0;

    if (st != TVAE_OK)
        return st;
    st = check_gather(e, own, counts, all, type, &n_all);
    if (st == TVAE_OK && n_all > 0)
        st = tvi_mpi_status("MPI_Iallgatherv",
                            MPI_Iallgatherv(own, e->counts[e->table.rank], datatype, all,
                                            e->counts, e->places, datatype, e->comm,
                                            &e->pending.requests[*slot]));
    return tvi_mpi_end(e, *slot, st);
}

static tvae_status gather(void *user, const void *own, const size_t *counts, void *all,
                          int32_t type, double seconds)
{
    tvae_status st;
    int slot;

    st = gather_start(user, own, counts, all, type, &slot);
    return st == TVAE_OK ? tvi_mpi_wait(user, "mpi gather", slot, seconds) : st;
}

/* ---- broadcast and barrier ---- */

static tvae_status check_broadcast(const tvae_mpi_exchange *e, const void *values,
                                   size_t n_values, int32_t type, int32_t root)
{
    if (root < 0 || root >= e->table.n_ranks)
        return tvi_mpi_fail(TVAE_E_INVALID, "mpi broadcast: root is %d, want 0 to %d",
                            root, e->table.n_ranks - 1);
    return check_values("mpi broadcast", values, n_values, type, TVAE_EXCHANGE_BYTE);
}

/* What of the values, from `at` on, goes in one message. */
static int piece_of(size_t n_values, size_t at)
{
    return n_values - at < MOST_AT_ONCE ? (int)(n_values - at) : MOST_AT_ONCE;
}

static tvae_status broadcast_start(tvae_mpi_exchange *e, void *values, size_t n_values,
                                   size_t at, int32_t type, int32_t root, int *slot)
{
    static const size_t bytes[] = {[TVAE_EXCHANGE_FLOAT32] = 4,
                                   [TVAE_EXCHANGE_BFLOAT16] = 2,
                                   [TVAE_EXCHANGE_BYTE] = 1};
    tvae_status st = tvi_mpi_begin(e, "mpi broadcast", slot);

    if (st != TVAE_OK)
        return st;
    st = check_broadcast(e, values, n_values, type, root);
    if (st == TVAE_OK && n_values > 0)
        st = tvi_mpi_status("MPI_Ibcast",
                            MPI_Ibcast((char *)values + at * bytes[type],
                                       piece_of(n_values, at), datatype_of(type), root,
                                       e->comm, &e->pending.requests[*slot]));
    return tvi_mpi_end(e, *slot, st);
}

static tvae_status broadcast(void *user, void *values, size_t n_values, int32_t type,
                             int32_t root, double seconds)
{
    const double start = MPI_Wtime();
    size_t at = 0;

    do {
        tvae_status st;
        int slot;

        st = broadcast_start(user, values, n_values, at, type, root, &slot);
        if (st == TVAE_OK)
            st = tvi_mpi_wait(user, "mpi broadcast", slot,
                              seconds - (MPI_Wtime() - start));
        if (st != TVAE_OK)
            return st;
        at += MOST_AT_ONCE;
    } while (at < n_values);
    return TVAE_OK;
}

static tvae_status barrier(void *user, double seconds)
{
    tvae_mpi_exchange *const e = user;
    tvae_status st;
    int slot;

    st = tvi_mpi_begin(e, "mpi barrier", &slot);
    if (st != TVAE_OK)
        return st;
    st =
        tvi_mpi_status("MPI_Ibarrier", MPI_Ibarrier(e->comm, &e->pending.requests[slot]));
    st = tvi_mpi_end(e, slot, st);
    return st == TVAE_OK ? tvi_mpi_wait(e, "mpi barrier", slot, seconds) : st;
}

static const char *last_error(void *user)
{
    (void)user;
    return tvae_mpi_last_error();
}

void tvi_mpi_table_init(tvae_exchange *table, tvae_mpi_exchange *exchange, int rank,
                        int n_ranks)
{
    *table = (tvae_exchange){.size = sizeof *table,
                             .user = exchange,
                             .rank = rank,
                             .n_ranks = n_ranks,
                             .sum_start = sum_start,
                             .sum_wait = sum_wait,
                             .gather = gather,
                             .broadcast = broadcast,
                             .barrier = barrier,
                             .last_error = last_error};
}
