/* SPDX-License-Identifier: MIT */
#include "model/create.h"

#include <math.h>

/* The paper's networks (SPEC section 1): n - 3s - 2s - 2s and s - 2s - 3s - n, ReLU
 * between. */

enum { N_LINEAR = 3, N_CHAIN = 2 * N_LINEAR - 1 };

/* linear - relu - linear - relu - linear; the chain keeps its own references. */
static tvae_status chain_linear(const tvae_linear_options options[N_LINEAR],
                                tvae_layer **out)
{
    tvae_layer *parts[N_CHAIN] = {NULL};
    tvae_status st = TVAE_OK;

    for (size_t i = 0; st == TVAE_OK && i < N_CHAIN; i++)
        st = i % 2 ? tvae_layer_create_relu(&parts[i])
                   : tvae_layer_create_linear(&options[i / 2], &parts[i]);
    if (st == TVAE_OK)
        st = tvae_layer_create_sequential(parts, N_CHAIN, out);
    for (size_t i = 0; i < N_CHAIN; i++)
        tvae_layer_destroy(&parts[i]);
    return st;
}

static tvae_status set_linear(tvae_linear_options *options, int64_t n_inputs,
                              int64_t n_outputs, int32_t weight_order)
{
    tvae_status st = tvae_linear_options_init(options, sizeof *options);

    options->n_inputs = n_inputs;
    options->n_outputs = n_outputs;
    options->weight_order = weight_order;
    options->kernel_height = 1;
    options->kernel_width = 1;
    /* A transposed convolution counts its output side (GOLDEN section 2.1). */
    if (weight_order == TVAE_WEIGHT_IN_OUT)
        options->init_bound = 1.0 / sqrt((double)n_outputs);
    return st;
}

static tvae_status create_encoder(const tvae_model_options *frame, int64_t n_pixels,
                                  int64_t s, tvae_layer **out)
{
    tvae_linear_options options[N_LINEAR];
    tvae_status st = set_linear(&options[0], n_pixels, 3 * s, TVAE_WEIGHT_OUT_IN);

    if (st == TVAE_OK)
        st = set_linear(&options[1], 3 * s, 2 * s, TVAE_WEIGHT_OUT_IN);
    if (st == TVAE_OK)
        st = set_linear(&options[2], 2 * s, 2 * s, TVAE_WEIGHT_OUT_IN);
    if (st != TVAE_OK)
        return st;
    options[0].kernel_height = frame->height;
    options[0].kernel_width = frame->width;
    return chain_linear(options, out);
}

static tvae_status create_decoder(const tvae_model_options *frame, int64_t n_pixels,
                                  int64_t s, tvae_layer **out)
{
    tvae_linear_options options[N_LINEAR];
    tvae_status st = set_linear(&options[0], s, 2 * s, TVAE_WEIGHT_IN_OUT);

    if (st == TVAE_OK)
        st = set_linear(&options[1], 2 * s, 3 * s, TVAE_WEIGHT_IN_OUT);
    if (st == TVAE_OK)
        st = set_linear(&options[2], 3 * s, n_pixels, TVAE_WEIGHT_IN_OUT);
    if (st != TVAE_OK)
        return st;
    options[2].kernel_height = frame->height;
    options[2].kernel_width = frame->width;
    options[2].n_biases = frame->bias_per_pixel ? -1 : frame->channels;
    return chain_linear(options, out);
}

tvae_status tvae_model_create(const tvae_model_options *options, tvae_prior *prior,
                              tvae_model **out)
{
    tvae_layer *z_encoder = NULL, *u_encoder = NULL, *decoder = NULL;
    tvae_model_options frame;
    size_t n_pixels = 0, n_latents;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "model_create: out is NULL");
    *out = NULL;
    if (!prior)
        return tvi_fail(TVAE_E_INVALID, "model_create: prior is NULL");
    n_latents = tvae_prior_n_latents(prior);
    st = tvi_model_options_import(&frame, options, "model_create");
    if (st == TVAE_OK)
        st = tvi_model_count_pixels(&frame, "model_create", &n_pixels);
    if (st == TVAE_OK && n_latents > SIZE_MAX / 64)
        st = tvi_fail(TVAE_E_SHAPE, "model_create: %zu latents overflow, want fewer",
                      n_latents);
    if (st == TVAE_OK)
        st = create_encoder(&frame, (int64_t)n_pixels, (int64_t)n_latents, &z_encoder);
    if (st == TVAE_OK && tvi_prior_n_neighbourhoods(prior) > 0)
        st = create_encoder(&frame, (int64_t)n_pixels, (int64_t)n_latents, &u_encoder);
    if (st == TVAE_OK)
        st = create_decoder(&frame, (int64_t)n_pixels, (int64_t)n_latents, &decoder);
    if (st == TVAE_OK)
        st = tvae_model_compose(&frame, z_encoder, u_encoder, prior, decoder, out);
    tvae_layer_destroy(&z_encoder);
    tvae_layer_destroy(&u_encoder);
    tvae_layer_destroy(&decoder);
    return st;
}
