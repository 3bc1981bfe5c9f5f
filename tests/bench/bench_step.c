/* SPDX-License-Identifier: MIT */
/* Times one training step at the paper's sizes, its forward parts, encoding, and the
 * dense floor: the step's matrix products alone, each through the library's GEMM, and one
 * pass of momentum SGD over the parameters. Prints one JSON object a line; `seconds` is
 * the median, `fastest` the least of all repeats.
 *
 *   bench_step [mnist|dsprites] [threads] [repeats]
 */
#include "train/trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <tvae/tvae.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "bench.h"
#include "model/pass.h"

/* The sizes and densities at which PyTorch is measured beside this program. */
static const bench_config configs[] = {{"mnist", 3, 28, 18, 18, 13, 1, 0.14},
                                       {"dsprites", 1, 64, 15, 15, 10, 0, 0.045}};

enum { N_BATCHES = 32, SEQUENCES = 8, MOST_REPEATS = 1000, WARM_UP = 4 };

static void require(tvae_status status)
{
    if (status == TVAE_OK)
        return;
    fprintf(stderr, "bench_step: %s: %s\n", tvae_status_name(status), tvae_last_error());
    exit(1);
}

double bench_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static void print_row(const char *what, const bench_config *config, double *times,
                      size_t n)
{
    qsort(times, n, sizeof *times, compare_doubles);
    printf("{\"what\": \"%s\", \"config\": \"%s\", \"seconds\": %.6f, \"fastest\": "
           "%.6f, \"threads\": %zu}\n",
           what, config->name, times[n / 2], times[0], tvi_thread_count());
    (void)fflush(stdout);
}

static tvae_model *create_model(const bench_config *config)
{
    tvae_neighbourhood *neighbourhood = NULL;
    tvae_prior_options prior_options;
    tvae_model_options options;
    tvae_prior *prior = NULL;
    tvae_model *model = NULL;

    require(tvae_prior_options_init(&prior_options, sizeof prior_options));
    prior_options.n_capsules = config->capsules;
    prior_options.capsule_dims[0] = config->capsules;
    prior_options.mu_init = 30.0;
    require(tvae_neighbourhood_create_shifting(config->window, config->window,
                                               config->off_diagonal, &neighbourhood));
    require(tvae_prior_create(&prior_options, &neighbourhood, 1, &prior));
    require(tvae_model_options_init(&options, sizeof options));
    options.channels = config->channels;
    options.height = config->side;
    options.width = config->side;
    require(tvae_model_create(&options, prior, &model));
    require(tvae_model_initialise(model, 1));
    tvae_prior_destroy(&prior);
    tvae_neighbourhood_destroy(&neighbourhood);
    return model;
}

static tvae_tensor *create_batch(const bench_config *config, uint64_t seed)
{
    const size_t shape[5] = {SEQUENCES, (size_t)config->frames, (size_t)config->channels,
                             (size_t)config->side, (size_t)config->side};
    tvae_tensor *batch = NULL;
    tvi_rng rng;

    require(tvae_tensor_create(5, shape, &batch));
    tvi_rng_init(&rng, seed, TVI_RNG_PARAMETERS, 0);
    for (size_t i = 0; i < tvae_tensor_count(batch); i++) {
        const double value = tvi_rng_uniform(&rng);

        if (tvi_rng_uniform(&rng) < config->density)
            tvae_tensor_data(batch)[i] = (float)value;
    }
    return batch;
}

/* The forward parts of a step, one after another: what is left of the step is its
 * backward pass and update. */
enum { ENCODERS, SAMPLES, PRIOR, DECODER, LIKELIHOOD, N_PARTS };

static const char *const part_names[N_PARTS] = {
    "part_encoders", "part_samples", "part_prior", "part_decoder", "part_likelihood"};

static void time_parts(const tvae_model *model, tvae_workspace *work,
                       const tvae_tensor *x, const float *noise, float *d_output,
                       double seconds[N_PARTS])
{
    const size_t n_rows = tvae_tensor_extent(x, 0) * tvae_tensor_extent(x, 1);
    double at[N_PARTS + 1];
    tvi_pass pass;

    at[0] = bench_now();
    require(tvi_pass_begin(&pass, model, work, tvae_tensor_extent(x, 0),
                           tvae_tensor_extent(x, 1), tvae_tensor_data_const(x)));
    require(tvi_pass_encode(&pass, work));
    at[1] = bench_now();
    require(tvi_pass_sample(&pass, work, noise, noise, TVI_ROW_KL));
    at[2] = bench_now();
    require(tvi_pass_construct(&pass, work, NULL));
    at[3] = bench_now();
    require(tvi_pass_decode(&pass, work));
    at[4] = bench_now();
    tvi_pass_likelihood(&pass, 1.0f / (float)n_rows, d_output);
    at[5] = bench_now();
    for (size_t part = 0; part < N_PARTS; part++)
        seconds[part] = at[part + 1] - at[part];
}

static void bench_parts(const bench_config *config, const tvae_model *model,
                        tvae_tensor *const *batches, size_t repeats)
{
    static double times[N_PARTS][MOST_REPEATS];
    const size_t n_rows = (size_t)(SEQUENCES * config->frames);
    const size_t n_latents = model->n_latents;
    float *noise = tvi_alloc_array(n_rows * n_latents, sizeof *noise);
    float *d_output = tvi_alloc_array(n_rows * model->n_pixels, sizeof *d_output);
    tvae_workspace *work = NULL;

    if (!noise || !d_output)
        require(TVAE_E_NOMEM);
    tvi_rng_fill_normal(1, TVI_RNG_NOISE_Z, 0, 0, n_rows * n_latents, noise);
    require(tvae_workspace_create(&work));
    for (size_t i = 0; i < WARM_UP + repeats; i++) {
        double seconds[N_PARTS];

        time_parts(model, work, batches[i % N_BATCHES], noise, d_output, seconds);
        for (size_t part = 0; i >= WARM_UP && part < N_PARTS; part++)
            times[part][i - WARM_UP] = seconds[part];
    }
    for (size_t part = 0; part < N_PARTS; part++)
        print_row(part_names[part], config, times[part], repeats);
    tvae_workspace_destroy(&work);
    tvi_free(d_output);
    tvi_free(noise);
}

/* The step and the floor in turn, so that both see the same machine. */
static void bench_config_rows(const bench_config *config, size_t repeats)
{
    static double step[MOST_REPEATS], floor_times[MOST_REPEATS];
    tvae_model *model = create_model(config);
    tvae_train_options options;
    tvae_trainer *trainer = NULL;
    tvae_tensor *batches[N_BATCHES];
    bench_floor *dense = bench_floor_create(model, SEQUENCES * (size_t)config->frames);

    if (!dense)
        require(TVAE_E_NOMEM);
    require(tvae_train_options_init(&options, sizeof options));
    require(tvae_trainer_create(model, &options, &trainer));
    for (size_t i = 0; i < N_BATCHES; i++)
        batches[i] = create_batch(config, i);
    for (size_t i = 0; i < WARM_UP + repeats; i++) {
        double start, middle;

        bench_floor_reset(dense);
        start = bench_now();
        require(tvae_trainer_step(trainer, batches[i % N_BATCHES], NULL, 0));
        middle = bench_now();
        require(bench_floor_run(dense));
        if (i < WARM_UP)
            continue;
        step[i - WARM_UP] = middle - start;
        floor_times[i - WARM_UP] = bench_now() - middle;
    }
    print_row("train_step", config, step, repeats);
    print_row("dense_floor", config, floor_times, repeats);
    bench_parts(config, model, batches, repeats);
    for (size_t i = 0; i < N_BATCHES; i++)
        tvae_tensor_destroy(&batches[i]);
    bench_floor_destroy(&dense);
    tvae_trainer_destroy(&trainer);
    tvae_model_destroy(&model);
}

int main(int argc, char **argv)
{
    const char *only = argc > 1 ? argv[1] : "";
    const int threads = argc > 2 ? atoi(argv[2]) : 2;
    const int repeats = argc > 3 ? atoi(argv[3]) : N_BATCHES;

    if (repeats < 1 || repeats > MOST_REPEATS) {
        fprintf(stderr, "usage: bench_step [mnist|dsprites] [threads] [repeats]\n");
        return 2;
    }
    require(tvae_set_threads(threads));
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++)
        if (!*only || strcmp(only, configs[i].name) == 0)
            bench_config_rows(&configs[i], (size_t)repeats);
    return 0;
}
