/* SPDX-License-Identifier: MIT */
#include "layer_support.h"

#include <math.h>
#include <string.h>

/* The output's extent by PyTorch's documentation. */
static int64_t output_extent(const tvae_conv2d_options *o, bool transposed, int64_t input,
                             int64_t kernel)
{
    if (transposed)
        return (input - 1) * o->stride - 2 * o->padding + kernel + o->output_padding;
    return (input + 2 * o->padding - kernel) / o->stride + 1;
}

/* One row by the definition, in double: for each pair of an input and an output pixel
 * that meet at a place (i, j) of the kernel, in each pair of channels. */
static void convolve_directly(const tvae_conv2d_options *o, bool transposed,
                              const float *weight, const float *bias, const float *x,
                              double *y)
{
    const int64_t out_h = output_extent(o, transposed, o->input_height, o->kernel_height);
    const int64_t out_w = output_extent(o, transposed, o->input_width, o->kernel_width);
    const int64_t kernel = o->kernel_height * o->kernel_width;

    for (int64_t at = 0; at < o->out_channels * out_h * out_w; at++)
        y[at] = bias ? (double)bias[at / (out_h * out_w)] : 0.0;
    for (int64_t in = 0; in < o->in_channels; in++)
        for (int64_t out = 0; out < o->out_channels; out++) {
            const float *w = weight + (transposed ? in * o->out_channels + out
                                                  : out * o->in_channels + in) *
                                          kernel;

            for (int64_t p = 0; p < o->input_height * o->input_width * kernel; p++) {
                const int64_t iy = p / kernel / o->input_width;
                const int64_t ix = p / kernel % o->input_width;
                const int64_t i = p % kernel / o->kernel_width, j = p % o->kernel_width;
                int64_t oy = iy * o->stride + i - o->padding;
                int64_t ox = ix * o->stride + j - o->padding;

                if (!transposed) {
                    oy = iy + o->padding - i;
                    ox = ix + o->padding - j;
                    if (oy % o->stride || ox % o->stride)
                        continue;
                    oy /= o->stride;
                    ox /= o->stride;
                }
                if (oy >= 0 && oy < out_h && ox >= 0 && ox < out_w)
                    y[(out * out_h + oy) * out_w + ox] +=
                        (double)w[i * o->kernel_width + j] *
                        (double)x[(in * o->input_height + iy) * o->input_width + ix];
            }
        }
}

static void check_forward(const tvae_conv2d_options *o, bool transposed, size_t n_rows)
{
    const size_t n_inputs = (size_t)(o->in_channels * o->input_height * o->input_width);
    const size_t n_outputs =
        (size_t)(o->out_channels *
                 output_extent(o, transposed, o->input_height, o->kernel_height) *
                 output_extent(o, transposed, o->input_width, o->kernel_width));
    tvae_layer *layer = create_conv2d(o, transposed);
    tvae_tensor *x = create_matrix(n_rows, n_inputs), *y, *weight, *bias = NULL;
    tvae_workspace *work = NULL;
    static double want[4096];
    size_t width = 0;

    ASSERT_OK(tvae_layer_output_width(layer, n_inputs, &width));
    ck_assert_uint_eq(width, n_outputs);
    ck_assert_uint_le(width, 4096);
    ASSERT_STATUS(tvae_layer_output_width(layer, n_inputs + 1, &width), TVAE_E_SHAPE);
    y = create_matrix(n_rows, n_outputs);
    randomise_parameters(layer, -1.0, 1.0, 4);
    weight = copy_parameter(layer, "weight");
    if (o->bias)
        bias = copy_parameter(layer, "bias");
    fill_uniform(tvae_tensor_data(x), n_rows * n_inputs, -1.0, 1.0, 5);
    fill_uniform(tvae_tensor_data(y), n_rows * n_outputs, 8.0, 9.0, 6);
    ASSERT_OK(tvae_workspace_create(&work));
    ASSERT_OK(tvae_layer_forward(layer, work, x, y));
    for (size_t row = 0; row < n_rows; row++) {
        convolve_directly(o, transposed, tvae_tensor_data(weight),
                          bias ? tvae_tensor_data(bias) : NULL,
                          tvae_tensor_data(x) + row * n_inputs, want);
        for (size_t at = 0; at < n_outputs; at++)
            assert_near("y", (double)tvae_tensor_data(y)[row * n_outputs + at], want[at],
                        1e-5, 1e-5);
    }
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
    tvae_tensor_destroy(&weight);
    tvae_tensor_destroy(&bias);
    tvae_workspace_destroy(&work);
    tvae_layer_destroy(&layer);
}

/* Strides beyond the kernel, padding beyond it, kernels as large as the image, pixels
 * that no output sees, and single pixels. */
static const int64_t cases[][7] = {
    {1, 1, 1, 1, 1, 1, 0}, {2, 5, 7, 3, 3, 1, 0},  {2, 5, 7, 3, 3, 1, 1},
    {3, 6, 5, 2, 4, 2, 1}, {2, 8, 9, 3, 3, 3, 1},  {1, 7, 4, 2, 2, 3, 0},
    {2, 3, 4, 2, 2, 1, 3}, {2, 4, 4, 5, 4, 1, 0},  {1, 3, 3, 1, 5, 2, 2},
    {3, 1, 9, 2, 1, 2, 0}, {4, 28, 28, 1, 4, 2, 1}};

static tvae_conv2d_options case_options(size_t i)
{
    return conv2d_options(cases[i][0], cases[i][1], cases[i][2], cases[i][3], cases[i][4],
                          cases[i][5], cases[i][6]);
}

START_TEST(conv2d_matches_its_definition)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tvae_conv2d_options o = case_options(i);

        check_forward(&o, false, 3);
        o.bias = i % 2;
        o.kernel_height = 1;
        check_forward(&o, false, 1);
    }
}
END_TEST

START_TEST(conv_transpose2d_matches_its_definition)
{
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tvae_conv2d_options o = case_options(i);

        if (output_extent(&o, true, o.input_height, o.kernel_height) < 1)
            o.padding = 1;
        if (i + 1 < sizeof cases / sizeof cases[0])
            check_forward(&o, true, 3);
        o.output_padding = o.stride - 1;
        o.input_height = 2;
        o.bias = i % 2;
        check_forward(&o, true, 1);
    }
}
END_TEST

START_TEST(rows_beyond_the_parts_are_all_done)
{
    const tvae_conv2d_options o = conv2d_options(2, 5, 4, 3, 3, 2, 1);

    for (size_t n_rows = 15; n_rows < 50; n_rows += 16) {
        check_forward(&o, false, n_rows);
        check_forward(&o, true, n_rows + 3);
    }
}
END_TEST

static void check_shape(const tvae_layer *layer, size_t index, const char *want_name,
                        int32_t want_rank, const size_t *want)
{
    size_t shape[TVAE_MAX_RANK];
    int32_t rank;
    char name[128];

    ASSERT_OK(tvae_layer_parameter_info(layer, index, name, sizeof name, &rank, shape));
    ck_assert_str_eq(name, want_name);
    ck_assert_int_eq(rank, want_rank);
    ck_assert_mem_eq(shape, want, (size_t)rank * sizeof *shape);
}

START_TEST(parameters_have_pytorchs_names_and_shapes)
{
    const size_t conv[] = {5, 2, 3, 4}, transposed[] = {2, 5, 3, 4}, five[] = {5};
    tvae_conv2d_options o = conv2d_options(2, 8, 8, 5, 3, 1, 0);
    tvae_layer *layer;

    o.kernel_width = 4;
    layer = create_conv2d(&o, false);
    check_shape(layer, 0, "weight", 4, conv);
    check_shape(layer, 1, "bias", 1, five);
    tvae_layer_destroy(&layer);
    layer = create_conv2d(&o, true);
    check_shape(layer, 0, "weight", 4, transposed);
    check_shape(layer, 1, "bias", 1, five);
    tvae_layer_destroy(&layer);
    o.bias = 0;
    layer = create_conv2d(&o, true);
    ck_assert_uint_eq(tvae_layer_parameter_count(layer), 1);
    tvae_layer_destroy(&layer);
}
END_TEST

START_TEST(options_init_gives_defaults)
{
    const tvae_conv2d_options want = {.size = sizeof want, .stride = 1, .bias = 1};
    tvae_conv2d_options o;

    memset(&o, 0xff, sizeof o);
    ASSERT_OK(tvae_conv2d_options_init(&o, sizeof o));
    ck_assert_mem_eq(&o, &want, sizeof o);
    ASSERT_STATUS(tvae_conv2d_options_init(NULL, sizeof o), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_conv2d_options_init(&o, 8), TVAE_E_INVALID);
}
END_TEST

static void check_refused(const tvae_conv2d_options *options, bool transposed,
                          tvae_status status, const char *named)
{
    tvae_layer *layer = (tvae_layer *)(uintptr_t)1;

    if (transposed)
        ASSERT_STATUS(tvae_layer_create_conv_transpose2d(options, &layer), status);
    else
        ASSERT_STATUS(tvae_layer_create_conv2d(options, &layer), status);
    ck_assert_ptr_null(layer);
    ck_assert_msg(strstr(tvae_last_error(), named) != NULL, "\"%s\" does not name %s",
                  tvae_last_error(), named);
}

/* Both kinds, of images [2, 6, 6] and kernels [3, 3]. */
#define REFUSE(field, value, status, named)                                 \
    do {                                                                    \
        tvae_conv2d_options options_ = conv2d_options(2, 6, 6, 4, 3, 2, 1); \
        options_.field = (value);                                           \
        check_refused(&options_, false, (status), (named));                 \
        check_refused(&options_, true, (status), (named));                  \
    } while (0)

START_TEST(create_refuses_bad_options_by_name)
{
    REFUSE(in_channels, 0, TVAE_E_INVALID, "in_channels");
    REFUSE(in_channels, INT64_MAX, TVAE_E_INVALID, "in_channels");
    REFUSE(out_channels, -1, TVAE_E_INVALID, "out_channels");
    REFUSE(input_height, 0, TVAE_E_INVALID, "input_height");
    REFUSE(input_width, 0, TVAE_E_INVALID, "input_width");
    REFUSE(kernel_height, 0, TVAE_E_INVALID, "kernel_height");
    REFUSE(kernel_width, -2, TVAE_E_INVALID, "kernel_width");
    REFUSE(stride, 0, TVAE_E_INVALID, "stride");
    REFUSE(padding, -1, TVAE_E_INVALID, "padding");
    REFUSE(output_padding, -1, TVAE_E_INVALID, "output_padding");
    REFUSE(output_padding, 2, TVAE_E_INVALID, "output_padding");
    REFUSE(bias, 2, TVAE_E_INVALID, "bias");
    REFUSE(bias, -1, TVAE_E_INVALID, "bias");
    REFUSE(reserved, 1, TVAE_E_INVALID, "reserved");
    REFUSE(init_bound, -1.0, TVAE_E_INVALID, "init_bound");
    REFUSE(init_bound, (double)NAN, TVAE_E_INVALID, "init_bound");
    REFUSE(init_bound, (double)INFINITY, TVAE_E_INVALID, "init_bound");
    REFUSE(size, 4, TVAE_E_INVALID, "size");
}
END_TEST

START_TEST(create_refuses_images_that_do_not_fit)
{
    tvae_conv2d_options o = conv2d_options(2, 4, 5, 3, 5, 1, 0);

    check_refused(&o, false, TVAE_E_SHAPE, "height");
    o.input_height = 5;
    o.input_width = 4;
    check_refused(&o, false, TVAE_E_SHAPE, "width");
    o = conv2d_options(2, 4, 4, 3, 2, 1, 3);
    check_refused(&o, true, TVAE_E_SHAPE, "height");
    o = conv2d_options(2, 4, 4, 3, 3, 2, 1);
    o.output_padding = 1;
    check_refused(&o, false, TVAE_E_INVALID, "output_padding");
}
END_TEST

START_TEST(create_refuses_sizes_that_overflow)
{
    tvae_conv2d_options o = conv2d_options(1, 1 << 16, 1 << 16, 1, 1, 1, 0);

    check_refused(&o, false, TVAE_E_SHAPE, "pixels");
    check_refused(&o, true, TVAE_E_SHAPE, "pixels");
    o = conv2d_options(INT32_MAX, 1 << 15, 1 << 15, 1, 1 << 15, 1, 0);
    check_refused(&o, false, TVAE_E_SHAPE, "values");
    o = conv2d_options(1, INT32_MAX, 1, 1, 1, INT32_MAX, 0);
    check_refused(&o, true, TVAE_E_SHAPE, "height");
    o = conv2d_options(1, 1, 1, 1, 1, 1, INT32_MAX);
    check_refused(&o, false, TVAE_E_SHAPE, "height");
}
END_TEST

START_TEST(create_refuses_null_and_newer_options)
{
    struct {
        tvae_conv2d_options known;
        int64_t later;
    } newer = {.known = conv2d_options(1, 4, 4, 1, 3, 1, 0), .later = 1};
    tvae_layer *layer = NULL;

    check_refused(NULL, false, TVAE_E_INVALID, "options");
    check_refused(NULL, true, TVAE_E_INVALID, "options");
    ASSERT_STATUS(tvae_layer_create_conv2d(&newer.known, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_layer_create_conv_transpose2d(&newer.known, NULL), TVAE_E_INVALID);
    newer.known.size = sizeof newer;
    check_refused(&newer.known, false, TVAE_E_UNSUPPORTED, "byte");
    newer.later = 0;
    ASSERT_OK(tvae_layer_create_conv2d(&newer.known, &layer));
    tvae_layer_destroy(&layer);
}
END_TEST

/* The largest magnitude of all parameters together. */
static double largest_drawn(tvae_layer *layer)
{
    const char *const names[] = {"weight", "bias"};
    double largest = 0.0;

    ASSERT_OK(tvae_layer_initialise(layer, 3));
    for (size_t i = 0; i < 2; i++) {
        tvae_tensor *value = copy_parameter(layer, names[i]);

        for (size_t k = 0; k < tvae_tensor_count(value); k++)
            largest = fmax(largest, fabs((double)tvae_tensor_data(value)[k]));
        tvae_tensor_destroy(&value);
    }
    tvae_layer_destroy(&layer);
    return largest;
}

/* PyTorch's fan-in: 4 * 25 values of an output (conv2d), of an input (transposed). */
START_TEST(initialise_draws_within_the_bound)
{
    tvae_conv2d_options o = conv2d_options(4, 9, 9, 16, 5, 1, 0);
    double largest = largest_drawn(create_conv2d(&o, false));

    ck_assert_msg(largest <= 0.1 && largest > 0.099, "largest is %g", largest);
    o = conv2d_options(16, 9, 9, 4, 5, 1, 0);
    largest = largest_drawn(create_conv2d(&o, true));
    ck_assert_msg(largest <= 0.1 && largest > 0.099, "largest is %g", largest);
    o.init_bound = 2.0;
    largest = largest_drawn(create_conv2d(&o, true));
    ck_assert_msg(largest <= 2.0 && largest > 1.98, "largest is %g", largest);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layer conv2d");
    TCase *tc = tcase_create("layer conv2d");

    tcase_add_test(tc, conv2d_matches_its_definition);
    tcase_add_test(tc, conv_transpose2d_matches_its_definition);
    tcase_add_test(tc, rows_beyond_the_parts_are_all_done);
    tcase_add_test(tc, parameters_have_pytorchs_names_and_shapes);
    tcase_add_test(tc, options_init_gives_defaults);
    tcase_add_test(tc, create_refuses_bad_options_by_name);
    tcase_add_test(tc, create_refuses_images_that_do_not_fit);
    tcase_add_test(tc, create_refuses_sizes_that_overflow);
    tcase_add_test(tc, create_refuses_null_and_newer_options);
    tcase_add_test(tc, initialise_draws_within_the_bound);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
