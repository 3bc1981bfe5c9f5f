/* SPDX-License-Identifier: MIT */
#include "layer/layer.h"

#include <math.h>
#include <string.h>

#include "base/options.h"
#include "kernel/gemm.h"
#include "layer/backlog.h"
#include "layer/bias.h"

/* y [rows, outputs] = x [rows, inputs] W [inputs, outputs] + b, W row-major as stored,
 * its rows the parameter's pitch apart. */
typedef struct linear_layer {
    tvae_layer base;
    tvae_linear_options options;
    size_t n_inputs, n_outputs, n_biases;
    tvi_parameter weight, bias;
} linear_layer;

static size_t output_width(const tvae_layer *layer, size_t n_inputs)
{
    const linear_layer *linear = (const linear_layer *)layer;

    return n_inputs == linear->n_inputs ? linear->n_outputs : 0;
}

static tvae_status forward(const tvae_layer *layer, const tvi_rows *x, float *y,
                           float *saved)
{
    const linear_layer *linear = (const linear_layer *)layer;
    const bool own_biases = linear->n_biases == linear->n_outputs;
    const float *bias = own_biases ? linear->bias.value : NULL;
    const tvi_gemm product = {.m = x->n_rows,
                              .n = linear->n_outputs,
                              .k = linear->n_inputs,
                              .a = x->values,
                              .ld_a = linear->n_inputs,
                              .b = linear->weight.value,
                              .ld_b = linear->weight.pitch,
                              .c = y,
                              .ld_c = linear->n_outputs,
                              .bias = bias};
    tvae_status st = TVAE_OK;

    (void)saved;
    tvi_backlog_catch_up(&linear->weight, x->sparse);
    if (x->sparse)
        tvi_sparse_multiply(x->sparse, linear->n_outputs, linear->weight.value,
                            linear->weight.pitch, bias, y);
    else
        st = tvi_gemm_run(&product);
    if (st == TVAE_OK && linear->n_biases && !bias)
        tvi_bias_add(&linear->bias, x->n_rows, linear->n_outputs, y);
    return st;
}

static tvae_status input_gradient(const linear_layer *linear, size_t n_rows,
                                  const float *dy, float *dx)
{
    const tvi_gemm product = {.m = n_rows,
                              .n = linear->n_inputs,
                              .k = linear->n_outputs,
                              .a = dy,
                              .ld_a = linear->n_outputs,
                              .b = linear->weight.value,
                              .ld_b = linear->weight.pitch,
                              .transpose_b = true,
                              .c = dx,
                              .ld_c = linear->n_inputs};

    tvi_backlog_settle(&linear->weight);
    return tvi_gemm_run(&product);
}

static size_t scratch_floats(const tvae_layer *layer, size_t n_rows, size_t n_inputs)
{
    (void)n_inputs;
    return tvi_outer_product_floats(n_rows, ((const linear_layer *)layer)->n_outputs);
}

/* What lies between the rows of a gradient that was not stored before. */
static void clear_between_rows(const tvi_parameter *weight, float *gradient)
{
    for (size_t row = 0; row < weight->n_rows; row++)
        memset(gradient + row * weight->pitch + weight->n_columns, 0,
               (weight->pitch - weight->n_columns) * sizeof *gradient);
}

static tvae_status weight_gradient(linear_layer *linear, const tvi_rows *x,
                                   const float *dy, float *scratch,
                                   tvi_gradient_sink *sink)
{
    tvi_outer_product product = {
        .n_rows = x->n_rows,
        .n_inputs = linear->n_inputs,
        .n_outputs = linear->n_outputs,
        .pitch = linear->weight.pitch,
        .x = x->values,
        .dy = dy,
        .sparse = x->sparse && x->sparse->columns.bounds ? x->sparse : NULL};
    const tvae_status st = tvi_outer_product_prepare(&product, scratch);
    float *gradient;
    bool accumulate;

    if (st != TVAE_OK)
        return st;
    if (sink->take_product)
        return sink->take_product(sink, &linear->weight, &product);
    gradient = tvi_sink_begin(sink, &linear->weight, &accumulate);
    tvi_outer_product_run(&product, accumulate, gradient);
    if (!accumulate)
        clear_between_rows(&linear->weight, gradient);
    return tvi_sink_end(sink, &linear->weight);
}

static tvae_status backward(tvae_layer *layer, const tvi_rows *x, const float *y,
                            const float *dy, float *dx, const float *saved,
                            float *scratch, tvi_gradient_sink *sink)
{
    linear_layer *linear = (linear_layer *)layer;
    tvae_status st = TVAE_OK;

    (void)y;
    (void)saved;
    if (dx)
        st = input_gradient(linear, x->n_rows, dy, dx);
    if (st == TVAE_OK)
        st = weight_gradient(linear, x, dy, scratch, sink);
    if (st == TVAE_OK && linear->n_biases)
        st = tvi_bias_gradient(&linear->bias, x->n_rows, linear->n_outputs, dy, sink);
    return st;
}

static tvae_status initialise(tvae_layer *layer, uint64_t seed, uint64_t *stream)
{
    linear_layer *linear = (linear_layer *)layer;
    const double bound = linear->options.init_bound > 0.0
                             ? linear->options.init_bound
                             : 1.0 / sqrt((double)linear->n_inputs);
    tvae_status st = tvi_parameter_draw(&linear->weight, (float)bound, seed, (*stream)++);

    if (st == TVAE_OK && linear->n_biases)
        st = tvi_parameter_draw(&linear->bias, (float)bound, seed, (*stream)++);
    return st;
}

static void release(tvae_layer *layer)
{
    linear_layer *linear = (linear_layer *)layer;

    tvi_parameter_release(&linear->weight);
    tvi_parameter_release(&linear->bias);
}

static void set_defaults(void *options)
{
    *(tvae_linear_options *)options =
        (tvae_linear_options){.size = sizeof(tvae_linear_options), .n_biases = -1};
}

static size_t parameter_floats(const void *options)
{
    const tvae_linear_options *o = options;

    return tvi_floats_sum(tvi_floats_product((size_t)o->n_inputs, (size_t)o->n_outputs),
                          (size_t)(o->n_biases < 0 ? o->n_outputs : o->n_biases));
}

static tvae_status rebuild(const tvi_layer_class *kind, const void *options,
                           tvae_layer **out)
{
    (void)kind;
    return tvae_layer_create_linear(options, out);
}

#define FIELD(member, form, least, most) \
    TVI_LAYER_FIELD(tvae_linear_options, member, TVI_FIELD_##form, least, most)

static const tvi_layer_field fields[] = {
    FIELD(n_inputs, INTEGER, 1, (double)(SIZE_MAX / 2)),
    FIELD(n_outputs, INTEGER, 1, (double)(SIZE_MAX / 2)),
    FIELD(n_biases, INTEGER, -1, (double)(SIZE_MAX / 2)),
    FIELD(kernel_height, INTEGER, 0, INT32_MAX),
    FIELD(kernel_width, INTEGER, 0, INT32_MAX),
    FIELD(weight_order, WEIGHT_ORDER, TVAE_WEIGHT_OUT_IN, TVAE_WEIGHT_IN_OUT),
    FIELD(init_bound, REAL, 0.0, 1e30),
};

const tvi_layer_class tvi_linear_kind = {
    .name = "linear",
    .output_width = output_width,
    .scratch_floats = scratch_floats,
    .forward = forward,
    .backward = backward,
    .initialise = initialise,
    .release = release,
    .recipe = {.fields = fields,
               .n_fields = sizeof fields / sizeof fields[0],
               .options_bytes = sizeof(tvae_linear_options),
               .options_offset = offsetof(linear_layer, options),
               .set_defaults = set_defaults,
               .parameter_floats = parameter_floats,
               .rebuild = rebuild},
};

tvae_status tvae_linear_options_init(tvae_linear_options *options, size_t size)
{
    tvae_linear_options defaults;

    set_defaults(&defaults);
    return tvi_options_export(options, size, sizeof defaults, &defaults, sizeof defaults,
                              "linear_options_init");
}

/* The fields one by one; how they divide is check_divisions(). */
static tvae_status check_fields(const tvae_linear_options *o)
{
    static const char call[] = "layer_create_linear";
    const tvae_status st = tvi_layer_check_fields(&tvi_linear_kind, o);

    if (st != TVAE_OK)
        return st;
    if (o->n_biases > o->n_outputs)
        return tvi_fail(TVAE_E_INVALID, "%s: n_biases is %lld, want -1 to %lld", call,
                        (long long)o->n_biases, (long long)o->n_outputs);
    if (o->reserved)
        return tvi_fail(TVAE_E_INVALID, "%s: reserved is %d, want 0", call,
                        (int)o->reserved);
    if (!o->kernel_height != !o->kernel_width)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: kernel_height is %lld and kernel_width is %lld, want both 0 "
                        "or neither",
                        call, (long long)o->kernel_height, (long long)o->kernel_width);
    return TVAE_OK;
}

static tvae_status check_divisions(const tvae_linear_options *o)
{
    const bool in_out = o->weight_order == TVAE_WEIGHT_IN_OUT;
    const int64_t area = o->kernel_height * o->kernel_width;
    const int64_t divided = in_out ? o->n_outputs : o->n_inputs;

    if (o->n_biases > 0 && o->n_outputs % o->n_biases)
        return tvi_fail(TVAE_E_SHAPE,
                        "layer_create_linear: n_biases is %lld, want a divisor of "
                        "n_outputs, which is %lld",
                        (long long)o->n_biases, (long long)o->n_outputs);
    if (area && divided % area)
        return tvi_fail(TVAE_E_SHAPE,
                        "layer_create_linear: %s is %lld, want a multiple of the "
                        "kernel's %lld x %lld",
                        in_out ? "n_outputs" : "n_inputs", (long long)divided,
                        (long long)o->kernel_height, (long long)o->kernel_width);
    return TVAE_OK;
}

/* Shapes as PyTorch's Linear and Conv2d (outputs first) or ConvTranspose2d (GOLDEN 2.1).
 */
static tvae_status create_parameters(linear_layer *linear)
{
    const tvae_linear_options *o = &linear->options;
    const bool transposed = o->weight_order == TVAE_WEIGHT_OUT_IN;
    const size_t height = (size_t)o->kernel_height, width = (size_t)o->kernel_width;
    const int32_t rank = height ? 4 : 2;
    size_t shape[4] = {linear->n_inputs, linear->n_outputs, height, width};
    tvae_status st;

    if (transposed) {
        shape[0] = linear->n_outputs;
        shape[1] = linear->n_inputs;
    }
    if (height)
        shape[1] /= height * width;
    st = tvi_parameter_init_matrix(&linear->weight, rank, shape, transposed,
                                   linear->n_outputs);
    if (st == TVAE_OK)
        st = tvi_backlog_create(&linear->weight);
    if (st == TVAE_OK && linear->n_biases)
        st = tvi_parameter_init(&linear->bias, 1, &linear->n_biases, false);
    if (st == TVAE_OK)
        st = tvi_parameter_list_add(&linear->base.parameters, "", "weight",
                                    &linear->weight);
    if (st == TVAE_OK && linear->n_biases)
        st = tvi_parameter_list_add(&linear->base.parameters, "", "bias", &linear->bias);
    return st;
}

tvae_status tvae_layer_create_linear(const tvae_linear_options *options, tvae_layer **out)
{
    static const char call[] = "layer_create_linear";
    tvae_linear_options known;
    linear_layer *linear;
    tvae_layer *made;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "%s: out is NULL", call);
    *out = NULL;
    if (!options)
        return tvi_fail(TVAE_E_INVALID, "%s: options is NULL", call);
    set_defaults(&known);
    st = tvi_options_import(&known, sizeof known, sizeof known, options, call);
    if (st == TVAE_OK)
        st = check_fields(&known);
    if (st == TVAE_OK)
        st = check_divisions(&known);
    if (st != TVAE_OK)
        return st;
    linear = tvi_layer_allocate(sizeof *linear, &tvi_linear_kind);
    if (!linear)
        return TVAE_E_NOMEM;
    linear->options = known;
    linear->n_inputs = (size_t)known.n_inputs;
    linear->n_outputs = (size_t)known.n_outputs;
    linear->n_biases = (size_t)(known.n_biases < 0 ? known.n_outputs : known.n_biases);
    made = &linear->base;
    st = create_parameters(linear);
    if (st != TVAE_OK)
        tvae_layer_destroy(&made);
    *out = made;
    return st;
}
