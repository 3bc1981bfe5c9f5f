/* SPDX-License-Identifier: MIT */
#ifndef TVI_MPI_BFLOAT16_H
#define TVI_MPI_BFLOAT16_H

#include <mpi.h>

/* The function of an MPI_Op on MPI_UINT16_T: sums[i] += values[i], both bfloat16. */
void tvi_mpi_add_bfloat16(void *values, void *sums, int *n_values, MPI_Datatype *type);

#endif
