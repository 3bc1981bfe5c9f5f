/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <stdlib.h>

/* The training step, its parts, and in turn with it the dense floor, so that both see the
 * same machine. */

enum { N_ROUNDS = 4, WARM_UP_STEPS = 2, STEPS_A_ROUND = 16, FLOORS_A_ROUND = 6 };
enum { MAX_NAME = 128 };

/* One rank: there is no exchange. */
enum { N_PARTS = TVAE_PART_EXCHANGE };

static const char *const part_names[N_PARTS] = {
    [TVAE_PART_NOISE] = "part_noise",
    [TVAE_PART_ENCODERS] = "part_encoders",
    [TVAE_PART_PRIOR] = "part_prior",
    [TVAE_PART_DECODER] = "part_decoder",
    [TVAE_PART_LIKELIHOOD] = "part_likelihood",
    [TVAE_PART_EQUIVARIANCE] = "part_equivariance",
    [TVAE_PART_BACKWARD] = "part_backward",
    [TVAE_PART_UPDATE] = "part_update",
};

/* What the rows of training need. */
typedef struct training {
    tvae_model *model;
    tvae_trainer *trainer;
    bench_floor *dense; /* NULL if nobody asks for it */
    tvae_tensor *batches[BENCH_BATCHES];
    tvae_tensor **values; /* [n_values] room to read each parameter */
    size_t n_values;
    size_t n_steps;
    bench_times step, floor, parts[N_PARTS];
} training;

/* Random inputs, or sequences of the data. */
static tvae_status create_batches(const bench_session *session, training *t)
{
    tvae_loader_options options;
    tvae_loader *loader = NULL;
    tvae_status status = tvae_loader_options_init(&options, sizeof options);

    options.batch_size = session->config.batch_size;
    if (status == TVAE_OK && session->data)
        status = tvae_loader_create(session->dataset, &options, &loader);
    for (size_t i = 0; i < BENCH_BATCHES && status == TVAE_OK; i++) {
        status = loader ? bench_batch_create(&session->config, &t->batches[i])
                        : bench_batch_random(&session->config, i, &t->batches[i]);
        if (status == TVAE_OK && loader)
            status = tvae_loader_next(loader, t->batches[i], NULL, NULL);
    }
    tvae_loader_destroy(&loader);
    return status;
}

static tvae_status create_values(training *t)
{
    tvae_status status = TVAE_OK;

    t->n_values = tvae_model_parameter_count(t->model);
    t->values = calloc(t->n_values, sizeof *t->values);
    if (!t->values)
        return TVAE_E_NOMEM;
    for (size_t i = 0; i < t->n_values && status == TVAE_OK; i++) {
        char name[MAX_NAME];
        size_t shape[TVAE_MAX_RANK];
        int32_t rank;

        status = tvae_model_parameter_info(t->model, i, name, sizeof name, &rank, shape);
        if (status == TVAE_OK)
            status = tvae_tensor_create(rank, shape, &t->values[i]);
    }
    return status;
}

static tvae_status set_up(const bench_session *session, training *t)
{
    tvae_train_options options;
    tvae_status status = tvae_train_options_init(&options, sizeof options);

    if (status == TVAE_OK)
        status = bench_model_create(&session->config, &t->model);
    if (status == TVAE_OK)
        status = tvae_trainer_create(t->model, &options, &t->trainer);
    if (status == TVAE_OK)
        status = create_batches(session, t);
    if (status == TVAE_OK)
        status = create_values(t);
    if (status == TVAE_OK && bench_wants(session, "dense_floor"))
        status = bench_floor_create(&session->config, &t->dense);
    return status;
}

static void tear_down(training *t)
{
    for (size_t i = 0; i < BENCH_BATCHES; i++)
        tvae_tensor_destroy(&t->batches[i]);
    for (size_t i = 0; t->values && i < t->n_values; i++)
        tvae_tensor_destroy(&t->values[i]);
    free(t->values);
    bench_floor_destroy(&t->dense);
    tvae_trainer_destroy(&t->trainer);
    tvae_model_destroy(&t->model);
}

static tvae_status time_step(training *t, bool counts)
{
    const tvae_tensor *x = t->batches[t->n_steps++ % BENCH_BATCHES];
    const double start = bench_now();
    tvae_status status = tvae_trainer_step(t->trainer, x, NULL, 0);
    const double end = bench_now();
    double seconds[N_PARTS];

    if (status == TVAE_OK)
        status = tvae_trainer_part_seconds(t->trainer, seconds, N_PARTS);
    if (status != TVAE_OK || !counts)
        return status;
    bench_times_add(&t->step, end - start);
    for (size_t part = 0; part < N_PARTS; part++)
        bench_times_add(&t->parts[part], seconds[part]);
    return TVAE_OK;
}

static tvae_status run_round(const bench_session *session, training *t)
{
    tvae_status status = TVAE_OK;

    for (size_t i = 0; i < WARM_UP_STEPS + STEPS_A_ROUND && status == TVAE_OK; i++) {
        if (t->step.n && bench_is_late(session))
            break;
        status = time_step(t, i >= WARM_UP_STEPS);
    }
    if (status == TVAE_OK && t->dense)
        status = bench_floor_measure(t->dense, FLOORS_A_ROUND, &t->floor);
    return status;
}

static tvae_status read_parameters(training *t, double *seconds)
{
    const double start = bench_now();
    tvae_status status = TVAE_OK;

    for (size_t i = 0; i < t->n_values && status == TVAE_OK; i++) {
        char name[MAX_NAME];
        size_t shape[TVAE_MAX_RANK];
        int32_t rank;

        status = tvae_model_parameter_info(t->model, i, name, sizeof name, &rank, shape);
        if (status == TVAE_OK)
            status = tvae_model_get_parameter(t->model, name, t->values[i]);
    }
    *seconds = bench_now() - start;
    return status;
}

/* Updates that the trainer has put off are brought up to date when somebody reads the
 * parameters; a second reading shows what reading alone costs. What is left is shared
 * among the steps, so that no step looks cheaper than it is. */
static tvae_status add_owed_updates(training *t)
{
    double first, second;
    tvae_status status = read_parameters(t, &first);

    if (status == TVAE_OK)
        status = read_parameters(t, &second);
    if (status != TVAE_OK || !(first > second))
        return status;
    for (size_t i = 0; i < t->step.n; i++)
        t->step.seconds[i] += (first - second) / (double)t->n_steps;
    return TVAE_OK;
}

static void print_rows(bench_session *session, training *t)
{
    const double n_frames = (double)bench_config_frames(&session->config);

    bench_print(session, "train_step", &t->step, "frames", n_frames);
    if (t->dense)
        bench_print(session, "dense_floor", &t->floor, "frames", n_frames);
    for (size_t part = 0; part < N_PARTS; part++)
        bench_print(session, part_names[part], &t->parts[part], "frames", n_frames);
    session->step_seconds = bench_times_median(&t->step);
}

tvae_status bench_training(bench_session *session)
{
    static training t;
    tvae_status status;

    t = (training){0};
    status = set_up(session, &t);
    for (size_t round = 0; round < N_ROUNDS && status == TVAE_OK; round++)
        if (round == 0 || !bench_is_late(session))
            status = run_round(session, &t);
    if (status == TVAE_OK)
        status = add_owed_updates(&t);
    if (status == TVAE_OK)
        print_rows(session, &t);
    tear_down(&t);
    return status;
}
