/* SPDX-License-Identifier: MIT */
#include "bench.h"

/* Encoding and decoding of one frame, of a batch, and the likelihood. */

enum { REPEATS_OF_ONE = 200, REPEATS_OF_BATCH = 48, REPEATS_OF_LIKELIHOOD = 12 };
enum { N_SAMPLES = 10, SEED = 7 };

typedef struct inference {
    tvae_model *model;
    tvae_workspace *work;
    tvae_tensor *batch;                      /* all frames */
    tvae_tensor *frame;                      /* one frame */
    tvae_tensor *z, *u, *t, *log_likelihood; /* of all frames */
    tvae_tensor *z_1, *u_1, *t_1;            /* of one frame */
    size_t n_frames, n_pixels;
} inference;

static tvae_status set_up(const bench_config *config, inference *i)
{
    const size_t side = (size_t)config->image_size, s = bench_config_latents(config);
    const size_t frame[5] = {1, 1, (size_t)config->channels, side, side};
    const size_t of_batch[3] = {(size_t)config->batch_size, (size_t)config->n_frames, s};
    const size_t of_frame[3] = {1, 1, s};
    const struct {
        tvae_tensor **tensor;
        int32_t rank;
        const size_t *shape;
    } wanted[] = {{&i->frame, 5, frame},  {&i->z, 3, of_batch},
                  {&i->u, 3, of_batch},   {&i->t, 3, of_batch},
                  {&i->z_1, 3, of_frame}, {&i->u_1, 3, of_frame},
                  {&i->t_1, 3, of_frame}, {&i->log_likelihood, 2, of_batch}};
    tvae_status status = bench_model_create(config, &i->model);

    i->n_frames = bench_config_frames(config);
    i->n_pixels = bench_config_pixels(config);
    if (status == TVAE_OK)
        status = tvae_workspace_create(&i->work);
    if (status == TVAE_OK)
        status = bench_batch_random(config, 0, &i->batch);
    for (size_t k = 0; k < sizeof wanted / sizeof wanted[0] && status == TVAE_OK; k++)
        status = tvae_tensor_create(wanted[k].rank, wanted[k].shape, wanted[k].tensor);
    return status;
}

static void tear_down(inference *i)
{
    tvae_tensor **const all[] = {&i->batch,          &i->frame, &i->z,   &i->u,  &i->t,
                                 &i->log_likelihood, &i->z_1,   &i->u_1, &i->t_1};

    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++)
        tvae_tensor_destroy(all[k]);
    tvae_workspace_destroy(&i->work);
    tvae_model_destroy(&i->model);
}

/* Another frame in every call: copying it is a thousandth of the work. */
static tvae_status encode_one(void *context, size_t call)
{
    const inference *i = context;
    const float *frames = tvae_tensor_data_const(i->batch);
    const float *from = frames + call % i->n_frames * i->n_pixels;

    for (size_t k = 0; k < i->n_pixels; k++)
        tvae_tensor_data(i->frame)[k] = from[k];
    return tvae_model_posterior(i->model, i->work, i->frame, i->z_1, NULL, i->u_1, NULL);
}

static tvae_status decode_one(void *context, size_t call)
{
    const inference *i = context;

    (void)call;
    return tvae_model_decode(i->model, i->work, i->t_1, i->frame);
}

static tvae_status encode_batch(void *context, size_t call)
{
    const inference *i = context;

    (void)call;
    return tvae_model_posterior(i->model, i->work, i->batch, i->z, NULL, i->u, NULL);
}

static tvae_status estimate_likelihood(void *context, size_t call)
{
    const inference *i = context;

    return tvae_model_log_likelihood(i->model, i->work, i->batch, N_SAMPLES, SEED + call,
                                     NULL, i->log_likelihood);
}

tvae_status bench_inference(bench_session *session)
{
    const double n_frames = (double)bench_config_frames(&session->config);
    const struct {
        const char *what;
        bench_work work;
        size_t repeats;
        double n_frames;
    } rows[] = {{"encode_1", encode_one, REPEATS_OF_ONE, 1.0},
                {"decode_1", decode_one, REPEATS_OF_ONE, 1.0},
                {"encode_batch", encode_batch, REPEATS_OF_BATCH, n_frames},
                {"likelihood_10", estimate_likelihood, REPEATS_OF_LIKELIHOOD, n_frames}};
    inference i = {0};
    bench_times times;
    tvae_status status = set_up(&session->config, &i);

    if (status == TVAE_OK)
        status = tvae_tensor_fill_normal(i.t_1, SEED, 0);
    for (size_t row = 0; row < sizeof rows / sizeof rows[0] && status == TVAE_OK; row++) {
        if (!bench_wants(session, rows[row].what))
            continue;
        status = bench_measure(session, rows[row].work, &i, rows[row].repeats, &times);
        if (status == TVAE_OK)
            bench_print(session, rows[row].what, &times, "frames", rows[row].n_frames);
    }
    tear_down(&i);
    return status;
}
