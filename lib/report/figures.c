/* SPDX-License-Identifier: MIT */
#include <tvae/report.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "model/model.h"

enum {
    N_RECONSTRUCTIONS = 10, /* columns of the picture of reconstructions */
    N_CANDIDATES = 200,     /* sequences looked at to find one of every factor */
    PATH_BYTES = 4096
};

/* What all pictures of a run share. S frames, n latents a frame. */
typedef struct figure_set {
    const char *folder; /* the run's */
    const tvae_progress_hook *hook;
    tvae_model *model;
    tvae_dataset *dataset;
    tvae_workspace *work;
    size_t sequence[4];             /* frames, channels, height, width */
    size_t latent[4];               /* capsules, d1, d2, d3 */
    tvae_tensor *x;                 /* [1, S, channels, height, width] one sequence */
    tvae_tensor *factors;           /* [S, factors] */
    tvae_tensor *t;                 /* [1, S, capsules, d1, d2, d3] its latents */
    tvae_tensor *rolled;            /* as t: frame l is frame 0 rolled by l */
    tvae_tensor *decoded;           /* as x */
    tvae_tensor *noise_z, *noise_u; /* [1, S, latents]; noise_u NULL for a plain VAE */
    int64_t n_drawn;
} figure_set;

static void release_set(figure_set *set)
{
    tvae_tensor_destroy(&set->x);
    tvae_tensor_destroy(&set->factors);
    tvae_tensor_destroy(&set->t);
    tvae_tensor_destroy(&set->rolled);
    tvae_tensor_destroy(&set->decoded);
    tvae_tensor_destroy(&set->noise_z);
    tvae_tensor_destroy(&set->noise_u);
    tvae_workspace_destroy(&set->work);
    tvae_dataset_destroy(&set->dataset);
    tvae_model_destroy(&set->model);
}

static tvae_status open_data(tvae_run *run, const char *data, tvae_dataset **out)
{
    tvae_config *config = NULL;
    tvae_status st = tvae_run_config(run, &config);

    if (st == TVAE_OK && data)
        st = tvae_config_set(config, "data", data);
    if (st == TVAE_OK)
        st = tvae_config_open_data(config, TVAE_SPLIT_TEST, out);
    tvae_config_destroy(&config);
    return st;
}

static tvae_status create_tensors(figure_set *set, const size_t *x, const size_t *t)
{
    tvae_status st = tvae_tensor_create(5, x, &set->x);

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
    return st;
}

/* Fill a zeroed set; on failure what was made is released by release_set(). */
static tvae_status open_set(figure_set *set, tvae_run *run, const char *data,
                            const tvae_progress_hook *hook)
{
    size_t n_factors, x[5] = {1}, t[6] = {1};
    tvae_status st;

    set->folder = tvae_run_folder(run);
    set->hook = hook;
    st = open_data(run, data, &set->dataset);
    if (st == TVAE_OK)
        st = tvae_run_model(run, &set->model);
    if (st == TVAE_OK)
        st = tvae_workspace_create(&set->work);
    if (st == TVAE_OK)
        st = tvae_dataset_shape(set->dataset, set->sequence);
    if (st == TVAE_OK)
        st = tvae_model_latent_shape(set->model, set->latent);
    if (st != TVAE_OK)
        return st;
    n_factors = tvae_dataset_factor_count(set->dataset);
    memcpy(x + 1, set->sequence, sizeof set->sequence);
    t[1] = set->sequence[0];
    memcpy(t + 2, set->latent, sizeof set->latent);
    st = create_tensors(set, x, t);
    if (st == TVAE_OK && n_factors)
        st =
            tvae_tensor_create(2, (size_t[]){set->sequence[0], n_factors}, &set->factors);
    return st;
}

/* Read test sequence `item` into the set, with the transform that an evaluation of seed 0
 * gives it. */
static tvae_status read_sequence(figure_set *set, size_t item)
{
    tvae_tensor *frames = NULL;
    tvae_status st = tvae_tensor_view(set->x, 0, 4, set->sequence, &frames);

    if (st == TVAE_OK)
        st = tvae_dataset_get(set->dataset, item, 0, item, frames, set->factors);
    tvae_tensor_destroy(&frames);
    return st;
}

/* set->t = latents of set->x, sampled as the reference does: the energies of sampled u
 * are those the decoder has learnt; at the means, without the variance of u, they are
 * smaller. */
static tvae_status encode_sequence(figure_set *set, size_t item)
{
    tvae_status st = tvae_tensor_fill_normal(set->noise_z, 0, 2 * item);

    if (st == TVAE_OK && set->noise_u)
        st = tvae_tensor_fill_normal(set->noise_u, 0, 2 * item + 1);
    if (st == TVAE_OK)
        st = tvae_model_sample(set->model, set->work, set->x, set->noise_z, set->noise_u,
                               set->t);
    return st;
}

/* Write the picture RUN/figures/<name>.png and tell the hook its path. */
static tvae_status write_picture(figure_set *set, const char *name,
                                 const tvae_tensor *frames)
{
    const size_t side =
        set->sequence[2] > set->sequence[3] ? set->sequence[2] : set->sequence[3];
    const int64_t scale = side <= 32 ? 3 : side <= 64 ? 2 : 1;
    char path[PATH_BYTES];
    tvae_progress progress = {
        .size = sizeof progress, .phase = path, .loss = (double)NAN};
    tvae_status st;

    if (snprintf(path, sizeof path, "%s/figures/%s.png", set->folder, name) >=
        (int)sizeof path)
        return tvi_fail(TVAE_E_INVALID,
                        "report_figures: the path of the run is too long");
    st = tvae_picture_write(path, frames, scale);
    if (st != TVAE_OK)
        return st;
    progress.done = progress.total = ++set->n_drawn;
    if (set->hook && set->hook->progress &&
        set->hook->progress(set->hook->user, &progress) != 0)
        return tvi_fail(TVAE_E_CANCELLED, "report_figures: stopped after %s", path);
    return TVAE_OK;
}

/* Rows: input, output, |difference|; one column for the first frame of each sequence. */
static tvae_status draw_reconstructions(figure_set *set)
{
    const size_t n_items = tvae_dataset_count(set->dataset);
    const size_t n_columns = n_items < N_RECONSTRUCTIONS ? n_items : N_RECONSTRUCTIONS;
    const size_t frame = set->sequence[1] * set->sequence[2] * set->sequence[3];
    const size_t shape[] = {3, n_columns, set->sequence[1], set->sequence[2],
                            set->sequence[3]};
    const float *input = tvae_tensor_data_const(set->x);
    const float *output = tvae_tensor_data_const(set->decoded);
    tvae_tensor *picture = NULL;
    tvae_status st = tvae_tensor_create(5, shape, &picture);

    for (size_t column = 0; st == TVAE_OK && column < n_columns; column++) {
        float *top = tvae_tensor_data(picture) + column * frame;

        st = read_sequence(set, column);
        if (st == TVAE_OK)
            st = encode_sequence(set, column);
        if (st == TVAE_OK)
            st = tvae_model_decode(set->model, set->work, set->t, set->decoded);
        for (size_t i = 0; st == TVAE_OK && i < frame; i++) {
            top[i] = input[i];
            top[n_columns * frame + i] = output[i];
            top[2 * n_columns * frame + i] = fabsf(input[i] - output[i]);
        }
    }
    if (st == TVAE_OK)
        st = write_picture(set, "reconstructions", picture);
    tvae_tensor_destroy(&picture);
    return st;
}

/* set->rolled frame l = frame 0 of set->t, rolled by l along the first capsule axis. */
static tvae_status roll_first_frame(figure_set *set)
{
    const size_t n_frames = set->sequence[0];
    const size_t n_latents = tvae_tensor_count(set->t) / n_frames;
    const int64_t dims[] = {(int64_t)set->latent[1], (int64_t)set->latent[2],
                            (int64_t)set->latent[3]};
    tvae_roll *roll = NULL;
    tvae_status st = tvae_roll_create(dims, 0, &roll);

    for (size_t l = 0; st == TVAE_OK && l < n_frames; l++) {
        const int64_t shift = (int64_t)l;
        tvae_tensor *from = NULL, *to = NULL;

        st = tvae_tensor_view(set->t, 0, 4, set->latent, &from);
        if (st == TVAE_OK)
            st = tvae_tensor_view(set->rolled, l * n_latents, 4, set->latent, &to);
        if (st == TVAE_OK)
            st = tvae_roll_apply(roll, from, &shift, 1, to);
        tvae_tensor_destroy(&from);
        tvae_tensor_destroy(&to);
    }
    tvae_roll_destroy(&roll);
    return st;
}

/* Rows: the true sequence, its reconstruction, the decoding of frame 0 rolled step by
 * step; one column a frame (paper Figure 4). The sequence is in set->x. */
static tvae_status draw_traversal(figure_set *set, size_t item, const char *factor)
{
    const size_t count = tvae_tensor_count(set->x);
    const size_t shape[] = {3, set->sequence[0], set->sequence[1], set->sequence[2],
                            set->sequence[3]};
    tvae_tensor *picture = NULL;
    float *rows;
    char name[64];
    tvae_status st = tvae_tensor_create(5, shape, &picture);

    if (st != TVAE_OK)
        return st;
    rows = tvae_tensor_data(picture);
    memcpy(rows, tvae_tensor_data_const(set->x), count * sizeof *rows);
    st = encode_sequence(set, item);
    if (st == TVAE_OK)
        st = tvae_model_decode(set->model, set->work, set->t, set->decoded);
    if (st == TVAE_OK) {
        memcpy(rows + count, tvae_tensor_data_const(set->decoded), count * sizeof *rows);
        st = roll_first_frame(set);
    }
    if (st == TVAE_OK)
        st = tvae_model_decode(set->model, set->work, set->rolled, set->decoded);
    if (st == TVAE_OK) {
        memcpy(rows + 2 * count, tvae_tensor_data_const(set->decoded),
               count * sizeof *rows);
        (void)snprintf(name, sizeof name, "traversal_%s", factor);
        st = write_picture(set, name, picture);
    }
    tvae_tensor_destroy(&picture);
    return st;
}

/* The factor that changes from frame 0 to 1 of the sequence in the set, or the number of
 * factors if none does. */
static size_t varying_factor(const figure_set *set)
{
    const size_t n_factors = tvae_dataset_factor_count(set->dataset);
    const float *values = tvae_tensor_data_const(set->factors);
    size_t factor = 0;

    while (factor < n_factors && values[factor] == values[n_factors + factor])
        factor++;
    return factor;
}

/* One traversal for each factor that varies in the first sequences. */
static tvae_status draw_traversals(figure_set *set)
{
    const size_t n_items = tvae_dataset_count(set->dataset);
    const size_t n_factors = tvae_dataset_factor_count(set->dataset);
    const size_t n_looked_at = n_items < N_CANDIDATES ? n_items : N_CANDIDATES;
    uint64_t drawn = 0; /* bit f: factor f has its picture */
    tvae_status st = TVAE_OK;

    if (set->sequence[0] < 2)
        return TVAE_OK;
    if (n_factors == 0) {
        st = read_sequence(set, 0);
        return st == TVAE_OK ? draw_traversal(set, 0, "sequence") : st;
    }
    for (size_t item = 0; st == TVAE_OK && item < n_looked_at; item++) {
        size_t factor;

        st = read_sequence(set, item);
        factor = varying_factor(set);
        if (st != TVAE_OK || factor == n_factors || drawn >> factor & 1)
            continue;
        drawn |= UINT64_C(1) << factor;
        st = draw_traversal(set, item, tvae_dataset_factor_name(set->dataset, factor));
    }
    return st;
}

/* Make RUN/figures unless it is there. */
static tvae_status make_folder(const char *run_folder)
{
    char path[PATH_BYTES];

    if (snprintf(path, sizeof path, "%s/figures", run_folder) >= (int)sizeof path)
        return tvi_fail(TVAE_E_INVALID,
                        "report_figures: the path of the run is too long");
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
    figure_set set = {0};
    tvae_status st;

    if (!run)
        return tvi_fail(TVAE_E_INVALID, "report_figures: run is NULL");
    st = make_folder(tvae_run_folder(run));
    if (st == TVAE_OK)
        st = open_set(&set, run, data, hook);
    if (st == TVAE_OK)
        st = draw_reconstructions(&set);
    if (st == TVAE_OK)
        st = draw_traversals(&set);
    release_set(&set);
    return st;
}
