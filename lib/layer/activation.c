/* SPDX-License-Identifier: MIT */
#include "layer/layer.h"

#include <string.h>

#include "base/parallel.h"
#include "kernel/kernel.h"

/* Below this many values a second thread costs more than it saves. */
enum { GRAIN = 16384 };

typedef struct activation_options {
    double negative_slope; /* of leaky ReLU */
} activation_options;

typedef struct activation_layer {
    tvae_layer base;
    activation_options options;
} activation_layer;

/* An elementwise function; its gradient is had from inputs and outputs, so that nothing
 * is saved. The class comes first: a layer's `kind` is also its activation. */
typedef struct activation {
    tvi_layer_class kind;
    void (*apply)(const activation_options *o, size_t n, const float *x, float *y);
    void (*apply_gradient)(const activation_options *o, size_t n, const float *x,
                           const float *y, const float *dy, float *dx);
} activation;

typedef struct pass {
    const activation_layer *layer;
    const float *x, *y, *dy;
    float *result;
} pass;

static void run_forward(void *context, size_t begin, size_t end)
{
    const pass *p = context;
    const activation *function = (const activation *)p->layer->base.kind;

    function->apply(&p->layer->options, end - begin, p->x + begin, p->result + begin);
}

static void run_backward(void *context, size_t begin, size_t end)
{
    const pass *p = context;
    const activation *function = (const activation *)p->layer->base.kind;

    function->apply_gradient(&p->layer->options, end - begin, p->x + begin, p->y + begin,
                             p->dy + begin, p->result + begin);
}

static size_t same_width(const tvae_layer *layer, size_t n_inputs)
{
    (void)layer;
    return n_inputs;
}

static tvae_status forward(const tvae_layer *layer, const tvi_rows *x, float *y,
                           float *saved)
{
    pass p = {.layer = (const activation_layer *)layer, .x = x->values, .result = y};

    (void)saved;
    tvi_parallel_for(x->n_rows * x->width, GRAIN, run_forward, &p);
    return TVAE_OK;
}

static tvae_status backward(tvae_layer *layer, const tvi_rows *x, const float *y,
                            const float *dy, float *dx, const float *saved,
                            float *scratch, tvi_gradient_sink *sink)
{
    pass p = {.layer = (const activation_layer *)layer,
              .x = x->values,
              .y = y,
              .dy = dy,
              .result = dx};

    (void)saved;
    (void)scratch;
    (void)sink;
    if (dx)
        tvi_parallel_for(x->n_rows * x->width, GRAIN, run_backward, &p);
    return TVAE_OK;
}

/* An activation of one kernel and its gradient; `from` is what the gradient is had from:
 * x or y. */
#define DEFINE_PLAIN(name, from)                                                         \
    static void apply_##name(const activation_options *o, size_t n, const float *x,      \
                             float *y)                                                   \
    {                                                                                    \
        (void)o;                                                                         \
        tvi_kernel()->name(n, x, y);                                                     \
    }                                                                                    \
    static void apply_##name##_gradient(const activation_options *o, size_t n,           \
                                        const float *x, const float *y, const float *dy, \
                                        float *dx)                                       \
    {                                                                                    \
        (void)o;                                                                         \
        (void)x;                                                                         \
        (void)y;                                                                         \
        tvi_kernel()->name##_gradient(n, from, dy, dx);                                  \
    }

DEFINE_PLAIN(relu, y)
DEFINE_PLAIN(sigmoid, y)
DEFINE_PLAIN(tanh, y)
DEFINE_PLAIN(softplus, x)

static void apply_leaky_relu(const activation_options *o, size_t n, const float *x,
                             float *y)
{
    tvi_kernel()->leaky_relu(n, (float)o->negative_slope, x, y);
}

static void apply_leaky_relu_gradient(const activation_options *o, size_t n,
                                      const float *x, const float *y, const float *dy,
                                      float *dx)
{
    (void)y;
    tvi_kernel()->leaky_relu_gradient(n, (float)o->negative_slope, x, dy, dx);
}

static tvae_status create_activation(const tvi_layer_class *kind,
                                     const activation_options *options, tvae_layer **out)
{
    activation_layer *layer;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "layer_create_%s: out is NULL", kind->name);
    *out = NULL;
    st = tvi_layer_check_fields(kind, options);
    if (st != TVAE_OK)
        return st;
    layer = tvi_layer_allocate(sizeof *layer, kind);
    if (!layer)
        return TVAE_E_NOMEM;
    layer->options = *options;
    *out = &layer->base;
    return TVAE_OK;
}

static void set_defaults(void *options)
{
    *(activation_options *)options = (activation_options){0};
}

static tvae_status rebuild(const tvi_layer_class *kind, const void *options,
                           tvae_layer **out)
{
    return create_activation(kind, options, out);
}

static const tvi_layer_field leaky_relu_fields[] = {
    TVI_LAYER_FIELD(activation_options, negative_slope, TVI_FIELD_REAL, -1e30, 1e30),
};

#define ELEMENTWISE(function, list, n)                                             \
    {                                                                              \
        .kind = {.name = #function,                                                \
                 .output_width = same_width,                                       \
                 .forward = forward,                                               \
                 .backward = backward,                                             \
                 .recipe = {.fields = (list),                                      \
                            .n_fields = (n),                                       \
                            .options_bytes = sizeof(activation_options),           \
                            .options_offset = offsetof(activation_layer, options), \
                            .set_defaults = set_defaults,                          \
                            .rebuild = rebuild}},                                  \
        .apply = apply_##function, .apply_gradient = apply_##function##_gradient   \
    }

enum { RELU, LEAKY_RELU, SIGMOID, TANH, SOFTPLUS, N_ACTIVATIONS };

static const activation activations[N_ACTIVATIONS] = {
    [RELU] = ELEMENTWISE(relu, NULL, 0),
    [LEAKY_RELU] = ELEMENTWISE(leaky_relu, leaky_relu_fields, 1),
    [SIGMOID] = ELEMENTWISE(sigmoid, NULL, 0),
    [TANH] = ELEMENTWISE(tanh, NULL, 0),
    [SOFTPLUS] = ELEMENTWISE(softplus, NULL, 0),
};

const tvi_layer_class *tvi_activation_kind(const char *name)
{
    for (size_t i = 0; i < N_ACTIVATIONS; i++)
        if (strcmp(activations[i].kind.name, name) == 0)
            return &activations[i].kind;
    return NULL;
}

static tvae_status create_plain(int which, tvae_layer **out)
{
    const activation_options none = {0};

    return create_activation(&activations[which].kind, &none, out);
}

tvae_status tvae_layer_create_relu(tvae_layer **out)
{
    return create_plain(RELU, out);
}

tvae_status tvae_layer_create_leaky_relu(double negative_slope, tvae_layer **out)
{
    const activation_options options = {.negative_slope = negative_slope};

    return create_activation(&activations[LEAKY_RELU].kind, &options, out);
}

tvae_status tvae_layer_create_sigmoid(tvae_layer **out)
{
    return create_plain(SIGMOID, out);
}

tvae_status tvae_layer_create_tanh(tvae_layer **out)
{
    return create_plain(TANH, out);
}

tvae_status tvae_layer_create_softplus(tvae_layer **out)
{
    return create_plain(SOFTPLUS, out);
}
