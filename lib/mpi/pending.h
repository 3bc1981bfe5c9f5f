/* SPDX-License-Identifier: MIT */
#ifndef TVI_MPI_PENDING_H
#define TVI_MPI_PENDING_H

#include <stdbool.h>

#include <mpi.h>

#include <tvae/base.h>

/* The requests under way, each in a slot that it keeps until it was waited for. Nothing
 * here locks. */
typedef struct tvi_mpi_pending {
    MPI_Request *requests; /* [n_slots] MPI_REQUEST_NULL: done, or the slot is free */
    MPI_Status *statuses;  /* [n_slots] scratch of MPI_Testsome() */
    int *finished;         /* [n_slots] scratch of MPI_Testsome() */
    bool *taken;           /* [n_slots] */
    int n_slots;
    int n_taken;
    int n_running; /* requests that are not known to be done */
    int next;      /* where to look for a free slot: the oldest one, mostly */
} tvi_mpi_pending;

tvae_status tvi_mpi_pending_create(tvi_mpi_pending *pending);
void tvi_mpi_pending_release(tvi_mpi_pending *pending);

/* Take a slot, whose request is MPI_REQUEST_NULL; allocates only if all are taken. */
tvae_status tvi_mpi_pending_take(tvi_mpi_pending *pending, int *slot);

/* The caller has started a request in the slot. */
void tvi_mpi_pending_started(tvi_mpi_pending *pending, int slot);

/* Let MPI do what it can at once. */
tvae_status tvi_mpi_pending_test(tvi_mpi_pending *pending);

bool tvi_mpi_pending_is_taken(const tvi_mpi_pending *pending, int slot);
bool tvi_mpi_pending_is_done(const tvi_mpi_pending *pending, int slot);
void tvi_mpi_pending_give_back(tvi_mpi_pending *pending, int slot);

#endif
