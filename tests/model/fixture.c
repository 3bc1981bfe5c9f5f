/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <stdio.h>
#include <unistd.h>

#include "support.h"

enum { N_SEQUENCES = 2, N_FRAMES = 5, CHANNELS = 2, HEIGHT = 3, WIDTH = 4, N_HIDDEN = 7 };

const char *const fixture_names[FIXTURE_KINDS] = {
    "tvae odd", "tvae even", "bubble", "torus", "vae", "causal", "predictive"};

static bool looks_back(fixture_kind kind)
{
    return kind == FIXTURE_CAUSAL || kind == FIXTURE_PREDICTIVE;
}

tvae_prior *fixture_prior(fixture_kind kind, int32_t learn_weights)
{
    const int64_t box[] = {3, 3, 1, 1}, torus[] = {1, 3, 3, 1};
    tvae_neighbourhood *neighbourhood = NULL;
    tvae_prior_options options;
    tvae_prior *prior = NULL;

    if (kind == FIXTURE_TVAE_ODD)
        ASSERT_OK(tvae_neighbourhood_create_shifting(3, 3, 1, &neighbourhood));
    else if (kind == FIXTURE_TVAE_EVEN)
        ASSERT_OK(tvae_neighbourhood_create_shifting(4, 4, 1, &neighbourhood));
    else if (looks_back(kind))
        ASSERT_OK(tvae_neighbourhood_create_shifting_range(-2, 0, 1, &neighbourhood));
    else if (kind != FIXTURE_VAE)
        ASSERT_OK(tvae_neighbourhood_create_stationary(
            kind == FIXTURE_TORUS ? torus : box, &neighbourhood));
    ASSERT_OK(tvae_prior_options_init(&options, sizeof options));
    options.n_capsules = kind == FIXTURE_TORUS ? 1 : 2;
    options.capsule_dims[0] = kind == FIXTURE_TORUS ? 3 : 5;
    options.capsule_dims[1] = kind == FIXTURE_TORUS ? 3 : 1;
    options.mu_init = 1.5;
    if (looks_back(kind))
        options.frame_boundary = TVAE_BOUNDARY_ZERO;
    options.learn_weights = learn_weights;
    ASSERT_OK(tvae_prior_create(&options, &neighbourhood, neighbourhood ? 1 : 0, &prior));
    tvae_neighbourhood_destroy(&neighbourhood);
    return prior;
}

static void set_frame(tvae_model_options *options, fixture_kind kind, int32_t likelihood)
{
    ASSERT_OK(tvae_model_options_init(options, sizeof *options));
    options->channels = CHANNELS;
    options->height = HEIGHT;
    options->width = WIDTH;
    options->likelihood = likelihood;
    options->gaussian_scale = 0.7;
    options->predict_steps = kind == FIXTURE_PREDICTIVE ? 2 : 0;
}

tvae_model *fixture_model(fixture_kind kind, int32_t likelihood, int32_t learn_weights)
{
    tvae_prior *prior = fixture_prior(kind, learn_weights);
    tvae_model_options options;
    tvae_model *model = NULL;

    set_frame(&options, kind, likelihood);
    ASSERT_OK(tvae_model_create(&options, prior, &model));
    ASSERT_OK(tvae_model_initialise(model, 11));
    tvae_prior_destroy(&prior);
    return model;
}

static tvae_layer *create_linear(int64_t n_inputs, int64_t n_outputs)
{
    tvae_linear_options options;
    tvae_layer *layer = NULL;

    ASSERT_OK(tvae_linear_options_init(&options, sizeof options));
    options.n_inputs = n_inputs;
    options.n_outputs = n_outputs;
    ASSERT_OK(tvae_layer_create_linear(&options, &layer));
    return layer;
}

tvae_layer *fixture_chain(int64_t n_inputs, int64_t n_hidden, int64_t n_outputs)
{
    tvae_layer *parts[3] = {create_linear(n_inputs, n_hidden), NULL,
                            create_linear(n_hidden, n_outputs)};
    tvae_layer *chain = NULL;

    ASSERT_OK(tvae_layer_create_sigmoid(&parts[1]));
    ASSERT_OK(tvae_layer_create_sequential(parts, 3, &chain));
    for (size_t i = 0; i < 3; i++)
        tvae_layer_destroy(&parts[i]);
    return chain;
}

tvae_model *fixture_compose(tvae_layer *decoder, fixture_kind kind, int32_t likelihood,
                            int32_t learn_weights)
{
    tvae_prior *prior = fixture_prior(kind, learn_weights);
    const int64_t n = CHANNELS * HEIGHT * WIDTH, s = (int64_t)tvae_prior_n_latents(prior);
    tvae_layer *z = fixture_chain(n, N_HIDDEN, 2 * s);
    tvae_layer *u = kind == FIXTURE_VAE ? NULL : fixture_chain(n, N_HIDDEN, 2 * s);
    tvae_model_options options;
    tvae_model *model = NULL;

    set_frame(&options, kind, likelihood);
    ASSERT_OK(tvae_model_compose(&options, z, u, prior, decoder, &model));
    ASSERT_OK(tvae_model_initialise(model, 4));
    tvae_layer_destroy(&z);
    tvae_layer_destroy(&u);
    tvae_prior_destroy(&prior);
    return model;
}

tvae_model *fixture_smooth_model(fixture_kind kind, int32_t likelihood,
                                 int32_t learn_weights)
{
    const int64_t s = kind == FIXTURE_TORUS ? 9 : 10;
    tvae_layer *decoder = fixture_chain(s, N_HIDDEN, CHANNELS * HEIGHT * WIDTH);
    tvae_model *model = fixture_compose(decoder, kind, likelihood, learn_weights);

    tvae_layer_destroy(&decoder);
    return model;
}

/* A plain VAE has no mu. */
static bool has_mu(const tvae_model *model)
{
    const size_t one = 1;
    tvae_tensor *mu = NULL;
    tvae_status st;

    ASSERT_OK(tvae_tensor_create(1, &one, &mu));
    st = tvae_model_get_parameter(model, "grouper.correlated_mean_beta", mu);
    tvae_tensor_destroy(&mu);
    return st == TVAE_OK;
}

void fixture_adopt(fixture *f, tvae_model *model)
{
    size_t frames[5] = {N_SEQUENCES, N_FRAMES}, latents[6] = {N_SEQUENCES, N_FRAMES};

    *f = (fixture){.model = model};
    ASSERT_OK(tvae_model_frame_shape(model, frames + 2));
    ASSERT_OK(tvae_model_latent_shape(model, latents + 2));
    ASSERT_OK(tvae_workspace_create(&f->work));
    ASSERT_OK(tvae_tensor_create(5, frames, &f->x));
    fill_uniform(tvae_tensor_data(f->x), tvae_tensor_count(f->x), 0.0, 1.0, 3);
    ASSERT_OK(tvae_tensor_create(6, latents, &f->noise_z));
    ASSERT_OK(tvae_tensor_fill_normal(f->noise_z, 5, 0));
    if (has_mu(model)) {
        ASSERT_OK(tvae_tensor_create(6, latents, &f->noise_u));
        ASSERT_OK(tvae_tensor_fill_normal(f->noise_u, 5, 1));
    }
    ASSERT_OK(tvae_tensor_create(6, latents, &f->t));
}

void fixture_create(fixture *f, fixture_kind kind, int32_t likelihood)
{
    fixture_adopt(f, fixture_model(kind, likelihood, 0));
}

void fixture_destroy(fixture *f)
{
    tvae_model_destroy(&f->model);
    tvae_workspace_destroy(&f->work);
    tvae_tensor_destroy(&f->x);
    tvae_tensor_destroy(&f->noise_z);
    tvae_tensor_destroy(&f->noise_u);
    tvae_tensor_destroy(&f->t);
}

const char *fixture_path(const char *name, char path[256])
{
    (void)snprintf(path, 256, "test-model-%ld-%s", (long)getpid(), name);
    return path;
}
