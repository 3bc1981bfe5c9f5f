/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TOPOGRAPHY_HPP
#define TVAE_TOPOGRAPHY_HPP

#include <tvae/tensor.hpp>
#include <tvae/topography.h>

namespace tvae
{

using prior_options = options<tvae_prior_options, tvae_prior_options_init>;

/** Frame, d1, d2, d3. */
using offset = std::array<std::int64_t, TVAE_OFFSET_AXES>;

/** Which squared u one energy sums. */
class neighbourhood
    : public shared_handle<neighbourhood, tvae_neighbourhood, tvae_neighbourhood_destroy,
                           tvae_neighbourhood_retain>
{
  public:
    using shared_handle::shared_handle;

    struct entry {
        offset place;
        float weight;
    };

    template <class M = default_mode>
    static returns<M, neighbourhood> shifting(std::int64_t window_frames,
                                              std::int64_t window_capsule,
                                              std::int64_t off_diagonal, M = {})
    {
        return detail::got<M, neighbourhood>([&](tvae_neighbourhood **out) {
            return tvae_neighbourhood_create_shifting(window_frames, window_capsule,
                                                      off_diagonal, out);
        });
    }

    template <class M = default_mode>
    static returns<M, neighbourhood> shifting_range(std::int64_t first_frame,
                                                    std::int64_t last_frame,
                                                    std::int64_t off_diagonal, M = {})
    {
        return detail::got<M, neighbourhood>([&](tvae_neighbourhood **out) {
            return tvae_neighbourhood_create_shifting_range(first_frame, last_frame,
                                                            off_diagonal, out);
        });
    }

    template <class M = default_mode>
    static returns<M, neighbourhood> stationary(const offset &window, M = {})
    {
        return detail::got<M, neighbourhood>([&](tvae_neighbourhood **out) {
            return tvae_neighbourhood_create_stationary(window.data(), out);
        });
    }

    template <class M = default_mode>
    static returns<M, neighbourhood> entries(span<const entry> all, M = {})
    {
        std::vector<std::int64_t> places;
        std::vector<float> weights;

        for (const entry &one : all) {
            places.insert(places.end(), one.place.begin(), one.place.end());
            weights.push_back(one.weight);
        }
        return detail::got<M, neighbourhood>([&](tvae_neighbourhood **out) {
            return tvae_neighbourhood_create_offsets(weights.size(), places.data(),
                                                     weights.data(), out);
        });
    }

    std::size_t count() const noexcept
    {
        return tvae_neighbourhood_count(get());
    }

    template <class M = default_mode>
    returns<M, entry> at(std::size_t index, M = {}) const
    {
        return detail::got<M, entry>([&](entry *out) {
            return tvae_neighbourhood_offset(get(), index, out->place.data(),
                                             &out->weight);
        });
    }

    template <class M = default_mode> returns<M, std::string> describe(M = {}) const
    {
        return detail::text<M>(
            [&](auto... room) { return tvae_neighbourhood_describe(get(), room...); });
    }
};

/** The topographic Student-t construction. */
class prior
    : public shared_handle<prior, tvae_prior, tvae_prior_destroy, tvae_prior_retain>
{
  public:
    using shared_handle::shared_handle;

    /** Without neighbourhoods: a plain VAE's prior. */
    template <class M = default_mode>
    static returns<M, prior> create(const tvae_prior_options &wanted,
                                    span<const neighbourhood> neighbourhoods, M = {})
    {
        const auto all = detail::pointers(neighbourhoods);

        return detail::got<M, prior>([&](tvae_prior **out) {
            return tvae_prior_create(&wanted, all.data(), all.size(), out);
        });
    }

    std::size_t n_latents() const noexcept
    {
        return tvae_prior_n_latents(get());
    }
    double mu() const noexcept
    {
        return tvae_prior_mu(get());
    }

    template <class M = default_mode> returns<M, void> set_mu(double mu, M = {})
    {
        return detail::finish<M>(tvae_prior_set_mu(get(), mu));
    }

    /** `u` is empty for a prior without neighbourhoods. */
    template <class M = default_mode>
    returns<M, void> apply(const tensor &z, const tensor &u, tensor &t, M = {}) const
    {
        return detail::finish<M>(tvae_prior_apply(get(), z.get(), u.get(), t.get()));
    }

    /** Gives the gradient by mu; `du` is empty for a prior without neighbourhoods,
     * `dweights` may be. */
    template <class M = default_mode>
    returns<M, double> gradient(const tensor &z, const tensor &u, const tensor &dt,
                                tensor &dz, const tensor &du, const tensor &dweights,
                                M = {}) const
    {
        return detail::got<M, double>([&](double *dmu) {
            return tvae_prior_gradient(get(), z.get(), u.get(), dt.get(), dz.get(),
                                       du.get(), dmu, dweights.get());
        });
    }
};

/** The capsule transformation operator. */
class roll : public shared_handle<roll, tvae_roll, tvae_roll_destroy, tvae_roll_retain>
{
  public:
    using shared_handle::shared_handle;

    template <class M = default_mode>
    static returns<M, roll> create(const std::array<std::int64_t, 3> &capsule_dims,
                                   std::int32_t axis, M = {})
    {
        return detail::got<M, roll>([&](tvae_roll **out) {
            return tvae_roll_create(capsule_dims.data(), axis, out);
        });
    }

    /** Each sequence or frame by a shift of its own. */
    template <class M = default_mode>
    returns<M, void> apply(const tensor &t, span<const std::int64_t> shifts, tensor &out,
                           M = {}) const
    {
        return detail::finish<M>(
            tvae_roll_apply(get(), t.get(), shifts.data(), shifts.size(), out.get()));
    }

    /** All by one shift. */
    template <class M = default_mode>
    returns<M, void> apply(const tensor &t, std::int64_t shift, tensor &out,
                           M mode = {}) const
    {
        return apply(t, span<const std::int64_t>(&shift, 1), out, mode);
    }

    template <class M = default_mode>
    returns<M, void> apply_fractional(const tensor &t, span<const double> shifts,
                                      tensor &out, M = {}) const
    {
        return detail::finish<M>(tvae_roll_apply_fractional(get(), t.get(), shifts.data(),
                                                            shifts.size(), out.get()));
    }

    /** `dt` may be empty, and so may `dshifts`, which else is as long as `shifts`. */
    template <class M = default_mode>
    returns<M, void> gradient(const tensor &t, span<const double> shifts,
                              const tensor &dout, const tensor &dt, span<double> dshifts,
                              M = {}) const
    {
        if (!dshifts.empty() && dshifts.size() != shifts.size())
            return detail::fail<M, void>(
                {TVAE_E_SHAPE, "roll::gradient: dshifts and shifts differ in length",
                 nullptr});
        return detail::finish<M>(tvae_roll_gradient(get(), t.get(), shifts.data(),
                                                    shifts.size(), dout.get(), dt.get(),
                                                    dshifts.data()));
    }
};

} // namespace tvae

#endif
