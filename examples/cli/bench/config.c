/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The configurations that are measured, and models and random batches of their sizes. */

enum { MU_INIT = 30, MODEL_SEED = 1 };

/* A key of --set: a whole number of the configuration. */
static const struct key {
    const char *name;
    size_t offset;
    long low, high;
} keys[] = {
    {"batch_size", offsetof(bench_config, batch_size), 1, 4096},
    {"n_capsules", offsetof(bench_config, n_capsules), 1, 4096},
    {"capsule_dim", offsetof(bench_config, capsule_dim), 1, 4096},
    {"n_frames", offsetof(bench_config, n_frames), 1, 4096},
    {"image_size", offsetof(bench_config, image_size), 1, 4096},
    {"window", offsetof(bench_config, window), 1, 4096},
};
enum { N_KEYS = sizeof keys / sizeof keys[0] };

void bench_config_defaults(bench_config configs[BENCH_CONFIGS])
{
    configs[BENCH_MNIST] = (bench_config){.name = "mnist",
                                          .channels = 3,
                                          .image_size = 28,
                                          .n_capsules = 18,
                                          .capsule_dim = 18,
                                          .n_frames = 18,
                                          .window = 13,
                                          .off_diagonal = 1,
                                          .batch_size = 8,
                                          .density = 0.14};
    configs[BENCH_DSPRITES] = (bench_config){.name = "dsprites",
                                             .channels = 1,
                                             .image_size = 64,
                                             .n_capsules = 15,
                                             .capsule_dim = 15,
                                             .n_frames = 15,
                                             .window = 10,
                                             .off_diagonal = 0,
                                             .batch_size = 8,
                                             .density = 0.045};
}

static bool set_density(bench_config *config, const char *text)
{
    char *end;
    const double value = strtod(text, &end);

    if (end == text || *end || !(value >= 0.0 && value <= 1.0)) {
        fprintf(stderr, "tvae bench: density is '%s', want a number from 0 to 1\n", text);
        return false;
    }
    config->density = value;
    return true;
}

static bool set_number(bench_config *config, const struct key *key, const char *text)
{
    char *end;
    const long value = strtol(text, &end, 10);
    const int64_t number = value;

    if (end == text || *end || value < key->low || value > key->high) {
        fprintf(stderr, "tvae bench: %s is '%s', want a whole number from %ld to %ld\n",
                key->name, text, key->low, key->high);
        return false;
    }
    memcpy((char *)config + key->offset, &number, sizeof number);
    return true;
}

bool bench_config_set(bench_config *config, const char *setting)
{
    const char *equals = strchr(setting, '=');
    const size_t length = equals ? (size_t)(equals - setting) : strlen(setting);
    const char *value = equals ? equals + 1 : "";

    for (size_t i = 0; i < N_KEYS; i++)
        if (strlen(keys[i].name) == length && strncmp(keys[i].name, setting, length) == 0)
            return set_number(config, &keys[i], value);
    if (length == strlen("density") && strncmp("density", setting, length) == 0)
        return set_density(config, value);
    fprintf(stderr, "tvae bench: there is no key '%.*s', want density", (int)length,
            setting);
    for (size_t i = 0; i < N_KEYS; i++)
        fprintf(stderr, ", %s", keys[i].name);
    fputc('\n', stderr);
    return false;
}

size_t bench_config_frames(const bench_config *config)
{
    return (size_t)(config->batch_size * config->n_frames);
}

size_t bench_config_pixels(const bench_config *config)
{
    return (size_t)(config->channels * config->image_size * config->image_size);
}

size_t bench_config_latents(const bench_config *config)
{
    return (size_t)(config->n_capsules * config->capsule_dim);
}

static tvae_status create_prior(const bench_config *config, tvae_prior **prior)
{
    tvae_neighbourhood *neighbourhood = NULL;
    tvae_prior_options options;
    tvae_status status = tvae_prior_options_init(&options, sizeof options);

    if (status == TVAE_OK)
        status = tvae_neighbourhood_create_shifting(config->window, config->window,
                                                    config->off_diagonal, &neighbourhood);
    if (status != TVAE_OK)
        return status;
    options.n_capsules = config->n_capsules;
    options.capsule_dims[0] = config->capsule_dim;
    options.mu_init = MU_INIT;
    status = tvae_prior_create(&options, &neighbourhood, 1, prior);
    tvae_neighbourhood_destroy(&neighbourhood);
    return status;
}

tvae_status bench_model_create(const bench_config *config, tvae_model **out)
{
    tvae_model_options options;
    tvae_prior *prior = NULL;
    tvae_status status = tvae_model_options_init(&options, sizeof options);

    if (status == TVAE_OK)
        status = create_prior(config, &prior);
    if (status != TVAE_OK)
        return status;
    options.channels = config->channels;
    options.height = config->image_size;
    options.width = config->image_size;
    status = tvae_model_create(&options, prior, out);
    if (status == TVAE_OK)
        status = tvae_model_initialise(*out, MODEL_SEED);
    tvae_prior_destroy(&prior);
    return status;
}

tvae_status bench_batch_create(const bench_config *config, tvae_tensor **out)
{
    const size_t side = (size_t)config->image_size;
    const size_t shape[5] = {(size_t)config->batch_size, (size_t)config->n_frames,
                             (size_t)config->channels, side, side};

    return tvae_tensor_create(5, shape, out);
}

/* A uniform number in [0, 1): Marsaglia's xorshift, which is good enough for zeros. */
static double draw_uniform(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return (double)(*state >> 11) * 0x1p-53;
}

tvae_status bench_batch_random(const bench_config *config, uint64_t seed,
                               tvae_tensor **out)
{
    uint64_t state = 0x9e3779b97f4a7c15u * (seed + 1);
    tvae_status status = bench_batch_create(config, out);

    for (size_t i = 0; i < tvae_tensor_count(*out); i++) {
        const double value = draw_uniform(&state);

        if (draw_uniform(&state) < config->density)
            tvae_tensor_data(*out)[i] = (float)value;
    }
    return status;
}
