/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <cblas.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* The dense floor: the matrix products of a training step alone, each through CBLAS at
 * its shape and with OpenBLAS's own threads, and one pass of momentum SGD over as many
 * parameters. No dense implementation can be faster.
 *
 * Here alone the program calls a BLAS itself: the library's products are its own affair,
 * and the floor must not depend on them. */

enum { N_LAYERS = 9, WARM_UP_RUNS = 2, MAX_THREADS = 256 };

/* OpenBLAS's threads look for more work for some time after a product, and the library's
 * too: neither may be in the other's way. */
static const double library_rest = 0.002, openblas_rest = 0.1;

typedef struct floor_layer {
    size_t n_inputs, n_outputs;
    bool input_gradient; /* nobody asks for the first layers' */
    tvae_tensor *weight, *gradient, *momentum;
} floor_layer;

struct bench_floor {
    size_t n_rows;
    floor_layer layers[N_LAYERS];
    tvae_tensor *x, *y; /* [n_rows, widest] */
};

/* Encoders n - 3s - 2s - 2s, decoder s - 2s - 3s - n. */
static void set_sizes(bench_floor *dense, size_t n, size_t s)
{
    const floor_layer encoder[3] = {{.n_inputs = n, .n_outputs = 3 * s},
                                    {3 * s, 2 * s, true, NULL, NULL, NULL},
                                    {2 * s, 2 * s, true, NULL, NULL, NULL}};
    const floor_layer decoder[3] = {{s, 2 * s, true, NULL, NULL, NULL},
                                    {2 * s, 3 * s, true, NULL, NULL, NULL},
                                    {3 * s, n, true, NULL, NULL, NULL}};

    for (size_t i = 0; i < 3; i++) {
        dense->layers[i] = encoder[i];
        dense->layers[3 + i] = encoder[i];
        dense->layers[6 + i] = decoder[i];
    }
}

/* A tensor of the library lies in huge pages where the system has them: a floor in small
 * ones would be too high. */
static tvae_status create_values(size_t n, tvae_tensor **out)
{
    const tvae_status status = tvae_tensor_create(1, &n, out);

    for (size_t i = 0; status == TVAE_OK && i < n; i++)
        tvae_tensor_data(*out)[i] = (float)(i % 13) * 0.01f;
    return status;
}

static tvae_status create_layer(floor_layer *layer)
{
    const size_t count = layer->n_inputs * layer->n_outputs;
    tvae_status status = create_values(count, &layer->weight);

    if (status == TVAE_OK)
        status = create_values(count, &layer->gradient);
    if (status == TVAE_OK)
        status = create_values(count, &layer->momentum);
    return status;
}

tvae_status bench_floor_create(const bench_config *config, bench_floor **out)
{
    const size_t n = bench_config_pixels(config), s = bench_config_latents(config);
    const size_t widest = n > 3 * s ? n : 3 * s;
    bench_floor *dense = calloc(1, sizeof *dense);
    tvae_status status;

    *out = NULL;
    if (!dense)
        return TVAE_E_NOMEM;
    dense->n_rows = bench_config_frames(config);
    set_sizes(dense, n, s);
    status = create_values(dense->n_rows * widest, &dense->x);
    if (status == TVAE_OK)
        status = create_values(dense->n_rows * widest, &dense->y);
    for (size_t i = 0; i < N_LAYERS && status == TVAE_OK; i++)
        status = create_layer(&dense->layers[i]);
    if (status != TVAE_OK)
        bench_floor_destroy(&dense);
    *out = dense;
    return status;
}

void bench_floor_destroy(bench_floor **dense)
{
    if (!*dense)
        return;
    for (size_t i = 0; i < N_LAYERS; i++) {
        tvae_tensor_destroy(&(*dense)->layers[i].weight);
        tvae_tensor_destroy(&(*dense)->layers[i].gradient);
        tvae_tensor_destroy(&(*dense)->layers[i].momentum);
    }
    tvae_tensor_destroy(&(*dense)->x);
    tvae_tensor_destroy(&(*dense)->y);
    free(*dense);
    *dense = NULL;
}

static void multiply_forward(const bench_floor *dense, const floor_layer *layer)
{
    const blasint rows = (blasint)dense->n_rows, in = (blasint)layer->n_inputs,
                  out = (blasint)layer->n_outputs;

    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, rows, out, in, 1.0f,
                tvae_tensor_data(dense->x), in, tvae_tensor_data(layer->weight), out,
                0.0f, tvae_tensor_data(dense->y), out);
}

/* The weights' gradient, then the inputs' where a step needs it. */
static void multiply_backward(const bench_floor *dense, const floor_layer *layer)
{
    const blasint rows = (blasint)dense->n_rows, in = (blasint)layer->n_inputs,
                  out = (blasint)layer->n_outputs;

    cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, in, out, rows, 1.0f,
                tvae_tensor_data(dense->x), in, tvae_tensor_data(dense->y), out, 0.0f,
                tvae_tensor_data(layer->gradient), out);
    if (layer->input_gradient)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, rows, in, out, 1.0f,
                    tvae_tensor_data(dense->y), out, tvae_tensor_data(layer->weight), out,
                    0.0f, tvae_tensor_data(dense->x), in);
}

static void update(size_t n, const float *restrict gradient, float *restrict momentum,
                   float *restrict weight)
{
    for (size_t i = 0; i < n; i++) {
        momentum[i] = 0.9f * momentum[i] + gradient[i];
        weight[i] -= 1e-9f * momentum[i];
    }
}

/* A thread's share of every layer. */
typedef struct share {
    const bench_floor *dense;
    size_t index, n_shares;
} share;

static void *update_share(void *context)
{
    const share *s = context;

    for (size_t i = 0; i < N_LAYERS; i++) {
        const floor_layer *layer = &s->dense->layers[i];
        const size_t count = layer->n_inputs * layer->n_outputs;
        const size_t begin = count * s->index / s->n_shares;
        const size_t end = count * (s->index + 1) / s->n_shares;

        update(end - begin, tvae_tensor_data(layer->gradient) + begin,
               tvae_tensor_data(layer->momentum) + begin,
               tvae_tensor_data(layer->weight) + begin);
    }
    return NULL;
}

/* One pass of momentum SGD over all parameters; false if a thread could not start. */
static bool update_all(const bench_floor *dense, size_t n_threads)
{
    pthread_t threads[MAX_THREADS];
    share shares[MAX_THREADS];
    size_t n_started = 0;

    for (size_t i = 0; i < n_threads; i++)
        shares[i] = (share){dense, i, n_threads};
    for (size_t i = 1; i < n_threads; i++)
        if (pthread_create(&threads[i], NULL, update_share, &shares[i]) == 0)
            n_started++;
        else
            break;
    update_share(&shares[0]);
    for (size_t i = 1; i <= n_started; i++)
        (void)pthread_join(threads[i], NULL);
    return n_started + 1 == n_threads;
}

static bool run_once(const bench_floor *dense, size_t n_threads)
{
    for (size_t i = 0; i < N_LAYERS; i++)
        multiply_forward(dense, &dense->layers[i]);
    for (size_t i = N_LAYERS; i-- > 0;)
        multiply_backward(dense, &dense->layers[i]);
    return update_all(dense, n_threads);
}

/* Values of moderate size, and no momentum: products of products overflow in time. */
static void reset(const bench_floor *dense)
{
    const size_t n = dense->n_rows * dense->layers[0].n_inputs;

    for (size_t i = 0; i < n; i++) {
        tvae_tensor_data(dense->x)[i] = (float)(i % 13) * 0.01f;
        tvae_tensor_data(dense->y)[i] = (float)(i % 7) * 0.01f;
    }
    for (size_t i = 0; i < N_LAYERS; i++)
        memset(tvae_tensor_data(dense->layers[i].momentum), 0,
               dense->layers[i].n_inputs * dense->layers[i].n_outputs * sizeof(float));
}

tvae_status bench_floor_measure(bench_floor *dense, size_t repeats, bench_times *times)
{
    const int before = openblas_get_num_threads();
    tvae_runtime_facts facts;
    tvae_status status = tvae_runtime_info(&facts, sizeof facts);
    bool is_complete = true;

    if (status != TVAE_OK)
        return status;
    bench_pause(library_rest);
    openblas_set_num_threads(facts.n_threads);
    for (size_t run = 0; is_complete && run < WARM_UP_RUNS + repeats; run++) {
        double start;

        reset(dense);
        start = bench_now();
        is_complete = run_once(dense, (size_t)facts.n_threads);
        if (run >= WARM_UP_RUNS)
            bench_times_add(times, bench_now() - start);
    }
    openblas_set_num_threads(before);
    bench_pause(openblas_rest);
    return is_complete ? TVAE_OK : TVAE_E_NOMEM;
}
