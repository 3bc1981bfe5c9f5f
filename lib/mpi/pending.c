/* SPDX-License-Identifier: MIT */
#include "mpi/pending.h"

#include <limits.h>
#include <stdlib.h>

#include "mpi/error.h"

enum { FIRST_SLOTS = 64 };

/* The array with room for n elements of `bytes` each; without memory as it was. */
static void *resized(void *array, int n, size_t bytes, bool *enough)
{
    void *const larger = reallocarray(array, (size_t)n, bytes);

    *enough = *enough && larger;
    return larger ? larger : array;
}

static tvae_status grow(tvi_mpi_pending *p)
{
    const int n = p->n_slots ? 2 * p->n_slots : FIRST_SLOTS;
    bool enough = p->n_slots <= INT_MAX / 2;

    if (enough) {
        p->requests = resized(p->requests, n, sizeof *p->requests, &enough);
        p->statuses = resized(p->statuses, n, sizeof *p->statuses, &enough);
        p->finished = resized(p->finished, n, sizeof *p->finished, &enough);
        p->taken = resized(p->taken, n, sizeof *p->taken, &enough);
    }
    if (!enough)
        return tvi_mpi_fail(TVAE_E_NOMEM, "mpi: no memory for more than %d requests",
                            p->n_slots);
    for (int i = p->n_slots; i < n; i++) {
        p->requests[i] = MPI_REQUEST_NULL;
        p->taken[i] = false;
    }
    p->next = p->n_slots;
    p->n_slots = n;
    return TVAE_OK;
}

tvae_status tvi_mpi_pending_create(tvi_mpi_pending *pending)
{
    *pending = (tvi_mpi_pending){.n_slots = 0};
    return grow(pending);
}

void tvi_mpi_pending_release(tvi_mpi_pending *pending)
{
    free(pending->requests);
    free(pending->statuses);
    free(pending->finished);
    free(pending->taken);
    *pending = (tvi_mpi_pending){.n_slots = 0};
}

tvae_status tvi_mpi_pending_take(tvi_mpi_pending *pending, int *slot)
{
    if (pending->n_taken == pending->n_slots) {
        const tvae_status st = grow(pending);

        if (st != TVAE_OK)
            return st;
    }
    while (pending->taken[pending->next])
        pending->next = (pending->next + 1) % pending->n_slots;
    *slot = pending->next;
    pending->taken[*slot] = true;
    pending->n_taken++;
    pending->next = (pending->next + 1) % pending->n_slots;
    return TVAE_OK;
}

void tvi_mpi_pending_started(tvi_mpi_pending *pending, int slot)
{
    if (pending->requests[slot] != MPI_REQUEST_NULL)
        pending->n_running++;
}

tvae_status tvi_mpi_pending_test(tvi_mpi_pending *pending)
{
    int n_finished = 0, code;

    if (pending->n_running == 0)
        return TVAE_OK;
    code = MPI_Testsome(pending->n_slots, pending->requests, &n_finished,
                        pending->finished, pending->statuses);
    if (code == MPI_ERR_IN_STATUS) {
        for (int i = 0; i < n_finished; i++)
            if (pending->statuses[i].MPI_ERROR != MPI_SUCCESS)
                code = pending->statuses[i].MPI_ERROR;
    }
    if (n_finished != MPI_UNDEFINED)
        pending->n_running -= n_finished;
    return tvi_mpi_status("MPI_Testsome", code);
}

bool tvi_mpi_pending_is_taken(const tvi_mpi_pending *pending, int slot)
{
    return slot >= 0 && slot < pending->n_slots && pending->taken[slot];
}

bool tvi_mpi_pending_is_done(const tvi_mpi_pending *pending, int slot)
{
    return pending->requests[slot] == MPI_REQUEST_NULL;
}

void tvi_mpi_pending_give_back(tvi_mpi_pending *pending, int slot)
{
    pending->taken[slot] = false;
    pending->n_taken--;
}
