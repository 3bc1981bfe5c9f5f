/* SPDX-License-Identifier: MIT */
#include "layer_support.h"

#include <math.h>
#include <string.h>

static tvae_tensor *x, *y;
static tvae_workspace *work;

static void set_up(void)
{
    x = create_matrix(2, 4);
    y = create_matrix(2, 3);
    ASSERT_OK(tvae_workspace_create(&work));
}

static void tear_down(void)
{
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
    tvae_workspace_destroy(&work);
}

START_TEST(custom_runs_its_callbacks_and_releases_once)
{
    int released = 0;
    tvae_custom_layer table;
    tvae_layer *layer = NULL;
    tvae_tensor *shift;

    fill_product_table(&table, &released);
    ASSERT_OK(tvae_layer_create_custom(&table, &layer));
    memset(&table, 0, sizeof table); /* the table is copied */
    for (size_t i = 0; i < 8; i++)
        tvae_tensor_data(x)[i] = (float)i;
    ASSERT_OK(tvae_layer_forward(layer, work, x, y));
    for (size_t i = 0; i < 6; i++)
        ck_assert(tvae_tensor_data(y)[i] == 0.0f); /* parameters start at zero */
    ASSERT_OK(tvae_layer_initialise(layer, 1));
    ASSERT_OK(tvae_layer_forward(layer, work, x, y));
    ck_assert(tvae_tensor_data(y)[2] == 2.0f * 2.0f * 3.0f + 0.5f);
    ck_assert(tvae_tensor_data(y)[3] == 2.0f * 4.0f * 5.0f + 0.5f);
    shift = copy_parameter(layer, "shift");
    ck_assert_uint_eq(tvae_tensor_count(shift), 3);
    ck_assert(tvae_tensor_data(shift)[2] == 0.5f);
    tvae_tensor_destroy(&shift);
    tvae_layer_destroy(&layer);
    ck_assert_int_eq(released, 1);
}
END_TEST

static void check_refused(const tvae_custom_layer *table, tvae_status status,
                          const char *named)
{
    tvae_layer *layer = (tvae_layer *)(uintptr_t)1;

    ASSERT_STATUS(tvae_layer_create_custom(table, &layer), status);
    ck_assert_ptr_null(layer);
    ck_assert_msg(strstr(tvae_last_error(), named) != NULL, "\"%s\" does not name %s",
                  tvae_last_error(), named);
}

#define REFUSE(field, value, status, named)        \
    do {                                           \
        tvae_custom_layer table_;                  \
        fill_product_table(&table_, &released);    \
        table_.field = (value);                    \
        check_refused(&table_, (status), (named)); \
    } while (0)

START_TEST(create_custom_refuses_bad_tables)
{
    static const char *const empty[] = {"a", ""}, *const missing[] = {"a", NULL};
    static const char *const twice[] = {"a", "a"};
    static const size_t zero[] = {1, 0}, huge[] = {1, SIZE_MAX / 4};
    char endless[200];
    const char *const too_long[] = {"a", endless};
    int released = 0;
    tvae_custom_layer table;

    memset(endless, 'n', sizeof endless);
    endless[199] = '\0';
    REFUSE(output_width, NULL, TVAE_E_INVALID, "output_width");
    REFUSE(forward, NULL, TVAE_E_INVALID, "forward");
    REFUSE(backward, NULL, TVAE_E_INVALID, "backward");
    REFUSE(parameter_names, NULL, TVAE_E_INVALID, "parameter_names");
    REFUSE(parameter_counts, NULL, TVAE_E_INVALID, "parameter_counts");
    REFUSE(parameter_names, empty, TVAE_E_INVALID, "parameter_names[1]");
    REFUSE(parameter_names, missing, TVAE_E_INVALID, "parameter_names[1]");
    REFUSE(parameter_names, twice, TVAE_E_INVALID, "\"a\"");
    REFUSE(parameter_names, too_long, TVAE_E_INVALID, "199 characters");
    REFUSE(parameter_counts, zero, TVAE_E_INVALID, "parameter_counts[1]");
    REFUSE(parameter_counts, huge, TVAE_E_NOMEM, "memory");
    REFUSE(size, 0, TVAE_E_INVALID, "size");
    check_refused(NULL, TVAE_E_INVALID, "callbacks");
    fill_product_table(&table, &released);
    ASSERT_STATUS(tvae_layer_create_custom(&table, NULL), TVAE_E_INVALID);
    ck_assert_int_eq(released, 0); /* a layer that was refused releases nothing */
}
END_TEST

/* A layer without parameters whose functions answer `*user`. */
static size_t same_width(void *user, size_t n_inputs)
{
    (void)user;
    return n_inputs;
}

static tvae_status answer_forward(void *user, const float *const *parameters,
                                  size_t n_rows, size_t n_inputs, const float *in,
                                  float *out)
{
    (void)parameters;
    memcpy(out, in, n_rows * n_inputs * sizeof *out);
    return *(const tvae_status *)user;
}

static tvae_status answer_backward(void *user, const float *const *parameters,
                                   size_t n_rows, size_t n_inputs, const float *in,
                                   const float *out, const float *d_out, float *d_in,
                                   float *const *gradients)
{
    (void)parameters;
    (void)n_rows;
    (void)n_inputs;
    (void)in;
    (void)out;
    (void)d_out;
    (void)d_in;
    (void)gradients;
    return *(const tvae_status *)user;
}

START_TEST(statuses_of_callbacks_are_handed_on)
{
    tvae_status answer = TVAE_OK;
    const tvae_custom_layer table = {.size = sizeof table,
                                     .user = &answer,
                                     .output_width = same_width,
                                     .forward = answer_forward,
                                     .backward = answer_backward};
    tvae_tensor *out = create_matrix(2, 4);
    tvae_layer *layer = NULL;

    ASSERT_OK(tvae_layer_create_custom(&table, &layer));
    ck_assert_uint_eq(tvae_layer_parameter_count(layer), 0);
    ASSERT_OK(tvae_layer_initialise(layer, 1));
    ASSERT_OK(tvae_layer_forward(layer, work, x, out));
    answer = TVAE_E_NUMERIC;
    ASSERT_STATUS(tvae_layer_backward(layer, work, x, out, out, NULL), TVAE_E_NUMERIC);
    ASSERT_STATUS(tvae_layer_forward(layer, work, x, out), TVAE_E_NUMERIC);
    answer = TVAE_OK;
    /* The failed forward pass left nothing to go back through. */
    ASSERT_STATUS(tvae_layer_backward(layer, work, x, out, out, NULL), TVAE_E_STATE);
    answer = 3;
    ASSERT_STATUS(tvae_layer_forward(layer, work, x, out), TVAE_E_INVALID);
    tvae_layer_destroy(&layer);
    tvae_tensor_destroy(&out);
}
END_TEST

static tvae_status initialise_with_seed(void *user, uint64_t seed,
                                        float *const *parameters)
{
    (void)user;
    parameters[0][0] = (float)(seed >> 40);
    return TVAE_OK;
}

static tvae_status initialise_with_nan(void *user, uint64_t seed,
                                       float *const *parameters)
{
    (void)user;
    (void)seed;
    parameters[1][1] = NAN;
    return TVAE_OK;
}

static float initial_value(const tvae_layer *layer, const char *name)
{
    tvae_tensor *value = copy_parameter(layer, name);
    const float first = tvae_tensor_data(value)[0];

    tvae_tensor_destroy(&value);
    return first;
}

START_TEST(initialise_gives_each_custom_layer_its_seed)
{
    tvae_custom_layer table;
    tvae_layer *pair[2] = {NULL, NULL}, *chain;
    float first;

    fill_product_table(&table, NULL);
    table.initialise = initialise_with_seed;
    ASSERT_OK(tvae_layer_create_custom(&table, &pair[0]));
    ASSERT_OK(tvae_layer_create_custom(&table, &pair[1]));
    chain = create_chain(pair, 2);
    ASSERT_OK(tvae_layer_initialise(chain, 1));
    first = initial_value(chain, "0.a");
    ck_assert(first != initial_value(chain, "1.a"));
    ASSERT_OK(tvae_layer_initialise(chain, 2));
    ck_assert(first != initial_value(chain, "0.a"));
    ASSERT_OK(tvae_layer_initialise(chain, 1));
    ck_assert(first == initial_value(chain, "0.a"));
    tvae_layer_destroy(&chain);
}
END_TEST

START_TEST(initialise_without_function_gives_zeros_and_refuses_nan)
{
    tvae_custom_layer table;
    tvae_layer *layer = NULL;

    fill_product_table(&table, NULL);
    table.initialise = NULL;
    ASSERT_OK(tvae_layer_create_custom(&table, &layer));
    randomise_parameters(layer, 1.0, 2.0, 1);
    ASSERT_OK(tvae_layer_initialise(layer, 1));
    ck_assert(initial_value(layer, "shift") == 0.0f);
    tvae_layer_destroy(&layer);
    table.initialise = initialise_with_nan;
    ASSERT_OK(tvae_layer_create_custom(&table, &layer));
    ASSERT_STATUS(tvae_layer_initialise(layer, 1), TVAE_E_NUMERIC);
    tvae_layer_destroy(&layer);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layer custom");
    TCase *tc = tcase_create("layer custom");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, custom_runs_its_callbacks_and_releases_once);
    tcase_add_test(tc, create_custom_refuses_bad_tables);
    tcase_add_test(tc, statuses_of_callbacks_are_handed_on);
    tcase_add_test(tc, initialise_gives_each_custom_layer_its_seed);
    tcase_add_test(tc, initialise_without_function_gives_zeros_and_refuses_nan);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
