/* SPDX-License-Identifier: MIT */
#include "layer_support.h"

#include <string.h>

/* The loss is a fixed linear functional of the outputs, sum of weight * y, so that its
 * gradient by y is `dy` and curvature comes from the layers alone. */
typedef struct gradient_check {
    tvae_layer *layer;
    tvae_workspace *work;
    tvae_tensor *x, *y, *dy, *dx;
    const char *name; /* the parameter that `value` perturbs; NULL: none, the inputs */
    tvae_tensor *value;
} gradient_check;

enum { N_ROWS = 5 };

static double run_loss(void *context)
{
    const gradient_check *check = context;
    const float *y = tvae_tensor_data_const(check->y);
    const float *dy = tvae_tensor_data_const(check->dy);
    double loss = 0.0;

    if (check->name)
        ASSERT_OK(tvae_layer_set_parameter(check->layer, check->name, check->value));
    ASSERT_OK(tvae_layer_forward(check->layer, check->work, check->x, check->y));
    for (size_t i = 0; i < tvae_tensor_count(check->y); i++)
        loss += (double)y[i] * (double)dy[i];
    return loss;
}

static void check_one(gradient_check *check, const char *what, float *values,
                      const float *gradient, size_t n)
{
    assert_gradient(what, values, gradient, n, n, 1e-2, 1e-3, 1e-4, run_loss, check);
}

static void check_parameter(gradient_check *check, const char *name)
{
    tvae_tensor *gradient = copy_parameter(check->layer, name);

    check->name = name;
    check->value = copy_parameter(check->layer, name);
    ASSERT_OK(tvae_layer_get_gradient(check->layer, name, gradient));
    check_one(check, name, tvae_tensor_data(check->value), tvae_tensor_data(gradient),
              tvae_tensor_count(gradient));
    ASSERT_OK(tvae_layer_set_parameter(check->layer, name, check->value));
    tvae_tensor_destroy(&check->value);
    tvae_tensor_destroy(&gradient);
    check->name = NULL;
}

/* Check all elements of inputs and parameters; takes the layer. */
static void check_layer(tvae_layer *layer, const float *inputs, size_t n_inputs)
{
    gradient_check check = {.layer = layer};
    size_t n_outputs = 0;

    ASSERT_OK(tvae_layer_output_width(layer, n_inputs, &n_outputs));
    ASSERT_OK(tvae_workspace_create(&check.work));
    check.x = create_matrix(N_ROWS, n_inputs);
    check.dx = create_matrix(N_ROWS, n_inputs);
    check.y = create_matrix(N_ROWS, n_outputs);
    check.dy = create_matrix(N_ROWS, n_outputs);
    memcpy(tvae_tensor_data(check.x), inputs, N_ROWS * n_inputs * sizeof *inputs);
    fill_uniform(tvae_tensor_data(check.dy), N_ROWS * n_outputs, -1.0, 1.0, 77);
    (void)run_loss(&check);
    ASSERT_OK(
        tvae_layer_backward(layer, check.work, check.x, check.y, check.dy, check.dx));
    check_one(&check, "dx", tvae_tensor_data(check.x), tvae_tensor_data(check.dx),
              N_ROWS * n_inputs);
    for (size_t i = 0; i < tvae_layer_parameter_count(layer); i++) {
        char name[128];

        ASSERT_OK(tvae_layer_parameter_info(layer, i, name, sizeof name, NULL, NULL));
        check_parameter(&check, name);
    }
    tvae_tensor_destroy(&check.x);
    tvae_tensor_destroy(&check.dx);
    tvae_tensor_destroy(&check.y);
    tvae_tensor_destroy(&check.dy);
    tvae_workspace_destroy(&check.work);
    tvae_layer_destroy(&layer);
}

static void check_layer_random(tvae_layer *layer, size_t n_inputs)
{
    float inputs[N_ROWS * 72];

    ck_assert_uint_le(n_inputs, 72);
    fill_uniform(inputs, N_ROWS * n_inputs, -1.0, 1.0, 5);
    randomise_parameters(layer, -0.7, 0.7, 11);
    check_layer(layer, inputs, n_inputs);
}

START_TEST(linear_backward_matches_differences)
{
    check_layer_random(create_linear(7, 3), 7);
    check_layer_random(create_linear(1, 1), 1);
    check_layer_random(create_linear_with(5, 9, -1, TVAE_WEIGHT_IN_OUT, 0), 5);
    check_layer_random(create_linear_with(5, 4, 0, TVAE_WEIGHT_OUT_IN, 0), 5);
}
END_TEST

START_TEST(linear_backward_shares_biases)
{
    check_layer_random(create_linear_with(3, 10, 2, TVAE_WEIGHT_OUT_IN, 0), 3);
    check_layer_random(create_linear_with(3, 7, 1, TVAE_WEIGHT_IN_OUT, 0), 3);
}
END_TEST

START_TEST(linear_backward_of_image_wide_kernels)
{
    check_layer_random(create_linear_with(18, 5, -1, TVAE_WEIGHT_OUT_IN, 3), 18);
    check_layer_random(create_linear_with(5, 18, 2, TVAE_WEIGHT_IN_OUT, 3), 5);
}
END_TEST

START_TEST(relu_backward_matches_differences)
{
    tvae_layer *relu = NULL;
    float inputs[N_ROWS * 7];

    ASSERT_OK(tvae_layer_create_relu(&relu));
    fill_uniform(inputs, N_ROWS * 7, -1.0, 1.0, 3);
    for (size_t i = 0; i < N_ROWS * 7; i++) /* the kink stays outside the step */
        inputs[i] += inputs[i] < 0.0f ? -0.1f : 0.1f;
    check_layer(relu, inputs, 7);
}
END_TEST

/* Of a negative slope too: the sign of an output then tells nothing. */
START_TEST(leaky_relu_backward_matches_differences)
{
    const double slopes[] = {0.01, 0.0, 1.5, -0.4};
    float inputs[N_ROWS * 7];

    fill_uniform(inputs, N_ROWS * 7, -1.0, 1.0, 3);
    for (size_t i = 0; i < N_ROWS * 7; i++) /* the kink stays outside the step */
        inputs[i] += inputs[i] < 0.0f ? -0.1f : 0.1f;
    for (size_t i = 0; i < sizeof slopes / sizeof slopes[0]; i++) {
        tvae_layer *leaky = NULL;

        ASSERT_OK(tvae_layer_create_leaky_relu(slopes[i], &leaky));
        check_layer(leaky, inputs, 7);
    }
}
END_TEST

START_TEST(smooth_activations_backward_matches_differences)
{
    tvae_status (*const create[])(tvae_layer **) = {
        tvae_layer_create_sigmoid, tvae_layer_create_tanh, tvae_layer_create_softplus};
    float inputs[N_ROWS * 7];

    fill_uniform(inputs, N_ROWS * 7, -4.0, 4.0, 4);
    for (size_t i = 0; i < sizeof create / sizeof create[0]; i++) {
        tvae_layer *layer = NULL;

        ASSERT_OK(create[i](&layer));
        check_layer(layer, inputs, 7);
    }
}
END_TEST

/* Odd and even sizes, strides that leave pixels over, padding beyond the kernel. */
START_TEST(conv2d_backward_matches_differences)
{
    tvae_conv2d_options o = conv2d_options(2, 5, 4, 3, 3, 1, 1);

    check_layer_random(create_conv2d(&o, false), 40);
    o = conv2d_options(1, 6, 7, 2, 2, 3, 0);
    check_layer_random(create_conv2d(&o, false), 42);
    o = conv2d_options(2, 6, 6, 2, 4, 2, 1);
    o.bias = 0;
    check_layer_random(create_conv2d(&o, false), 72);
    o = conv2d_options(3, 2, 3, 1, 1, 1, 2);
    o.kernel_width = 2;
    check_layer_random(create_conv2d(&o, false), 18);
}
END_TEST

START_TEST(conv_transpose2d_backward_matches_differences)
{
    tvae_conv2d_options o = conv2d_options(2, 3, 4, 3, 3, 1, 1);

    check_layer_random(create_conv2d(&o, true), 24);
    o = conv2d_options(1, 2, 3, 2, 2, 3, 0);
    o.output_padding = 2;
    check_layer_random(create_conv2d(&o, true), 6);
    o = conv2d_options(2, 3, 3, 2, 4, 2, 1);
    o.bias = 0;
    check_layer_random(create_conv2d(&o, true), 18);
    o = conv2d_options(3, 3, 4, 1, 1, 1, 1);
    o.kernel_width = 2;
    check_layer_random(create_conv2d(&o, true), 36);
}
END_TEST

/* 6 x 6 pixels to 3 channels of 3 x 3, and back to 2 channels of 5 x 5. */
START_TEST(conv2d_in_a_chain_matches_differences)
{
    const tvae_conv2d_options down = conv2d_options(1, 6, 6, 3, 4, 2, 1);
    const tvae_conv2d_options up = conv2d_options(3, 3, 3, 2, 3, 2, 1);
    tvae_layer *children[4] = {create_conv2d(&down, false), NULL,
                               create_conv2d(&up, true), NULL};

    ASSERT_OK(tvae_layer_create_tanh(&children[1]));
    ASSERT_OK(tvae_layer_create_softplus(&children[3]));
    check_layer_random(create_chain(children, 4), 36);
}
END_TEST

START_TEST(custom_backward_matches_differences)
{
    check_layer_random(create_product(), 6);
}
END_TEST

/* linear 5-6, relu, linear 6-4: biases of +-2 hold every unit at least 0.5 off the kink.
 */
START_TEST(chain_with_relu_matches_differences)
{
    tvae_layer *children[3] = {create_linear(5, 6), NULL, create_linear(6, 4)};
    tvae_layer *chain;
    tvae_tensor *bias;
    float inputs[N_ROWS * 5];

    ASSERT_OK(tvae_layer_create_relu(&children[1]));
    chain = create_chain(children, 3);
    randomise_parameters(chain, -0.3, 0.3, 21);
    bias = copy_parameter(chain, "0.bias");
    for (size_t i = 0; i < 6; i++)
        tvae_tensor_data(bias)[i] = i % 2 ? 2.0f : -2.0f;
    ASSERT_OK(tvae_layer_set_parameter(chain, "0.bias", bias));
    tvae_tensor_destroy(&bias);
    fill_uniform(inputs, N_ROWS * 5, -1.0, 1.0, 22);
    check_layer(chain, inputs, 5);
}
END_TEST

/* A chain in a chain, of widths 5-7-7-6-6-3-3, with a user-defined layer inside. */
START_TEST(nested_chain_matches_differences)
{
    tvae_layer *inner[3] = {create_product(), NULL, create_linear(6, 3)};
    tvae_layer *outer[4] = {create_linear(5, 7), NULL, NULL, NULL};

    ASSERT_OK(tvae_layer_create_sigmoid(&inner[1]));
    ASSERT_OK(tvae_layer_create_sigmoid(&outer[1]));
    ASSERT_OK(tvae_layer_create_sigmoid(&outer[3]));
    outer[2] = create_chain(inner, 3);
    check_layer_random(create_chain(outer, 4), 5);
}
END_TEST

START_TEST(chain_of_one_matches_differences)
{
    tvae_layer *only[1] = {create_linear(4, 3)};

    check_layer_random(create_chain(only, 1), 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layer gradients");
    TCase *tc = tcase_create("layer gradients");

    tcase_add_test(tc, linear_backward_matches_differences);
    tcase_add_test(tc, linear_backward_shares_biases);
    tcase_add_test(tc, linear_backward_of_image_wide_kernels);
    tcase_add_test(tc, relu_backward_matches_differences);
    tcase_add_test(tc, leaky_relu_backward_matches_differences);
    tcase_add_test(tc, smooth_activations_backward_matches_differences);
    tcase_add_test(tc, conv2d_backward_matches_differences);
    tcase_add_test(tc, conv_transpose2d_backward_matches_differences);
    tcase_add_test(tc, conv2d_in_a_chain_matches_differences);
    tcase_add_test(tc, custom_backward_matches_differences);
    tcase_add_test(tc, chain_with_relu_matches_differences);
    tcase_add_test(tc, nested_chain_matches_differences);
    tcase_add_test(tc, chain_of_one_matches_differences);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
