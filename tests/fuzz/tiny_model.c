/* SPDX-License-Identifier: MIT */
#include "tiny_model.h"

#include "harness.h"

enum { N_LATENTS = 2, N_PIXELS = 4, SIDE = 2, CONV_SIDE = 4 };

static void expect_ok(tvae_status st)
{
    fuzz_expect(st == TVAE_OK, "a tiny model cannot be built");
}

static tvae_layer *create_linear(int64_t n_inputs, int64_t n_outputs)
{
    tvae_linear_options options;
    tvae_layer *layer = NULL;

    expect_ok(tvae_linear_options_init(&options, sizeof options));
    options.n_inputs = n_inputs;
    options.n_outputs = n_outputs;
    expect_ok(tvae_layer_create_linear(&options, &layer));
    return layer;
}

static tvae_layer *chain(tvae_layer *parts[3])
{
    tvae_layer *out = NULL;

    expect_ok(tvae_layer_create_sequential(parts, 3, &out));
    for (size_t i = 0; i < 3; i++)
        tvae_layer_destroy(&parts[i]);
    return out;
}

/* 3 x 3 kernels of stride 2: 4 x 4 pixels to 2 x 2, and back. */
static tvae_conv2d_options halve_sides(int64_t input_side)
{
    tvae_conv2d_options options;

    expect_ok(tvae_conv2d_options_init(&options, sizeof options));
    options.in_channels = options.out_channels = 1;
    options.input_height = options.input_width = input_side;
    options.kernel_height = options.kernel_width = 3;
    options.stride = 2;
    options.padding = 1;
    return options;
}

static tvae_layer *create_conv_encoder(void)
{
    const tvae_conv2d_options options = halve_sides(CONV_SIDE);
    tvae_layer *parts[3] = {NULL, NULL, create_linear(N_PIXELS, 2 * N_LATENTS)};

    expect_ok(tvae_layer_create_conv2d(&options, &parts[0]));
    expect_ok(tvae_layer_create_relu(&parts[1]));
    return chain(parts);
}

static tvae_layer *create_conv_decoder(void)
{
    tvae_conv2d_options options = halve_sides(SIDE);
    tvae_layer *parts[3] = {create_linear(N_LATENTS, N_PIXELS), NULL, NULL};

    options.output_padding = 1;
    expect_ok(tvae_layer_create_sigmoid(&parts[1]));
    expect_ok(tvae_layer_create_conv_transpose2d(&options, &parts[2]));
    return chain(parts);
}

static tvae_prior *create_prior(tvae_neighbourhood *neighbourhood, int32_t boundary)
{
    tvae_prior_options options;
    tvae_prior *prior = NULL;

    expect_ok(tvae_prior_options_init(&options, sizeof options));
    options.n_capsules = 1;
    options.capsule_dims[0] = N_LATENTS;
    options.mu_init = 1.5;
    options.frame_boundary = boundary;
    expect_ok(tvae_prior_create(&options, &neighbourhood, 1, &prior));
    tvae_neighbourhood_destroy(&neighbourhood);
    return prior;
}

static tvae_model *compose(int64_t side, int32_t likelihood, tvae_layer *z, tvae_layer *u,
                           tvae_prior *prior, tvae_layer *decoder)
{
    tvae_model_options options;
    tvae_model *model = NULL;

    expect_ok(tvae_model_options_init(&options, sizeof options));
    options.channels = 1;
    options.height = options.width = side;
    options.likelihood = likelihood;
    expect_ok(tvae_model_compose(&options, z, u, prior, decoder, &model));
    expect_ok(tvae_model_initialise(model, 3));
    tvae_layer_destroy(&z);
    tvae_layer_destroy(&u);
    tvae_layer_destroy(&decoder);
    tvae_prior_destroy(&prior);
    return model;
}

tvae_model *build_tiny_model(void)
{
    tvae_neighbourhood *neighbourhood = NULL;

    expect_ok(tvae_neighbourhood_create_shifting(2, 2, 0, &neighbourhood));
    return compose(SIDE, TVAE_LIKELIHOOD_BERNOULLI,
                   create_linear(N_PIXELS, 2 * N_LATENTS),
                   create_linear(N_PIXELS, 2 * N_LATENTS),
                   create_prior(neighbourhood, TVAE_BOUNDARY_CIRCULAR),
                   create_linear(N_LATENTS, N_PIXELS));
}

tvae_model *build_tiny_conv_model(void)
{
    tvae_neighbourhood *neighbourhood = NULL;

    expect_ok(tvae_neighbourhood_create_shifting_range(-1, 0, 0, &neighbourhood));
    return compose(CONV_SIDE, TVAE_LIKELIHOOD_GAUSSIAN, create_conv_encoder(),
                   create_conv_encoder(), create_prior(neighbourhood, TVAE_BOUNDARY_ZERO),
                   create_conv_decoder());
}

tvae_trainer *build_tiny_trainer(void)
{
    tvae_model *model = build_tiny_model();
    tvae_train_options options;
    tvae_trainer *trainer = NULL;

    expect_ok(tvae_train_options_init(&options, sizeof options));
    options.optimizer = TVAE_OPTIMIZER_ADAM;
    expect_ok(tvae_trainer_create(model, &options, &trainer));
    tvae_model_destroy(&model);
    return trainer;
}

tvae_tensor *build_tiny_batch(void)
{
    const size_t shape[5] = {1, 2, 1, SIDE, SIDE};
    tvae_tensor *x = NULL;

    expect_ok(tvae_tensor_create(5, shape, &x));
    tvae_tensor_data(x)[1] = 1.0f;
    tvae_tensor_data(x)[6] = 1.0f;
    return x;
}
