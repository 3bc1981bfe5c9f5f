/* SPDX-License-Identifier: MIT */
#ifndef TVI_MPI_EXCHANGE_H
#define TVI_MPI_EXCHANGE_H

#include <pthread.h>
#include <stdbool.h>

#include <mpi.h>

#include <tvae/mpi.h>

#include "mpi/pending.h"

enum { TVI_MPI_REASON_BYTES = 512 };

struct tvae_mpi_exchange {
    tvae_exchange table;
    MPI_Comm comm;       /* a duplicate */
    MPI_Op add_bfloat16; /* MPI_OP_NULL before it is there */
    int *counts;         /* [n_ranks] of the gather under way */
    int *places;         /* [n_ranks] */
    bool has_thread;
    pthread_t thread;
    pthread_mutex_t lock;    /* of all below */
    pthread_cond_t changed;  /* there is work for the thread, or no more ever */
    tvi_mpi_pending pending; /* requests of comm */
    bool stop;
    bool broken;
    tvae_status thread_status; /* failure that the thread met */
    char thread_reason[TVI_MPI_REASON_BYTES];
};

/* ---- progress.c ---- */

/* Start the thread by which requests go on, where MPI lets other threads call. */
tvae_status tvi_mpi_progress_start(tvae_mpi_exchange *exchange);
void tvi_mpi_progress_stop(tvae_mpi_exchange *exchange);

/* Take a slot for one request, and lock, for tvi_mpi_end() to unlock. A failure leaves
 * the exchange unlocked and broken. */
tvae_status tvi_mpi_begin(tvae_mpi_exchange *exchange, const char *call, int *slot);

/* Unlock. `st` tells whether the slot has its request; without it the ranks are out of
 * step, and the exchange is broken. Returns `st`. */
tvae_status tvi_mpi_end(tvae_mpi_exchange *exchange, int slot, tvae_status st);

/* Wait at most so long for the request of the slot, and give the slot back. */
tvae_status tvi_mpi_wait(tvae_mpi_exchange *exchange, const char *call, int slot,
                         double seconds);

/* ---- table.c ---- */

void tvi_mpi_table_init(tvae_exchange *table, tvae_mpi_exchange *exchange, int rank,
                        int n_ranks);

#endif
