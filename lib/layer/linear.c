/* SPDX-License-Identifier: MIT */
#include "layer/layer.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "kernel/gemm.h"
#include "kernel/kernel.h"

/* y [rows, outputs] = x [rows, inputs] W [inputs, outputs] + b, W row-major as stored.
 * With shared biases, output o takes bias o / (outputs / biases). */
typedef struct linear_layer {
    tvae_layer base;
    tvae_linear_options options;
    size_t n_inputs, n_outputs, n_biases;
    tvi_parameter weight, bias;
} linear_layer;

/* Below this many values a second thread costs more than it saves. */
enum { GRAIN = 16384 };

static size_t output_width(const tvae_layer *layer, size_t n_inputs)
{
    const linear_layer *linear = (const linear_layer *)layer;

    return n_inputs == linear->n_inputs ? linear->n_outputs : 0;
}

typedef struct bias_pass {
    const linear_layer *linear;
    size_t n_rows;
    float *y;
    const float *dy;
    float *gradient;
    bool accumulate;
} bias_pass;

static void add_bias_rows(void *context, size_t begin, size_t end)
{
    const bias_pass *p = context;
    const size_t width = p->linear->n_outputs, group = width / p->linear->n_biases;

    for (size_t row = begin; row < end; row++)
        tvi_kernel()->add_bias(width, group, p->linear->bias.value, p->y + row * width);
}

static tvae_status forward(const tvae_layer *layer, const tvi_rows *x, float *y,
                           float *saved)
{
    const linear_layer *linear = (const linear_layer *)layer;
    const tvi_gemm product = {.m = x->n_rows,
                              .n = linear->n_outputs,
                              .k = linear->n_inputs,
                              .a = x->values,
                              .ld_a = linear->n_inputs,
                              .b = linear->weight.value,
                              .ld_b = linear->n_outputs,
                              .c = y,
                              .ld_c = linear->n_outputs};
    bias_pass pass = {.linear = linear, .n_rows = x->n_rows, .y = y};
    const tvae_status st = tvi_gemm_run(&product);

    (void)saved;
    if (st == TVAE_OK && linear->n_biases)
        tvi_parallel_for(x->n_rows, GRAIN / linear->n_outputs + 1, add_bias_rows, &pass);
    return st;
}

/* Sums in double over rows, and over the outputs that share a bias. */
static double sum_bias_gradient(const bias_pass *p, size_t bias)
{
    const size_t width = p->linear->n_outputs, group = width / p->linear->n_biases;
    double sum = 0.0;

    for (size_t row = 0; row < p->n_rows; row++)
        sum += tvi_kernel()->sum(group, p->dy + row * width + bias * group);
    return sum;
}

/* The same for n <= 64 neighbouring biases of one output each: along the rows as they
 * lie. */
static void sum_columns(const bias_pass *p, size_t begin, size_t n, double sums[64])
{
    for (size_t i = 0; i < n; i++)
        sums[i] = 0.0;
    for (size_t row = 0; row < p->n_rows; row++) {
        const float *dy = p->dy + row * p->linear->n_outputs + begin;

        for (size_t i = 0; i < n; i++)
            sums[i] += (double)dy[i];
    }
}

static void gather_bias_gradient(void *context, size_t begin, size_t end)
{
    const bias_pass *p = context;
    const bool shared = p->linear->n_biases < p->linear->n_outputs;
    double sums[64];

    for (size_t bias = begin; bias < end; bias += 64) {
        const size_t n = end - bias < 64 ? end - bias : 64;

        if (!shared)
            sum_columns(p, bias, n, sums);
        for (size_t i = 0; i < n; i++) {
            const double sum = shared ? sum_bias_gradient(p, bias + i) : sums[i];
            const float kept = p->accumulate ? p->gradient[bias + i] : 0.0f;

            p->gradient[bias + i] = kept + (float)sum;
        }
    }
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
                              .ld_b = linear->n_outputs,
                              .transpose_b = true,
                              .c = dx,
                              .ld_c = linear->n_inputs};

    return tvi_gemm_run(&product);
}

static tvae_status weight_gradient(linear_layer *linear, const tvi_rows *x,
                                   const float *dy, tvi_gradient_sink *sink)
{
    tvi_gemm product = {.m = linear->n_inputs,
                        .n = linear->n_outputs,
                        .k = x->n_rows,
                        .a = x->values,
                        .ld_a = linear->n_inputs,
                        .transpose_a = true,
                        .b = dy,
                        .ld_b = linear->n_outputs,
                        .ld_c = linear->n_outputs};
    tvae_status st;

    product.c = tvi_sink_begin(sink, &linear->weight, &product.add_to_c);
    st = tvi_gemm_run(&product);
    return st == TVAE_OK ? tvi_sink_end(sink, &linear->weight) : st;
}

static tvae_status bias_gradient(linear_layer *linear, size_t n_rows, const float *dy,
                                 tvi_gradient_sink *sink)
{
    bias_pass pass = {.linear = linear, .n_rows = n_rows, .dy = dy};
    const size_t group = linear->n_outputs / linear->n_biases;

    pass.gradient = tvi_sink_begin(sink, &linear->bias, &pass.accumulate);
    tvi_parallel_for(linear->n_biases, GRAIN / n_rows / group + 1, gather_bias_gradient,
                     &pass);
    return tvi_sink_end(sink, &linear->bias);
}

static tvae_status backward(tvae_layer *layer, const tvi_rows *x, const float *y,
                            const float *dy, float *dx, const float *saved,
                            float *scratch, tvi_gradient_sink *sink)
{
    linear_layer *linear = (linear_layer *)layer;
    tvae_status st = TVAE_OK;

    (void)y;
    (void)saved;
    (void)scratch;
    if (dx)
        st = input_gradient(linear, x->n_rows, dy, dx);
    if (st == TVAE_OK)
        st = weight_gradient(linear, x, dy, sink);
    if (st == TVAE_OK && linear->n_biases)
        st = bias_gradient(linear, x->n_rows, dy, sink);
    return st;
}

/* Drawn in the exposed order: the numbers do not depend on the stored layout. */
static tvae_status draw_parameter(tvi_parameter *parameter, float bound, uint64_t seed,
                                  uint64_t *stream)
{
    float *exposed = tvi_alloc_array(parameter->count, sizeof *exposed);

    if (!exposed)
        return TVAE_E_NOMEM;
    tvi_rng_fill_uniform(seed, TVI_RNG_PARAMETERS, (*stream)++, -bound, bound,
                         parameter->count, exposed);
    tvi_parameter_import(parameter, exposed, parameter->value);
    tvi_free(exposed);
    return TVAE_OK;
}

static tvae_status initialise(tvae_layer *layer, uint64_t seed, uint64_t *stream)
{
    linear_layer *linear = (linear_layer *)layer;
    const double bound = linear->options.init_bound > 0.0
                             ? linear->options.init_bound
                             : 1.0 / sqrt((double)linear->n_inputs);
    tvae_status st = draw_parameter(&linear->weight, (float)bound, seed, stream);

    if (st == TVAE_OK && linear->n_biases)
        st = draw_parameter(&linear->bias, (float)bound, seed, stream);
    return st;
}

static void release(tvae_layer *layer)
{
    linear_layer *linear = (linear_layer *)layer;

    tvi_parameter_release(&linear->weight);
    tvi_parameter_release(&linear->bias);
}

static const tvi_layer_class linear_class = {
    .name = "linear",
    .output_width = output_width,
    .forward = forward,
    .backward = backward,
    .initialise = initialise,
    .release = release,
};

static void set_defaults(tvae_linear_options *options)
{
    memset(options, 0, sizeof *options);
    options->size = sizeof *options;
    options->n_biases = -1;
}

tvae_status tvae_linear_options_init(tvae_linear_options *options, size_t size)
{
    tvae_linear_options defaults;

    set_defaults(&defaults);
    return tvi_options_export(options, size, sizeof defaults, &defaults, sizeof defaults,
                              "linear_options_init");
}

static tvae_status check_range(const char *name, int64_t got, int64_t low, int64_t high)
{
    if (got >= low && got <= high)
        return TVAE_OK;
    return tvi_fail(TVAE_E_INVALID, "layer_create_linear: %s is %lld, want %lld to %lld",
                    name, (long long)got, (long long)low, (long long)high);
}

/* The extents alone; how they divide is check_divisions(). */
static tvae_status check_ranges(const tvae_linear_options *o)
{
    const int64_t largest =
        (uint64_t)INT64_MAX > SIZE_MAX ? (int64_t)(SIZE_MAX / 2) : INT64_MAX;
    tvae_status st = check_range("n_inputs", o->n_inputs, 1, largest);

    if (st == TVAE_OK)
        st = check_range("n_outputs", o->n_outputs, 1, largest);
    if (st == TVAE_OK)
        st = check_range("n_biases", o->n_biases, -1, o->n_outputs);
    if (st == TVAE_OK)
        st = check_range("kernel_height", o->kernel_height, 0, INT32_MAX);
    if (st == TVAE_OK)
        st = check_range("kernel_width", o->kernel_width, 0, INT32_MAX);
    if (st == TVAE_OK)
        st = check_range("weight_order", o->weight_order, TVAE_WEIGHT_OUT_IN,
                         TVAE_WEIGHT_IN_OUT);
    if (st == TVAE_OK)
        st = check_range("reserved", o->reserved, 0, 0);
    if (st != TVAE_OK)
        return st;
    if (!o->kernel_height != !o->kernel_width)
        return tvi_fail(TVAE_E_INVALID,
                        "layer_create_linear: kernel_height is %lld and kernel_width is "
                        "%lld, want both 0 or neither",
                        (long long)o->kernel_height, (long long)o->kernel_width);
    if (!(o->init_bound >= 0.0 && o->init_bound <= 1e30))
        return tvi_fail(TVAE_E_INVALID,
                        "layer_create_linear: init_bound is %g, want 0 to 1e30",
                        o->init_bound);
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
    st = tvi_parameter_init(&linear->weight, rank, shape, transposed);
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
        st = check_ranges(&known);
    if (st == TVAE_OK)
        st = check_divisions(&known);
    if (st != TVAE_OK)
        return st;
    linear = tvi_layer_allocate(sizeof *linear, &linear_class);
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

const tvae_linear_options *tvi_layer_linear_options(const tvae_layer *layer)
{
    return layer->kind == &linear_class ? &((const linear_layer *)layer)->options : NULL;
}
