/* SPDX-License-Identifier: MIT */
#ifndef TVAE_EXPERIMENT_HPP
#define TVAE_EXPERIMENT_HPP

#include <functional>

#include <tvae/data.hpp>
#include <tvae/experiment.h>
#include <tvae/train.hpp>

namespace tvae
{

using evaluate_options = options<tvae_evaluate_options, tvae_evaluate_options_init>;

/** Told after every step; returns whether to go on. What it throws stops the call, which
 * saves the work so far, and comes out of it. None is fine. */
using progress = std::function<bool(const tvae_progress &)>;

namespace detail
{

/* The C hook of a progress function, which must live as long as the call. */
class progress_hook
{
  public:
    explicit progress_hook(const progress &tell) noexcept : tell_(tell)
    {
        hook_.size = sizeof hook_;
        hook_.user = this;
        hook_.progress = call;
    }

    const tvae_progress_hook *get() const noexcept
    {
        return tell_ ? &hook_ : nullptr;
    }

  private:
    static std::int32_t call(void *user, const tvae_progress *state)
    {
        const auto *self = static_cast<const progress_hook *>(user);

        return guarded(std::int32_t{1}, [&] { return self->tell_(*state) ? 0 : 1; });
    }

    const progress &tell_;
    tvae_progress_hook hook_{};
};

} // namespace detail

/** A named experiment, and what it reproduces. */
struct experiment {
    std::string name, summary;
};

inline std::vector<experiment> experiments()
{
    std::vector<experiment> all;

    for (std::size_t i = 0; i < tvae_experiment_count(); i++)
        all.push_back({tvae_experiment_name(i), tvae_experiment_summary(i)});
    return all;
}

inline std::size_t config_key_count() noexcept
{
    return tvae_config_key_count();
}

template <class M = default_mode>
returns<M, tvae_key_facts> config_key_facts(std::size_t index, M = {})
{
    return detail::got<M, tvae_key_facts>([&](tvae_key_facts *out) {
        return tvae_config_key_facts(index, out, sizeof *out);
    });
}

/** A table of keys and values that rebuilds a run. */
class config : public handle<tvae_config, tvae_config_destroy>
{
  public:
    using handle::handle;

    template <class M = default_mode>
    static returns<M, config> create(const std::string &experiment_name, M = {})
    {
        return detail::got<M, config>([&](tvae_config **out) {
            return tvae_config_create(experiment_name.c_str(), out);
        });
    }

    template <class M = default_mode>
    static returns<M, config> load(const std::string &path, M = {})
    {
        return detail::got<M, config>(
            [&](tvae_config **out) { return tvae_config_load(path.c_str(), out); });
    }

    template <class M = default_mode>
    returns<M, void> save(const std::string &path, M = {}) const
    {
        return detail::finish<M>(tvae_config_save(get(), path.c_str()));
    }

    template <class M = default_mode>
    returns<M, void> set(const std::string &key, const std::string &value, M = {})
    {
        return detail::finish<M>(tvae_config_set(get(), key.c_str(), value.c_str()));
    }

    template <class M = default_mode>
    returns<M, std::string> value(const std::string &key, M = {}) const
    {
        return detail::text<M>(
            [&](auto... room) { return tvae_config_get(get(), key.c_str(), room...); });
    }

    template <class M = default_mode> returns<M, std::string> json(M = {}) const
    {
        return detail::text<M>(
            [&](auto... room) { return tvae_config_json(get(), room...); });
    }

    template <class M = default_mode> returns<M, model> build_model(M = {}) const
    {
        return detail::got<M, model>(
            [&](tvae_model **out) { return tvae_config_build_model(get(), out); });
    }

    template <class M = default_mode>
    returns<M, dataset> open_data(std::int32_t split, M = {}) const
    {
        return detail::got<M, dataset>(
            [&](tvae_dataset **out) { return tvae_config_open_data(get(), split, out); });
    }
};

/** A run folder, locked while open for training. */
class run : public handle<tvae_run, tvae_run_destroy>
{
  public:
    using handle::handle;

    template <class M = default_mode>
    static returns<M, run> create(const config &wanted, const std::string &folder, M = {})
    {
        return detail::got<M, run>([&](tvae_run **out) {
            return tvae_run_create(wanted.get(), folder.c_str(), out);
        });
    }

    /** An empty configuration takes the folder's own. */
    template <class M = default_mode>
    static returns<M, run> resume(const config &wanted, const std::string &folder, M = {})
    {
        return detail::got<M, run>([&](tvae_run **out) {
            return tvae_run_resume(wanted.get(), folder.c_str(), out);
        });
    }

    template <class M = default_mode>
    static returns<M, run> open(const std::string &folder, M = {})
    {
        return detail::got<M, run>(
            [&](tvae_run **out) { return tvae_run_open(folder.c_str(), out); });
    }

    /** Of several ranks; with `resume` the configuration may be empty. A collective. */
    template <class M = default_mode>
    static returns<M, run> create_distributed(const config &wanted,
                                              const std::string &folder, bool resume,
                                              const tvae_exchange &way, M = {})
    {
        return detail::got<M, run>([&](tvae_run **out) {
            return tvae_run_create_distributed(wanted.get(), folder.c_str(), resume, &way,
                                               out);
        });
    }

    /** To be evaluated by several ranks. A collective. */
    template <class M = default_mode>
    static returns<M, run> open_distributed(const std::string &folder,
                                            const tvae_exchange &way, M = {})
    {
        return detail::got<M, run>([&](tvae_run **out) {
            return tvae_run_open_distributed(folder.c_str(), &way, out);
        });
    }

    std::string folder() const
    {
        return detail::or_empty(tvae_run_folder(get()));
    }

    template <class M = default_mode> returns<M, config> configuration(M = {}) const
    {
        return detail::got<M, config>(
            [&](tvae_config **out) { return tvae_run_config(get(), out); });
    }

    template <class M = default_mode> returns<M, model> last_model(M = {})
    {
        return detail::got<M, model>(
            [&](tvae_model **out) { return tvae_run_model(get(), out); });
    }

    template <class M = default_mode>
    returns<M, void> train(const progress &tell = {}, M = {})
    {
        return detail::finish<M>(
            tvae_run_train(get(), detail::progress_hook(tell).get()));
    }

    /** An empty path takes the configured data. */
    template <class M = default_mode>
    returns<M, void> evaluate(const tvae_evaluate_options &wanted,
                              const std::string &data = {}, const progress &tell = {},
                              M = {})
    {
        return detail::finish<M>(tvae_run_evaluate(get(), &wanted, detail::or_null(data),
                                                   detail::progress_hook(tell).get()));
    }

    template <class M = default_mode>
    returns<M, double> summary_number(const std::string &path, M = {}) const
    {
        return detail::got<M, double>([&](double *out) {
            return tvae_run_summary_number(get(), path.c_str(), out);
        });
    }
};

} // namespace tvae

#endif
