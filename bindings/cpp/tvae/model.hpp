/* SPDX-License-Identifier: MIT */
#ifndef TVAE_MODEL_HPP
#define TVAE_MODEL_HPP

#include <tvae/layer.hpp>
#include <tvae/model.h>
#include <tvae/topography.hpp>

namespace tvae
{

using model_options = options<tvae_model_options, tvae_model_options_init>;

/** Loss terms in nats a frame; the places are the TVAE_TERM numbers. */
using loss_terms = std::array<double, TVAE_N_TERMS>;

/** The Topographic VAE. Where u is absent, in a plain VAE, its tensors are empty. */
class model
    : public shared_handle<model, tvae_model, tvae_model_destroy, tvae_model_retain>
{
  public:
    using shared_handle::shared_handle;

    /** The paper's multilayer perceptrons. */
    template <class M = default_mode>
    static returns<M, model> create(const tvae_model_options &wanted,
                                    const prior &topography, M = {})
    {
        return detail::got<M, model>([&](tvae_model **out) {
            return tvae_model_create(&wanted, topography.get(), out);
        });
    }

    /** `u_encoder` is empty exactly if the prior has no neighbourhoods. */
    template <class M = default_mode>
    static returns<M, model> compose(const tvae_model_options &wanted,
                                     const layer &z_encoder, const layer &u_encoder,
                                     const prior &topography, const layer &decoder,
                                     M = {})
    {
        return detail::got<M, model>([&](tvae_model **out) {
            return tvae_model_compose(&wanted, z_encoder.get(), u_encoder.get(),
                                      topography.get(), decoder.get(), out);
        });
    }

    template <class M = default_mode>
    static returns<M, model> load(const std::string &path, M = {})
    {
        return detail::got<M, model>(
            [&](tvae_model **out) { return tvae_model_load(path.c_str(), out); });
    }

    template <class M = default_mode>
    returns<M, void> save(const std::string &path, M = {}) const
    {
        return detail::finish<M>(tvae_model_save(get(), path.c_str()));
    }

    template <class M = default_mode>
    returns<M, void> initialise(std::uint64_t seed, M = {})
    {
        return detail::finish<M>(tvae_model_initialise(get(), seed));
    }

    /** Channels, height, width. */
    template <class M = default_mode>
    returns<M, std::array<std::size_t, 3>> frame_shape(M = {}) const
    {
        return detail::got<M, std::array<std::size_t, 3>>(
            [&](auto *out) { return tvae_model_frame_shape(get(), out->data()); });
    }

    /** Capsules, d1, d2, d3. */
    template <class M = default_mode>
    returns<M, std::array<std::size_t, 4>> latent_shape(M = {}) const
    {
        return detail::got<M, std::array<std::size_t, 4>>(
            [&](auto *out) { return tvae_model_latent_shape(get(), out->data()); });
    }

    template <class M = default_mode> returns<M, prior> topography(M = {}) const
    {
        return detail::got<M, prior>(
            [&](tvae_prior **out) { return tvae_model_prior(get(), out); });
    }

    std::size_t parameter_count() const noexcept
    {
        return tvae_model_parameter_count(get());
    }

    template <class M = default_mode>
    returns<M, parameter_facts> parameter_info(std::size_t index, M = {}) const
    {
        return detail::parameter_facts_of<M>(
            [&](auto... out) { return tvae_model_parameter_info(get(), index, out...); });
    }

    template <class M = default_mode>
    returns<M, void> get_parameter(const std::string &name, tensor &value, M = {}) const
    {
        return detail::finish<M>(
            tvae_model_get_parameter(get(), name.c_str(), value.get()));
    }

    template <class M = default_mode>
    returns<M, void> set_parameter(const std::string &name, const tensor &value, M = {})
    {
        return detail::finish<M>(
            tvae_model_set_parameter(get(), name.c_str(), value.get()));
    }

    template <class M = default_mode>
    returns<M, void> get_gradient(const std::string &name, tensor &gradient, M = {}) const
    {
        return detail::finish<M>(
            tvae_model_get_gradient(get(), name.c_str(), gradient.get()));
    }

    template <class M = default_mode> returns<M, void> zero_gradient(M = {})
    {
        return detail::finish<M>(tvae_model_zero_gradient(get()));
    }

    template <class M = default_mode>
    returns<M, void> encode(workspace &work, const tensor &x, tensor &t, M = {}) const
    {
        return detail::finish<M>(tvae_model_encode(get(), work.get(), x.get(), t.get()));
    }

    /** Each of the four outputs may be empty. */
    template <class M = default_mode>
    returns<M, void> posterior(workspace &work, const tensor &x, const tensor &z_mean,
                               const tensor &z_log_variance, const tensor &u_mean,
                               const tensor &u_log_variance, M = {}) const
    {
        return detail::finish<M>(tvae_model_posterior(
            get(), work.get(), x.get(), z_mean.get(), z_log_variance.get(), u_mean.get(),
            u_log_variance.get()));
    }

    template <class M = default_mode>
    returns<M, void> sample(workspace &work, const tensor &x, const tensor &noise_z,
                            const tensor &noise_u, tensor &t, M = {}) const
    {
        return detail::finish<M>(tvae_model_sample(
            get(), work.get(), x.get(), noise_z.get(), noise_u.get(), t.get()));
    }

    template <class M = default_mode>
    returns<M, void> decode(workspace &work, const tensor &t, tensor &x, M = {}) const
    {
        return detail::finish<M>(tvae_model_decode(get(), work.get(), t.get(), x.get()));
    }

    template <class M = default_mode>
    returns<M, void> predict(workspace &work, const tensor &x, std::int64_t n_seen,
                             tensor &predicted, M = {}) const
    {
        return detail::finish<M>(
            tvae_model_predict(get(), work.get(), x.get(), n_seen, predicted.get()));
    }

    /** Both noises empty: at the posterior means. */
    template <class M = default_mode>
    returns<M, loss_terms> elbo(workspace &work, const tensor &x, const tensor &noise_z,
                                const tensor &noise_u, M = {}) const
    {
        return detail::got<M, loss_terms>([&](loss_terms *out) {
            return tvae_model_elbo(get(), work.get(), x.get(), noise_z.get(),
                                   noise_u.get(), out->data(), out->size());
        });
    }

    template <class M = default_mode>
    returns<M, loss_terms> elbo_gradient(workspace &work, const tensor &x,
                                         const tensor &noise_z, const tensor &noise_u,
                                         M = {})
    {
        return detail::got<M, loss_terms>([&](loss_terms *out) {
            return tvae_model_elbo_gradient(get(), work.get(), x.get(), noise_z.get(),
                                            noise_u.get(), out->data(), out->size());
        });
    }

    /** Either output may be empty. */
    template <class M = default_mode>
    returns<M, void> log_likelihood(workspace &work, const tensor &x,
                                    std::int64_t n_samples, std::uint64_t seed,
                                    const tensor &normalised, const tensor &reference,
                                    M = {}) const
    {
        return detail::finish<M>(
            tvae_model_log_likelihood(get(), work.get(), x.get(), n_samples, seed,
                                      normalised.get(), reference.get()));
    }
};

/** Encodes the frames of one sequence as they arrive; keeps its model alive. */
class stream
    : public shared_handle<stream, tvae_stream, tvae_stream_destroy, tvae_stream_retain>
{
  public:
    using shared_handle::shared_handle;

    template <class M = default_mode>
    static returns<M, stream> create(const model &of, M = {})
    {
        return detail::got<M, stream>(
            [&](tvae_stream **out) { return tvae_stream_create(of.get(), out); });
    }

    template <class M = default_mode> returns<M, void> reset(M = {})
    {
        return detail::finish<M>(tvae_stream_reset(get()));
    }

    template <class M = default_mode>
    returns<M, void> push(const tensor &frame, tensor &t, M = {})
    {
        return detail::finish<M>(tvae_stream_push(get(), frame.get(), t.get()));
    }
};

} // namespace tvae

#endif
