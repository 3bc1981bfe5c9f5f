/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "cli.h"

/* What the environment says of ranks, before MPI is asked. */

/* The variables in which Open MPI's mpirun, MPICH's, and Slurm's srun (with PMIx) tell a
 * process its rank and how many there are. */
static const char *const variables[][2] = {
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"},
    {"PMI_RANK", "PMI_SIZE"},
    {"PMIX_RANK", "SLURM_NTASKS"},
};

bool started_as_rank(int *rank, int *n_ranks)
{
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++) {
        const char *own = getenv(variables[i][0]), *all = getenv(variables[i][1]);

        if (!own || !all)
            continue;
        *rank = (int)strtol(own, NULL, 10);
        *n_ranks = (int)strtol(all, NULL, 10);
        return *n_ranks > 1;
    }
    return false;
}

bool is_first_rank(void)
{
    int rank, n_ranks;

    return !started_as_rank(&rank, &n_ranks) || rank == 0;
}
