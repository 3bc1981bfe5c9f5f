/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* The most memory that training takes, and how often it allocates. */

enum { N_STEPS = 4, N_SAMPLES = 10, SEED = 7 };

/* Training alone holds this. */
typedef struct trainee {
    tvae_model *model;
    tvae_trainer *trainer;
    tvae_tensor *batches[2];
} trainee;

static tvae_status set_up(const bench_config *config, trainee *t)
{
    tvae_train_options options;
    tvae_status status = tvae_train_options_init(&options, sizeof options);

    if (status == TVAE_OK)
        status = bench_model_create(config, &t->model);
    if (status == TVAE_OK)
        status = tvae_trainer_create(t->model, &options, &t->trainer);
    for (size_t i = 0; i < 2 && status == TVAE_OK; i++)
        status = bench_batch_random(config, i, &t->batches[i]);
    return status;
}

static void tear_down(trainee *t)
{
    tvae_tensor_destroy(&t->batches[0]);
    tvae_tensor_destroy(&t->batches[1]);
    tvae_trainer_destroy(&t->trainer);
    tvae_model_destroy(&t->model);
}

static tvae_status take_steps(const trainee *t, size_t n_steps)
{
    tvae_status status = TVAE_OK;

    for (size_t i = 0; i < n_steps && status == TVAE_OK; i++)
        status = tvae_trainer_step(t->trainer, t->batches[i % 2], NULL, 0);
    return status;
}

/* Encode a batch and estimate its likelihood, as the PyTorch peer's process does. */
static tvae_status infer(const bench_config *config, const trainee *t)
{
    const size_t shape[3] = {(size_t)config->batch_size, (size_t)config->n_frames,
                             bench_config_latents(config)};
    tvae_tensor *z = NULL, *u = NULL, *likelihood = NULL;
    tvae_workspace *work = NULL;
    tvae_status status = tvae_workspace_create(&work);

    if (status == TVAE_OK)
        status = tvae_tensor_create(3, shape, &z);
    if (status == TVAE_OK)
        status = tvae_tensor_create(3, shape, &u);
    if (status == TVAE_OK)
        status = tvae_tensor_create(2, shape, &likelihood);
    if (status == TVAE_OK)
        status = tvae_model_posterior(t->model, work, t->batches[0], z, NULL, u, NULL);
    if (status == TVAE_OK)
        status = tvae_model_log_likelihood(t->model, work, t->batches[0], N_SAMPLES, SEED,
                                           NULL, likelihood);
    tvae_tensor_destroy(&likelihood);
    tvae_tensor_destroy(&u);
    tvae_tensor_destroy(&z);
    tvae_workspace_destroy(&work);
    return status;
}

static int live_in_child(const bench_config *config)
{
    trainee t = {0};
    tvae_status status = set_up(config, &t);

    if (status == TVAE_OK)
        status = take_steps(&t, N_STEPS);
    if (status == TVAE_OK)
        status = infer(config, &t);
    if (status != TVAE_OK)
        fprintf(stderr, "tvae: %s\n", tvae_last_error());
    return status == TVAE_OK ? 0 : 1;
}

bool bench_measure_peak(bench_session *session)
{
    struct rusage usage;
    int how_it_ended;
    pid_t child;

    if (!bench_wants(session, "peak_rss_mib"))
        return true;
    (void)fflush(stdout);
    child = fork();
    if (child == 0)
        _exit(live_in_child(&session->config));
    if (child < 0 || wait4(child, &how_it_ended, 0, &usage) != child ||
        how_it_ended != 0) {
        fprintf(stderr, "tvae bench: the process that shows the memory failed\n");
        return false;
    }
    session->peak_mib = (double)usage.ru_maxrss / 1024.0;
    return true;
}

static atomic_size_t n_allocated;

static void *count_and_alloc(void *user, size_t bytes, size_t align)
{
    (void)user;
    atomic_fetch_add(&n_allocated, 1);
    return aligned_alloc(align, (bytes + align - 1) / align * align);
}

static void release(void *user, void *memory, size_t bytes)
{
    (void)user;
    (void)bytes;
    free(memory);
}

tvae_status bench_count_allocations(bench_session *session)
{
    const tvae_allocator hook = {
        .size = sizeof hook, .alloc = count_and_alloc, .release = release};
    trainee t = {0};
    size_t before = 0;
    tvae_status status;

    if (!bench_wants(session, "allocations_per_step"))
        return TVAE_OK;
    status = tvae_set_allocator(&hook);
    if (status == TVAE_OK)
        status = set_up(&session->config, &t);
    if (status == TVAE_OK)
        status = take_steps(&t, 1);
    before = atomic_load(&n_allocated);
    if (status == TVAE_OK)
        status = take_steps(&t, N_STEPS);
    session->allocations = (double)(atomic_load(&n_allocated) - before) / N_STEPS;
    tear_down(&t);
    return status == TVAE_OK ? tvae_set_allocator(NULL) : status;
}

void bench_print_memory(const bench_session *session)
{
    bench_print(session, "peak_rss_mib", NULL, "mib", session->peak_mib);
    bench_print(session, "allocations_per_step", NULL, "allocations",
                session->allocations);
}
