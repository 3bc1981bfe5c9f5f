/* SPDX-License-Identifier: MIT */
#include "report/figures.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/io.h"
#include "model/model.h"

void tvi_figures_close(tvi_figures *set)
{
    tvae_tensor_destroy(&set->x);
    tvae_tensor_destroy(&set->factors);
    tvae_tensor_destroy(&set->t);
    tvae_tensor_destroy(&set->rolled);
    tvae_tensor_destroy(&set->decoded);
    tvae_tensor_destroy(&set->noise_z);
    tvae_tensor_destroy(&set->noise_u);
    tvae_workspace_destroy(&set->work);
    tvae_dataset_destroy(&set->test);
    tvae_dataset_destroy(&set->train);
    tvae_model_destroy(&set->model);
}

static tvae_status open_data(tvi_figures *set, tvae_run *run, const char *data)
{
    tvae_config *config = NULL;
    tvae_status st = tvae_run_config(run, &config);

    if (st == TVAE_OK && data)
        st = tvae_config_set(config, "data", data);
    if (st == TVAE_OK)
        st = tvae_config_open_data(config, TVAE_SPLIT_TEST, &set->test);
    if (st == TVAE_OK)
        st = tvae_config_open_data(config, TVAE_SPLIT_TRAIN, &set->train);
    set->dataset = set->test;
    tvae_config_destroy(&config);
    return st;
}

static tvae_status create_tensors(tvi_figures *set)
{
    size_t x[5] = {1}, t[6] = {1, set->sequence[0]};
    const size_t n_factors = tvae_dataset_factor_count(set->test);
    tvae_status st;

    memcpy(x + 1, set->sequence, sizeof set->sequence);
    memcpy(t + 2, set->latent, sizeof set->latent);
    st = tvae_tensor_create(5, x, &set->x);
    if (st == TVAE_OK)
        st = tvae_tensor_create(5, x, &set->decoded);
    if (st == TVAE_OK)
        st = tvae_tensor_create(6, t, &set->t);
    if (st == TVAE_OK)
        st = tvae_tensor_create(6, t, &set->rolled);
    if (st == TVAE_OK)
        st = tvae_tensor_create(6, t, &set->noise_z);
    if (st == TVAE_OK && set->model->u_encoder)
        st = tvae_tensor_create(6, t, &set->noise_u);
    if (st == TVAE_OK && n_factors)
        st =
            tvae_tensor_create(2, (size_t[]){set->sequence[0], n_factors}, &set->factors);
    return st;
}

tvae_status tvi_figures_open(tvi_figures *set, tvae_run *run, const char *data,
                             const tvae_progress_hook *hook)
{
    tvae_status st = tvi_hook_import(&set->hook, hook, "report_figures");

    set->folder = tvae_run_folder(run);
    if (st == TVAE_OK)
        st = open_data(set, run, data);
    if (st == TVAE_OK)
        st = tvae_run_model(run, &set->model);
    if (st == TVAE_OK)
        st = tvae_workspace_create(&set->work);
    if (st == TVAE_OK)
        st = tvae_dataset_shape(set->test, set->sequence);
    if (st == TVAE_OK)
        st = tvae_model_latent_shape(set->model, set->latent);
    if (st != TVAE_OK)
        return st;
    set->are_images = (set->sequence[1] == 1 || set->sequence[1] == 3) &&
                      set->sequence[2] > 1 && set->sequence[3] > 1;
    return create_tensors(set);
}

tvae_status tvi_figures_read(tvi_figures *set, size_t item)
{
    tvae_tensor *frames = NULL;
    tvae_status st = tvae_tensor_view(set->x, 0, 4, set->sequence, &frames);

    if (st == TVAE_OK)
        st = tvae_dataset_get(set->dataset, item, 0, item, frames, set->factors);
    tvae_tensor_destroy(&frames);
    return st;
}

tvae_status tvi_figures_encode(tvi_figures *set, size_t item)
{
    tvae_status st = tvae_tensor_fill_normal(set->noise_z, 0, 2 * item);

    if (st == TVAE_OK && set->noise_u)
        st = tvae_tensor_fill_normal(set->noise_u, 0, 2 * item + 1);
    if (st == TVAE_OK)
        st = tvae_model_sample(set->model, set->work, set->x, set->noise_z, set->noise_u,
                               set->t);
    return st;
}

tvae_status tvi_figures_roll(tvi_figures *set, int64_t shift)
{
    const size_t n_frames = set->sequence[0];
    const size_t n_latents = tvae_tensor_count(set->t) / n_frames;
    const int64_t dims[] = {(int64_t)set->latent[1], (int64_t)set->latent[2],
                            (int64_t)set->latent[3]};
    tvae_roll *roll = NULL;
    tvae_status st = tvae_roll_create(dims, 0, &roll);

    for (size_t l = 0; st == TVAE_OK && l < n_frames; l++) {
        const int64_t places = shift + (int64_t)l;
        tvae_tensor *from = NULL, *to = NULL;

        st = tvae_tensor_view(set->t, 0, 4, set->latent, &from);
        if (st == TVAE_OK)
            st = tvae_tensor_view(set->rolled, l * n_latents, 4, set->latent, &to);
        if (st == TVAE_OK)
            st = tvae_roll_apply(roll, from, &places, 1, to);
        tvae_tensor_destroy(&from);
        tvae_tensor_destroy(&to);
    }
    tvae_roll_destroy(&roll);
    return st;
}

size_t tvi_figures_varying_factor(const tvi_figures *set)
{
    const size_t n_factors = tvae_dataset_factor_count(set->dataset);
    const float *values = tvae_tensor_data_const(set->factors);
    size_t factor = 0;

    if (set->sequence[0] < 2)
        return n_factors;
    while (factor < n_factors && values[factor] == values[n_factors + factor])
        factor++;
    return factor;
}

static tvae_status name_file(const tvi_figures *set, const char *name, const char *ending,
                             char path[TVI_FIGURE_PATH])
{
    if (snprintf(path, TVI_FIGURE_PATH, "%s/figures/%s.%s", set->folder, name, ending) >=
        TVI_FIGURE_PATH)
        return tvi_fail(TVAE_E_INVALID,
                        "report_figures: the path of the run is too long, want fewer "
                        "than %d bytes",
                        TVI_FIGURE_PATH);
    return TVAE_OK;
}

static tvae_status tell_hook(tvi_figures *set, const char *path)
{
    tvae_progress progress = {
        .size = sizeof progress, .phase = path, .loss = (double)NAN};

    progress.done = progress.total = ++set->n_drawn;
    if (set->hook.progress && set->hook.progress(set->hook.user, &progress) != 0)
        return tvi_fail(TVAE_E_CANCELLED, "report_figures: stopped after %s", path);
    return TVAE_OK;
}

tvae_status tvi_figures_write(tvi_figures *set, const char *name,
                              const tvae_tensor *frames)
{
    const size_t height = tvae_tensor_extent(frames, 3);
    const size_t width = tvae_tensor_extent(frames, 4);
    const size_t side = height > width ? height : width;
    char path[TVI_FIGURE_PATH];
    tvae_status st = name_file(set, name, "png", path);

    if (st == TVAE_OK)
        st = tvae_picture_write(path, frames, side <= 32 ? 3 : side <= 64 ? 2 : 1);
    return st == TVAE_OK ? tell_hook(set, path) : st;
}

tvae_status tvi_figures_write_canvas(tvi_figures *set, const char *name,
                                     const tvi_canvas *canvas)
{
    char path[TVI_FIGURE_PATH];
    tvae_status st = name_file(set, name, "png", path);

    if (st == TVAE_OK)
        st = tvi_canvas_write(canvas, path, "report_figures");
    return st == TVAE_OK ? tell_hook(set, path) : st;
}

tvae_status tvi_figures_write_text(tvi_figures *set, const char *name, const char *text)
{
    char path[TVI_FIGURE_PATH];
    tvae_status st = name_file(set, name, "txt", path);

    if (st == TVAE_OK)
        st = tvi_file_write(path, text, strlen(text));
    return st == TVAE_OK ? tell_hook(set, path) : st;
}
