/* SPDX-License-Identifier: MIT */
/* In place of what shows runs, which a build without Jansson cannot open. */
#include <tvae/report.h>

#include "base/missing.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

tvae_status tvae_report_figures(tvae_run *run, const char *data,
                                const tvae_progress_hook *hook)
{
    return tvi_fail_missing("report_figures", "json");
}

tvae_status tvae_report_likelihood(tvae_run *const *runs, size_t n_runs, const char *path)
{
    return tvi_fail_missing("report_likelihood", "json");
}

tvae_status tvae_report_html(tvae_run *const *runs, size_t n_runs, const char *data,
                             const char *path, const tvae_progress_hook *hook)
{
    return tvi_fail_missing("report_html", "json");
}
