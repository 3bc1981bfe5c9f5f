/* SPDX-License-Identifier: MIT */
#include "layer_support.h"

#include <string.h>

#include "base/memory.h"
#include "failing_allocation.h"
#include "layer/layer.h"
#include "layer/workspace.h"

enum { N_ROWS = 6, N_INPUTS = 8, N_OUTPUTS = 9 };

/* Images of 9 pixels to 2 channels of 4 and back. */
static tvae_status create_images(tvae_layer **down, tvae_layer **up)
{
    tvae_conv2d_options options;
    tvae_status st = tvae_conv2d_options_init(&options, sizeof options);

    options.in_channels = 1;
    options.out_channels = 2;
    options.input_height = options.input_width = 3;
    options.kernel_height = options.kernel_width = 2;
    if (st == TVAE_OK)
        st = tvae_layer_create_conv2d(&options, down);
    options.in_channels = 2;
    options.out_channels = 1;
    options.input_height = options.input_width = 2;
    if (st == TVAE_OK)
        st = tvae_layer_create_conv_transpose2d(&options, up);
    return st;
}

/* Activations of all kinds in a chain. */
static tvae_status create_activations(tvae_layer **out)
{
    tvae_layer *layers[4] = {NULL};
    tvae_status st = tvae_layer_create_sigmoid(&layers[0]);

    if (st == TVAE_OK)
        st = tvae_layer_create_leaky_relu(0.2, &layers[1]);
    if (st == TVAE_OK)
        st = tvae_layer_create_tanh(&layers[2]);
    if (st == TVAE_OK)
        st = tvae_layer_create_softplus(&layers[3]);
    if (st == TVAE_OK)
        st = tvae_layer_create_sequential(layers, 4, out);
    for (size_t i = 0; i < 4; i++)
        tvae_layer_destroy(&layers[i]);
    return st;
}

/* One layer of every kind, and chains in a chain: widths 8-5-5-4-9-9-8-9. */
static tvae_status create_net(tvae_layer **out)
{
    tvae_custom_layer table;
    tvae_linear_options options;
    tvae_layer *inner[3] = {NULL}, *outer[5] = {NULL};
    tvae_status st;

    *out = NULL;
    fill_product_table(&table, NULL);
    (void)tvae_linear_options_init(&options, sizeof options);
    options.n_inputs = N_INPUTS;
    options.n_outputs = 5;
    st = tvae_layer_create_linear(&options, &outer[0]);
    if (st == TVAE_OK)
        st = tvae_layer_create_relu(&inner[0]);
    if (st == TVAE_OK)
        st = tvae_layer_create_custom(&table, &inner[1]);
    options.n_inputs = 4;
    options.n_outputs = N_OUTPUTS;
    options.n_biases = 3;
    options.kernel_height = 1;
    options.kernel_width = 3;
    options.weight_order = TVAE_WEIGHT_IN_OUT;
    if (st == TVAE_OK)
        st = tvae_layer_create_linear(&options, &inner[2]);
    if (st == TVAE_OK)
        st = tvae_layer_create_sequential(inner, 3, &outer[1]);
    if (st == TVAE_OK)
        st = create_activations(&outer[2]);
    if (st == TVAE_OK)
        st = create_images(&outer[3], &outer[4]);
    if (st == TVAE_OK)
        st = tvae_layer_create_sequential(outer, 5, out);
    for (size_t i = 0; i < 5; i++) {
        if (i < 3)
            tvae_layer_destroy(&inner[i]);
        tvae_layer_destroy(&outer[i]);
    }
    return st;
}

/* A net, a workspace and tensors of N_ROWS rows. */
typedef struct fixture {
    tvae_layer *net;
    tvae_workspace *work;
    tvae_tensor *x, *y, *dy, *dx;
} fixture;

static tvae_status run_passes(const fixture *f)
{
    const tvae_status st = tvae_layer_forward(f->net, f->work, f->x, f->y);

    return st == TVAE_OK ? tvae_layer_backward(f->net, f->work, f->x, f->y, f->dy, f->dx)
                         : st;
}

static void create_tensors(fixture *f, size_t n_rows)
{
    f->x = create_matrix(n_rows, N_INPUTS);
    f->dx = create_matrix(n_rows, N_INPUTS);
    f->y = create_matrix(n_rows, N_OUTPUTS);
    f->dy = create_matrix(n_rows, N_OUTPUTS);
    fill_uniform(tvae_tensor_data(f->x), n_rows * N_INPUTS, -1.0, 1.0, 1);
    fill_uniform(tvae_tensor_data(f->dy), n_rows * N_OUTPUTS, -1.0, 1.0, 2);
}

static void destroy_tensors(fixture *f)
{
    tvae_tensor_destroy(&f->x);
    tvae_tensor_destroy(&f->dx);
    tvae_tensor_destroy(&f->y);
    tvae_tensor_destroy(&f->dy);
}

static void create_fixture(fixture *f)
{
    memset(f, 0, sizeof *f);
    ASSERT_OK(create_net(&f->net));
    randomise_parameters(f->net, -0.7, 0.7, 3);
    ASSERT_OK(tvae_workspace_create(&f->work));
    create_tensors(f, N_ROWS);
}

static void destroy_fixture(fixture *f)
{
    destroy_tensors(f);
    tvae_workspace_destroy(&f->work);
    tvae_layer_destroy(&f->net);
}

START_TEST(steady_state_allocates_nothing)
{
    fixture f;
    size_t before;

    create_fixture(&f);
    ASSERT_OK(run_passes(&f));
    before = tvi_blocks_allocated();
    for (int i = 0; i < 5; i++)
        ASSERT_OK(run_passes(&f));
    ck_assert_uint_eq(tvi_blocks_allocated(), before);
    destroy_tensors(&f);
    create_tensors(&f, N_ROWS - 2);
    before = tvi_blocks_allocated();
    ASSERT_OK(run_passes(&f)); /* fewer rows fit into what is there */
    ck_assert_uint_eq(tvi_blocks_allocated(), before);
    destroy_fixture(&f);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(workspace_blocks_stay_until_more_is_asked_for)
{
    tvae_workspace *work = NULL;
    float *small, *again, *large, *other;

    ASSERT_OK(tvae_workspace_create(&work));
    ASSERT_OK(tvi_workspace_get(work, 3, 10, &small));
    ASSERT_OK(tvi_workspace_get(work, 4, 10, &other));
    ck_assert_ptr_ne(small, other);
    ck_assert_uint_eq((uintptr_t)small % 64, 0);
    small[9] = 5.0f;
    ASSERT_OK(tvi_workspace_get(work, 3, 4, &again));
    ck_assert_ptr_eq(again, small);
    ck_assert(again[9] == 5.0f);
    ASSERT_OK(tvi_workspace_get(work, 3, 11, &large));
    large[10] = 1.0f;
    ASSERT_OK(tvi_workspace_get(work, 5, 0, &other));
    ck_assert_ptr_nonnull(other);
    ASSERT_STATUS(tvi_workspace_get(work, 3, SIZE_MAX, &large), TVAE_E_NOMEM);
    ck_assert(large[10] == 1.0f); /* a refusal leaves the block as it is */
    tvae_workspace_destroy(&work);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* Widths whose activations overflow any address space are refused, not wrapped around. */
static size_t endless_width(void *user, size_t n_inputs)
{
    (void)user;
    return n_inputs == 1 ? SIZE_MAX / 2 : 1;
}

START_TEST(activations_that_overflow_are_refused)
{
    tvae_custom_layer table;
    tvae_layer *pair[2] = {NULL, NULL}, *chain;
    tvae_tensor *x = create_matrix(3, 1), *y = create_matrix(3, 1);
    tvae_workspace *work = NULL;

    fill_product_table(&table, NULL);
    table.output_width = endless_width;
    ASSERT_OK(tvae_layer_create_custom(&table, &pair[0]));
    ASSERT_OK(tvae_layer_create_custom(&table, &pair[1]));
    chain = create_chain(pair, 2);
    ASSERT_OK(tvae_workspace_create(&work));
    ASSERT_STATUS(tvae_layer_forward(chain, work, x, y), TVAE_E_NOMEM);
    tvae_workspace_destroy(&work);
    tvae_layer_destroy(&chain);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
}
END_TEST

static tvae_status run_whole_life(void)
{
    const size_t x_shape[] = {N_ROWS, N_INPUTS}, y_shape[] = {N_ROWS, N_OUTPUTS};
    float x[N_ROWS * N_INPUTS] = {1.0f}, dx[N_ROWS * N_INPUTS];
    float y[N_ROWS * N_OUTPUTS], dy[N_ROWS * N_OUTPUTS] = {1.0f};
    fixture f = {0};
    tvae_status st = create_net(&f.net);

    if (st == TVAE_OK)
        st = tvae_layer_initialise(f.net, 1);
    if (st == TVAE_OK)
        st = tvae_workspace_create(&f.work);
    if (st == TVAE_OK)
        st = tvae_tensor_wrap(x, 2, x_shape, &f.x);
    if (st == TVAE_OK)
        st = tvae_tensor_wrap(dx, 2, x_shape, &f.dx);
    if (st == TVAE_OK)
        st = tvae_tensor_wrap(y, 2, y_shape, &f.y);
    if (st == TVAE_OK)
        st = tvae_tensor_wrap(dy, 2, y_shape, &f.dy);
    if (st == TVAE_OK)
        st = run_passes(&f);
    destroy_fixture(&f);
    return st;
}

START_TEST(every_refused_allocation_is_reported_and_leaks_nothing)
{
    tvae_status st = TVAE_E_NOMEM;
    long n;

    ASSERT_OK(tvae_set_allocator(&failing_allocator));
    for (n = 1; st != TVAE_OK; n++) {
        ck_assert_int_le(n, 1000);
        fail_allocation(n);
        st = run_whole_life();
        ck_assert_uint_eq(tvi_live_blocks(), 0);
        if (count_allocations() >= n)
            ck_assert_msg(st == TVAE_E_NOMEM, "allocation %ld refused: got %s", n,
                          tvae_status_name(st));
    }
    ck_assert_int_gt(n - 2, 30);
    ASSERT_OK(tvae_set_allocator(NULL));
}
END_TEST

/* A sink that compares what it takes with the stored gradients, and may then spoil the
 * value as an optimiser would change it. */
typedef struct taking_sink {
    tvi_gradient_sink base;
    const tvi_parameter_list *list;
    bool spoils;
    size_t n_taken[16];
} taking_sink;

static tvae_status take_gradient(tvi_gradient_sink *sink, tvi_parameter *parameter,
                                 float *gradient)
{
    taking_sink *taking = (taking_sink *)sink;

    for (size_t i = 0; i < taking->list->n_items; i++)
        if (taking->list->items[i].parameter == parameter) {
            taking->n_taken[i]++;
            assert_close(taking->list->items[i].name, gradient, parameter->gradient,
                         parameter->count, 1e-6, 1e-7);
        }
    for (size_t i = 0; taking->spoils && i < parameter->count; i++)
        parameter->value[i] = 1e6f;
    return TVAE_OK;
}

static void run_internal_passes(fixture *f, tvi_gradient_sink *sink)
{
    const tvi_rows rows = {N_ROWS, N_INPUTS, tvae_tensor_data(f->x), NULL};
    float *saved, *scratch;

    ASSERT_OK(tvi_workspace_get(
        f->work, 7, tvi_layer_saved_floats(f->net, N_ROWS, N_INPUTS), &saved));
    ASSERT_OK(tvi_workspace_get(
        f->work, 8, tvi_layer_scratch_floats(f->net, N_ROWS, N_INPUTS), &scratch));
    ASSERT_OK(tvi_layer_forward(f->net, &rows, tvae_tensor_data(f->y), saved));
    ASSERT_OK(tvi_layer_backward(f->net, &rows, tvae_tensor_data(f->y),
                                 tvae_tensor_data(f->dy), tvae_tensor_data(f->dx), saved,
                                 scratch, sink));
}

START_TEST(taken_gradients_equal_the_stored_ones)
{
    fixture f;
    tvi_parameter_list list = {0};
    taking_sink sink = {.base = {.take = take_gradient}, .list = &list};
    float scratch[512], dx[N_ROWS * N_INPUTS]; /* room for padded rows */

    create_fixture(&f);
    ASSERT_OK(tvi_layer_collect(f.net, "net.", &list));
    ck_assert_uint_eq(list.n_items, 10);
    ASSERT_OK(run_passes(&f));
    memcpy(dx, tvae_tensor_data(f.dx), sizeof dx);
    sink.base.scratch = scratch;
    sink.base.n_scratch = 512;
    run_internal_passes(&f, &sink.base);
    sink.spoils = true;
    run_internal_passes(&f, &sink.base); /* nothing of the first pass is left over */
    for (size_t i = 0; i < list.n_items; i++)
        ck_assert_msg(sink.n_taken[i] == 2, "%s was delivered %zu times in two passes",
                      list.items[i].name, sink.n_taken[i]);
    /* Each layer's dx was computed before the sink spoiled its parameters. */
    assert_close("dx", tvae_tensor_data(f.dx), dx, N_ROWS * N_INPUTS, 1e-6, 0.0);
    tvi_parameter_list_release(&list);
    destroy_fixture(&f);
}
END_TEST

static tvae_status refuse_gradient(tvi_gradient_sink *sink, tvi_parameter *parameter,
                                   float *gradient)
{
    taking_sink *taking = (taking_sink *)sink;

    (void)parameter;
    (void)gradient;
    return ++taking->n_taken[0] < 4 ? TVAE_OK : TVAE_E_NUMERIC;
}

START_TEST(a_sink_that_fails_ends_the_pass)
{
    fixture f;
    taking_sink sink = {.base = {.take = refuse_gradient}};
    float scratch[64], saved[4096], work[4096];
    tvi_rows rows = {N_ROWS, N_INPUTS, NULL, NULL};

    create_fixture(&f);
    rows.values = tvae_tensor_data(f.x);
    sink.base.scratch = scratch;
    ck_assert_uint_le(tvi_layer_saved_floats(f.net, N_ROWS, N_INPUTS), 4096);
    ck_assert_uint_le(tvi_layer_scratch_floats(f.net, N_ROWS, N_INPUTS), 4096);
    ASSERT_OK(tvi_layer_forward(f.net, &rows, tvae_tensor_data(f.y), saved));
    ASSERT_STATUS(tvi_layer_backward(f.net, &rows, tvae_tensor_data(f.y),
                                     tvae_tensor_data(f.dy), NULL, saved, work,
                                     &sink.base),
                  TVAE_E_NUMERIC);
    ck_assert_uint_eq(sink.n_taken[0], 4);
    destroy_fixture(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layer memory");
    TCase *tc = tcase_create("layer memory");

    tcase_add_test(tc, steady_state_allocates_nothing);
    tcase_add_test(tc, workspace_blocks_stay_until_more_is_asked_for);
    tcase_add_test(tc, activations_that_overflow_are_refused);
    tcase_add_test(tc, every_refused_allocation_is_reported_and_leaks_nothing);
    tcase_add_test(tc, taken_gradients_equal_the_stored_ones);
    tcase_add_test(tc, a_sink_that_fails_ends_the_pass);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
