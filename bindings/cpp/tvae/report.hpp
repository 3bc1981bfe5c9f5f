/* SPDX-License-Identifier: MIT */
#ifndef TVAE_REPORT_HPP
#define TVAE_REPORT_HPP

#include <tvae/experiment.hpp>
#include <tvae/report.h>

namespace tvae
{

template <class M = default_mode>
returns<M, void> write_picture(const std::string &path, const tensor &frames,
                               std::int64_t scale, M = {})
{
    return detail::finish<M>(tvae_picture_write(path.c_str(), frames.get(), scale));
}

/** An empty path takes the configured data. */
template <class M = default_mode>
returns<M, void> draw_figures(run &of, const std::string &data = {},
                              const progress &tell = {}, M = {})
{
    return detail::finish<M>(tvae_report_figures(of.get(), detail::or_null(data),
                                                 detail::progress_hook(tell).get()));
}

template <class M = default_mode>
returns<M, void> plot_likelihood(span<const run> runs, const std::string &path, M = {})
{
    const auto all = detail::pointers(runs);

    return detail::finish<M>(
        tvae_report_likelihood(all.data(), all.size(), path.c_str()));
}

/** An empty data path takes each run's configured data. */
template <class M = default_mode>
returns<M, void> write_html(span<const run> runs, const std::string &path,
                            const std::string &data = {}, const progress &tell = {},
                            M = {})
{
    const auto all = detail::pointers(runs);

    return detail::finish<M>(tvae_report_html(all.data(), all.size(),
                                              detail::or_null(data), path.c_str(),
                                              detail::progress_hook(tell).get()));
}

} // namespace tvae

#endif
