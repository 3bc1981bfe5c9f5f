/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TRAIN_HPP
#define TVAE_TRAIN_HPP

#include <tvae/exchange.hpp>
#include <tvae/model.hpp>
#include <tvae/train.h>

namespace tvae
{

using train_options = options<tvae_train_options, tvae_train_options_init>;

/** Wall-clock seconds; the places are the TVAE_PART numbers. */
using part_seconds = std::array<double, TVAE_N_PARTS>;

/** A model, its optimiser's state and the step count; keeps the model alive. */
class trainer : public handle<tvae_trainer, tvae_trainer_destroy>
{
  public:
    using handle::handle;

    template <class M = default_mode>
    static returns<M, trainer> create(const model &of, const tvae_train_options &wanted,
                                      M = {})
    {
        return detail::got<M, trainer>([&](tvae_trainer **out) {
            return tvae_trainer_create(of.get(), &wanted, out);
        });
    }

    /** Gives the loss before the update. */
    template <class M = default_mode> returns<M, loss_terms> step(const tensor &x, M = {})
    {
        return detail::got<M, loss_terms>([&](loss_terms *out) {
            return tvae_trainer_step(get(), x.get(), out->data(), out->size());
        });
    }

    /** Train together with other ranks from now on; a collective. */
    template <class M = default_mode>
    returns<M, void> set_exchange(
        const tvae_exchange &way,
        const tvae_exchange_options &wanted = exchange_options(), M = {})
    {
        return detail::finish<M>(tvae_trainer_set_exchange(get(), &way, &wanted));
    }

    /** Gives the loss of the whole batch before the update; `n_frames` is for ranks
     * whose `x` is empty, and 0 for others. */
    template <class M = default_mode>
    returns<M, loss_terms> step_part(const tensor &x, std::size_t n_frames,
                                     std::size_t first, std::size_t n_total, M = {})
    {
        return detail::got<M, loss_terms>([&](loss_terms *out) {
            return tvae_trainer_step_part(get(), x.get(), n_frames, first, n_total,
                                          out->data(), out->size());
        });
    }

    template <class M = default_mode>
    returns<M, tvae_exchange_facts> exchange_facts(M = {}) const
    {
        return detail::got<M, tvae_exchange_facts>([&](tvae_exchange_facts *out) {
            return tvae_trainer_exchange_facts(get(), out, sizeof *out);
        });
    }

    template <class M = default_mode>
    returns<M, part_seconds> seconds_of_parts(M = {}) const
    {
        return detail::got<M, part_seconds>([&](part_seconds *out) {
            return tvae_trainer_part_seconds(get(), out->data(), out->size());
        });
    }

    std::int64_t step_count() const noexcept
    {
        return tvae_trainer_step_count(get());
    }
    double learning_rate() const noexcept
    {
        return tvae_trainer_learning_rate(get());
    }
    double kl_weight() const noexcept
    {
        return tvae_trainer_kl_weight(get());
    }

    template <class M = default_mode>
    returns<M, void> set_learning_rate(double rate, M = {})
    {
        return detail::finish<M>(tvae_trainer_set_learning_rate(get(), rate));
    }

    template <class M = default_mode>
    returns<M, void> save(const std::string &path, M = {})
    {
        return detail::finish<M>(tvae_trainer_save(get(), path.c_str()));
    }

    /** Into a trainer of an equal model and options. */
    template <class M = default_mode>
    returns<M, void> load(const std::string &path, M = {})
    {
        return detail::finish<M>(tvae_trainer_load(get(), path.c_str()));
    }
};

} // namespace tvae

#endif
