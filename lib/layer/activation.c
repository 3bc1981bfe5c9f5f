/* SPDX-License-Identifier: MIT */
#include "layer/layer.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "kernel/kernel.h"

/* Below this many values a second thread costs more than it saves. */
enum { GRAIN = 16384 };

/* An elementwise function; its gradient is had from its output alone, so that nothing is
 * saved. The class comes first: a layer's `kind` is also its activation. */
typedef struct activation {
    tvi_layer_class kind;
    void (*apply)(size_t n, const float *x, float *y);
    void (*apply_gradient)(size_t n, const float *y, const float *dy, float *dx);
} activation;

typedef struct pass {
    const activation *function;
    const float *x, *y, *dy;
    float *result;
} pass;

static void run_forward(void *context, size_t begin, size_t end)
{
    const pass *p = context;

    p->function->apply(end - begin, p->x + begin, p->result + begin);
}

static void run_backward(void *context, size_t begin, size_t end)
{
    const pass *p = context;

    p->function->apply_gradient(end - begin, p->y + begin, p->dy + begin,
                                p->result + begin);
}

static size_t same_width(const tvae_layer *layer, size_t n_inputs)
{
    (void)layer;
    return n_inputs;
}

static tvae_status forward(const tvae_layer *layer, const tvi_rows *x, float *y,
                           float *saved)
{
    pass p = {.function = (const activation *)layer->kind, .x = x->values, .result = y};

    (void)saved;
    tvi_parallel_for(x->n_rows * x->width, GRAIN, run_forward, &p);
    return TVAE_OK;
}

static tvae_status backward(tvae_layer *layer, const tvi_rows *x, const float *y,
                            const float *dy, float *dx, const float *saved,
                            float *scratch, tvi_gradient_sink *sink)
{
    pass p = {
        .function = (const activation *)layer->kind, .y = y, .dy = dy, .result = dx};

    (void)saved;
    (void)scratch;
    (void)sink;
    if (dx)
        tvi_parallel_for(x->n_rows * x->width, GRAIN, run_backward, &p);
    return TVAE_OK;
}

static void relu(size_t n, const float *x, float *y)
{
    tvi_kernel()->relu(n, x, y);
}

static void relu_gradient(size_t n, const float *y, const float *dy, float *dx)
{
    tvi_kernel()->relu_gradient(n, y, dy, dx);
}

static void sigmoid(size_t n, const float *x, float *y)
{
    tvi_kernel()->sigmoid(n, x, y);
}

static void sigmoid_gradient(size_t n, const float *y, const float *dy, float *dx)
{
    tvi_kernel()->sigmoid_gradient(n, y, dy, dx);
}

#define ELEMENTWISE(text)                                             \
    {                                                                 \
        .name = text, .output_width = same_width, .forward = forward, \
        .backward = backward                                          \
    }

enum { RELU, SIGMOID };

static const activation activations[] = {
    [RELU] = {ELEMENTWISE("relu"), relu, relu_gradient},
    [SIGMOID] = {ELEMENTWISE("sigmoid"), sigmoid, sigmoid_gradient},
};

static tvae_status create_activation(int which, const char *call, tvae_layer **out)
{
    if (!out)
        return tvi_fail(TVAE_E_INVALID, "%s: out is NULL", call);
    *out = tvi_layer_allocate(sizeof **out, &activations[which].kind);
    return *out ? TVAE_OK : TVAE_E_NOMEM;
}

tvae_status tvae_layer_create_relu(tvae_layer **out)
{
    return create_activation(RELU, "layer_create_relu", out);
}

tvae_status tvae_layer_create_sigmoid(tvae_layer **out)
{
    return create_activation(SIGMOID, "layer_create_sigmoid", out);
}
