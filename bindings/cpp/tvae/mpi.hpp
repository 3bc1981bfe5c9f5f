/* SPDX-License-Identifier: MIT */
#ifndef TVAE_MPI_HPP
#define TVAE_MPI_HPP

#include <tvae/handle.hpp>
#include <tvae/mpi.h>

/** @file
 * The exchange over MPI, of a library of its own: tvae.hpp does not include it. Link with
 * pkg-config's `tvae-mpi`. */

namespace tvae
{

/** The ranks of an MPI communicator; goes before MPI ends, and after all that was given
 * its table. */
class mpi_exchange : public handle<tvae_mpi_exchange, tvae_mpi_exchange_destroy>
{
  public:
    using handle::handle;

    /** A collective; `communicator` is that of MPI_Comm_c2f(). */
    template <class M = default_mode>
    static returns<M, mpi_exchange> create(int communicator, M = {})
    {
        tvae_mpi_exchange *out = nullptr;
        const tvae_status status = tvae_mpi_exchange_create(communicator, &out);

        if (status != TVAE_OK)
            return detail::fail<M, mpi_exchange>(
                {status, tvae_mpi_last_error(), nullptr});
        return mpi_exchange(out);
    }

    /** What trainers and runs take. */
    const tvae_exchange &table() const noexcept
    {
        return *tvae_mpi_exchange_table(get());
    }
};

/** Ends the processes of all ranks; an empty exchange: of all that were started together.
 */
inline void mpi_abort(const mpi_exchange &ranks, int exit_status) noexcept
{
    tvae_mpi_abort(ranks.get(), exit_status);
}

} // namespace tvae

#endif
