/* SPDX-License-Identifier: MIT */
#include "layer/conv2d.h"

#include <stdio.h>

#include "base/options.h"

#define FIELD(member, form, least, most) \
    TVI_LAYER_FIELD(tvae_conv2d_options, member, TVI_FIELD_##form, least, most)

const tvi_layer_field tvi_conv2d_fields[TVI_CONV2D_FIELDS] = {
    FIELD(in_channels, INTEGER, 1, INT32_MAX),
    FIELD(out_channels, INTEGER, 1, INT32_MAX),
    FIELD(input_height, INTEGER, 1, INT32_MAX),
    FIELD(input_width, INTEGER, 1, INT32_MAX),
    FIELD(kernel_height, INTEGER, 1, INT32_MAX),
    FIELD(kernel_width, INTEGER, 1, INT32_MAX),
    FIELD(stride, INTEGER, 1, INT32_MAX),
    FIELD(padding, INTEGER, 0, INT32_MAX),
    FIELD(output_padding, INTEGER, 0, INT32_MAX),
    FIELD(bias, FLAG, 0, 1),
    FIELD(init_bound, REAL, 0.0, 1e30),
};

void tvi_conv2d_set_defaults(void *options)
{
    *(tvae_conv2d_options *)options = (tvae_conv2d_options){
        .size = sizeof(tvae_conv2d_options), .stride = 1, .bias = 1};
}

tvae_status tvae_conv2d_options_init(tvae_conv2d_options *options, size_t size)
{
    tvae_conv2d_options defaults;

    tvi_conv2d_set_defaults(&defaults);
    return tvi_options_export(options, size, sizeof defaults, &defaults, sizeof defaults,
                              "conv2d_options_init");
}

size_t tvi_conv2d_parameter_floats(const void *options)
{
    const tvae_conv2d_options *o = options;
    const size_t channels =
        tvi_floats_product((size_t)o->in_channels, (size_t)o->out_channels);
    const size_t area =
        tvi_floats_product((size_t)o->kernel_height, (size_t)o->kernel_width);

    return tvi_floats_sum(tvi_floats_product(channels, area),
                          o->bias ? (size_t)o->out_channels : 0);
}

static bool is_transposed(const tvi_layer_class *kind)
{
    return kind == &tvi_conv_transpose2d_kind;
}

static tvae_status check_options(const tvi_layer_class *kind,
                                 const tvae_conv2d_options *o)
{
    const tvae_status st = tvi_layer_check_fields(kind, o);
    int64_t most;

    if (st != TVAE_OK)
        return st;
    most = is_transposed(kind) ? o->stride - 1 : 0; /* a stride below 1 was refused */
    if (o->output_padding > most)
        return tvi_fail(TVAE_E_INVALID,
                        "layer_create_%s: output_padding is %lld, want 0 to %lld",
                        kind->name, (long long)o->output_padding, (long long)most);
    if (o->reserved)
        return tvi_fail(TVAE_E_INVALID, "layer_create_%s: reserved is %d, want 0",
                        kind->name, (int)o->reserved);
    return TVAE_OK;
}

/* An extent of the output, as the public header's equations have it. */
static tvae_status find_extent(const tvi_layer_class *kind, const tvae_conv2d_options *o,
                               const char *axis, int64_t input, int64_t kernel,
                               size_t *output)
{
    int64_t extent;

    if (is_transposed(kind))
        extent = (input - 1) * o->stride - 2 * o->padding + kernel + o->output_padding;
    else if (input + 2 * o->padding < kernel)
        extent = 0;
    else
        extent = (input + 2 * o->padding - kernel) / o->stride + 1;
    if (extent < 1 || extent > INT32_MAX)
        return tvi_fail(TVAE_E_SHAPE,
                        "layer_create_%s: the output's %s would be %lld (input %lld, "
                        "kernel %lld, stride %lld, padding %lld), want 1 to %d",
                        kind->name, axis, (long long)extent, (long long)input,
                        (long long)kernel, (long long)o->stride, (long long)o->padding,
                        INT32_MAX);
    *output = (size_t)extent;
    return TVAE_OK;
}

/* The products' dimensions fit any BLAS, and the rows fit size_t. */
static tvae_status check_sizes(const tvi_layer_class *kind, tvi_conv2d_layer *conv)
{
    const tvi_convolution *c = &conv->shape;
    const size_t kernel = tvi_floats_product(c->kernel_height, c->kernel_width);
    const size_t seen = tvi_floats_product(c->fine_channels, kernel);
    const size_t pixels = tvi_floats_product(c->coarse_height, c->coarse_width);
    const size_t coarse = tvi_floats_product(c->coarse_channels, pixels);
    const size_t fine = tvi_floats_product(
        c->fine_channels, tvi_floats_product(c->fine_height, c->fine_width));

    if (seen > INT32_MAX || pixels > INT32_MAX || coarse == SIZE_MAX || fine == SIZE_MAX)
        return tvi_fail(TVAE_E_SHAPE,
                        "layer_create_%s: %zu values of %zu pixels are more than a "
                        "product can have, want at most %d of each",
                        kind->name, seen, pixels, INT32_MAX);
    conv->n_inputs = is_transposed(kind) ? coarse : fine;
    conv->n_outputs = is_transposed(kind) ? fine : coarse;
    return TVAE_OK;
}

static tvae_status set_shape(const tvi_layer_class *kind, tvi_conv2d_layer *conv)
{
    const tvae_conv2d_options *o = &conv->options;
    const size_t in_channels = (size_t)o->in_channels;
    const size_t out_channels = (size_t)o->out_channels;
    const size_t in_height = (size_t)o->input_height, in_width = (size_t)o->input_width;
    size_t height = 0, width = 0;
    tvae_status st =
        find_extent(kind, o, "height", o->input_height, o->kernel_height, &height);

    if (st == TVAE_OK)
        st = find_extent(kind, o, "width", o->input_width, o->kernel_width, &width);
    if (st != TVAE_OK)
        return st;
    conv->shape = (tvi_convolution){.fine_channels = in_channels,
                                    .fine_height = in_height,
                                    .fine_width = in_width,
                                    .coarse_channels = out_channels,
                                    .coarse_height = height,
                                    .coarse_width = width,
                                    .kernel_height = (size_t)o->kernel_height,
                                    .kernel_width = (size_t)o->kernel_width,
                                    .stride = (size_t)o->stride,
                                    .padding = (size_t)o->padding};
    if (is_transposed(kind)) {
        conv->shape.fine_channels = out_channels;
        conv->shape.fine_height = height;
        conv->shape.fine_width = width;
        conv->shape.coarse_channels = in_channels;
        conv->shape.coarse_height = in_height;
        conv->shape.coarse_width = in_width;
    }
    return check_sizes(kind, conv);
}

/* PyTorch's shapes are the stored ones: [out, in, ..] and, transposed, [in, out, ..]. */
static tvae_status create_parameters(tvi_conv2d_layer *conv)
{
    const tvi_convolution *c = &conv->shape;
    const size_t shape[4] = {c->coarse_channels, c->fine_channels, c->kernel_height,
                             c->kernel_width};
    const size_t n_biases = (size_t)conv->options.out_channels;
    tvi_parameter_list *list = &conv->base.parameters;
    tvae_status st = tvi_parameter_init(&conv->weight, 4, shape, false);

    if (st == TVAE_OK)
        st = tvi_parameter_list_add(list, "", "weight", &conv->weight);
    if (st == TVAE_OK && conv->options.bias)
        st = tvi_parameter_init(&conv->bias, 1, &n_biases, false);
    if (st == TVAE_OK && conv->options.bias)
        st = tvi_parameter_list_add(list, "", "bias", &conv->bias);
    return st;
}

tvae_status tvi_conv2d_create(const tvi_layer_class *kind, const void *options,
                              tvae_layer **out)
{
    char call[40];
    tvi_conv2d_layer made = {.base = {.kind = kind}}, *conv;
    tvae_status st;

    (void)snprintf(call, sizeof call, "layer_create_%s", kind->name);
    if (!out)
        return tvi_fail(TVAE_E_INVALID, "%s: out is NULL", call);
    *out = NULL;
    if (!options)
        return tvi_fail(TVAE_E_INVALID, "%s: options is NULL", call);
    tvi_conv2d_set_defaults(&made.options);
    st = tvi_options_import(&made.options, sizeof made.options, sizeof made.options,
                            options, call);
    if (st == TVAE_OK)
        st = check_options(kind, &made.options);
    if (st == TVAE_OK)
        st = set_shape(kind, &made);
    if (st != TVAE_OK)
        return st;
    conv = tvi_layer_allocate(sizeof *conv, kind);
    if (!conv)
        return TVAE_E_NOMEM;
    conv->options = made.options;
    conv->shape = made.shape;
    conv->n_inputs = made.n_inputs;
    conv->n_outputs = made.n_outputs;
    *out = &conv->base;
    st = create_parameters(conv);
    if (st != TVAE_OK)
        tvae_layer_destroy(out);
    return st;
}

tvae_status tvae_layer_create_conv2d(const tvae_conv2d_options *options, tvae_layer **out)
{
    return tvi_conv2d_create(&tvi_conv2d_kind, options, out);
}

tvae_status tvae_layer_create_conv_transpose2d(const tvae_conv2d_options *options,
                                               tvae_layer **out)
{
    return tvi_conv2d_create(&tvi_conv_transpose2d_kind, options, out);
}
