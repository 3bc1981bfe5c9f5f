/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "kernel/kernel.h"
#include "kernel/sparse.h"

/* Products with listed non-zeros against plain sums in double, at every kernel level. */

enum { MOST_ROWS = 37, MOST_WIDTH = 203, MOST_OUTPUTS = 301, GUARD = 3 };

static const float GUARD_WORD = -12345.0f;

static float x[MOST_ROWS * MOST_WIDTH], w[MOST_WIDTH * MOST_OUTPUTS];
static float bias[MOST_OUTPUTS], dy[MOST_ROWS * MOST_OUTPUTS];
static float panels[MOST_ROWS * (MOST_OUTPUTS + 128)];
static float y[MOST_WIDTH * MOST_OUTPUTS + GUARD];

/* Sizes that end inside, at and past whole vectors, panels and blocks. */
static const struct {
    size_t n_rows, width, n_outputs;
} sizes[] = {{1, 1, 1},     {3, 5, 2},      {2, 64, 16},   {7, 65, 17},    {5, 63, 15},
             {9, 130, 127}, {37, 203, 128}, {8, 128, 129}, {37, 200, 301}, {4, 70, 272}};

enum { N_SIZES = sizeof sizes / sizeof *sizes };

static void fill_sparse(size_t n, double density, uint64_t seed)
{
    static float chance[MOST_ROWS * MOST_WIDTH];

    fill_uniform(x, n, -2.0, 2.0, seed);
    fill_uniform(chance, n, 0.0, 1.0, seed + 1);
    for (size_t i = 0; i < n; i++)
        if ((double)chance[i] >= density)
            x[i] = 0.0f;
}

static float *list(tvi_sparse_rows *sparse, size_t size, bool with_columns)
{
    const size_t n_rows = sizes[size].n_rows, width = sizes[size].width;
    float *memory =
        tvi_alloc_array(tvi_sparse_floats(n_rows, width, with_columns), sizeof *memory);

    ck_assert_ptr_nonnull(memory);
    fill_sparse(n_rows * width, 0.12, size);
    x[0] = 0.0f; /* of the matrix with a single value, too */
    ck_assert(tvi_sparse_list(sparse, n_rows, width, x, with_columns, memory));
    return memory;
}

static void check_forward(size_t size, bool with_bias)
{
    const size_t n = sizes[size].n_outputs, width = sizes[size].width;
    tvi_sparse_rows sparse;
    float *memory = list(&sparse, size, false);

    ck_assert_ptr_null(sparse.columns.bounds);
    y[sizes[size].n_rows * n] = GUARD_WORD;
    tvi_sparse_multiply(&sparse, n, w, n, with_bias ? bias : NULL, y);
    for (size_t row = 0; row < sizes[size].n_rows; row++)
        for (size_t c = 0; c < n; c++) {
            double sum = with_bias ? (double)bias[c] : 0.0;

            for (size_t i = 0; i < width; i++)
                sum += (double)x[row * width + i] * (double)w[i * n + c];
            assert_near("product", (double)y[row * n + c], sum, 1e-5, 1e-5);
        }
    ck_assert(y[sizes[size].n_rows * n] == GUARD_WORD);
    tvi_free(memory);
}

/* In two calls, the first range overwritten, the second added to ones. */
static void check_transposed(size_t size)
{
    const size_t n = sizes[size].n_outputs, width = sizes[size].width;
    const size_t cut = width / 3;
    const tvi_block upper = {0, cut, 0, n}, lower = {cut, width, 0, n};
    const tvi_target first = {.to = y, .ld = n, .near = {{y, w}, n}};
    const tvi_target second = {.to = y + cut * n, .ld = n, .add = true};
    tvi_sparse_rows sparse;
    float *memory = list(&sparse, size, true);

    tvi_panel_copy(sizes[size].n_rows, n, dy, panels);
    for (size_t i = 0; i < width * n; i++)
        y[i] = i < cut * n ? NAN : 1.0f;
    y[width * n] = GUARD_WORD;
    tvi_sparse_outer_block(&sparse, panels, &upper, &first);
    tvi_sparse_outer_block(&sparse, panels, &lower, &second);
    for (size_t i = 0; i < width; i++)
        for (size_t c = 0; c < n; c++) {
            double sum = i < cut ? 0.0 : 1.0;

            for (size_t row = 0; row < sizes[size].n_rows; row++)
                sum += (double)x[row * width + i] * (double)dy[row * n + c];
            assert_near("transposed product", (double)y[i * n + c], sum, 1e-5, 1e-5);
        }
    ck_assert(y[width * n] == GUARD_WORD);
    tvi_free(memory);
}

static void fill_operands(void)
{
    fill_uniform(w, sizeof w / sizeof *w, -1.0, 1.0, 11);
    fill_uniform(dy, sizeof dy / sizeof *dy, -1.0, 1.0, 12);
    fill_uniform(bias, MOST_OUTPUTS, -1.0, 1.0, 13);
}

START_TEST(multiply_matches_sums_in_double)
{
    fill_operands();
    for (int level = TVAE_KERNEL_PORTABLE; level <= TVAE_KERNEL_AVX512; level++) {
        ASSERT_OK(tvae_set_kernel_level(level));
        for (size_t size = 0; size < N_SIZES; size++) {
            check_forward(size, false);
            check_forward(size, true);
            check_transposed(size);
        }
    }
}
END_TEST

START_TEST(multiply_does_not_depend_on_threads)
{
    static float alone[MOST_ROWS * MOST_OUTPUTS];

    fill_operands();
    for (size_t size = 0; size < N_SIZES; size++) {
        const size_t n = sizes[size].n_rows * sizes[size].n_outputs;
        tvi_sparse_rows sparse;
        float *memory;

        ASSERT_OK(tvae_set_threads(1));
        memory = list(&sparse, size, true);
        tvi_sparse_multiply(&sparse, sizes[size].n_outputs, w, sizes[size].n_outputs,
                            bias, alone);
        tvi_free(memory);
        ASSERT_OK(tvae_set_threads(3));
        memory = list(&sparse, size, true);
        tvi_sparse_multiply(&sparse, sizes[size].n_outputs, w, sizes[size].n_outputs,
                            bias, y);
        ck_assert(memcmp(alone, y, n * sizeof *y) == 0);
        tvi_free(memory);
    }
}
END_TEST

START_TEST(list_refuses_dense_rows)
{
    const size_t n_rows = 20, width = 100;
    float *memory =
        tvi_alloc_array(tvi_sparse_floats(n_rows, width, true), sizeof *memory);
    tvi_sparse_rows sparse;

    fill_sparse(n_rows * width, 0.9, 5);
    ck_assert(!tvi_sparse_list(&sparse, n_rows, width, x, true, memory));
    fill_sparse(n_rows * width, 0.01, 5);
    ck_assert(tvi_sparse_list(&sparse, n_rows, width, x, true, memory));
    tvi_free(memory);
}
END_TEST

START_TEST(list_keeps_values_that_are_not_numbers)
{
    tvi_sparse_rows sparse;
    float *memory = tvi_alloc_array(tvi_sparse_floats(1, 100, false), sizeof *memory);

    memset(x, 0, 100 * sizeof *x);
    x[70] = NAN;
    ck_assert(tvi_sparse_list(&sparse, 1, 100, x, false, memory));
    fill_operands();
    tvi_sparse_multiply(&sparse, 2, w, 2, bias, y);
    ck_assert(isnan(y[0]) && isnan(y[1]));
    tvi_free(memory);
}
END_TEST

START_TEST(floats_refuses_what_overflows)
{
    ck_assert_uint_eq(tvi_sparse_floats(SIZE_MAX / 2, 4, true), SIZE_MAX);
    ck_assert_uint_eq(tvi_sparse_floats((size_t)1 << 20, (size_t)1 << 20, false),
                      SIZE_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sparse");
    TCase *tests = tcase_create("sparse");

    tcase_add_test(tests, multiply_matches_sums_in_double);
    tcase_add_test(tests, multiply_does_not_depend_on_threads);
    tcase_add_test(tests, list_refuses_dense_rows);
    tcase_add_test(tests, list_keeps_values_that_are_not_numbers);
    tcase_add_test(tests, floats_refuses_what_overflows);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
