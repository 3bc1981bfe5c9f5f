/* SPDX-License-Identifier: MIT */
#ifndef TVAE_EXCHANGE_HPP
#define TVAE_EXCHANGE_HPP

#include <tvae/exchange.h>
#include <tvae/handle.hpp>

namespace tvae
{

using exchange_options = options<tvae_exchange_options, tvae_exchange_options_init>;

/** The way to the other ranks by an engine of the host's own: derive from it.
 *
 * Each function is one of tvae_exchange, which has the rules, and gives a status or
 * throws; what it throws comes out of the call that ran it. The object stays where it is,
 * and outlives every trainer and run that was given its table. */
class exchange
{
  public:
    exchange(std::int32_t rank, std::int32_t n_ranks) noexcept
    {
        table_.size = sizeof table_;
        table_.user = this;
        table_.rank = rank;
        table_.n_ranks = n_ranks;
        table_.sum_start = call_sum_start;
        table_.sum_wait = call_sum_wait;
        table_.gather = call_gather;
        table_.broadcast = call_broadcast;
        table_.barrier = call_barrier;
        table_.last_error = call_last_error;
    }
    virtual ~exchange() = default;
    exchange(const exchange &) = delete;
    exchange &operator=(const exchange &) = delete;

    std::int32_t rank() const noexcept
    {
        return table_.rank;
    }
    std::int32_t n_ranks() const noexcept
    {
        return table_.n_ranks;
    }

    virtual tvae_status sum_start(void *values, std::size_t n_values, std::int32_t type,
                                  void **request) = 0;
    virtual tvae_status sum_wait(void *request, double seconds) = 0;
    /** `counts` has a number for each rank. */
    virtual tvae_status gather(const void *own, span<const std::size_t> counts, void *all,
                               std::int32_t type, double seconds) = 0;
    virtual tvae_status broadcast(void *values, std::size_t n_values, std::int32_t type,
                                  std::int32_t root, double seconds) = 0;
    virtual tvae_status barrier(double seconds) = 0;
    /** A sentence about the latest failure on this thread; may be NULL. */
    virtual const char *last_error() noexcept
    {
        return nullptr;
    }

    /** What trainers and runs take. */
    const tvae_exchange &table() const noexcept
    {
        return table_;
    }

  private:
    template <class Body> static tvae_status guarded(void *user, Body &&body) noexcept
    {
        return detail::guarded(tvae_status{TVAE_E_CANCELLED},
                               [&] { return body(*static_cast<exchange *>(user)); });
    }

    static tvae_status call_sum_start(void *user, void *values, std::size_t n_values,
                                      std::int32_t type, void **request)
    {
        return guarded(user, [&](exchange &self) {
            return self.sum_start(values, n_values, type, request);
        });
    }

    static tvae_status call_sum_wait(void *user, void *request, double seconds)
    {
        return guarded(user,
                       [&](exchange &self) { return self.sum_wait(request, seconds); });
    }

    static tvae_status call_gather(void *user, const void *own, const std::size_t *counts,
                                   void *all, std::int32_t type, double seconds)
    {
        return guarded(user, [&](exchange &self) {
            const auto n_ranks = static_cast<std::size_t>(self.n_ranks());

            return self.gather(own, {counts, n_ranks}, all, type, seconds);
        });
    }

    static tvae_status call_broadcast(void *user, void *values, std::size_t n_values,
                                      std::int32_t type, std::int32_t root,
                                      double seconds)
    {
        return guarded(user, [&](exchange &self) {
            return self.broadcast(values, n_values, type, root, seconds);
        });
    }

    static tvae_status call_barrier(void *user, double seconds)
    {
        return guarded(user, [&](exchange &self) { return self.barrier(seconds); });
    }

    static const char *call_last_error(void *user)
    {
        return static_cast<exchange *>(user)->last_error();
    }

    tvae_exchange table_{};
};

} // namespace tvae

#endif
