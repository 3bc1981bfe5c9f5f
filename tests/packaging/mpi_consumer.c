/* SPDX-License-Identifier: MIT */
/* A program outside of the tree: alone, it is rank 0 of 1. */
#include <stdio.h>

#include <mpi.h>

#include <tvae/mpi.h>

int main(int argc, char **argv)
{
    tvae_mpi_exchange *exchange = NULL;
    const tvae_exchange *table;
    tvae_status st;

    (void)MPI_Init(&argc, &argv);
    st = tvae_mpi_exchange_create(MPI_Comm_c2f(MPI_COMM_WORLD), &exchange);
    table = tvae_mpi_exchange_table(exchange);
    if (st == TVAE_OK)
        st = table->barrier(table->user, 10.0);
    if (st != TVAE_OK)
        (void)fprintf(stderr, "%s: %s\n", tvae_status_name(st), tvae_mpi_last_error());
    else
        printf("consumer of tvae %s, rank %d of %d\n", tvae_version(), table->rank,
               table->n_ranks);
    tvae_mpi_exchange_destroy(&exchange);
    (void)MPI_Finalize();
    return st == TVAE_OK ? 0 : 1;
}
