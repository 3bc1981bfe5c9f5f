/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cli.h"

/* In place of ranks_mpi.c in a build without MPI. */

bool join_ranks(const tvae_exchange **exchange)
{
    int rank, n_ranks;

    *exchange = NULL;
    if (!started_as_rank(&rank, &n_ranks))
        return true;
    if (rank == 0)
        fprintf(stderr,
                "tvae: started as %d ranks, but built without MPI: install an MPI "
                "(Debian: libopenmpi-dev) and build with -Dmpi=enabled\n",
                n_ranks);
    return false;
}

int leave_ranks(tvae_status status, int code)
{
    (void)status;
    return code;
}

int32_t share_of_cpus(int32_t n_cpus)
{
    return n_cpus;
}

void print_ranks(void)
{
}
