/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <pthread.h>
#include <stdlib.h>

/* Threads of the program that encode with one model at once, each with a workspace of its
 * own, while the library uses no others: what a server does. Rounds with one and with all
 * of them take turns, so that both see the same machine. */

enum { N_ROUNDS = 16, WARM_UP_ROUNDS = 1, BATCHES_A_ROUND = 4 };

/* Rounds are begun only within this time. */
static const double most_seconds = 2.0;

typedef struct host {
    const tvae_model *model;
    const tvae_tensor *x; /* all read the same frames */
    tvae_workspace *work;
    tvae_tensor *t;
    pthread_t thread;
    tvae_status status;
} host;

typedef struct hosts {
    tvae_model *model;
    tvae_tensor *x;
    host *all;
    size_t n;
    bench_times one, many; /* seconds a batch */
} hosts;

static tvae_status create_host(const bench_config *config, const hosts *h, host *made)
{
    const size_t latents[3] = {(size_t)config->batch_size, (size_t)config->n_frames,
                               bench_config_latents(config)};
    tvae_status status = tvae_workspace_create(&made->work);

    made->model = h->model;
    made->x = h->x;
    return status == TVAE_OK ? tvae_tensor_create(3, latents, &made->t) : status;
}

static tvae_status set_up(const bench_config *config, hosts *h)
{
    tvae_status status = bench_model_create(config, &h->model);

    if (status == TVAE_OK)
        status = bench_batch_random(config, 0, &h->x);
    h->all = calloc(h->n, sizeof *h->all);
    if (status == TVAE_OK && !h->all)
        status = TVAE_E_NOMEM;
    for (size_t i = 0; i < h->n && status == TVAE_OK; i++)
        status = create_host(config, h, &h->all[i]);
    return status;
}

static void tear_down(hosts *h)
{
    for (size_t i = 0; h->all && i < h->n; i++) {
        tvae_tensor_destroy(&h->all[i].t);
        tvae_workspace_destroy(&h->all[i].work);
    }
    free(h->all);
    tvae_tensor_destroy(&h->x);
    tvae_model_destroy(&h->model);
}

static void *run_host(void *argument)
{
    host *h = argument;

    h->status = TVAE_OK;
    for (size_t i = 0; i < BATCHES_A_ROUND && h->status == TVAE_OK; i++)
        h->status = tvae_model_encode(h->model, h->work, h->x, h->t);
    return NULL;
}

/* The first n hosts at once; the seconds that each of their batches took of the time. */
static tvae_status run_round(hosts *h, size_t n, double *seconds)
{
    const double start = bench_now();
    tvae_status status = TVAE_OK;
    size_t n_started = 0;

    while (n_started < n && status == TVAE_OK) {
        host *next = &h->all[n_started];

        if (pthread_create(&next->thread, NULL, run_host, next) == 0)
            n_started++;
        else
            status = TVAE_E_NOMEM;
    }
    for (size_t i = 0; i < n_started; i++) {
        (void)pthread_join(h->all[i].thread, NULL);
        if (status == TVAE_OK)
            status = h->all[i].status;
    }
    *seconds = (bench_now() - start) / (double)(n * BATCHES_A_ROUND);
    return status;
}

static tvae_status run_rounds(const bench_session *session, hosts *h)
{
    const double first = bench_now();
    tvae_status status = TVAE_OK;
    double one, many;

    for (size_t round = 0; round < N_ROUNDS && status == TVAE_OK; round++) {
        if (h->one.n && (bench_now() - first > most_seconds || bench_is_late(session)))
            break;
        status = run_round(h, 1, &one);
        if (status == TVAE_OK)
            status = run_round(h, h->n, &many);
        if (status != TVAE_OK || round < WARM_UP_ROUNDS)
            continue;
        bench_times_add(&h->one, one);
        bench_times_add(&h->many, many);
    }
    return status;
}

static void print_rows(const bench_session *session, hosts *h)
{
    const double n_frames = (double)bench_config_frames(&session->config);

    bench_print(session, "encode_host_1", &h->one, "frames", n_frames);
    if (tvae_set_threads((int32_t)h->n) != TVAE_OK)
        return;
    bench_print(session, "encode_hosts", &h->many, "frames", n_frames);
    bench_print(session, "hosts_speed_up", NULL, "ratio",
                bench_times_median(&h->one) / bench_times_median(&h->many));
}

tvae_status bench_hosts(bench_session *session)
{
    static hosts h;
    tvae_runtime_facts facts;
    tvae_status status = tvae_runtime_info(&facts, sizeof facts), restored;

    if (status != TVAE_OK)
        return status;
    h = (hosts){.n = (size_t)facts.n_threads};
    status = set_up(&session->config, &h);
    if (status == TVAE_OK)
        status = tvae_set_threads(1);
    if (status == TVAE_OK)
        status = run_rounds(session, &h);
    if (status == TVAE_OK)
        print_rows(session, &h);
    restored = tvae_set_threads(facts.n_threads);
    tear_down(&h);
    return status == TVAE_OK ? restored : status;
}
