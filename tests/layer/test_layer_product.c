/* SPDX-License-Identifier: MIT */
#include "layer_support.h"

#include <math.h>
#include <string.h>

#include "layer/layer.h"

/* A linear layer on rows of which most values are zero: the values, their non-zeros, and
 * the weight's gradient as a product must all come to the same. */

enum {
    N_ROWS = 9,
    N_INPUTS = 150,
    N_OUTPUTS = 549,
    PITCH = 560, /* N_OUTPUTS rounded up to whole cache lines */
    N_WEIGHTS = N_INPUTS * PITCH,
    N_SCRATCH = N_ROWS * 640
};

typedef struct fixture {
    tvae_layer *layer;
    float x[N_ROWS * N_INPUTS], y[N_ROWS * N_OUTPUTS], dy[N_ROWS * N_OUTPUTS];
    float lists[4 * (N_ROWS + 1) * (N_INPUTS + 16)];
    tvi_sparse_rows sparse;
    float scratch[N_SCRATCH];
    tvi_rows rows;
} fixture;

static void create_fixture(fixture *f, int64_t n_biases, bool is_sparse)
{
    f->layer = create_linear_with(N_INPUTS, N_OUTPUTS, n_biases, TVAE_WEIGHT_OUT_IN, 0);
    randomise_parameters(f->layer, -1.0, 1.0, 3);
    ASSERT_OK(tvi_parameter_list_allocate_gradients(&f->layer->parameters));
    tvi_parameter_list_zero_gradients(&f->layer->parameters);
    fill_uniform(f->x, N_ROWS * N_INPUTS, 0.1, 1.0, 1);
    fill_uniform(f->dy, N_ROWS * N_OUTPUTS, -1.0, 1.0, 2);
    for (size_t i = 0; i < N_ROWS * N_INPUTS; i++)
        if (i % 7 && i % 11)
            f->x[i] = 0.0f;
    ck_assert_uint_le(tvi_sparse_floats(N_ROWS, N_INPUTS, true),
                      sizeof f->lists / sizeof *f->lists);
    ck_assert(tvi_sparse_list(&f->sparse, N_ROWS, N_INPUTS, f->x, true, f->lists));
    f->rows = (tvi_rows){N_ROWS, N_INPUTS, f->x, is_sparse ? &f->sparse : NULL};
}

static void run(fixture *f, tvi_gradient_sink *sink)
{
    ASSERT_OK(tvi_layer_forward(f->layer, &f->rows, f->y, NULL));
    ck_assert_uint_le(tvi_layer_scratch_floats(f->layer, N_ROWS, N_INPUTS), N_SCRATCH);
    ASSERT_OK(tvi_layer_backward(f->layer, &f->rows, f->y, f->dy, NULL, NULL, f->scratch,
                                 sink));
}

static const float *gradient_of(const fixture *f, size_t index)
{
    return f->layer->parameters.items[index].parameter->gradient;
}

static void check_sparse_rows(int64_t n_biases)
{
    fixture dense, sparse;
    tvi_gradient_sink sink = {0};

    create_fixture(&dense, n_biases, false);
    create_fixture(&sparse, n_biases, true);
    for (int pass = 0; pass < 2; pass++) {
        run(&dense, &sink);
        run(&sparse, &sink);
    }
    assert_close("outputs", sparse.y, dense.y, N_ROWS * N_OUTPUTS, 1e-6, 0.0);
    assert_close("weight", gradient_of(&sparse, 0), gradient_of(&dense, 0), N_WEIGHTS,
                 1e-6, 0.0);
    if (n_biases)
        ck_assert(gradient_of(&sparse, 1)[0] == gradient_of(&dense, 1)[0]);
    tvae_layer_destroy(&dense.layer);
    tvae_layer_destroy(&sparse.layer);
}

START_TEST(sparse_rows_give_the_dense_result)
{
    check_sparse_rows(-1);
    check_sparse_rows(1);
    check_sparse_rows(0);
}
END_TEST

/* Collects a weight's gradient from the blocks of its product. */
typedef struct block_sink {
    tvi_gradient_sink head;
    size_t n_products, n_taken;
    float gradient[N_WEIGHTS], scratch[N_WEIGHTS];
} block_sink;

static tvae_status take_product(tvi_gradient_sink *head, tvi_parameter *parameter,
                                const tvi_outer_product *product)
{
    block_sink *sink = (block_sink *)(void *)head;
    const tvi_outer_blocks blocks = tvi_outer_product_blocks(product);
    const tvi_target target = {
        .to = sink->scratch, .ld = blocks.n_columns, .near = {{parameter->value}, PITCH}};

    ck_assert_uint_eq(parameter->count, N_WEIGHTS);
    ck_assert_uint_gt(blocks.n_blocks, 0);
    for (size_t i = 0; i < blocks.n_blocks; i++) {
        const tvi_block b = tvi_outer_product_block(product, &blocks, i);
        const size_t n_columns = b.end_column - b.first_column;

        tvi_outer_product_compute(product, &b, &target);
        for (size_t row = b.first_row; row < b.end_row; row++)
            memcpy(sink->gradient + row * PITCH + b.first_column,
                   sink->scratch + (row - b.first_row) * blocks.n_columns,
                   n_columns * sizeof(float));
    }
    sink->n_products++;
    return TVAE_OK;
}

static tvae_status take(tvi_gradient_sink *head, tvi_parameter *parameter,
                        float *gradient)
{
    ((block_sink *)(void *)head)->n_taken++;
    ck_assert_uint_eq(parameter->count, N_OUTPUTS);
    ck_assert(isfinite(gradient[0]));
    return TVAE_OK;
}

static void check_blocks(bool is_sparse)
{
    static block_sink sink;
    tvi_gradient_sink stored = {0};
    fixture f;

    memset(&sink, 0, sizeof sink);
    sink.head = (tvi_gradient_sink){take, take_product, sink.scratch, N_WEIGHTS};
    create_fixture(&f, -1, is_sparse);
    run(&f, &stored);
    run(&f, &sink.head);
    ck_assert_uint_eq(sink.n_products, 1);
    ck_assert_uint_eq(sink.n_taken, 1);
    assert_close("blocks", sink.gradient, gradient_of(&f, 0), N_WEIGHTS, 1e-6, 0.0);
    tvae_layer_destroy(&f.layer);
}

/* Updates a copy of the weight where its gradient is summed, and keeps the gradient. */
typedef struct update_sink {
    tvi_gradient_sink head;
    float value[N_WEIGHTS], buffer[N_WEIGHTS], scratch[N_WEIGHTS];
} update_sink;

static tvae_status update_by_product(tvi_gradient_sink *head, tvi_parameter *parameter,
                                     const tvi_outer_product *product)
{
    update_sink *sink = (update_sink *)(void *)head;
    const tvi_outer_blocks blocks = tvi_outer_product_blocks(product);
    const tvi_momentum momentum = {.rate = 0.25f,
                                   .momentum = 0.5f,
                                   .buffer = sink->buffer,
                                   .value = sink->value,
                                   .ld = PITCH};

    for (size_t i = 0; i < blocks.n_blocks; i++) {
        const tvi_block block = tvi_outer_product_block(product, &blocks, i);

        tvi_outer_product_update(product, &block, &momentum);
    }
    ck_assert_uint_eq(parameter->pitch, PITCH);
    return TVAE_OK;
}

static void check_update(void)
{
    static update_sink sink;
    static float value[N_WEIGHTS], buffer[N_WEIGHTS];
    tvi_gradient_sink stored = {0};
    fixture f;

    memset(&sink, 0, sizeof sink);
    sink.head = (tvi_gradient_sink){take, update_by_product, sink.scratch, N_WEIGHTS};
    for (size_t i = 0; i < N_WEIGHTS; i++)
        if (i % PITCH < N_OUTPUTS) {
            sink.buffer[i] = (float)(i % 17) - 8.0f;
            sink.value[i] = (float)(i % 23) - 11.0f;
        }
    create_fixture(&f, 0, true);
    run(&f, &stored);
    for (size_t i = 0; i < N_WEIGHTS; i++) {
        buffer[i] = 0.5f * sink.buffer[i] + gradient_of(&f, 0)[i];
        value[i] = sink.value[i] - 0.25f * buffer[i];
    }
    run(&f, &sink.head);
    /* zeros between the rows included */
    assert_close("buffer", sink.buffer, buffer, N_WEIGHTS, 1e-6, 0.0);
    assert_close("value", sink.value, value, N_WEIGHTS, 1e-6, 0.0);
    tvae_layer_destroy(&f.layer);
}

START_TEST(sparse_product_updates_where_it_is_summed)
{
    for (int level = TVAE_KERNEL_PORTABLE; level <= TVAE_KERNEL_AVX512; level++) {
        ASSERT_OK(tvae_set_kernel_level(level));
        check_update();
    }
}
END_TEST

START_TEST(product_in_blocks_is_the_gradient)
{
    for (int level = TVAE_KERNEL_PORTABLE; level <= TVAE_KERNEL_AVX512; level++) {
        ASSERT_OK(tvae_set_kernel_level(level));
        check_blocks(false);
        check_blocks(true);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layer product");
    TCase *tc = tcase_create("layer product");

    tcase_add_test(tc, sparse_rows_give_the_dense_result);
    tcase_add_test(tc, product_in_blocks_is_the_gradient);
    tcase_add_test(tc, sparse_product_updates_where_it_is_summed);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
