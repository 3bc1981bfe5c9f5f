/* SPDX-License-Identifier: MIT */
#include "layer/conv2d.h"

#include <math.h>
#include <string.h>

#include "base/parallel.h"
#include "kernel/kernel.h"
#include "layer/bias.h"

/* Rows are split into parts, each with a block of memory of its own: the unfolded image,
 * and backward also the part's weight gradient. Their number depends on the rows alone,
 * so that the memory does not change with the threads. */
enum { MAX_PARTS = 16, GRAIN = 16384 };

typedef struct pass {
    const tvi_conv2d_layer *conv;
    size_t n_rows, n_parts;
    const float *x, *dy;
    float *y, *dx;
    float *blocks;
    size_t block_floats, unfolded_floats; /* a part's; whole cache lines */
    float *gradient;                      /* of all parts together */
    bool accumulate;
} pass;

static size_t count_parts(size_t n_rows)
{
    return n_rows < MAX_PARTS ? n_rows : MAX_PARTS;
}

static size_t unfolded_floats(const tvi_conv2d_layer *conv)
{
    return tvi_floats_in_lines(tvi_floats_product(tvi_unfolded_rows(&conv->shape),
                                                  tvi_unfolded_pixels(&conv->shape)));
}

static size_t backward_block_floats(const tvi_conv2d_layer *conv)
{
    return tvi_floats_sum(unfolded_floats(conv), tvi_floats_in_lines(conv->weight.count));
}

static size_t output_width(const tvae_layer *layer, size_t n_inputs)
{
    const tvi_conv2d_layer *conv = (const tvi_conv2d_layer *)layer;

    return n_inputs == conv->n_inputs ? conv->n_outputs : 0;
}

static size_t saved_floats(const tvae_layer *layer, size_t n_rows, size_t n_inputs)
{
    (void)n_inputs;
    return tvi_floats_product(count_parts(n_rows),
                              unfolded_floats((const tvi_conv2d_layer *)layer));
}

static size_t scratch_floats(const tvae_layer *layer, size_t n_rows, size_t n_inputs)
{
    (void)n_inputs;
    return tvi_floats_product(count_parts(n_rows),
                              backward_block_floats((const tvi_conv2d_layer *)layer));
}

static bool is_transposed(const tvi_conv2d_layer *conv)
{
    return conv->base.kind == &tvi_conv_transpose2d_kind;
}

static size_t first_row(const pass *p, size_t part)
{
    return part * (p->n_rows / p->n_parts) +
           (part < p->n_rows % p->n_parts ? part : p->n_rows % p->n_parts);
}

static void convolve_row(const tvi_conv2d_layer *conv, const float *x, float *unfolded,
                         float *y)
{
    if (is_transposed(conv)) {
        tvi_unfolded_product(&conv->shape, conv->weight.value, x, unfolded);
        tvi_fold(&conv->shape, unfolded, y);
    } else {
        tvi_unfold(&conv->shape, x, unfolded);
        tvi_coarse_product(&conv->shape, conv->weight.value, unfolded, y);
    }
}

static void run_forward(void *context, size_t begin, size_t end)
{
    const pass *p = context;

    for (size_t part = begin; part < end; part++)
        for (size_t row = first_row(p, part); row < first_row(p, part + 1); row++)
            convolve_row(p->conv, p->x + row * p->conv->n_inputs,
                         p->blocks + part * p->block_floats,
                         p->y + row * p->conv->n_outputs);
}

static tvae_status forward(const tvae_layer *layer, const tvi_rows *x, float *y,
                           float *saved)
{
    const tvi_conv2d_layer *conv = (const tvi_conv2d_layer *)layer;
    pass p = {.conv = conv,
              .n_rows = x->n_rows,
              .n_parts = count_parts(x->n_rows),
              .x = x->values,
              .y = y,
              .blocks = saved,
              .block_floats = unfolded_floats(conv)};

    tvi_parallel_for(p.n_parts, 1, run_forward, &p);
    if (conv->options.bias)
        tvi_bias_add(&conv->bias, x->n_rows, conv->n_outputs, y);
    return TVAE_OK;
}

/* Writes dx, unless NULL, and adds to d_weight. */
static void differentiate_row(const tvi_conv2d_layer *conv, const float *x,
                              const float *dy, float *dx, float *unfolded,
                              float *d_weight)
{
    const tvi_convolution *c = &conv->shape;

    if (is_transposed(conv)) {
        tvi_unfold(c, dy, unfolded);
        if (dx)
            tvi_coarse_product(c, conv->weight.value, unfolded, dx);
        tvi_weight_product(c, x, unfolded, d_weight);
        return;
    }
    if (dx) {
        tvi_unfolded_product(c, conv->weight.value, dy, unfolded);
        tvi_fold(c, unfolded, dx);
    }
    tvi_unfold(c, x, unfolded);
    tvi_weight_product(c, dy, unfolded, d_weight);
}

static void run_backward(void *context, size_t begin, size_t end)
{
    const pass *p = context;
    const tvi_conv2d_layer *conv = p->conv;

    for (size_t part = begin; part < end; part++) {
        float *unfolded = p->blocks + part * p->block_floats;
        float *d_weight = unfolded + p->unfolded_floats;

        memset(d_weight, 0, conv->weight.count * sizeof *d_weight);
        for (size_t row = first_row(p, part); row < first_row(p, part + 1); row++)
            differentiate_row(
                conv, p->x + row * conv->n_inputs, p->dy + row * conv->n_outputs,
                p->dx ? p->dx + row * conv->n_inputs : NULL, unfolded, d_weight);
    }
}

static void sum_parts(void *context, size_t begin, size_t end)
{
    const pass *p = context;

    if (!p->accumulate)
        memset(p->gradient + begin, 0, (end - begin) * sizeof *p->gradient);
    for (size_t part = 0; part < p->n_parts; part++)
        tvi_kernel()->add_scaled(end - begin, 1.0f,
                                 p->blocks + part * p->block_floats + p->unfolded_floats +
                                     begin,
                                 p->gradient + begin);
}

static tvae_status backward(tvae_layer *layer, const tvi_rows *x, const float *y,
                            const float *dy, float *dx, const float *saved,
                            float *scratch, tvi_gradient_sink *sink)
{
    tvi_conv2d_layer *conv = (tvi_conv2d_layer *)layer;
    pass p = {.conv = conv,
              .n_rows = x->n_rows,
              .n_parts = count_parts(x->n_rows),
              .x = x->values,
              .dy = dy,
              .dx = dx,
              .blocks = scratch,
              .block_floats = backward_block_floats(conv),
              .unfolded_floats = unfolded_floats(conv)};
    tvae_status st;

    (void)y;
    (void)saved;
    tvi_parallel_for(p.n_parts, 1, run_backward, &p);
    p.gradient = tvi_sink_begin(sink, &conv->weight, &p.accumulate);
    tvi_parallel_for(conv->weight.count, GRAIN, sum_parts, &p);
    st = tvi_sink_end(sink, &conv->weight);
    if (st == TVAE_OK && conv->options.bias)
        st = tvi_bias_gradient(&conv->bias, x->n_rows, conv->n_outputs, dy, sink);
    return st;
}

static tvae_status initialise(tvae_layer *layer, uint64_t seed, uint64_t *stream)
{
    tvi_conv2d_layer *conv = (tvi_conv2d_layer *)layer;
    const double fan_in = (double)tvi_unfolded_rows(&conv->shape);
    const double bound =
        conv->options.init_bound > 0.0 ? conv->options.init_bound : 1.0 / sqrt(fan_in);
    tvae_status st = tvi_parameter_draw(&conv->weight, (float)bound, seed, (*stream)++);

    if (st == TVAE_OK && conv->options.bias)
        st = tvi_parameter_draw(&conv->bias, (float)bound, seed, (*stream)++);
    return st;
}

static void release(tvae_layer *layer)
{
    tvi_conv2d_layer *conv = (tvi_conv2d_layer *)layer;

    tvi_parameter_release(&conv->weight);
    tvi_parameter_release(&conv->bias);
}

#define CONV2D_KIND(text)                                                           \
    {                                                                               \
        .name = (text), .output_width = output_width, .saved_floats = saved_floats, \
        .scratch_floats = scratch_floats, .forward = forward, .backward = backward, \
        .initialise = initialise, .release = release,                               \
        .recipe = {.fields = tvi_conv2d_fields,                                     \
                   .n_fields = TVI_CONV2D_FIELDS,                                   \
                   .options_bytes = sizeof(tvae_conv2d_options),                    \
                   .options_offset = offsetof(tvi_conv2d_layer, options),           \
                   .set_defaults = tvi_conv2d_set_defaults,                         \
                   .parameter_floats = tvi_conv2d_parameter_floats,                 \
                   .rebuild = tvi_conv2d_create},                                   \
    }

const tvi_layer_class tvi_conv2d_kind = CONV2D_KIND("conv2d");
const tvi_layer_class tvi_conv_transpose2d_kind = CONV2D_KIND("conv_transpose2d");
