/* SPDX-License-Identifier: MIT */
/* Capsules as features for a decoder of the host's own: a TVAE learns moving sprites
 * without labels, then a linear decoder in plain C reads the sprite's place off its
 * capsules. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <tvae/tvae.h>

enum {
    N_SEQUENCES = 16, /* a batch */
    N_FRAMES = 15,
    N_CAPSULES = 8,
    N_LATENTS = N_CAPSULES * N_FRAMES,
    IMAGE_SIZE = 16,
    N_STEPS = 400,
    N_FIT_STEPS = 200
};

static void require(tvae_status status)
{
    if (status == TVAE_OK)
        return;
    (void)fprintf(stderr, "%s: %s\n", tvae_status_name(status), tvae_last_error());
    exit(EXIT_FAILURE);
}

/* A named experiment, made smaller: 8 capsules, and only the horizontal place moves. */
static tvae_config *create_config(void)
{
    tvae_config *config = NULL;

    require(tvae_config_create("sprites_quick", &config));
    require(tvae_config_set(config, "n_capsules", "8"));
    require(tvae_config_set(config, "image_size", "16"));
    require(tvae_config_set(config, "varying", "posX"));
    return config;
}

static tvae_loader *create_loader(const tvae_config *config, int32_t split)
{
    tvae_dataset *dataset = NULL;
    tvae_loader_options options;
    tvae_loader *loader = NULL;

    require(tvae_config_open_data(config, split, &dataset));
    require(tvae_loader_options_init(&options, sizeof options));
    options.batch_size = N_SEQUENCES;
    require(tvae_loader_create(dataset, &options, &loader));
    tvae_dataset_destroy(&dataset);
    return loader;
}

/* The host's decoder: place = bias + weight . t, fitted by gradient descent. */
typedef struct decoder {
    double weight[N_LATENTS], bias;
} decoder;

/* Go through a batch of capsules at unit length (of those encoded at the posterior means
 * only the direction counts), learning from each frame's error at @rate; the mean
 * distance from the true place, in frames. */
static double follow(decoder *d, const tvae_tensor *t, const tvae_tensor *factors,
                     double rate)
{
    const size_t n_factors = tvae_tensor_extent(factors, 2);
    double distance = 0.0;

    for (size_t row = 0; row < N_SEQUENCES * N_FRAMES; row++) {
        const float *capsules = tvae_tensor_data_const(t) + row * N_LATENTS;
        const float *truth = tvae_tensor_data_const(factors) + row * n_factors;
        double error = d->bias - (double)truth[TVAE_FACTOR_POS_X], length = 0.0;

        for (size_t i = 0; i < N_LATENTS; i++)
            length = hypot(length, (double)capsules[i]);
        for (size_t i = 0; i < N_LATENTS; i++)
            error += d->weight[i] * (double)capsules[i] / length;
        for (size_t i = 0; i < N_LATENTS; i++)
            d->weight[i] -= rate * error * (double)capsules[i] / length;
        d->bias -= rate * error;
        distance += error < 0.0 ? -error : error;
    }
    return distance / (N_SEQUENCES * N_FRAMES);
}

static void train(tvae_model *model, tvae_loader *loader, tvae_tensor *x)
{
    tvae_train_options options;
    tvae_trainer *trainer = NULL;

    require(tvae_train_options_init(&options, sizeof options));
    options.optimizer = TVAE_OPTIMIZER_ADAM;
    options.learning_rate = 1e-3;
    require(tvae_trainer_create(model, &options, &trainer));
    for (int step = 0; step < N_STEPS; step++) {
        require(tvae_loader_next(loader, x, NULL, NULL));
        require(tvae_trainer_step(trainer, x, NULL, 0));
    }
    tvae_trainer_destroy(&trainer);
}

/* Fit the host's decoder on one split, measure it on another; the mean distance there. */
static double fit_and_measure(const tvae_model *model, tvae_loader *fit,
                              tvae_loader *measure, tvae_tensor *x)
{
    const size_t latents[] = {N_SEQUENCES, N_FRAMES, N_LATENTS};
    const size_t places[] = {N_SEQUENCES, N_FRAMES, TVAE_N_SPRITE_FACTORS};
    tvae_tensor *t = NULL, *factors = NULL;
    tvae_workspace *work = NULL;
    decoder own = {{0.0}, 0.0};
    double distance = 0.0;

    require(tvae_workspace_create(&work));
    require(tvae_tensor_create(3, latents, &t));
    require(tvae_tensor_create(3, places, &factors));
    for (int step = 0; step <= N_FIT_STEPS; step++) {
        require(tvae_loader_next(step < N_FIT_STEPS ? fit : measure, x, factors, NULL));
        require(tvae_model_encode(model, work, x, t));
        distance = follow(&own, t, factors, step < N_FIT_STEPS ? 0.1 : 0.0);
    }
    tvae_workspace_destroy(&work);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&factors);
    return distance;
}

int main(void)
{
    const size_t frames[] = {N_SEQUENCES, N_FRAMES, 1, IMAGE_SIZE, IMAGE_SIZE};
    tvae_loader *train_loader = NULL, *test_loader = NULL;
    tvae_config *config = NULL;
    tvae_model *model = NULL;
    tvae_tensor *x = NULL;
    double distance;

    config = create_config();
    require(tvae_config_build_model(config, &model));
    train_loader = create_loader(config, TVAE_SPLIT_TRAIN);
    test_loader = create_loader(config, TVAE_SPLIT_TEST);
    require(tvae_tensor_create(5, frames, &x));
    train(model, train_loader, x);
    distance = fit_and_measure(model, train_loader, test_loader, x);
    (void)printf("held-out sprites: the own decoder is %.2f places of %d off\n", distance,
                 N_FRAMES);
    tvae_loader_destroy(&train_loader);
    tvae_loader_destroy(&test_loader);
    tvae_tensor_destroy(&x);
    tvae_model_destroy(&model);
    tvae_config_destroy(&config);
    /* Chance is 3.7 places: the middle, whatever the truth. */
    return distance < 1.8 ? EXIT_SUCCESS : EXIT_FAILURE;
}
