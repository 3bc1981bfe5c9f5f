/* SPDX-License-Identifier: MIT */
#include "layer_support.h"

#include <math.h>
#include <string.h>

static void check_info(const tvae_layer *layer, size_t index, const char *want_name,
                       int32_t want_rank, const size_t *want_shape)
{
    size_t shape[TVAE_MAX_RANK];
    int32_t rank;
    char name[128];

    ASSERT_OK(tvae_layer_parameter_info(layer, index, name, sizeof name, &rank, shape));
    ck_assert_str_eq(name, want_name);
    ck_assert_int_eq(rank, want_rank);
    ck_assert_mem_eq(shape, want_shape, (size_t)rank * sizeof *shape);
}

START_TEST(options_init_gives_defaults)
{
    tvae_linear_options o;

    memset(&o, 0xff, sizeof o);
    ASSERT_OK(tvae_linear_options_init(&o, sizeof o));
    ck_assert_uint_eq(o.size, sizeof o);
    ck_assert_int_eq(o.n_biases, -1);
    ck_assert_int_eq(o.weight_order, TVAE_WEIGHT_OUT_IN);
    ck_assert(o.n_inputs == 0 && o.n_outputs == 0 && o.kernel_height == 0);
    ck_assert(o.kernel_width == 0 && o.reserved == 0 && o.init_bound == 0.0);
    ASSERT_STATUS(tvae_linear_options_init(NULL, sizeof o), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_linear_options_init(&o, 8), TVAE_E_INVALID);
}
END_TEST

START_TEST(parameters_have_pytorchs_names_and_shapes)
{
    const size_t out_in[] = {5, 18}, in_out[] = {5, 18}, conv[] = {5, 2, 3, 3};
    const size_t transposed[] = {5, 2, 3, 3}, five[] = {5}, two[] = {2};
    tvae_layer *layer;

    layer = create_linear(18, 5);
    ck_assert_uint_eq(tvae_layer_parameter_count(layer), 2);
    check_info(layer, 0, "weight", 2, out_in);
    check_info(layer, 1, "bias", 1, five);
    tvae_layer_destroy(&layer);
    layer = create_linear_with(5, 18, 0, TVAE_WEIGHT_IN_OUT, 0);
    ck_assert_uint_eq(tvae_layer_parameter_count(layer), 1);
    check_info(layer, 0, "weight", 2, in_out);
    tvae_layer_destroy(&layer);
    layer = create_linear_with(18, 5, -1, TVAE_WEIGHT_OUT_IN, 3);
    check_info(layer, 0, "weight", 4, conv);
    tvae_layer_destroy(&layer);
    layer = create_linear_with(5, 18, 2, TVAE_WEIGHT_IN_OUT, 3);
    check_info(layer, 0, "weight", 4, transposed);
    check_info(layer, 1, "bias", 1, two);
    tvae_layer_destroy(&layer);
}
END_TEST

/* y[o] = b[o / group] + sum_i x[i] w[i, o], w as exposed: GOLDEN 2.1. */
static void check_outputs(int64_t n_inputs, int64_t n_outputs, int64_t n_biases,
                          int32_t order, size_t n_rows)
{
    const size_t n_in = (size_t)n_inputs, n_out = (size_t)n_outputs;
    tvae_layer *layer = create_linear_with(n_inputs, n_outputs, n_biases, order, 0);
    tvae_tensor *x = create_matrix(n_rows, n_in), *y = create_matrix(n_rows, n_out);
    tvae_tensor *want = create_matrix(n_rows, n_out), *weight, *bias = NULL;
    const size_t group = n_biases > 0 ? n_out / (size_t)n_biases : 1;
    tvae_workspace *work = NULL;

    randomise_parameters(layer, -1.0, 1.0, 9);
    weight = copy_parameter(layer, "weight");
    if (n_biases)
        bias = copy_parameter(layer, "bias");
    fill_uniform(tvae_tensor_data(x), n_rows * n_in, -1.0, 1.0, 10);
    for (size_t r = 0; r < n_rows; r++)
        for (size_t o = 0; o < n_out; o++) {
            double sum = bias ? (double)tvae_tensor_data(bias)[o / group] : 0.0;

            for (size_t i = 0; i < n_in; i++) {
                const size_t at =
                    order == TVAE_WEIGHT_OUT_IN ? o * n_in + i : i * n_out + o;

                sum += (double)tvae_tensor_data(x)[r * n_in + i] *
                       (double)tvae_tensor_data(weight)[at];
            }
            tvae_tensor_data(want)[r * n_out + o] = (float)sum;
        }
    ASSERT_OK(tvae_workspace_create(&work));
    ASSERT_OK(tvae_layer_forward(layer, work, x, y));
    assert_close("y", tvae_tensor_data(y), tvae_tensor_data(want), n_rows * n_out, 1e-6,
                 1e-6);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
    tvae_tensor_destroy(&want);
    tvae_tensor_destroy(&weight);
    tvae_tensor_destroy(&bias);
    tvae_workspace_destroy(&work);
    tvae_layer_destroy(&layer);
}

START_TEST(forward_matches_its_equation)
{
    check_outputs(7, 3, -1, TVAE_WEIGHT_OUT_IN, 5);
    check_outputs(7, 3, -1, TVAE_WEIGHT_IN_OUT, 5);
    check_outputs(3, 12, 3, TVAE_WEIGHT_IN_OUT, 4);
    check_outputs(3, 12, 1, TVAE_WEIGHT_OUT_IN, 4);
    check_outputs(3, 12, 0, TVAE_WEIGHT_OUT_IN, 4);
    check_outputs(1, 1, -1, TVAE_WEIGHT_OUT_IN, 1);
    check_outputs(11, 301, -1, TVAE_WEIGHT_OUT_IN, 150); /* bias rows in several parts */
}
END_TEST

START_TEST(bias_gradient_of_many_rows_matches_its_sum)
{
    enum { N_ROWS = 300, N_OUTPUTS = 150 };
    tvae_layer *layer = create_linear(2, N_OUTPUTS);
    tvae_tensor *x = create_matrix(N_ROWS, 2), *y = create_matrix(N_ROWS, N_OUTPUTS);
    tvae_tensor *dy = create_matrix(N_ROWS, N_OUTPUTS), *db;
    float want[N_OUTPUTS];
    tvae_workspace *work = NULL;

    fill_uniform(tvae_tensor_data(dy), N_ROWS * N_OUTPUTS, -1.0, 1.0, 3);
    for (size_t o = 0; o < N_OUTPUTS; o++) {
        double sum = 0.0;

        for (size_t r = 0; r < N_ROWS; r++)
            sum += (double)tvae_tensor_data(dy)[r * N_OUTPUTS + o];
        want[o] = (float)sum;
    }
    ASSERT_OK(tvae_workspace_create(&work));
    ASSERT_OK(tvae_layer_forward(layer, work, x, y));
    ASSERT_OK(tvae_layer_backward(layer, work, x, y, dy, NULL));
    db = copy_parameter(layer, "bias");
    ASSERT_OK(tvae_layer_get_gradient(layer, "bias", db));
    assert_close("db", tvae_tensor_data(db), want, N_OUTPUTS, 1e-6, 0.0);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
    tvae_tensor_destroy(&dy);
    tvae_tensor_destroy(&db);
    tvae_workspace_destroy(&work);
    tvae_layer_destroy(&layer);
}
END_TEST

static tvae_linear_options usual_options(void)
{
    tvae_linear_options o;

    ASSERT_OK(tvae_linear_options_init(&o, sizeof o));
    o.n_inputs = 12;
    o.n_outputs = 6;
    return o;
}

static void check_refused(const tvae_linear_options *options, tvae_status status,
                          const char *named)
{
    tvae_layer *layer = (tvae_layer *)(uintptr_t)1;

    ASSERT_STATUS(tvae_layer_create_linear(options, &layer), status);
    ck_assert_ptr_null(layer);
    ck_assert_msg(strstr(tvae_last_error(), named) != NULL, "\"%s\" does not name %s",
                  tvae_last_error(), named);
}

#define REFUSE(field, value, status, named)             \
    do {                                                \
        tvae_linear_options options_ = usual_options(); \
        options_.field = (value);                       \
        check_refused(&options_, (status), (named));    \
    } while (0)

START_TEST(create_refuses_bad_options_by_name)
{
    REFUSE(n_inputs, 0, TVAE_E_INVALID, "n_inputs");
    REFUSE(n_inputs, -3, TVAE_E_INVALID, "n_inputs");
    REFUSE(n_inputs, INT64_MAX, TVAE_E_SHAPE, "shape");
    REFUSE(n_outputs, 0, TVAE_E_INVALID, "n_outputs");
    REFUSE(n_biases, -2, TVAE_E_INVALID, "n_biases");
    REFUSE(n_biases, 7, TVAE_E_INVALID, "n_biases");
    REFUSE(n_biases, 4, TVAE_E_SHAPE, "n_biases");
    REFUSE(kernel_height, 2, TVAE_E_INVALID, "kernel_width");
    REFUSE(kernel_width, -1, TVAE_E_INVALID, "kernel_width");
    REFUSE(weight_order, 2, TVAE_E_INVALID, "weight_order");
    REFUSE(weight_order, -1, TVAE_E_INVALID, "weight_order");
    REFUSE(reserved, 1, TVAE_E_INVALID, "reserved");
    REFUSE(init_bound, -1.0, TVAE_E_INVALID, "init_bound");
    REFUSE(init_bound, (double)NAN, TVAE_E_INVALID, "init_bound");
    REFUSE(init_bound, (double)INFINITY, TVAE_E_INVALID, "init_bound");
    REFUSE(size, 4, TVAE_E_INVALID, "size");
}
END_TEST

START_TEST(create_refuses_kernels_that_do_not_divide)
{
    tvae_linear_options o = usual_options();

    o.kernel_height = 5;
    o.kernel_width = 1;
    check_refused(&o, TVAE_E_SHAPE, "n_inputs");
    o.weight_order = TVAE_WEIGHT_IN_OUT;
    check_refused(&o, TVAE_E_SHAPE, "n_outputs");
    o.kernel_height = INT32_MAX;
    o.kernel_width = INT32_MAX;
    check_refused(&o, TVAE_E_SHAPE, "n_outputs");
}
END_TEST

START_TEST(create_refuses_null_and_newer_options)
{
    struct {
        tvae_linear_options known;
        int64_t later;
    } newer = {.known = usual_options(), .later = 1};
    tvae_layer *layer = NULL;

    check_refused(NULL, TVAE_E_INVALID, "options");
    ASSERT_STATUS(tvae_layer_create_linear(&newer.known, NULL), TVAE_E_INVALID);
    newer.known.size = sizeof newer;
    check_refused(&newer.known, TVAE_E_UNSUPPORTED, "byte");
    newer.later = 0;
    ASSERT_OK(tvae_layer_create_linear(&newer.known, &layer));
    tvae_layer_destroy(&layer);
}
END_TEST

/* The largest magnitude of a parameter. */
static double largest_magnitude(const tvae_tensor *t)
{
    double largest = 0.0;

    for (size_t i = 0; i < tvae_tensor_count(t); i++)
        largest = fmax(largest, fabs((double)tvae_tensor_data_const(t)[i]));
    return largest;
}

START_TEST(initialise_draws_within_the_bound)
{
    tvae_linear_options o = usual_options();
    tvae_layer *layer = create_linear(100, 50);
    tvae_tensor *weight;

    ASSERT_OK(tvae_layer_initialise(layer, 3));
    weight = copy_parameter(layer, "weight");
    ck_assert(largest_magnitude(weight) <= 0.1 && largest_magnitude(weight) > 0.099);
    tvae_tensor_destroy(&weight);
    tvae_layer_destroy(&layer);
    o.init_bound = 2.0;
    ASSERT_OK(tvae_layer_create_linear(&o, &layer));
    ASSERT_OK(tvae_layer_initialise(layer, 3));
    weight = copy_parameter(layer, "weight");
    ck_assert(largest_magnitude(weight) <= 2.0 && largest_magnitude(weight) > 1.8);
    tvae_tensor_destroy(&weight);
    tvae_layer_destroy(&layer);
}
END_TEST

/* [6, 12] stored transposed and [6, 12] stored as it is: the same numbers. */
START_TEST(initialise_does_not_depend_on_the_stored_layout)
{
    tvae_layer *out_in = create_linear_with(12, 6, -1, TVAE_WEIGHT_OUT_IN, 0);
    tvae_layer *in_out = create_linear_with(6, 12, -1, TVAE_WEIGHT_IN_OUT, 0);
    tvae_tensor *a, *b;

    ASSERT_OK(tvae_layer_initialise(out_in, 8));
    ASSERT_OK(tvae_layer_initialise(in_out, 8));
    a = copy_parameter(out_in, "weight");
    b = copy_parameter(in_out, "weight");
    for (size_t i = 0; i < 72; i++) /* bounds 1/sqrt(12) and 1/sqrt(6) */
        assert_near("weight", (double)tvae_tensor_data(a)[i] * sqrt(12.0),
                    (double)tvae_tensor_data(b)[i] * sqrt(6.0), 1e-5, 1e-6);
    ASSERT_OK(tvae_layer_initialise(in_out, 9));
    ASSERT_OK(tvae_layer_get_parameter(in_out, "weight", a));
    ck_assert_mem_ne(tvae_tensor_data(a), tvae_tensor_data(b), 72 * sizeof(float));
    ASSERT_OK(tvae_layer_initialise(in_out, 8));
    ASSERT_OK(tvae_layer_get_parameter(in_out, "weight", a));
    ck_assert_mem_eq(tvae_tensor_data(a), tvae_tensor_data(b), 72 * sizeof(float));
    tvae_tensor_destroy(&a);
    tvae_tensor_destroy(&b);
    tvae_layer_destroy(&out_in);
    tvae_layer_destroy(&in_out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layer linear");
    TCase *tc = tcase_create("layer linear");

    tcase_add_test(tc, options_init_gives_defaults);
    tcase_add_test(tc, parameters_have_pytorchs_names_and_shapes);
    tcase_add_test(tc, forward_matches_its_equation);
    tcase_add_test(tc, bias_gradient_of_many_rows_matches_its_sum);
    tcase_add_test(tc, create_refuses_bad_options_by_name);
    tcase_add_test(tc, create_refuses_kernels_that_do_not_divide);
    tcase_add_test(tc, create_refuses_null_and_newer_options);
    tcase_add_test(tc, initialise_draws_within_the_bound);
    tcase_add_test(tc, initialise_does_not_depend_on_the_stored_layout);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
