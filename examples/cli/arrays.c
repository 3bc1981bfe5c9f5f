/* SPDX-License-Identifier: MIT */
#include "arrays.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bool has_ending(const char *path, const char *ending)
{
    const size_t n = strlen(path), n_ending = strlen(ending);

    return n > n_ending && strcmp(path + n - n_ending, ending) == 0;
}

/* ---- models ---- */

static tvae_status load_model_of_run(const char *path, tvae_model **model)
{
    tvae_run *run = NULL;
    tvae_status status = tvae_run_open(path, &run);

    if (status == TVAE_OK)
        status = tvae_run_model(run, model);
    tvae_run_destroy(&run);
    return status;
}

/* The plain VAE is the model without a u encoder. */
static bool has_u_encoder(const tvae_model *model)
{
    static const char prefix[] = "u_encoder.";

    for (size_t i = 0; i < tvae_model_parameter_count(model); i++) {
        char name[128];

        if (tvae_model_parameter_info(model, i, name, sizeof name, NULL, NULL) ==
                TVAE_OK &&
            strncmp(name, prefix, sizeof prefix - 1) == 0)
            return true;
    }
    return false;
}

bool open_pipeline(const char *path, pipeline *p)
{
    struct stat facts;
    tvae_status status;

    *p = (pipeline){.n_latents = 1};
    if (stat(path, &facts) != 0) {
        fprintf(stderr, "tvae: there is no run folder or model file '%s'\n", path);
        return false;
    }
    status = S_ISDIR(facts.st_mode) ? load_model_of_run(path, &p->model)
                                    : tvae_model_load(path, &p->model);
    if (status == TVAE_OK)
        status = tvae_workspace_create(&p->work);
    if (status == TVAE_OK)
        status = tvae_model_frame_shape(p->model, p->frame);
    if (status == TVAE_OK)
        status = tvae_model_latent_shape(p->model, p->latents);
    p->has_u = has_u_encoder(p->model);
    for (size_t axis = 0; axis < 4; axis++)
        p->n_latents *= p->latents[axis];
    if (status == TVAE_OK)
        return true;
    (void)report_failure(status);
    close_pipeline(p);
    return false;
}

void close_pipeline(pipeline *p)
{
    tvae_workspace_destroy(&p->work);
    tvae_model_destroy(&p->model);
}

tvae_status draw_noise(const pipeline *p, const size_t shape[3], uint64_t seed,
                       tvae_tensor *noise[2])
{
    tvae_status status = TVAE_OK;

    for (size_t i = 0; i < (p->has_u ? 2u : 1u) && status == TVAE_OK; i++) {
        status = tvae_tensor_create(3, shape, &noise[i]);
        if (status == TVAE_OK)
            status = tvae_tensor_fill_normal(noise[i], seed, i);
    }
    return status;
}

int32_t capsule_axes(const pipeline *p, size_t *axes)
{
    const int32_t n = p->latents[3] > 1 ? 4 : p->latents[2] > 1 ? 3 : 2;

    memcpy(axes, p->latents, (size_t)n * sizeof *axes);
    return n;
}

/* ---- files ---- */

static bool has_array(const tvae_archive *archive, const char *name)
{
    for (size_t i = 0; i < tvae_archive_count(archive); i++)
        if (strcmp(tvae_archive_name(archive, i), name) == 0)
            return true;
    return false;
}

bool load_array(const char *path, const char *name, const char *usual, tvae_tensor **out)
{
    tvae_archive *archive = NULL;
    tvae_status status = tvae_archive_load(path, &archive);

    *out = NULL;
    if (status == TVAE_OK && !name) {
        if (tvae_archive_count(archive) == 1)
            name = tvae_archive_name(archive, 0);
        else if (has_array(archive, usual))
            name = usual;
    }
    if (status == TVAE_OK && !name) {
        fprintf(stderr,
                "tvae: %s holds %zu arrays, none of them '%s'; --array NAME says which\n",
                path, tvae_archive_count(archive), usual);
        tvae_archive_destroy(&archive);
        return false;
    }
    if (status == TVAE_OK)
        status = tvae_archive_get(archive, name, out);
    if (status != TVAE_OK)
        (void)report_failure(status);
    tvae_archive_destroy(&archive);
    return status == TVAE_OK;
}

bool check_ending(const char *command, const char *path)
{
    if (has_ending(path, ".npy") || has_ending(path, ".npz") ||
        has_ending(path, ".safetensors"))
        return true;
    fprintf(stderr,
            "tvae %s: the output is '%s', want a name that ends in .npy, .npz or "
            ".safetensors\n",
            command, path);
    return false;
}

int save_arrays(const char *path, size_t n, const char *const *names,
                tvae_tensor *const *tensors)
{
    tvae_archive *archive = NULL;
    tvae_status status = tvae_archive_create(&archive);

    if (has_ending(path, ".npy"))
        n = 1;
    for (size_t i = 0; i < n && status == TVAE_OK; i++)
        status = tvae_archive_put(archive, names[i], tensors[i]);
    if (status == TVAE_OK)
        status = tvae_archive_save(archive, path);
    tvae_archive_destroy(&archive);
    if (status != TVAE_OK)
        return report_failure(status);
    puts(path);
    return EXIT_OK;
}

/* ---- shapes ---- */

tvae_status reshape(tvae_tensor *tensor, int32_t rank, const size_t *shape,
                    tvae_tensor **view)
{
    return tvae_tensor_view(tensor, 0, rank, shape, view);
}

tvae_status view_sequences(tvae_tensor *all, size_t first, size_t n, tvae_tensor **view)
{
    const int32_t rank = tvae_tensor_rank(all);
    const size_t n_each = tvae_tensor_count(all) / tvae_tensor_extent(all, 0);
    size_t shape[TVAE_MAX_RANK] = {n};

    for (int32_t axis = 1; axis < rank; axis++)
        shape[axis] = tvae_tensor_extent(all, axis);
    return tvae_tensor_view(all, first * n_each, rank, shape, view);
}

size_t sequences_at_once(size_t n_sequences, size_t n_frames)
{
    enum { FRAMES_AT_ONCE = 512 };
    const size_t n = n_frames < FRAMES_AT_ONCE ? FRAMES_AT_ONCE / n_frames : 1;

    return n < n_sequences ? n : n_sequences;
}
