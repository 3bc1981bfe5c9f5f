/* SPDX-License-Identifier: MIT */
#include "layer_support.h"

#include <math.h>
#include <string.h>

#include "layer/layer.h"
#include "layer/workspace.h"

/* A linear layer 4-3 with tensors that fit 5 rows. */
static tvae_layer *layer, *other;
static tvae_workspace *work;
static tvae_tensor *x, *y, *dy, *dx;

static void set_up(void)
{
    layer = create_linear(4, 3);
    other = create_linear(4, 3);
    randomise_parameters(layer, -1.0, 1.0, 1);
    ASSERT_OK(tvae_workspace_create(&work));
    x = create_matrix(5, 4);
    y = create_matrix(5, 3);
    dy = create_matrix(5, 3);
    dx = create_matrix(5, 4);
    fill_uniform(tvae_tensor_data(x), 20, -1.0, 1.0, 2);
    fill_uniform(tvae_tensor_data(dy), 15, -1.0, 1.0, 3);
}

static void tear_down(void)
{
    tvae_layer_destroy(&layer);
    tvae_layer_destroy(&other);
    tvae_workspace_destroy(&work);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
    tvae_tensor_destroy(&dy);
    tvae_tensor_destroy(&dx);
}

START_TEST(create_and_destroy_accept_null)
{
    tvae_layer *none = NULL;
    tvae_workspace *no_work = NULL;

    ASSERT_STATUS(tvae_layer_create_relu(NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_create_leaky_relu(0.1, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_create_sigmoid(NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_create_tanh(NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_create_softplus(NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_workspace_create(NULL), TVAE_E_INVALID);
    ck_assert_ptr_null(tvae_layer_retain(NULL));
    tvae_layer_destroy(NULL);
    tvae_layer_destroy(&none);
    tvae_workspace_destroy(NULL);
    tvae_workspace_destroy(&no_work);
}
END_TEST

START_TEST(leaky_relu_refuses_bad_slopes)
{
    const double slopes[] = {(double)NAN, (double)INFINITY, -2e30};

    for (size_t i = 0; i < sizeof slopes / sizeof slopes[0]; i++) {
        tvae_layer *leaky = layer;

        ASSERT_STATUS(tvae_layer_create_leaky_relu(slopes[i], &leaky), TVAE_E_INVALID);
        ck_assert_ptr_null(leaky);
        ck_assert_ptr_nonnull(strstr(tvae_last_error(), "negative_slope"));
    }
}
END_TEST

/* 0, 1 and -2 through every activation. */
START_TEST(activations_follow_their_equations)
{
    const float want[][3] = {{0.0f, 1.0f, 0.0f},
                             {0.0f, 1.0f, -0.5f},
                             {0.5f, 0.7310586f, 0.1192029f},
                             {0.0f, 0.7615942f, -0.9640276f},
                             {0.6931472f, 1.3132617f, 0.1269280f}};
    tvae_tensor *three = create_matrix(1, 3), *result = create_matrix(1, 3);
    tvae_layer *layers[5] = {NULL};

    tvae_tensor_data(three)[1] = 1.0f;
    tvae_tensor_data(three)[2] = -2.0f;
    ASSERT_OK(tvae_layer_create_relu(&layers[0]));
    ASSERT_OK(tvae_layer_create_leaky_relu(0.25, &layers[1]));
    ASSERT_OK(tvae_layer_create_sigmoid(&layers[2]));
    ASSERT_OK(tvae_layer_create_tanh(&layers[3]));
    ASSERT_OK(tvae_layer_create_softplus(&layers[4]));
    for (size_t i = 0; i < 5; i++) {
        ASSERT_OK(tvae_layer_forward(layers[i], work, three, result));
        assert_close("activation", tvae_tensor_data(result), want[i], 3, 0.0, 2e-7);
        tvae_layer_destroy(&layers[i]);
    }
    tvae_tensor_destroy(&three);
    tvae_tensor_destroy(&result);
}
END_TEST

START_TEST(retain_keeps_the_layer_alive)
{
    tvae_layer *second = tvae_layer_retain(layer);

    ck_assert_ptr_eq(second, layer);
    tvae_layer_destroy(&layer);
    ck_assert_ptr_null(layer);
    ASSERT_OK(tvae_layer_forward(second, work, x, y));
    tvae_layer_destroy(&second);
}
END_TEST

START_TEST(calls_reject_null)
{
    size_t width = 17, shape[TVAE_MAX_RANK];
    char name[128];
    int32_t rank;

    ASSERT_STATUS(tvae_layer_initialise(NULL, 1), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_output_width(NULL, 4, &width), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_output_width(layer, 4, NULL), TVAE_E_INVALID);
    ck_assert_uint_eq(tvae_layer_parameter_count(NULL), 0);
    ASSERT_STATUS(tvae_layer_parameter_info(NULL, 0, name, 128, &rank, shape),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_parameter_info(layer, 0, NULL, 128, &rank, shape),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_get_parameter(NULL, "weight", x), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_get_parameter(layer, NULL, x), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_get_parameter(layer, "weight", NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_set_parameter(NULL, "weight", x), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_set_parameter(layer, NULL, x), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_set_parameter(layer, "weight", NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_get_gradient(NULL, "weight", x), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_zero_gradient(NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_forward(NULL, work, x, y), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_forward(layer, NULL, x, y), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_forward(layer, work, NULL, y), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_forward(layer, work, x, NULL), TVAE_E_INVALID);
    ASSERT_OK(tvae_layer_forward(layer, work, x, y));
    ASSERT_STATUS(tvae_layer_backward(NULL, work, x, y, dy, dx), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_backward(layer, NULL, x, y, dy, dx), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_backward(layer, work, NULL, y, dy, dx), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_backward(layer, work, x, NULL, dy, dx), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_backward(layer, work, x, y, NULL, dx), TVAE_E_INVALID);
}
END_TEST

START_TEST(output_width_refuses_other_widths)
{
    size_t width = 17;

    ASSERT_OK(tvae_layer_output_width(layer, 4, &width));
    ck_assert_uint_eq(width, 3);
    ASSERT_STATUS(tvae_layer_output_width(layer, 5, &width), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_layer_output_width(layer, 0, &width), TVAE_E_SHAPE);
    ck_assert_uint_eq(width, 3);
}
END_TEST

START_TEST(forward_rejects_shapes_and_leaves_y)
{
    const size_t flat[] = {20};
    tvae_tensor *vector = NULL;

    ASSERT_OK(tvae_tensor_create(1, flat, &vector));
    tvae_tensor_data(y)[0] = 7.0f;
    tvae_tensor_data(dx)[0] = 7.0f;
    ASSERT_STATUS(tvae_layer_forward(layer, work, vector, y), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_layer_forward(layer, work, dy, y), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_layer_forward(layer, work, x, dx), TVAE_E_SHAPE);
    ck_assert(tvae_tensor_data(y)[0] == 7.0f && tvae_tensor_data(dx)[0] == 7.0f);
    tvae_tensor_destroy(&vector);
}
END_TEST

START_TEST(outputs_must_not_overlap_inputs)
{
    const size_t shape[] = {2, 3};
    tvae_tensor *overlapping = NULL, *apart = NULL;
    tvae_layer *relu = NULL;

    ASSERT_OK(tvae_layer_create_relu(&relu));
    ASSERT_OK(tvae_tensor_view(dy, 3, 2, shape, &overlapping));
    ASSERT_OK(tvae_tensor_view(dy, 6, 2, shape, &apart));
    ASSERT_STATUS(tvae_layer_forward(relu, work, apart, overlapping), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_forward(relu, work, apart, apart), TVAE_E_INVALID);
    ASSERT_OK(tvae_layer_forward(relu, work, y, dy));
    ASSERT_STATUS(tvae_layer_backward(relu, work, y, dy, dy, dy), TVAE_E_INVALID);
    tvae_tensor_destroy(&overlapping);
    ASSERT_OK(tvae_tensor_view(dy, 0, 2, shape, &overlapping));
    ASSERT_OK(tvae_layer_forward(relu, work, apart, overlapping)); /* neighbours */
    tvae_tensor_destroy(&overlapping);
    tvae_tensor_destroy(&apart);
    tvae_layer_destroy(&relu);
}
END_TEST

START_TEST(backward_rejects_shapes)
{
    ASSERT_OK(tvae_layer_forward(layer, work, x, y));
    ASSERT_STATUS(tvae_layer_backward(layer, work, dy, y, dy, dx), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_layer_backward(layer, work, x, x, dy, dx), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_layer_backward(layer, work, x, y, x, dx), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_layer_backward(layer, work, x, y, dy, dy), TVAE_E_SHAPE);
}
END_TEST

START_TEST(backward_wants_the_forward_pass_in_the_workspace)
{
    tvae_tensor *fewer_x = create_matrix(2, 4), *fewer_y = create_matrix(2, 3);
    tvae_workspace *fresh = NULL;

    ASSERT_OK(tvae_workspace_create(&fresh));
    ASSERT_STATUS(tvae_layer_backward(layer, fresh, x, y, dy, dx), TVAE_E_STATE);
    ASSERT_OK(tvae_layer_forward(layer, work, x, y));
    ASSERT_OK(tvae_layer_backward(layer, work, x, y, dy, dx));
    ASSERT_OK(tvae_layer_backward(layer, work, x, y, dy, dx)); /* what it holds stays */
    ASSERT_STATUS(tvae_layer_backward(other, work, x, y, dy, dx), TVAE_E_STATE);
    ASSERT_STATUS(tvae_layer_backward(layer, work, fewer_x, fewer_y, fewer_y, NULL),
                  TVAE_E_STATE);
    ASSERT_OK(tvae_layer_forward(other, work, x, y));
    ASSERT_STATUS(tvae_layer_backward(layer, work, x, y, dy, dx), TVAE_E_STATE);
    ASSERT_OK(tvae_layer_forward(layer, work, x, y));
    tvi_workspace_forget(work);
    ASSERT_STATUS(tvae_layer_backward(layer, work, x, y, dy, dx), TVAE_E_STATE);
    tvae_tensor_destroy(&fewer_x);
    tvae_tensor_destroy(&fewer_y);
    tvae_workspace_destroy(&fresh);
}
END_TEST

START_TEST(gradients_add_up_until_zeroed)
{
    tvae_tensor *once = copy_parameter(layer, "weight");
    tvae_tensor *twice = copy_parameter(layer, "weight");

    ASSERT_STATUS(tvae_layer_get_gradient(layer, "weight", once), TVAE_E_STATE);
    ASSERT_OK(tvae_layer_zero_gradient(layer));
    ASSERT_STATUS(tvae_layer_get_gradient(layer, "weight", once), TVAE_E_STATE);
    ASSERT_OK(tvae_layer_forward(layer, work, x, y));
    ASSERT_OK(tvae_layer_backward(layer, work, x, y, dy, dx));
    ASSERT_OK(tvae_layer_get_gradient(layer, "weight", once));
    ASSERT_OK(tvae_layer_backward(layer, work, x, y, dy, NULL));
    ASSERT_OK(tvae_layer_get_gradient(layer, "weight", twice));
    ck_assert(tvae_tensor_data(once)[0] != 0.0f);
    for (size_t i = 0; i < 12; i++)
        assert_near("gradient", (double)tvae_tensor_data(twice)[i],
                    2.0 * (double)tvae_tensor_data(once)[i], 1e-6, 1e-7);
    ASSERT_OK(tvae_layer_zero_gradient(layer));
    ASSERT_OK(tvae_layer_get_gradient(layer, "weight", twice));
    for (size_t i = 0; i < 12; i++)
        ck_assert(tvae_tensor_data(twice)[i] == 0.0f);
    tvae_tensor_destroy(&once);
    tvae_tensor_destroy(&twice);
}
END_TEST

START_TEST(set_then_get_returns_the_same)
{
    tvae_tensor *given = copy_parameter(layer, "weight"), *got;

    fill_uniform(tvae_tensor_data(given), 12, -1.0, 1.0, 4);
    ASSERT_OK(tvae_layer_set_parameter(layer, "weight", given));
    got = copy_parameter(layer, "weight");
    ck_assert_mem_eq(tvae_tensor_data(got), tvae_tensor_data(given), 12 * sizeof(float));
    ASSERT_STATUS(tvae_layer_set_parameter(layer, "weights", given), TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvae_layer_set_parameter(layer, "weight", x), TVAE_E_SHAPE);
    tvae_tensor_destroy(&given);
    tvae_tensor_destroy(&got);
}
END_TEST

START_TEST(activations_match_their_equations)
{
    const float in[] = {-2.0f, -0.5f, 0.0f, 0.5f, 2.0f, -100.0f, 100.0f, 1.0f};
    const float relu_out[] = {0.0f, 0.0f, 0.0f, 0.5f, 2.0f, 0.0f, 100.0f, 1.0f};
    const float sigmoid_out[] = {0.11920292f, 0.37754067f, 0.5f, 0.62245933f,
                                 0.88079708f, 0.0f,        1.0f, 0.73105858f};
    tvae_layer *relu = NULL, *sigmoid = NULL;
    tvae_tensor *from = create_matrix(2, 4), *to = create_matrix(2, 4);

    ASSERT_OK(tvae_layer_create_relu(&relu));
    ASSERT_OK(tvae_layer_create_sigmoid(&sigmoid));
    memcpy(tvae_tensor_data(from), in, sizeof in);
    ASSERT_OK(tvae_layer_forward(relu, work, from, to));
    ck_assert_mem_eq(tvae_tensor_data(to), relu_out, sizeof relu_out);
    ASSERT_OK(tvae_layer_forward(sigmoid, work, from, to));
    assert_close("sigmoid", tvae_tensor_data(to), sigmoid_out, 8, 0.0, 2e-7);
    ck_assert_uint_eq(tvae_layer_parameter_count(relu), 0);
    ASSERT_OK(tvae_layer_initialise(relu, 1));
    ASSERT_OK(tvae_layer_backward(sigmoid, work, from, to, to, NULL));
    tvae_layer_destroy(&relu);
    tvae_layer_destroy(&sigmoid);
    tvae_tensor_destroy(&from);
    tvae_tensor_destroy(&to);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layer calls");
    TCase *tc = tcase_create("layer calls");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, create_and_destroy_accept_null);
    tcase_add_test(tc, leaky_relu_refuses_bad_slopes);
    tcase_add_test(tc, activations_follow_their_equations);
    tcase_add_test(tc, retain_keeps_the_layer_alive);
    tcase_add_test(tc, calls_reject_null);
    tcase_add_test(tc, output_width_refuses_other_widths);
    tcase_add_test(tc, forward_rejects_shapes_and_leaves_y);
    tcase_add_test(tc, outputs_must_not_overlap_inputs);
    tcase_add_test(tc, backward_rejects_shapes);
    tcase_add_test(tc, backward_wants_the_forward_pass_in_the_workspace);
    tcase_add_test(tc, gradients_add_up_until_zeroed);
    tcase_add_test(tc, set_then_get_returns_the_same);
    tcase_add_test(tc, activations_match_their_equations);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
