/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <string.h>

#include "../train/trainer_model.h"
#include "base/memory.h"

/* Host threads that infer, train and load at the same time; tests/tsan.sh runs them under
 * ThreadSanitizer. */

enum { N_THREADS = 8, N_TRAINERS = 4, N_STEPS = 6, N_SEQUENCES = 2 };

typedef struct worker {
    pthread_t thread;
    tvae_model *model;
    tvae_tensor *x;
    tvae_tensor *t; /* what an inference gives */
    tvae_status status;
} worker;

static void run_all(worker *workers, size_t n, void *(*work)(void *))
{
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    for (size_t i = 0; i < n; i++) {
        ck_assert_int_eq(pthread_join(workers[i].thread, NULL), 0);
        ASSERT_OK(workers[i].status);
    }
}

static tvae_tensor *make_latents(void)
{
    const size_t shape[] = {N_SEQUENCES, FRAMES, CAPSULES * WIDTH};
    tvae_tensor *t = NULL;

    ASSERT_OK(tvae_tensor_create(3, shape, &t));
    return t;
}

static void *infer(void *context)
{
    worker *w = context;
    tvae_workspace *work = NULL;

    w->status = tvae_workspace_create(&work);
    for (int i = 0; i < 20 && w->status == TVAE_OK; i++)
        w->status = tvae_model_encode(w->model, work, w->x, w->t);
    tvae_workspace_destroy(&work);
    return NULL;
}

START_TEST(eight_threads_infer_the_bits_of_one)
{
    worker workers[N_THREADS + 1];

    if (_i)
        ASSERT_OK(tvae_set_threads(2));
    for (size_t i = 0; i <= N_THREADS; i++)
        workers[i] = (worker){.t = make_latents()};
    workers[0].model = build_small_model(true, 1);
    workers[0].x = build_batch(N_SEQUENCES, 2);
    for (size_t i = 1; i <= N_THREADS; i++) {
        workers[i].model = workers[0].model;
        workers[i].x = workers[0].x;
    }
    (void)infer(&workers[0]);
    ASSERT_OK(workers[0].status);
    run_all(workers + 1, N_THREADS, infer);
    for (size_t i = 0; i <= N_THREADS; i++) {
        ck_assert_mem_eq(tvae_tensor_data(workers[i].t), tvae_tensor_data(workers[0].t),
                         tvae_tensor_count(workers[0].t) * sizeof(float));
        if (i)
            tvae_tensor_destroy(&workers[i].t);
    }
    tvae_tensor_destroy(&workers[0].t);
    tvae_tensor_destroy(&workers[0].x);
    tvae_model_destroy(&workers[0].model);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

static void *train(void *context)
{
    worker *w = context;
    tvae_trainer *trainer = NULL;

    w->status = tvae_trainer_create(w->model, NULL, &trainer);
    for (int i = 0; i < N_STEPS && w->status == TVAE_OK; i++)
        w->status = tvae_trainer_step(trainer, w->x, NULL, 0);
    tvae_trainer_destroy(&trainer);
    return NULL;
}

START_TEST(trainers_at_once_learn_what_each_learns_alone)
{
    worker workers[N_TRAINERS + 1];

    if (_i)
        ASSERT_OK(tvae_set_threads(2));
    for (size_t i = 0; i <= N_TRAINERS; i++)
        workers[i] = (worker){.model = build_small_model(true, 1),
                              .x = build_batch(N_SEQUENCES, 2)};
    (void)train(&workers[0]);
    run_all(workers + 1, N_TRAINERS, train);
    for (size_t i = 0; i <= N_TRAINERS; i++)
        assert_models_close(workers[i].model, workers[0].model, 0.0);
    for (size_t i = 0; i <= N_TRAINERS; i++) {
        tvae_model_destroy(&workers[i].model);
        tvae_tensor_destroy(&workers[i].x);
    }
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* Take `n` batches of a loader that prepares `n_prefetch` ahead, then stop it. */
static void stop_after(tvae_dataset *dataset, int64_t n_prefetch, int n)
{
    const size_t shape[] = {2, FRAMES, 1, SIDE, SIDE};
    tvae_loader_options options;
    tvae_loader *loader = NULL;
    tvae_tensor *x = NULL;

    ASSERT_OK(tvae_loader_options_init(&options, sizeof options));
    options.batch_size = 2;
    options.n_prefetch = n_prefetch;
    ASSERT_OK(tvae_tensor_create(5, shape, &x));
    ASSERT_OK(tvae_loader_create(dataset, &options, &loader));
    for (int i = 0; i < n; i++)
        ASSERT_OK(tvae_loader_next(loader, x, NULL, NULL));
    tvae_loader_destroy(&loader);
    tvae_tensor_destroy(&x);
}

START_TEST(loaders_stop_at_every_stage)
{
    tvae_tensor *x = build_batch(6, 1);
    tvae_dataset *dataset = NULL;

    ASSERT_OK(tvae_dataset_create_memory(x, NULL, &dataset));
    tvae_tensor_destroy(&x);
    for (int64_t n_prefetch = 0; n_prefetch < 4; n_prefetch++)
        for (int n = 0; n < 8; n++)
            stop_after(dataset, n_prefetch, n);
    tvae_dataset_destroy(&dataset);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("threads");
    TCase *tcase = tcase_create("unit");

    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, eight_threads_infer_the_bits_of_one, 0, 2);
    tcase_add_loop_test(tcase, trainers_at_once_learn_what_each_learns_alone, 0, 2);
    tcase_add_test(tcase, loaders_stop_at_every_stage);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
