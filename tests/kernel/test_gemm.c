/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <stdlib.h>

#include "kernel/gemm.h"

enum { MARGIN = 3 };

static float at(const float *matrix, size_t ld, bool transposed, size_t row,
                size_t column)
{
    return transposed ? matrix[column * ld + row] : matrix[row * ld + column];
}

/* c [m, n] of a naive double loop, on top of what c holds. */
static void multiply_naively(const tvi_gemm *g, float *c)
{
    for (size_t i = 0; i < g->m; i++)
        for (size_t j = 0; j < g->n; j++) {
            double sum = g->add_to_c ? (double)c[i * g->ld_c + j] : 0.0;

            for (size_t l = 0; l < g->k; l++)
                sum += (double)at(g->a, g->ld_a, g->transpose_a, i, l) *
                       (double)at(g->b, g->ld_b, g->transpose_b, l, j);
            c[i * g->ld_c + j] = (float)sum;
        }
}

static float *random_matrix(size_t n, uint64_t seed)
{
    float *values = malloc(n * sizeof *values);

    ck_assert_ptr_nonnull(values);
    fill_uniform(values, n, -1.0, 1.0, seed);
    return values;
}

/* One product with row strides wider than its rows; what lies between rows stays. */
static void check_product(size_t m, size_t n, size_t k, unsigned flags)
{
    const bool transpose_a = flags & 1, transpose_b = flags & 2;
    const size_t ld_a = (transpose_a ? m : k) + MARGIN,
                 ld_b = (transpose_b ? k : n) + MARGIN, ld_c = n + MARGIN;
    float *a = random_matrix((transpose_a ? k : m) * ld_a, 1);
    float *b = random_matrix((transpose_b ? n : k) * ld_b, 2);
    float *got = random_matrix(m * ld_c, 3), *want = random_matrix(m * ld_c, 3);
    const tvi_gemm g = {.m = m,
                        .n = n,
                        .k = k,
                        .a = a,
                        .b = b,
                        .c = got,
                        .ld_a = ld_a,
                        .ld_b = ld_b,
                        .ld_c = ld_c,
                        .transpose_a = transpose_a,
                        .transpose_b = transpose_b,
                        .add_to_c = flags & 4};

    multiply_naively(&g, want);
    ASSERT_OK(tvi_gemm_run(&g));
    assert_close("product", got, want, m * ld_c, 2e-6, 1e-6);
    for (size_t i = 0; i < m; i++)
        for (size_t j = n; j < ld_c; j++)
            ck_assert(got[i * ld_c + j] == want[i * ld_c + j]);
    free(a);
    free(b);
    free(got);
    free(want);
}

START_TEST(run_matches_naive_loop)
{
    static const size_t shapes[][3] = {{1, 1, 1},     {1, 37, 5},    {37, 1, 5},
                                       {16, 16, 16},  {17, 50, 9},   {70, 33, 41},
                                       {144, 97, 60}, {60, 150, 90}, {150, 60, 90}};

    for (int32_t n_threads = 1; n_threads <= 3; n_threads++) {
        ASSERT_OK(tvae_set_threads(n_threads));
        for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++)
            for (unsigned flags = 0; flags < 8; flags++)
                check_product(shapes[s][0], shapes[s][1], shapes[s][2], flags);
    }
    ASSERT_OK(tvae_set_threads(1));
}
END_TEST

START_TEST(run_overwrites_nan_unless_adding)
{
    const float a[2] = {1.0f, 2.0f}, b[2] = {3.0f, 4.0f};
    float c[1] = {NAN};
    const tvi_gemm g = {
        .m = 1, .n = 1, .k = 2, .a = a, .b = b, .c = c, .ld_a = 2, .ld_b = 1, .ld_c = 1};

    ASSERT_OK(tvi_gemm_run(&g));
    ck_assert(c[0] == 11.0f);
}
END_TEST

START_TEST(run_takes_empty_products)
{
    float c[2] = {1.0f, 2.0f};
    tvi_gemm g = {
        .m = 0, .n = 2, .k = 1, .a = c, .b = c, .c = c, .ld_a = 1, .ld_b = 2, .ld_c = 2};

    ASSERT_OK(tvi_gemm_run(&g));
    ck_assert(c[0] == 1.0f && c[1] == 2.0f);
    g.m = 1;
    g.k = 0;
    ASSERT_OK(tvi_gemm_run(&g));
    ck_assert(c[0] == 0.0f && c[1] == 0.0f);
}
END_TEST

/* As many rows as whole tiles have, none of which holds a term. */
START_TEST(run_takes_sums_without_terms)
{
    float c[100];
    const tvi_gemm g = {
        .m = 50, .n = 2, .k = 0, .a = c, .b = c, .c = c, .ld_a = 1, .ld_b = 2, .ld_c = 2};

    fill_uniform(c, 100, 1.0, 2.0, 1);
    ASSERT_OK(tvi_gemm_run(&g));
    for (size_t i = 0; i < 100; i++)
        ck_assert(c[i] == 0.0f);
}
END_TEST

START_TEST(run_rejects_more_than_blas_can_count)
{
    float c[1] = {1.0f};
    const tvi_gemm g = {.m = 1,
                        .n = 1,
                        .k = SIZE_MAX,
                        .a = c,
                        .b = c,
                        .c = c,
                        .ld_a = 1,
                        .ld_b = 1,
                        .ld_c = 1};

    ASSERT_STATUS(tvi_gemm_run(&g), TVAE_E_SHAPE);
    ck_assert(c[0] == 1.0f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gemm");
    TCase *tests = tcase_create("gemm");

    tcase_add_test(tests, run_matches_naive_loop);
    tcase_add_test(tests, run_overwrites_nan_unless_adding);
    tcase_add_test(tests, run_takes_empty_products);
    tcase_add_test(tests, run_takes_sums_without_terms);
    tcase_add_test(tests, run_rejects_more_than_blas_can_count);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
