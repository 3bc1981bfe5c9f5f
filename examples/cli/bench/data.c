/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <stdlib.h>

/* How long a sequence takes: to transform it, to get it from a loader, and how long
 * training waits for it. */

enum { REPEATS_OF_SEQUENCE = 200, REPEATS_OF_LOADER = 64, REPEATS_OF_TRAINING = 32 };
enum { N_DRAWS = 64, SEED = 3, ROTATION = 0, HUE = 2, ANY_FACTOR = -1 };

/* Sequences of one kind. */
typedef struct transform {
    const tvae_dataset *dataset;
    tvae_tensor *x, *factors;
    size_t n_draws;
    uint64_t draws[N_DRAWS]; /* those in which the factor in question runs */
} transform;

/* Whether the factor changes between the first two frames. */
static bool runs(const transform *t, int factor)
{
    const float *values = tvae_tensor_data_const(t->factors);
    const size_t n_factors = tvae_tensor_extent(t->factors, 1);

    return factor == ANY_FACTOR || values[factor] < values[n_factors + (size_t)factor] ||
           values[factor] > values[n_factors + (size_t)factor];
}

static tvae_status find_draws(transform *t, int factor)
{
    const size_t n_items = tvae_dataset_count(t->dataset);
    tvae_status status = TVAE_OK;

    for (uint64_t draw = 0; draw < N_DRAWS && status == TVAE_OK; draw++) {
        status =
            tvae_dataset_get(t->dataset, draw % n_items, SEED, draw, t->x, t->factors);
        if (status == TVAE_OK && runs(t, factor))
            t->draws[t->n_draws++] = draw;
    }
    return status;
}

static tvae_status get_sequence(void *context, size_t call)
{
    const transform *t = context;
    const uint64_t draw = t->draws[call % t->n_draws];

    return tvae_dataset_get(t->dataset, draw % tvae_dataset_count(t->dataset), SEED, draw,
                            t->x, t->factors);
}

static tvae_status measure_transform(const bench_session *session, const char *what,
                                     const tvae_dataset *dataset, int factor)
{
    bench_times times = {0};
    transform t = {.dataset = dataset};
    size_t shape[4], of_factors[2];
    tvae_status status;

    if (!dataset || !bench_wants(session, what))
        return TVAE_OK;
    status = tvae_dataset_shape(dataset, shape);
    of_factors[0] = shape[0];
    of_factors[1] = tvae_dataset_factor_count(dataset);
    if (status == TVAE_OK)
        status = tvae_tensor_create(4, shape, &t.x);
    if (status == TVAE_OK)
        status = tvae_tensor_create(2, of_factors, &t.factors);
    if (status == TVAE_OK)
        status = find_draws(&t, factor);
    if (status == TVAE_OK && t.n_draws)
        status = bench_measure(session, get_sequence, &t, REPEATS_OF_SEQUENCE, &times);
    if (status == TVAE_OK)
        bench_print(session, what, &times, "frames", (double)shape[0]);
    tvae_tensor_destroy(&t.factors);
    tvae_tensor_destroy(&t.x);
    return status;
}

/* Batches as training gets them. */
typedef struct supply {
    tvae_model *model;
    tvae_trainer *trainer;
    tvae_loader *loader;
    tvae_tensor *x;
    bench_times waits;
} supply;

static tvae_status set_up(const bench_session *session, supply *s)
{
    tvae_loader_options options;
    tvae_status status = tvae_loader_options_init(&options, sizeof options);

    options.batch_size = session->config.batch_size;
    if (status == TVAE_OK)
        status = tvae_loader_create(session->dataset, &options, &s->loader);
    if (status == TVAE_OK)
        status = bench_batch_create(&session->config, &s->x);
    if (status == TVAE_OK)
        status = bench_model_create(&session->config, &s->model);
    if (status == TVAE_OK)
        status = tvae_trainer_create(s->model, NULL, &s->trainer);
    return status;
}

static void tear_down(supply *s)
{
    tvae_trainer_destroy(&s->trainer);
    tvae_model_destroy(&s->model);
    tvae_tensor_destroy(&s->x);
    tvae_loader_destroy(&s->loader);
}

static tvae_status take_batch(void *context, size_t call)
{
    supply *s = context;

    (void)call;
    return tvae_loader_next(s->loader, s->x, NULL, NULL);
}

/* A step on data that is prepared meanwhile. */
static tvae_status take_batch_and_step(void *context, size_t call)
{
    supply *s = context;
    const double start = bench_now();
    tvae_status status = take_batch(s, call);

    bench_times_add(&s->waits, bench_now() - start);
    return status == TVAE_OK ? tvae_trainer_step(s->trainer, s->x, NULL, 0) : status;
}

/* The loader alone: the batches prepared ahead are soon used up, and from then on each
 * call takes as long as preparing a batch. */
static tvae_status measure_loader(const bench_session *session, supply *s)
{
    const double n_sequences = (double)session->config.batch_size;
    bench_times times = {0};
    double each;
    tvae_status status = bench_measure(session, take_batch, s, REPEATS_OF_LOADER, &times);

    if (status != TVAE_OK)
        return status;
    bench_print(session, "loader", &times, "sequences", n_sequences);
    each = bench_times_median(&times);
    if (session->step_seconds > 0.0 && each > 0.0)
        bench_print(session, "data_never_waits", NULL, "ratio",
                    session->step_seconds / each);
    return TVAE_OK;
}

static tvae_status measure_waits(const bench_session *session, supply *s)
{
    bench_times steps;
    tvae_status status;

    if (!bench_wants(session, "part_data"))
        return TVAE_OK;
    status = bench_measure(session, take_batch_and_step, s, REPEATS_OF_TRAINING, &steps);
    if (status == TVAE_OK)
        bench_print(session, "part_data", &s->waits, "frames",
                    (double)bench_config_frames(&session->config));
    return status;
}

tvae_status bench_data(bench_session *session)
{
    static supply s;
    tvae_status status = TVAE_OK;

    s = (supply){0};
    if (!session->dataset)
        return TVAE_OK;
    if (!session->is_sprites) {
        status = measure_transform(session, "transform_warp", session->dataset, ROTATION);
        if (status == TVAE_OK)
            status = measure_transform(session, "transform_hue", session->dataset, HUE);
        if (status == TVAE_OK)
            status = measure_transform(session, "transform_perspective", session->tilted,
                                       ANY_FACTOR);
    }
    if (status == TVAE_OK)
        status = measure_transform(session, "sequence", session->dataset, ANY_FACTOR);
    if (status == TVAE_OK)
        status = set_up(session, &s);
    if (status == TVAE_OK)
        status = measure_loader(session, &s);
    if (status == TVAE_OK)
        status = measure_waits(session, &s);
    tear_down(&s);
    return status;
}
