/* SPDX-License-Identifier: MIT */
/* Compose a Topographic VAE from layers and train it on sequences that the program makes
 * itself: a bar on a ring of pixels, which comes round once a sequence.
 *
 *   compose_and_train [STEPS] */
#include <stdio.h>
#include <stdlib.h>

#include <tvae/tvae.h>

enum {
    N_SEQUENCES = 24,
    N_FRAMES = 8,
    N_PIXELS = 24,
    BAR_WIDTH = 5,
    N_CAPSULES = 4,
    N_HIDDEN = 32,
    N_STEPS = 300
};

static void require(tvae_status status)
{
    if (status == TVAE_OK)
        return;
    (void)fprintf(stderr, "%s: %s\n", tvae_status_name(status), tvae_last_error());
    exit(EXIT_FAILURE);
}

static tvae_layer *create_linear(int64_t n_inputs, int64_t n_outputs)
{
    tvae_linear_options options;
    tvae_layer *layer = NULL;

    require(tvae_linear_options_init(&options, sizeof options));
    options.n_inputs = n_inputs;
    options.n_outputs = n_outputs;
    require(tvae_layer_create_linear(&options, &layer));
    return layer;
}

/* linear - ReLU - linear */
static tvae_layer *create_network(int64_t n_inputs, int64_t n_outputs)
{
    tvae_layer *parts[] = {create_linear(n_inputs, N_HIDDEN), NULL,
                           create_linear(N_HIDDEN, n_outputs)};
    tvae_layer *network = NULL;

    require(tvae_layer_create_relu(&parts[1]));
    require(tvae_layer_create_sequential(parts, 3, &network));
    for (size_t i = 0; i < 3; i++)
        tvae_layer_destroy(&parts[i]);
    return network;
}

/* Capsules as long as a sequence, and shifting coherence over half of it. */
static tvae_prior *create_prior(void)
{
    tvae_neighbourhood *neighbourhood = NULL;
    tvae_prior_options options;
    tvae_prior *prior = NULL;

    require(tvae_neighbourhood_create_shifting(5, 5, 0, &neighbourhood));
    require(tvae_prior_options_init(&options, sizeof options));
    options.n_capsules = N_CAPSULES;
    options.capsule_dims[0] = N_FRAMES;
    require(tvae_prior_create(&options, &neighbourhood, 1, &prior));
    tvae_neighbourhood_destroy(&neighbourhood);
    return prior;
}

static tvae_model *compose_model(void)
{
    const int64_t n_latents = N_CAPSULES * N_FRAMES;
    tvae_layer *z_encoder = create_network(N_PIXELS, 2 * n_latents);
    tvae_layer *u_encoder = create_network(N_PIXELS, 2 * n_latents);
    tvae_layer *decoder = create_network(n_latents, N_PIXELS);
    tvae_prior *prior = create_prior();
    tvae_model_options options;
    tvae_model *model = NULL;

    require(tvae_model_options_init(&options, sizeof options));
    options.channels = 1;
    options.height = 1;
    options.width = N_PIXELS;
    require(tvae_model_compose(&options, z_encoder, u_encoder, prior, decoder, &model));
    require(tvae_model_initialise(model, 1));
    tvae_layer_destroy(&z_encoder);
    tvae_layer_destroy(&u_encoder);
    tvae_layer_destroy(&decoder);
    tvae_prior_destroy(&prior);
    return model;
}

/* Each sequence starts at another pixel. */
static tvae_tensor *create_sequences(void)
{
    const size_t shape[] = {N_SEQUENCES, N_FRAMES, 1, 1, N_PIXELS};
    tvae_tensor *x = NULL;

    require(tvae_tensor_create(5, shape, &x));
    for (size_t i = 0; i < tvae_tensor_count(x); i++) {
        const size_t pixel = i % N_PIXELS, frame = i / N_PIXELS % N_FRAMES;
        const size_t sequence = i / N_PIXELS / N_FRAMES;
        const size_t start = (sequence + frame * (N_PIXELS / N_FRAMES)) % N_PIXELS;

        tvae_tensor_data(x)[i] =
            (pixel + N_PIXELS - start) % N_PIXELS < BAR_WIDTH ? 1.0f : 0.0f;
    }
    return x;
}

int main(int argc, char **argv)
{
    const long n_steps = argc > 1 ? strtol(argv[1], NULL, 10) : N_STEPS;
    tvae_model *model = compose_model();
    tvae_tensor *x = create_sequences();
    double terms[TVAE_N_TERMS] = {0.0}, before = 0.0;
    tvae_train_options options;
    tvae_trainer *trainer = NULL;

    require(tvae_train_options_init(&options, sizeof options));
    options.optimizer = TVAE_OPTIMIZER_ADAM;
    options.learning_rate = 3e-3;
    require(tvae_trainer_create(model, &options, &trainer));
    for (long step = 0; step < n_steps; step++) {
        require(tvae_trainer_step(trainer, x, terms, TVAE_N_TERMS));
        if (step == 0)
            before = terms[TVAE_TERM_LOSS];
    }
    (void)printf("loss %.3f nats a frame before, %.3f after %ld steps\n"
                 "-log p(x | t) %.3f, KL of z %.3f, KL of u %.3f, "
                 "equivariance error %.2f\n",
                 before, terms[TVAE_TERM_LOSS], n_steps, terms[TVAE_TERM_NEG_LOG_PX],
                 terms[TVAE_TERM_KL_Z], terms[TVAE_TERM_KL_U],
                 terms[TVAE_TERM_EQUIVARIANCE_ERROR]);
    tvae_trainer_destroy(&trainer);
    tvae_model_destroy(&model);
    tvae_tensor_destroy(&x);
    return terms[TVAE_TERM_LOSS] < 0.8 * before ? EXIT_SUCCESS : EXIT_FAILURE;
}
