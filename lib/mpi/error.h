/* SPDX-License-Identifier: MIT */
#ifndef TVI_MPI_ERROR_H
#define TVI_MPI_ERROR_H

#include <tvae/base.h>

/* Record this thread's sentence and return the status. */
__attribute__((format(printf, 2, 3))) tvae_status tvi_mpi_fail(tvae_status status,
                                                               const char *format, ...);

/* The status of what MPI's function `call` returned; a failure is recorded with what MPI
 * says about it. */
tvae_status tvi_mpi_status(const char *call, int code);

#endif
