/* SPDX-License-Identifier: MIT */
#include "layer_support.h"

#include <string.h>

tvae_tensor *create_matrix(size_t n_rows, size_t n_cols)
{
    const size_t shape[] = {n_rows, n_cols};
    tvae_tensor *matrix = NULL;

    ASSERT_OK(tvae_tensor_create(2, shape, &matrix));
    return matrix;
}

tvae_layer *create_linear_with(int64_t n_inputs, int64_t n_outputs, int64_t n_biases,
                               int32_t weight_order, int64_t kernel)
{
    tvae_linear_options options;
    tvae_layer *layer = NULL;

    ASSERT_OK(tvae_linear_options_init(&options, sizeof options));
    options.n_inputs = n_inputs;
    options.n_outputs = n_outputs;
    options.n_biases = n_biases;
    options.weight_order = weight_order;
    options.kernel_height = kernel;
    options.kernel_width = kernel;
    ASSERT_OK(tvae_layer_create_linear(&options, &layer));
    return layer;
}

tvae_layer *create_linear(int64_t n_inputs, int64_t n_outputs)
{
    return create_linear_with(n_inputs, n_outputs, -1, TVAE_WEIGHT_OUT_IN, 0);
}

tvae_conv2d_options conv2d_options(int64_t in_channels, int64_t height, int64_t width,
                                   int64_t out_channels, int64_t kernel, int64_t stride,
                                   int64_t padding)
{
    tvae_conv2d_options o;

    ASSERT_OK(tvae_conv2d_options_init(&o, sizeof o));
    o.in_channels = in_channels;
    o.out_channels = out_channels;
    o.input_height = height;
    o.input_width = width;
    o.kernel_height = kernel;
    o.kernel_width = kernel;
    o.stride = stride;
    o.padding = padding;
    return o;
}

tvae_layer *create_conv2d(const tvae_conv2d_options *options, bool transposed)
{
    tvae_layer *layer = NULL;

    if (transposed)
        ASSERT_OK(tvae_layer_create_conv_transpose2d(options, &layer));
    else
        ASSERT_OK(tvae_layer_create_conv2d(options, &layer));
    return layer;
}

tvae_layer *create_chain(tvae_layer **children, size_t n_children)
{
    tvae_layer *chain = NULL;

    ASSERT_OK(tvae_layer_create_sequential(children, n_children, &chain));
    for (size_t i = 0; i < n_children; i++)
        tvae_layer_destroy(&children[i]);
    return chain;
}

static size_t product_width(void *user, size_t n_inputs)
{
    (void)user;
    return n_inputs - 1;
}

static tvae_status product_initialise(void *user, uint64_t seed, float *const *parameters)
{
    (void)user;
    (void)seed;
    parameters[0][0] = 2.0f;
    for (size_t i = 0; i < 3; i++)
        parameters[1][i] = 0.5f;
    return TVAE_OK;
}

static tvae_status product_forward(void *user, const float *const *parameters,
                                   size_t n_rows, size_t n_inputs, const float *x,
                                   float *y)
{
    (void)user;
    for (size_t r = 0; r < n_rows; r++)
        for (size_t i = 0; i + 1 < n_inputs; i++) {
            const float *in = x + r * n_inputs + i;

            y[r * (n_inputs - 1) + i] =
                parameters[0][0] * in[0] * in[1] + parameters[1][i % 3];
        }
    return TVAE_OK;
}

static tvae_status product_backward(void *user, const float *const *parameters,
                                    size_t n_rows, size_t n_inputs, const float *x,
                                    const float *y, const float *dy, float *dx,
                                    float *const *gradients)
{
    (void)user;
    (void)y;
    for (size_t i = 0; dx && i < n_rows * n_inputs; i++)
        dx[i] = 0.0f;
    for (size_t r = 0; r < n_rows; r++)
        for (size_t i = 0; i + 1 < n_inputs; i++) {
            const float *in = x + r * n_inputs + i;
            const float d = dy[r * (n_inputs - 1) + i];

            gradients[0][0] += d * in[0] * in[1];
            gradients[1][i % 3] += d;
            if (dx) {
                dx[r * n_inputs + i] += d * parameters[0][0] * in[1];
                dx[r * n_inputs + i + 1] += d * parameters[0][0] * in[0];
            }
        }
    return TVAE_OK;
}

static void product_release(void *user)
{
    int *released = user;

    if (released)
        (*released)++;
}

void fill_product_table(tvae_custom_layer *table, int *released)
{
    static const char *const names[] = {"a", "shift"};
    static const size_t counts[] = {1, 3};

    *table = (tvae_custom_layer){.size = sizeof *table,
                                 .user = released,
                                 .n_parameters = 2,
                                 .parameter_names = names,
                                 .parameter_counts = counts,
                                 .output_width = product_width,
                                 .initialise = product_initialise,
                                 .forward = product_forward,
                                 .backward = product_backward,
                                 .release = product_release};
}

tvae_layer *create_product(void)
{
    tvae_custom_layer table;
    tvae_layer *layer = NULL;

    fill_product_table(&table, NULL);
    ASSERT_OK(tvae_layer_create_custom(&table, &layer));
    return layer;
}

static tvae_tensor *create_for_parameter(const tvae_layer *layer, size_t index,
                                         char name[128])
{
    size_t shape[TVAE_MAX_RANK];
    int32_t rank;
    tvae_tensor *value = NULL;

    ASSERT_OK(tvae_layer_parameter_info(layer, index, name, 128, &rank, shape));
    ASSERT_OK(tvae_tensor_create(rank, shape, &value));
    return value;
}

tvae_tensor *copy_parameter(const tvae_layer *layer, const char *name)
{
    for (size_t i = 0; i < tvae_layer_parameter_count(layer); i++) {
        char found[128];
        tvae_tensor *value = create_for_parameter(layer, i, found);

        if (strcmp(found, name) == 0) {
            ASSERT_OK(tvae_layer_get_parameter(layer, name, value));
            return value;
        }
        tvae_tensor_destroy(&value);
    }
    ck_abort_msg("no parameter %s", name);
    return NULL;
}

void randomise_parameters(tvae_layer *layer, double low, double high, uint64_t seed)
{
    for (size_t i = 0; i < tvae_layer_parameter_count(layer); i++) {
        char name[128];
        tvae_tensor *value = create_for_parameter(layer, i, name);

        fill_uniform(tvae_tensor_data(value), tvae_tensor_count(value), low, high,
                     seed + i);
        ASSERT_OK(tvae_layer_set_parameter(layer, name, value));
        tvae_tensor_destroy(&value);
    }
}
