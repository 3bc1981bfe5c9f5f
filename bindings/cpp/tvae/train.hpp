/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TRAIN_HPP
#define TVAE_TRAIN_HPP

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
