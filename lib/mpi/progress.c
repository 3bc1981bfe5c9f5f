/* SPDX-License-Identifier: MIT */
/* How requests go on. MPI moves them only inside of its functions, and its own way to
 * wait knows no time limit: so the requests are tested again and again, while the program
 * computes by a thread that mostly sleeps, and while it waits by itself. */
#include "mpi/exchange.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "mpi/error.h"

/* A wait spins as long as a small message takes, then lets other threads of the CPU go
 * first, and in the end, when a rank is really late, sleeps between its tests. */
static const double spin_seconds = 20e-6, yield_seconds = 20e-3;

enum { SLEEP_NANOSECONDS = 100000 };

static void sleep_briefly(void)
{
    (void)nanosleep(&(struct timespec){.tv_nsec = SLEEP_NANOSECONDS}, NULL);
}

static void pause_after(double waited)
{
    if (waited > yield_seconds)
        sleep_briefly();
    else if (waited > spin_seconds)
        (void)sched_yield();
}

/* ---- the thread ---- */

static void test_on_thread(tvae_mpi_exchange *e)
{
    e->thread_status = tvi_mpi_pending_test(&e->pending);
    if (e->thread_status != TVAE_OK) {
        e->broken = true;
        (void)snprintf(e->thread_reason, sizeof e->thread_reason, "%s",
                       tvae_mpi_last_error());
    }
}

static void *make_progress(void *context)
{
    tvae_mpi_exchange *const e = context;

    (void)pthread_mutex_lock(&e->lock);
    while (!e->stop) {
        if (e->broken || e->pending.n_running == 0) {
            (void)pthread_cond_wait(&e->changed, &e->lock);
            continue;
        }
        test_on_thread(e);
        (void)pthread_mutex_unlock(&e->lock);
        sleep_briefly();
        (void)pthread_mutex_lock(&e->lock);
    }
    (void)pthread_mutex_unlock(&e->lock);
    return NULL;
}

tvae_status tvi_mpi_progress_start(tvae_mpi_exchange *exchange)
{
    int level = MPI_THREAD_SINGLE, failure;
    sigset_t all, before;

    (void)MPI_Query_thread(&level);
    if (level < MPI_THREAD_MULTIPLE)
        return TVAE_OK;
    (void)sigfillset(&all); /* signals are the program's, on its own threads */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    failure = pthread_create(&exchange->thread, NULL, make_progress, exchange);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failure)
        return tvi_mpi_fail(TVAE_E_NOMEM,
                            "mpi_exchange_create: a thread cannot be started (error %d)",
                            failure);
    exchange->has_thread = true;
    return TVAE_OK;
}

void tvi_mpi_progress_stop(tvae_mpi_exchange *exchange)
{
    if (!exchange->has_thread)
        return;
    (void)pthread_mutex_lock(&exchange->lock);
    exchange->stop = true;
    (void)pthread_cond_signal(&exchange->changed);
    (void)pthread_mutex_unlock(&exchange->lock);
    (void)pthread_join(exchange->thread, NULL);
    exchange->has_thread = false;
}

/* ---- the program's own calls ---- */

static tvae_status unlock(tvae_mpi_exchange *e, tvae_status st)
{
    if (st != TVAE_OK)
        e->broken = true;
    (void)pthread_cond_signal(&e->changed);
    (void)pthread_mutex_unlock(&e->lock);
    return st;
}

/* What the thread met is told once; after that the exchange is merely broken. */
static tvae_status check_whole(tvae_mpi_exchange *e, const char *call)
{
    const tvae_status st = e->thread_status;

    e->thread_status = TVAE_OK;
    if (st != TVAE_OK)
        return tvi_mpi_fail(st, "%s: %s", call, e->thread_reason);
    return !e->broken ? TVAE_OK
                      : tvi_mpi_fail(TVAE_E_STATE,
                                     "%s: this exchange has failed before, and the ranks "
                                     "are out of step",
                                     call);
}

tvae_status tvi_mpi_begin(tvae_mpi_exchange *exchange, const char *call, int *slot)
{
    tvae_status st;

    if (!exchange)
        return tvi_mpi_fail(TVAE_E_INVALID, "%s: user is NULL", call);
    (void)pthread_mutex_lock(&exchange->lock);
    st = check_whole(exchange, call);
    if (st == TVAE_OK && !exchange->has_thread)
        st = tvi_mpi_pending_test(&exchange->pending);
    if (st == TVAE_OK)
        st = tvi_mpi_pending_take(&exchange->pending, slot);
    return st == TVAE_OK ? st : unlock(exchange, st);
}

tvae_status tvi_mpi_end(tvae_mpi_exchange *exchange, int slot, tvae_status st)
{
    if (st == TVAE_OK)
        tvi_mpi_pending_started(&exchange->pending, slot);
    return unlock(exchange, st);
}

/* The lock is kept: the thread would do nothing else than what is done here. */
static tvae_status wait_locked(tvae_mpi_exchange *e, const char *call, int slot,
                               double seconds)
{
    const double start = MPI_Wtime();
    double waited = 0.0;

    for (;;) {
        const tvae_status st = tvi_mpi_pending_test(&e->pending);

        if (st != TVAE_OK)
            return st;
        if (tvi_mpi_pending_is_done(&e->pending, slot))
            break;
        waited = MPI_Wtime() - start;
        if (!(waited <= seconds))
            return tvi_mpi_fail(TVAE_E_TIMEOUT,
                                "%s: rank %d of %d has waited %g seconds for the others",
                                call, e->table.rank, e->table.n_ranks, seconds);
        pause_after(waited);
    }
    tvi_mpi_pending_give_back(&e->pending, slot);
    return TVAE_OK;
}

tvae_status tvi_mpi_wait(tvae_mpi_exchange *exchange, const char *call, int slot,
                         double seconds)
{
    tvae_status st;

    if (!exchange)
        return tvi_mpi_fail(TVAE_E_INVALID, "%s: user is NULL", call);
    (void)pthread_mutex_lock(&exchange->lock);
    st = check_whole(exchange, call);
    if (st == TVAE_OK && !tvi_mpi_pending_is_taken(&exchange->pending, slot))
        st =
            tvi_mpi_fail(TVAE_E_INVALID,
                         "%s: request is none of this exchange, or was waited for", call);
    if (st == TVAE_OK)
        st = wait_locked(exchange, call, slot, seconds);
    return unlock(exchange, st);
}
