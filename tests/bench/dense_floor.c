/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "kernel/gemm.h"
#include "kernel/kernel.h"
#include "model/model.h"

enum { N_LAYERS = 9, SGD_GRAIN = 4096 };

typedef struct floor_layer {
    size_t n_inputs, n_outputs;
    bool input_gradient;
    float *weight, *gradient, *momentum;
} floor_layer;

struct bench_floor {
    size_t n_rows;
    floor_layer layers[N_LAYERS];
    float *x, *y; /* [n_rows, widest] */
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

static float *create_values(size_t n)
{
    float *values = tvi_alloc_array(n, sizeof *values);

    for (size_t i = 0; values && i < n; i++)
        values[i] = (float)(i % 13) * 0.01f;
    return values;
}

bench_floor *bench_floor_create(const tvae_model *model, size_t n_rows)
{
    const size_t n = model->n_pixels, s = model->n_latents;
    const size_t widest = n > 3 * s ? n : 3 * s;
    bench_floor *dense = tvi_alloc_array(1, sizeof *dense);
    bool complete;

    if (!dense)
        return NULL;
    dense->n_rows = n_rows;
    set_sizes(dense, n, s);
    dense->x = create_values(n_rows * widest);
    dense->y = create_values(n_rows * widest);
    complete = dense->x && dense->y;
    for (size_t i = 0; i < N_LAYERS; i++) {
        floor_layer *layer = &dense->layers[i];
        const size_t count = layer->n_inputs * layer->n_outputs;

        layer->weight = create_values(count);
        layer->gradient = tvi_alloc_array(count, sizeof(float));
        layer->momentum = tvi_alloc_array(count, sizeof(float));
        complete = complete && layer->weight && layer->gradient && layer->momentum;
    }
    if (!complete)
        bench_floor_destroy(&dense);
    return dense;
}

static tvae_status multiply_forward(const bench_floor *dense, const floor_layer *layer)
{
    const tvi_gemm product = {.m = dense->n_rows,
                              .n = layer->n_outputs,
                              .k = layer->n_inputs,
                              .a = dense->x,
                              .ld_a = layer->n_inputs,
                              .b = layer->weight,
                              .ld_b = layer->n_outputs,
                              .c = dense->y,
                              .ld_c = layer->n_outputs};

    return tvi_gemm_run(&product);
}

static tvae_status multiply_backward(const bench_floor *dense, const floor_layer *layer)
{
    const tvi_gemm weights = {.m = layer->n_inputs,
                              .n = layer->n_outputs,
                              .k = dense->n_rows,
                              .a = dense->x,
                              .ld_a = layer->n_inputs,
                              .transpose_a = true,
                              .b = dense->y,
                              .ld_b = layer->n_outputs,
                              .c = layer->gradient,
                              .ld_c = layer->n_outputs};
    const tvi_gemm inputs = {.m = dense->n_rows,
                             .n = layer->n_inputs,
                             .k = layer->n_outputs,
                             .a = dense->y,
                             .ld_a = layer->n_outputs,
                             .b = layer->weight,
                             .ld_b = layer->n_outputs,
                             .transpose_b = true,
                             .c = dense->x,
                             .ld_c = layer->n_inputs};
    const tvae_status st = tvi_gemm_run(&weights);

    return st == TVAE_OK && layer->input_gradient ? tvi_gemm_run(&inputs) : st;
}

static void update_range(void *context, size_t begin, size_t end)
{
    const floor_layer *layer = context;

    tvi_kernel()->sgd(end - begin, 1e-9f, 0.9f, layer->gradient + begin,
                      layer->momentum + begin, layer->weight + begin);
}

/* Values of moderate size, and no momentum: products of products overflow in time. */
void bench_floor_reset(bench_floor *dense)
{
    for (size_t i = 0; i < dense->n_rows * dense->layers[0].n_inputs; i++) {
        dense->x[i] = (float)(i % 13) * 0.01f;
        dense->y[i] = (float)(i % 7) * 0.01f;
    }
    for (size_t i = 0; i < N_LAYERS; i++)
        memset(dense->layers[i].momentum, 0,
               dense->layers[i].n_inputs * dense->layers[i].n_outputs * sizeof(float));
}

tvae_status bench_floor_run(bench_floor *dense)
{
    tvae_status st = TVAE_OK;

    for (size_t i = 0; i < N_LAYERS && st == TVAE_OK; i++)
        st = multiply_forward(dense, &dense->layers[i]);
    for (size_t i = N_LAYERS; i-- > 0 && st == TVAE_OK;)
        st = multiply_backward(dense, &dense->layers[i]);
    for (size_t i = 0; i < N_LAYERS && st == TVAE_OK; i++)
        tvi_parallel_for(dense->layers[i].n_inputs * dense->layers[i].n_outputs,
                         SGD_GRAIN, update_range, &dense->layers[i]);
    return st;
}

void bench_floor_destroy(bench_floor **dense)
{
    if (!*dense)
        return;
    for (size_t i = 0; i < N_LAYERS; i++) {
        tvi_free((*dense)->layers[i].weight);
        tvi_free((*dense)->layers[i].gradient);
        tvi_free((*dense)->layers[i].momentum);
    }
    tvi_free((*dense)->x);
    tvi_free((*dense)->y);
    tvi_free(*dense);
    *dense = NULL;
}
