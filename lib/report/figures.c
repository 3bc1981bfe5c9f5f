/* SPDX-License-Identifier: MIT */
#include "report/figures.h"

#include "experiment/run.h"

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
    st = tvi_folder_make_inside(tvae_run_folder(run), "figures", "report_figures");
    if (st == TVAE_OK)
        st = tvi_figures_open(&set, run, data, hook);
    for (size_t i = 0; st == TVAE_OK && i < sizeof draw / sizeof *draw; i++)
        st = draw[i](&set);
    tvi_figures_close(&set);
    return st;
}
