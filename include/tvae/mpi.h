/* SPDX-License-Identifier: MIT */
#ifndef TVAE_MPI_H
#define TVAE_MPI_H

#include <tvae/exchange.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @file
 * libtvae-mpi, a library beside libtvae: the way to the other ranks through MPI. It is
 * there where libtvae was built with MPI; link with pkg-config's `tvae-mpi`.
 *
 * The program starts and ends MPI itself. This header includes none of MPI's own, and a
 * communicator is given by its Fortran handle, so that one header serves every MPI.
 *
 * While sums are under way they go on by themselves if MPI was started with
 * MPI_THREAD_MULTIPLE: a thread of the exchange sees to that, and is idle when there are
 * none. With a lower level they go on only inside of calls, which then have to come from
 * a thread that may call MPI.
 *
 * What this library keeps is taken from malloc(), not from tvae_set_allocator().
 */
typedef struct tvae_mpi_exchange tvae_mpi_exchange; /**< An exchange over MPI. */

/**
 * Create the exchange of the ranks of a communicator.
 *
 * A collective of these ranks, which waits for all of them without limit, as starting MPI
 * does. The communicator is duplicated: what the program sends over its own and what the
 * exchange sends never meet.
 *
 * @param[in]  communicator  MPI_Comm_c2f() of an intracommunicator; an MPI_Fint.
 * @param[out] out           The exchange; the caller's rank in it is that in
 *                           @p communicator.
 *
 * @retval TVAE_OK         Created.
 * @retval TVAE_E_INVALID  @p out is NULL, or @p communicator is MPI_COMM_NULL or one
 * between two groups. A number that never was a communicator is MPI's to judge, and some
 * end the program.
 * @retval TVAE_E_STATE    MPI has not been started, or has ended.
 * @retval TVAE_E_NOMEM    No memory or no thread; the ranks that have theirs wait for
 * this one in their first call.
 * @retval TVAE_E_IO       MPI refused; the sentence has its reason.
 *
 * Ownership: one reference for the caller.
 * Threads:   one-at-a-time, a thread that may call MPI.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_mpi_exchange_create(int communicator, tvae_mpi_exchange **out);

/**
 * The table for tvae_trainer_set_exchange() and the like; NULL for NULL.
 *
 * Its functions keep the time limits to within some milliseconds and allocate nothing
 * once as many sums were under way as ever will be. After a failure all of them return
 * TVAE_E_STATE. A sum or a gather has at most 2^31 - 1 values (TVAE_E_UNSUPPORTED). All
 * ranks get the same bits; values of TVAE_EXCHANGE_BFLOAT16 are added as floats, and each
 * partial sum is rounded to nearest even.
 *
 * Ownership: the exchange's, which must outlive all that was given the table.
 * Threads:   any; the functions of the table one-at-a-time.
 * Since:     0.1
 */
TVAE_API const tvae_exchange *tvae_mpi_exchange_table(const tvae_mpi_exchange *exchange);

/**
 * Drop the exchange and null the pointer; to be called before MPI ends.
 *
 * A collective of all ranks. After a failure it is none: it returns at once, and leaves
 * behind what MPI may still write to. MPI itself may then be unable to end, as
 * MPI_Finalize() may wait for the ranks that are missing: end with tvae_mpi_abort().
 *
 * Threads: one-at-a-time. Since: 0.1
 */
TVAE_API void tvae_mpi_exchange_destroy(tvae_mpi_exchange **exchange);

/**
 * End the processes of all ranks, as MPI_Abort() does: how a rank that failed keeps the
 * others from waiting for it. Does not return, unless MPI has not been started or has
 * ended: then it does nothing.
 *
 * @param[in] exchange     Whose ranks end; NULL: all that were started together.
 * @param[in] exit_status  What the program that started the ranks is told.
 *
 * Threads: any. Since: 0.1
 */
TVAE_API void tvae_mpi_abort(tvae_mpi_exchange *exchange, int exit_status);

/**
 * The sentence that describes this thread's latest failure in this library, those inside
 * of the table's functions included; tvae_last_error() knows nothing of it.
 *
 * Ownership: a per-thread buffer, valid until this thread's next failure.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API const char *tvae_mpi_last_error(void);

#ifdef __cplusplus
}
#endif

#endif
