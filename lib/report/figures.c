/* SPDX-License-Identifier: MIT */
#include "report/figures.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

/* Make RUN/figures unless it is there. */
static tvae_status make_folder(const char *run_folder)
{
    char path[TVI_FIGURE_PATH];

    if (snprintf(path, sizeof path, "%s/figures", run_folder) >= (int)sizeof path)
        return tvi_fail(TVAE_E_INVALID,
                        "report_figures: the path of the run is too long, want fewer "
                        "than %d bytes",
                        TVI_FIGURE_PATH);
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return tvi_fail(TVAE_E_IO,
                        "report_figures: the folder %s cannot be made (error %d): is the "
                        "run's folder writable?",
                        path, errno);
    return TVAE_OK;
}

tvae_status tvae_report_figures(tvae_run *run, const char *data,
                                const tvae_progress_hook *hook)
{
    static tvae_status (*const draw[])(tvi_figures * set) = {
        tvi_draw_reconstructions, tvi_draw_traversals,        tvi_draw_samples,
        tvi_draw_filters,         tvi_draw_neighbourhoods,    tvi_draw_curves,
        tvi_draw_covariances,     tvi_draw_class_selectivity, tvi_draw_max_activation,
    };
    tvi_figures set = {0};
    tvae_status st;

    if (!run)
        return tvi_fail(TVAE_E_INVALID, "report_figures: run is NULL");
    st = make_folder(tvae_run_folder(run));
    if (st == TVAE_OK)
        st = tvi_figures_open(&set, run, data, hook);
    for (size_t i = 0; st == TVAE_OK && i < sizeof draw / sizeof *draw; i++)
        st = draw[i](&set);
    tvi_figures_close(&set);
    return st;
}
