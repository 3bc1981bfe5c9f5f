/* SPDX-License-Identifier: MIT */
#ifndef TVAE_METRIC_HPP
#define TVAE_METRIC_HPP

#include <tvae/metric.h>
#include <tvae/tensor.hpp>

namespace tvae
{

template <class M = default_mode>
returns<M, double> equivariance_error(const tensor &t, M = {})
{
    return detail::got<M, double>(
        [&](double *out) { return tvae_equivariance_error(t.get(), out); });
}

template <class M = default_mode>
returns<M, double> equivariance_error_pairs(const tensor &t, M = {})
{
    return detail::got<M, double>(
        [&](double *out) { return tvae_equivariance_error_pairs(t.get(), out); });
}

/** Do capsules roll by as much as the factor moved? Gathered over batches. */
class capcorr : public handle<tvae_capcorr, tvae_capcorr_destroy>
{
  public:
    using handle::handle;

    template <class M = default_mode>
    static returns<M, capcorr> create(std::size_t n_factors, std::size_t n_capsules,
                                      M = {})
    {
        return detail::got<M, capcorr>([&](tvae_capcorr **out) {
            return tvae_capcorr_create(n_factors, n_capsules, out);
        });
    }

    template <class M = default_mode>
    returns<M, void> add(const tensor &t, const tensor &factors, M = {})
    {
        return detail::finish<M>(tvae_capcorr_add(get(), t.get(), factors.get()));
    }

    template <class M = default_mode>
    returns<M, void> add_factor(const tensor &t, const tensor &factors,
                                std::size_t factor, M = {})
    {
        return detail::finish<M>(
            tvae_capcorr_add_factor(get(), t.get(), factors.get(), factor));
    }

    template <class M = default_mode>
    returns<M, double> value(std::size_t factor, std::int32_t choice, M = {}) const
    {
        return detail::got<M, double>(
            [&](double *out) { return tvae_capcorr_value(get(), factor, choice, out); });
    }

    template <class M = default_mode>
    returns<M, double> capsule_value(std::size_t factor, std::size_t capsule,
                                     M = {}) const
    {
        return detail::got<M, double>([&](double *out) {
            return tvae_capcorr_capsule_value(get(), factor, capsule, out);
        });
    }
};

/** Covariances of units, gathered over batches. */
class covariance : public handle<tvae_covariance, tvae_covariance_destroy>
{
  public:
    using handle::handle;

    template <class M = default_mode>
    static returns<M, covariance> create(std::size_t n_rows, std::size_t n_columns,
                                         std::int32_t kind, M = {})
    {
        return detail::got<M, covariance>([&](tvae_covariance **out) {
            return tvae_covariance_create(n_rows, n_columns, kind, out);
        });
    }

    /** An empty `y` stands for `x`. */
    template <class M = default_mode>
    returns<M, void> add(const tensor &x, const tensor &y, M = {})
    {
        return detail::finish<M>(tvae_covariance_add(get(), x.get(), y.get()));
    }

    template <class M = default_mode>
    returns<M, void> matrix(bool zero_diagonal, tensor &out, M = {}) const
    {
        return detail::finish<M>(
            tvae_covariance_matrix(get(), zero_diagonal ? 1 : 0, out.get()));
    }
};

/** Mean correlations, and their difference. */
struct smoothness {
    double neighbours, others, difference;
};

template <class M = default_mode>
returns<M, smoothness> topographic_smoothness(
    const covariance &of, const std::array<std::size_t, 4> &latent_shape, M = {})
{
    return detail::got<M, smoothness>([&](smoothness *out) {
        return tvae_topographic_smoothness(of.get(), latent_shape.data(),
                                           &out->neighbours, &out->others,
                                           &out->difference);
    });
}

/** How units tell classes apart, gathered over batches. */
class selectivity : public handle<tvae_selectivity, tvae_selectivity_destroy>
{
  public:
    using handle::handle;

    template <class M = default_mode>
    static returns<M, selectivity> create(std::size_t n_units, std::size_t n_classes,
                                          M = {})
    {
        return detail::got<M, selectivity>([&](tvae_selectivity **out) {
            return tvae_selectivity_create(n_units, n_classes, out);
        });
    }

    template <class M = default_mode>
    returns<M, void> add(const tensor &t, const tensor &labels, M = {})
    {
        return detail::finish<M>(tvae_selectivity_add(get(), t.get(), labels.get()));
    }

    template <class M = default_mode> returns<M, void> d_prime(tensor &out, M = {}) const
    {
        return detail::finish<M>(tvae_selectivity_d_prime(get(), out.get()));
    }

    template <class M = default_mode>
    returns<M, void> map(double threshold, tensor &out, M = {}) const
    {
        return detail::finish<M>(tvae_selectivity_map(get(), threshold, out.get()));
    }
};

/** Which sample activates each unit most, gathered over batches. */
class max_activation : public handle<tvae_max_activation, tvae_max_activation_destroy>
{
  public:
    using handle::handle;

    struct sample {
        std::uint64_t number;
        double value;
    };

    template <class M = default_mode>
    static returns<M, max_activation> create(std::size_t n_units, M = {})
    {
        return detail::got<M, max_activation>([&](tvae_max_activation **out) {
            return tvae_max_activation_create(n_units, out);
        });
    }

    template <class M = default_mode> returns<M, void> add(const tensor &t, M = {})
    {
        return detail::finish<M>(tvae_max_activation_add(get(), t.get()));
    }

    template <class M = default_mode>
    returns<M, sample> find(std::size_t unit, M = {}) const
    {
        return detail::got<M, sample>([&](sample *out) {
            return tvae_max_activation_find(get(), unit, &out->number, &out->value);
        });
    }
};

/** How much posteriors use each latent, gathered over batches. */
class activity : public handle<tvae_activity, tvae_activity_destroy>
{
  public:
    using handle::handle;

    template <class M = default_mode>
    static returns<M, activity> create(std::size_t n_units, M = {})
    {
        return detail::got<M, activity>(
            [&](tvae_activity **out) { return tvae_activity_create(n_units, out); });
    }

    template <class M = default_mode>
    returns<M, void> add(const tensor &mean, const tensor &log_variance, M = {})
    {
        return detail::finish<M>(
            tvae_activity_add(get(), mean.get(), log_variance.get()));
    }

    template <class M = default_mode>
    returns<M, double> value(std::size_t unit, std::int32_t measure, M = {}) const
    {
        return detail::got<M, double>(
            [&](double *out) { return tvae_activity_value(get(), unit, measure, out); });
    }

    template <class M = default_mode>
    returns<M, std::size_t> count(std::int32_t measure, double threshold, M = {}) const
    {
        return detail::got<M, std::size_t>([&](std::size_t *out) {
            return tvae_activity_count(get(), measure, threshold, out);
        });
    }
};

} // namespace tvae

#endif
