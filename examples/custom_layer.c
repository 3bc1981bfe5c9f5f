/* SPDX-License-Identifier: MIT */
/* A layer of the host's own in a chain: a gain for every value, fitted by gradient
 * descent to rows whose second value counts three times as much as the first. */
#include <stdio.h>
#include <stdlib.h>

#include <tvae/tvae.h>

enum { N_ROWS = 16, N_INPUTS = 2, N_GAINS = 4, N_STEPS = 200 };

static void require(tvae_status status)
{
    if (status == TVAE_OK)
        return;
    (void)fprintf(stderr, "%s: %s\n", tvae_status_name(status), tvae_last_error());
    exit(EXIT_FAILURE);
}

/* ---- the layer: y = (1 + gain) * x, value by value; gains start at 0 ---- */

static size_t gain_width(void *user, size_t n_inputs)
{
    (void)user;
    return n_inputs == N_GAINS ? N_GAINS : 0;
}

static tvae_status gain_forward(void *user, const float *const *parameters, size_t n_rows,
                                size_t n_inputs, const float *x, float *y)
{
    (void)user;
    for (size_t i = 0; i < n_rows * n_inputs; i++)
        y[i] = (1.0f + parameters[0][i % n_inputs]) * x[i];
    return TVAE_OK;
}

static tvae_status gain_backward(void *user, const float *const *parameters,
                                 size_t n_rows, size_t n_inputs, const float *x,
                                 const float *y, const float *dy, float *dx,
                                 float *const *gradients)
{
    (void)user;
    (void)y;
    for (size_t i = 0; i < n_rows * n_inputs; i++) {
        gradients[0][i % n_inputs] += dy[i] * x[i];
        if (dx)
            dx[i] = (1.0f + parameters[0][i % n_inputs]) * dy[i];
    }
    return TVAE_OK;
}

static tvae_layer *create_gain(void)
{
    static const char *const names[] = {"gain"};
    static const size_t counts[] = {N_GAINS};
    const tvae_custom_layer callbacks = {.size = sizeof callbacks,
                                         .n_parameters = 1,
                                         .parameter_names = names,
                                         .parameter_counts = counts,
                                         .output_width = gain_width,
                                         .forward = gain_forward,
                                         .backward = gain_backward};
    tvae_layer *layer = NULL;

    require(tvae_layer_create_custom(&callbacks, &layer));
    return layer;
}

/* ---- a chain around it ---- */

static tvae_layer *create_linear(int64_t n_inputs, int64_t n_outputs)
{
    tvae_linear_options options;
    tvae_layer *layer = NULL;

    require(tvae_linear_options_init(&options, sizeof options));
    options.n_inputs = n_inputs;
    options.n_outputs = n_outputs;
    require(tvae_layer_create_linear(&options, &layer));
    return layer;
}

/* value -= rate * gradient, for every parameter by its name. */
static void descend(tvae_layer *layer, float rate)
{
    for (size_t i = 0; i < tvae_layer_parameter_count(layer); i++) {
        tvae_tensor *value = NULL, *gradient = NULL;
        size_t shape[TVAE_MAX_RANK];
        char name[128];
        int32_t rank;

        require(tvae_layer_parameter_info(layer, i, name, sizeof name, &rank, shape));
        require(tvae_tensor_create(rank, shape, &value));
        require(tvae_tensor_create(rank, shape, &gradient));
        require(tvae_layer_get_parameter(layer, name, value));
        require(tvae_layer_get_gradient(layer, name, gradient));
        for (size_t k = 0; k < tvae_tensor_count(value); k++)
            tvae_tensor_data(value)[k] -= rate * tvae_tensor_data(gradient)[k];
        require(tvae_layer_set_parameter(layer, name, value));
        tvae_tensor_destroy(&value);
        tvae_tensor_destroy(&gradient);
    }
    require(tvae_layer_zero_gradient(layer));
}

int main(void)
{
    const size_t in_shape[] = {N_ROWS, N_INPUTS}, out_shape[] = {N_ROWS, 1};
    tvae_layer *parts[] = {create_linear(N_INPUTS, N_GAINS), create_gain(),
                           create_linear(N_GAINS, 1)};
    tvae_tensor *x = NULL, *y = NULL, *dy = NULL;
    tvae_workspace *work = NULL;
    tvae_layer *chain = NULL;
    double first = 0.0, loss = 0.0;

    require(tvae_layer_create_sequential(parts, 3, &chain));
    for (size_t i = 0; i < 3; i++)
        tvae_layer_destroy(&parts[i]);
    require(tvae_layer_initialise(chain, 1));
    require(tvae_workspace_create(&work));
    require(tvae_tensor_create(2, in_shape, &x));
    require(tvae_tensor_create(2, out_shape, &y));
    require(tvae_tensor_create(2, out_shape, &dy));
    require(tvae_tensor_fill_normal(x, 1, 0));
    for (int step = 0; step < N_STEPS; step++) {
        require(tvae_layer_forward(chain, work, x, y));
        loss = 0.0;
        for (size_t row = 0; row < N_ROWS; row++) {
            const float *in = tvae_tensor_data(x) + row * N_INPUTS;
            const float error = tvae_tensor_data(y)[row] - (in[0] + 3.0f * in[1]);

            tvae_tensor_data(dy)[row] = error / N_ROWS;
            loss += 0.5 * (double)error * (double)error / N_ROWS;
        }
        first = step == 0 ? loss : first;
        require(tvae_layer_backward(chain, work, x, y, dy, NULL));
        descend(chain, 0.1f);
    }
    (void)printf("loss %.4f before, %.4f after %d steps\n", first, loss, N_STEPS);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
    tvae_tensor_destroy(&dy);
    tvae_workspace_destroy(&work);
    tvae_layer_destroy(&chain);
    return loss < 0.1 * first ? EXIT_SUCCESS : EXIT_FAILURE;
}
