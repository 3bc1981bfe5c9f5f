/* SPDX-License-Identifier: MIT */
#include "mpi/exchange.h"

#include <stdlib.h>

#include "mpi/bfloat16.h"
#include "mpi/error.h"

_Static_assert(_Generic((MPI_Fint)0, int : 1, default : 0),
               "a communicator is given as an int");

static bool mpi_is_on(void)
{
    int started = 0, ended = 0;

    (void)MPI_Initialized(&started);
    (void)MPI_Finalized(&ended);
    return started && !ended;
}

/* The communicator behind a Fortran handle; false: none, or one between two groups. A
 * handle that never was one gives MPI_COMM_NULL, or zero. */
static bool find_communicator(int handle, MPI_Comm *comm)
{
    static const MPI_Comm zero;
    int between = 0;

    *comm = MPI_Comm_f2c(handle);
    if (*comm == zero || *comm == MPI_COMM_NULL)
        return false;
    return MPI_Comm_test_inter(*comm, &between) == MPI_SUCCESS && !between;
}

static tvae_status set_up_mpi(tvae_mpi_exchange *e, MPI_Comm comm)
{
    int rank = 0, n_ranks = 0;
    tvae_status st;

    st = tvi_mpi_status("MPI_Comm_dup", MPI_Comm_dup(comm, &e->comm));
    if (st == TVAE_OK)
        st = tvi_mpi_status("MPI_Comm_set_errhandler",
                            MPI_Comm_set_errhandler(e->comm, MPI_ERRORS_RETURN));
    if (st == TVAE_OK)
        st = tvi_mpi_status("MPI_Comm_rank", MPI_Comm_rank(e->comm, &rank));
    if (st == TVAE_OK)
        st = tvi_mpi_status("MPI_Comm_size", MPI_Comm_size(e->comm, &n_ranks));
    if (st == TVAE_OK)
        st = tvi_mpi_status("MPI_Op_create",
                            MPI_Op_create(tvi_mpi_add_bfloat16, 1, &e->add_bfloat16));
    if (st == TVAE_OK)
        tvi_mpi_table_init(&e->table, e, rank, n_ranks);
    return st;
}

static tvae_status allocate(tvae_mpi_exchange *e)
{
    const size_t n = (size_t)e->table.n_ranks;

    e->counts = calloc(n, sizeof *e->counts);
    e->places = calloc(n, sizeof *e->places);
    if (!e->counts || !e->places)
        return tvi_mpi_fail(TVAE_E_NOMEM, "mpi_exchange_create: no memory for %zu ranks",
                            n);
    return tvi_mpi_pending_create(&e->pending);
}

static tvae_mpi_exchange *new_exchange(void)
{
    tvae_mpi_exchange *e = calloc(1, sizeof *e);

    if (!e)
        return NULL;
    e->comm = MPI_COMM_NULL;
    e->add_bfloat16 = MPI_OP_NULL;
    (void)pthread_mutex_init(&e->lock, NULL);
    (void)pthread_cond_init(&e->changed, NULL);
    return e;
}

tvae_status tvae_mpi_exchange_create(int communicator, tvae_mpi_exchange **out)
{
    tvae_mpi_exchange *e;
    tvae_status st;
    MPI_Comm comm;

    if (!out)
        return tvi_mpi_fail(TVAE_E_INVALID, "mpi_exchange_create: out is NULL");
    *out = NULL;
    if (!mpi_is_on())
        return tvi_mpi_fail(TVAE_E_STATE,
                            "mpi_exchange_create: MPI has not been started, "
                            "or has ended: call it after MPI_Init_thread()");
    if (!find_communicator(communicator, &comm))
        return tvi_mpi_fail(TVAE_E_INVALID,
                            "mpi_exchange_create: communicator is %d, want "
                            "MPI_Comm_c2f() of an intracommunicator",
                            communicator);
    e = new_exchange();
    if (!e)
        return tvi_mpi_fail(TVAE_E_NOMEM, "mpi_exchange_create: no memory");
    st = set_up_mpi(e, comm);
    if (st == TVAE_OK)
        st = allocate(e);
    if (st == TVAE_OK)
        st = tvi_mpi_progress_start(e);
    if (st != TVAE_OK) {
        tvae_mpi_exchange_destroy(&e);
        return st;
    }
    *out = e;
    return TVAE_OK;
}

const tvae_exchange *tvae_mpi_exchange_table(const tvae_mpi_exchange *exchange)
{
    return exchange ? &exchange->table : NULL;
}

void tvae_mpi_exchange_destroy(tvae_mpi_exchange **exchange)
{
    tvae_mpi_exchange *const e = exchange ? *exchange : NULL;

    if (!e)
        return;
    *exchange = NULL;
    tvi_mpi_progress_stop(e);
    if (e->broken || e->pending.n_running > 0)
        return; /* MPI may still write to what was under way */
    if (mpi_is_on()) {
        if (e->add_bfloat16 != MPI_OP_NULL)
            (void)MPI_Op_free(&e->add_bfloat16);
        if (e->comm != MPI_COMM_NULL)
            (void)MPI_Comm_free(&e->comm);
    }
    tvi_mpi_pending_release(&e->pending);
    free(e->counts);
    free(e->places);
    (void)pthread_cond_destroy(&e->changed);
    (void)pthread_mutex_destroy(&e->lock);
    free(e);
}

void tvae_mpi_abort(tvae_mpi_exchange *exchange, int exit_status)
{
    if (mpi_is_on())
        (void)MPI_Abort(exchange ? exchange->comm : MPI_COMM_WORLD, exit_status);
}
