/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"
#include "kernel/tiles.h"

/* Products of tiles against plain sums in double, at every level that has tiles: sizes
 * around the edges of tiles, of panels and of blocks, guard words around what is written,
 * NaN where nothing may be read. */

enum { GAP = 3 };

static const float GUARD_WORD = -12345.0f;

/* Uniform rows [n_rows, width] of stride ld, with NaN or guard words between them. */
static float *create_rows(size_t n_rows, size_t width, size_t ld, float between,
                          uint64_t seed)
{
    float *rows = malloc((n_rows * ld + 1) * sizeof *rows);

    ck_assert_ptr_nonnull(rows);
    for (size_t i = 0; i < n_rows * ld; i++)
        rows[i] = between;
    for (size_t row = 0; row < n_rows; row++)
        fill_uniform(rows + row * ld, width, -1.0, 1.0, seed * 10000 + row);
    return rows;
}

static void check_guards(const float *rows, size_t n_rows, size_t width, size_t ld)
{
    for (size_t row = 0; row < n_rows; row++)
        for (size_t i = width; i < ld; i++)
            ck_assert(rows[row * ld + i] == GUARD_WORD);
}

static double sum_of(const tvi_gemm *g, size_t row, size_t column, double old)
{
    double sum = g->add_to_c ? old : 0.0;

    if (g->bias)
        sum += (double)g->bias[column];
    for (size_t l = 0; l < g->k; l++)
        sum += (double)g->a[row * g->ld_a + l] *
               (double)(g->transpose_b ? g->b[column * g->ld_b + l]
                                       : g->b[l * g->ld_b + column]);
    return sum;
}

static void check_result(const tvi_gemm *g, const float *kept)
{
    for (size_t row = 0; row < g->m; row++)
        for (size_t column = 0; column < g->n; column++) {
            const size_t at = row * g->ld_c + column;

            assert_near("product", (double)g->c[at],
                        sum_of(g, row, column, (double)kept[at]), 2e-6, 4e-5);
        }
    check_guards(g->c, g->m, g->n, g->ld_c);
}

/* With one thread against the sums, with more against the very same floats. */
static void run_with_threads(const tvi_gemm *product, const float *kept)
{
    const size_t n = product->m * product->ld_c;
    float *alone = malloc(n * sizeof *alone);

    ck_assert_ptr_nonnull(alone);
    for (int32_t n_threads = 1; n_threads <= 3; n_threads++) {
        ASSERT_OK(tvae_set_threads(n_threads));
        memcpy(product->c, kept, n * sizeof *kept);
        tvi_tiles_run(product);
        if (n_threads == 1) {
            check_result(product, kept);
            memcpy(alone, product->c, n * sizeof *alone);
        }
        ck_assert(memcmp(alone, product->c, n * sizeof *alone) == 0);
    }
    free(alone);
}

static void check_product(size_t m, size_t n, size_t k, unsigned flags)
{
    const bool transpose_b = flags & 1;
    const size_t ld_b = (transpose_b ? k : n) + GAP;
    float *a = create_rows(m, k, k + GAP, NAN, 1);
    float *b = create_rows(transpose_b ? n : k, transpose_b ? k : n, ld_b, NAN, 2);
    float *kept = create_rows(m, n, n + GAP, GUARD_WORD, 3);
    float *c = create_rows(m, n, n + GAP, GUARD_WORD, 3);
    float *bias = create_rows(1, n, n, NAN, 4);
    const tvi_gemm g = {.m = m,
                        .n = n,
                        .k = k,
                        .a = a,
                        .ld_a = k + GAP,
                        .b = b,
                        .ld_b = ld_b,
                        .transpose_b = transpose_b,
                        .c = c,
                        .ld_c = n + GAP,
                        .add_to_c = flags & 2,
                        .bias = flags & 4 ? bias : NULL};

    ck_assert(tvi_tiles_take(&g) == (m >= tvi_kernel()->tile_rows));
    if (tvi_tiles_take(&g))
        run_with_threads(&g, kept);
    free(a);
    free(b);
    free(kept);
    free(c);
    free(bias);
}

static const size_t products[][3] = {
    /* m: tiles of 6 and 12 rows, blocks of 192; the last block of 5953 has one row */
    {5, 33, 37},
    {6, 33, 37},
    {7, 33, 37},
    {11, 17, 9},
    {12, 33, 37},
    {13, 33, 37},
    {25, 33, 37},
    {191, 17, 9},
    {192, 33, 9},
    {193, 17, 9},
    {194, 33, 9},
    {385, 17, 5},
    {5953, 5, 3},
    /* n: tiles of 16 and 32 columns */
    {13, 1, 19},
    {13, 15, 19},
    {13, 16, 19},
    {13, 31, 19},
    {13, 32, 19},
    {13, 65, 19},
    {50, 129, 24},
    /* k: panels of 512 and 256 terms */
    {13, 33, 1},
    {13, 33, 8},
    {13, 33, 255},
    {13, 33, 256},
    {13, 33, 257},
    {13, 17, 511},
    {13, 17, 512},
    {13, 17, 513},
    {13, 17, 1025},
    {205, 49, 520}};

/* Runs `check` with each level that has tiles in use. */
static void at_every_level(void (*check)(void))
{
    size_t n_checked = 0;

    for (int level = TVAE_KERNEL_PORTABLE; tvi_kernel_at(level); level++) {
        ASSERT_OK(tvae_set_kernel_level(level));
        if (tvi_kernel()->tile) {
            check();
            n_checked++;
        }
    }
    if (!n_checked)
        printf("SKIP products of tiles: no level of this machine has tiles\n");
}

static void check_products(void)
{
    for (size_t i = 0; i < sizeof products / sizeof *products; i++)
        for (unsigned flags = 0; flags < 8; flags++)
            check_product(products[i][0], products[i][1], products[i][2], flags);
}

START_TEST(run_matches_sums_in_double)
{
    at_every_level(check_products);
}
END_TEST

static void check_refusals(void)
{
    tvi_gemm g = {.m = 100, .n = 20, .k = 10};

    ck_assert(tvi_tiles_take(&g));
    g.k = 0;
    ck_assert(!tvi_tiles_take(&g));
    g.k = 10;
    g.transpose_a = true;
    ck_assert(!tvi_tiles_take(&g));
}

START_TEST(take_leaves_empty_sums_and_transposed_a_to_blas)
{
    at_every_level(check_refusals);
}
END_TEST

static double outer_sum(const tvi_tiles_outer *p, const float *dy, size_t row,
                        size_t column)
{
    double sum = 0.0;

    for (size_t l = 0; l < p->n_rows; l++)
        sum +=
            (double)p->x[l * p->n_inputs + row] * (double)dy[l * p->n_outputs + column];
    return sum;
}

static void check_outer_result(const tvi_tiles_outer *p, const float *dy,
                               const tvi_block *block, const tvi_target *target,
                               const float *kept)
{
    const size_t n_rows = block->end_row - block->first_row;
    const size_t n_columns = block->end_column - block->first_column;

    for (size_t row = 0; row < n_rows; row++)
        for (size_t column = 0; column < n_columns; column++) {
            const size_t at = row * target->ld + column;
            const double sum =
                outer_sum(p, dy, block->first_row + row, block->first_column + column);

            assert_near("outer product", (double)target->to[at],
                        sum + (target->add ? (double)kept[at] : 0.0), 2e-6, 4e-5);
        }
    check_guards(target->to, n_rows, n_columns, target->ld);
}

/* The block with each number of arrays to bring near, which changes nothing. */
static void check_block(const tvi_tiles_outer *p, const float *dy, const tvi_block *block,
                        bool add)
{
    const size_t n_rows = block->end_row - block->first_row;
    const size_t n_columns = block->end_column - block->first_column;
    const size_t ld = n_columns + GAP;
    float *weights = create_rows(p->n_inputs, p->n_outputs, p->n_outputs, NAN, 5);
    float *kept = create_rows(n_rows, n_columns, ld, GUARD_WORD, 6);
    float *to = create_rows(n_rows, n_columns, ld, GUARD_WORD, 6);

    for (size_t n_near = 0; n_near <= TVI_NEAR; n_near++) {
        tvi_target target = {.to = to, .ld = ld, .add = add, .near.ld = p->n_outputs};

        for (size_t i = 0; i < n_near; i++)
            target.near.at[i] = weights;
        memcpy(to, kept, n_rows * ld * sizeof *to);
        tvi_tiles_outer_block(p, block, &target);
        check_outer_result(p, dy, block, &target, kept);
    }
    free(weights);
    free(kept);
    free(to);
}

static void check_outer(size_t n_rows, size_t n_inputs, size_t n_outputs)
{
    const size_t n_packed = tvi_tiles_packed_floats(n_rows, n_outputs);
    const size_t right = n_outputs > 32 ? 32 : 0;
    const tvi_block blocks[] = {
        {0, n_inputs, 0, n_outputs},
        {n_inputs / 2, n_inputs, 0, n_outputs > 32 ? 32 : n_outputs},
        {n_inputs / 3, n_inputs - n_inputs / 4, right, n_outputs}};
    float *x = create_rows(n_rows, n_inputs, n_inputs, NAN, 7);
    float *dy = create_rows(n_rows, n_outputs, n_outputs, NAN, 8);
    float *panels = create_rows(1, 0, n_packed + GAP, GUARD_WORD, 9);
    const tvi_tiles_outer product = {n_rows, n_inputs, n_outputs, x, panels};

    tvi_tiles_pack(n_rows, n_outputs, dy, panels);
    check_guards(panels + n_packed, 1, 0, GAP);
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) {
        check_block(&product, dy, &blocks[i], false);
        check_block(&product, dy, &blocks[i], true);
    }
    free(x);
    free(dy);
    free(panels);
}

/* Terms around the 256 summed at a time, rows around tiles and the 24 packed at a time,
 * columns around tiles. */
static void check_outers(void)
{
    static const size_t sizes[][3] = {
        {1, 1, 1},    {5, 5, 16},    {9, 6, 17},    {7, 7, 31},   {8, 11, 32},
        {3, 12, 33},  {10, 13, 64},  {12, 23, 65},  {20, 24, 47}, {20, 25, 48},
        {20, 49, 95}, {255, 13, 33}, {256, 25, 33}, {257, 7, 35}, {600, 30, 40}};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        check_outer(sizes[i][0], sizes[i][1], sizes[i][2]);
}

START_TEST(outer_block_matches_sums_in_double)
{
    at_every_level(check_outers);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tiles");
    TCase *tests = tcase_create("tiles");

    tcase_add_test(tests, run_matches_sums_in_double);
    tcase_add_test(tests, take_leaves_empty_sums_and_transposed_a_to_blas);
    tcase_add_test(tests, outer_block_matches_sums_in_double);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
