/* SPDX-License-Identifier: MIT */
#include "golden_model.h"

#include <stdio.h>
#include <string.h>

#include "support.h"

/* Entries of "<case>.meta" (GOLDEN section 2.3). */
enum {
    META_SEQUENCES,
    META_FRAMES,
    META_CAPSULES,
    META_DIM,
    META_CHANNELS,
    META_SIZE,
    META_LATENTS,
    META_WINDOW_FRAMES,
    META_WINDOW_CAPSULE,
    META_OFF_DIAGONAL,
    META_KIND
};
enum { KIND_TVAE, KIND_BUBBLES, KIND_VAE, KIND_TORUS };

static tvae_neighbourhood *create_neighbourhood(const golden_model *g, int64_t kind)
{
    const int64_t first = golden_meta(g->archive, g->name, META_WINDOW_FRAMES);
    const int64_t second = golden_meta(g->archive, g->name, META_WINDOW_CAPSULE);
    const int64_t box[] = {first, second, 1, 1}, torus[] = {1, first, second, 1};
    tvae_neighbourhood *created = NULL;

    if (kind == KIND_TVAE)
        ASSERT_OK(tvae_neighbourhood_create_shifting(
            first, second, golden_meta(g->archive, g->name, META_OFF_DIAGONAL),
            &created));
    else if (kind != KIND_VAE)
        ASSERT_OK(tvae_neighbourhood_create_stationary(kind == KIND_TORUS ? torus : box,
                                                       &created));
    return created;
}

static tvae_prior *create_prior(const golden_model *g)
{
    const int64_t kind = golden_meta(g->archive, g->name, META_KIND);
    const int64_t dim = golden_meta(g->archive, g->name, META_DIM);
    tvae_neighbourhood *neighbourhood = create_neighbourhood(g, kind);
    tvae_prior_options options;
    tvae_prior *prior = NULL;

    ASSERT_OK(tvae_prior_options_init(&options, sizeof options));
    options.n_capsules =
        kind == KIND_TORUS ? 1 : golden_meta(g->archive, g->name, META_CAPSULES);
    options.capsule_dims[0] = dim;
    options.capsule_dims[1] = kind == KIND_TORUS ? dim : 1;
    ASSERT_OK(tvae_prior_create(&options, &neighbourhood, neighbourhood ? 1 : 0, &prior));
    tvae_neighbourhood_destroy(&neighbourhood);
    return prior;
}

static void set_parameters(golden_model *g)
{
    char name[128];

    for (size_t i = 0; i < tvae_model_parameter_count(g->model); i++) {
        tvae_tensor *value = golden_parameter(g, "w.", i);

        ASSERT_OK(tvae_model_parameter_info(g->model, i, name, sizeof name, NULL, NULL));
        ASSERT_OK(tvae_model_set_parameter(g->model, name, value));
        tvae_tensor_destroy(&value);
    }
}

void golden_model_load(golden_model *g, const tvae_archive *archive, const char *name)
{
    tvae_model_options options;
    tvae_prior *prior;
    tvae_tensor *x;
    size_t shape[5];

    memset(g, 0, sizeof *g);
    g->archive = archive;
    g->name = name;
    g->n_sequences = shape[0] = (size_t)golden_meta(archive, name, META_SEQUENCES);
    g->n_frames = shape[1] = (size_t)golden_meta(archive, name, META_FRAMES);
    g->n_rows = g->n_sequences * g->n_frames;
    g->n_latents = (size_t)golden_meta(archive, name, META_LATENTS);
    prior = create_prior(g);
    ASSERT_OK(tvae_model_options_init(&options, sizeof options));
    options.channels = golden_meta(archive, name, META_CHANNELS);
    options.height = options.width = golden_meta(archive, name, META_SIZE);
    ASSERT_OK(tvae_model_create(&options, prior, &g->model));
    tvae_prior_destroy(&prior);
    ASSERT_OK(tvae_workspace_create(&g->work));
    set_parameters(g);
    x = golden_get(archive, name, "x");
    ASSERT_OK(tvae_model_frame_shape(g->model, shape + 2));
    ASSERT_OK(tvae_tensor_view(x, 0, 5, shape, &g->frames));
    tvae_tensor_destroy(&x);
}

void golden_model_release(golden_model *g)
{
    tvae_tensor_destroy(&g->frames);
    tvae_workspace_destroy(&g->work);
    tvae_model_destroy(&g->model);
}

tvae_tensor *golden_parameter(const golden_model *g, const char *prefix, size_t index)
{
    char name[128], suffix[192];
    int32_t rank = 0;
    size_t shape[TVAE_MAX_RANK];
    tvae_tensor *stored, *view = NULL;

    ASSERT_OK(
        tvae_model_parameter_info(g->model, index, name, sizeof name, &rank, shape));
    (void)snprintf(suffix, sizeof suffix, "%s%s", prefix, name);
    stored = golden_get(g->archive, g->name, suffix);
    ck_assert_msg(tvae_tensor_rank(stored) == rank, "%s.%s: rank %d, ours %d", g->name,
                  suffix, (int)tvae_tensor_rank(stored), (int)rank);
    for (int32_t axis = 0; axis < rank && strcmp(name, "grouper.model.weight"); axis++)
        ck_assert_msg(tvae_tensor_extent(stored, axis) == shape[axis],
                      "%s.%s: axis %d has %zu, ours %zu", g->name, suffix, (int)axis,
                      tvae_tensor_extent(stored, axis), shape[axis]);
    ASSERT_OK(tvae_tensor_view(stored, 0, rank, shape, &view));
    ck_assert_uint_eq(tvae_tensor_count(stored), tvae_tensor_count(view));
    tvae_tensor_destroy(&stored);
    return view;
}

void golden_compare(const golden_model *g, const char *suffix, const float *got,
                    double relative)
{
    tvae_tensor *want = golden_get(g->archive, g->name, suffix);
    char what[256];

    (void)snprintf(what, sizeof what, "%s.%s", g->name, suffix);
    assert_close(what, got, tvae_tensor_data_const(want), tvae_tensor_count(want),
                 relative, 0.0);
    tvae_tensor_destroy(&want);
}

tvae_tensor *golden_noise(const golden_model *g, const char *suffix, size_t index)
{
    const size_t shape[] = {g->n_sequences, g->n_frames, g->n_latents};
    tvae_tensor *all, *view = NULL;

    if (!golden_has(g->archive, g->name, suffix))
        return NULL;
    all = golden_get(g->archive, g->name, suffix);
    ASSERT_OK(tvae_tensor_view(all, index * g->n_rows * g->n_latents, 3, shape, &view));
    tvae_tensor_destroy(&all);
    return view;
}
