/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "report/figures.h"

tvae_status tvi_check_runs(tvae_run *const *runs, size_t n_runs, const char *path,
                           const char *call)
{
    if (!runs || !path)
        return tvi_fail(TVAE_E_INVALID, "%s: %s is NULL", call, runs ? "path" : "runs");
    if (n_runs < 1 || n_runs > TVI_MAX_RUNS)
        return tvi_fail(TVAE_E_INVALID, "%s: n_runs is %zu, want 1 to %d", call, n_runs,
                        TVI_MAX_RUNS);
    for (size_t i = 0; i < n_runs; i++)
        if (!runs[i])
            return tvi_fail(TVAE_E_INVALID, "%s: runs[%zu] is NULL", call, i);
    return TVAE_OK;
}

const char *tvi_run_name(const tvae_run *run)
{
    const char *folder = tvae_run_folder(run), *slash = strrchr(folder, '/');

    return slash && slash[1] ? slash + 1 : folder;
}
