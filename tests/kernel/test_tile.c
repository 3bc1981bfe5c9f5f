/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/kernel.h"

/* One tile and the packing for it, at every level that has tiles, against plain sums in
 * double: odd sizes, starts that are not aligned, guard words around what is written, NaN
 * where nothing may be read. */

enum { MOST_K = 70, MOST_WIDTH = 64, GAP = 3, MOST = MOST_WIDTH * (MOST_K + 2 * GAP) };

static const float GUARD_WORD = -12345.0f;

static const size_t lengths[] = {1, 2, 7, 8, 9, 16, 19, MOST_K};

enum { N_LENGTHS = sizeof lengths / sizeof *lengths };

/* Uniform rows [n_rows, width] of stride ld between NaN, from the second float on. */
static float *fill_rows(float *memory, size_t n_rows, size_t width, size_t ld,
                        uint64_t seed)
{
    ck_assert_uint_le(1 + n_rows * ld, MOST);
    for (size_t i = 0; i < MOST; i++)
        memory[i] = NAN;
    for (size_t row = 0; row < n_rows; row++)
        fill_uniform(memory + 1 + row * ld, width, -1.0, 1.0, seed + row);
    return memory + 1;
}

typedef struct tile_case {
    const tvi_kernels *kernel;
    tvi_tile tile;
    float kept[MOST];
} tile_case;

static double sum_of(const tile_case *c, size_t row, size_t column)
{
    const tvi_tile *t = &c->tile;
    const size_t height = c->kernel->tile_rows, width = c->kernel->tile_columns;
    double sum = t->add ? (double)c->kept[row * t->ld_c + column] : 0.0;

    if (t->bias)
        sum += (double)t->bias[column];
    for (size_t l = 0; l < t->k; l++)
        sum += (double)t->a[t->a_packed ? l * height + row : row * t->ld_a + l] *
               (double)t->b[l * width + column];
    return sum;
}

/* What the tile covers holds the sums, the rest of c what it held. */
static void check_result(const tile_case *c)
{
    const tvi_tile *t = &c->tile;

    for (size_t row = 0; row < c->kernel->tile_rows; row++)
        for (size_t column = 0; column < t->ld_c; column++) {
            const size_t at = row * t->ld_c + column;

            if (row >= t->first_row && row < t->end_row && column < t->n_columns)
                assert_near("tile", (double)t->c[at], sum_of(c, row, column), 1e-6, 4e-6);
            else
                ck_assert(t->c[at] == c->kept[at]);
        }
}

static void check_tile(const tvi_kernels *kernel, size_t k, const size_t edges[3],
                       unsigned flags)
{
    static float a[MOST], b[MOST], bias[MOST], c[MOST];
    const size_t height = kernel->tile_rows, width = kernel->tile_columns;
    const bool is_packed = flags & 1;
    tile_case the = {.kernel = kernel};
    tvi_tile *t = &the.tile;

    *t = (tvi_tile){.k = k,
                    .ld_a = is_packed ? 0 : k + GAP,
                    .ld_c = width + GAP,
                    .first_row = edges[0],
                    .end_row = edges[1],
                    .n_columns = edges[2],
                    .a_packed = is_packed,
                    .add = flags & 2};
    t->a = is_packed ? fill_rows(a, k, height, height, 1)
                     : fill_rows(a, height, k, t->ld_a, 1);
    t->b = fill_rows(b, k, width, width, 2);
    if (flags & 4)
        t->bias = fill_rows(bias, 1, t->n_columns, width, 3);
    t->c = fill_rows(c, 1, height * t->ld_c, height * t->ld_c, 4);
    memcpy(the.kept, t->c, height * t->ld_c * sizeof *c);
    kernel->tile(t);
    check_result(&the);
}

static void check_edges(const tvi_kernels *kernel)
{
    const size_t rows = kernel->tile_rows, columns = kernel->tile_columns;
    const size_t edges[][3] = {{0, rows, columns},
                               {1, rows, columns},
                               {rows - 1, rows, 1},
                               {0, 1, columns},
                               {0, rows - 1, columns},
                               {0, rows, columns - 1},
                               {0, rows, columns / 2},
                               {2, rows - 2, columns / 2 + 1},
                               {0, rows, 1}};

    for (size_t i = 0; i < sizeof edges / sizeof *edges; i++)
        for (size_t k = 0; k < N_LENGTHS; k++)
            for (unsigned flags = 0; flags < 8; flags++)
                check_tile(kernel, lengths[k], edges[i], flags);
}

/* The element of row `l` and column `i` of `from`, zero where there is none. */
static float element(const float *from, size_t ld, bool transposed, size_t l, size_t i,
                     size_t n)
{
    if (i >= n)
        return 0.0f;
    return transposed ? from[i * ld + l] : from[l * ld + i];
}

typedef void (*packing)(size_t k, size_t n, size_t ld, const float *from, float *to);

static void check_packing(packing pack, bool transposed, size_t k, size_t n, size_t width)
{
    static float memory[MOST], packed[MOST];
    const size_t ld = (transposed ? k : n) + GAP;
    const float *from =
        transposed ? fill_rows(memory, n, k, ld, 5) : fill_rows(memory, k, n, ld, 5);
    float *to = packed + GAP;

    for (size_t i = 0; i < MOST; i++)
        packed[i] = GUARD_WORD;
    pack(k, n, ld, from, to);
    for (size_t l = 0; l < k; l++)
        for (size_t i = 0; i < width; i++)
            ck_assert(to[l * width + i] == element(from, ld, transposed, l, i, n));
    for (size_t i = 0; i < GAP; i++) {
        ck_assert(packed[i] == GUARD_WORD);
        ck_assert(to[k * width + i] == GUARD_WORD);
    }
}

static void check_packings(const tvi_kernels *kernel)
{
    const size_t columns = kernel->tile_columns, rows = kernel->tile_rows;

    for (size_t k = 0; k < N_LENGTHS; k++) {
        for (size_t n = 1; n <= columns; n++) {
            check_packing(kernel->pack_columns, false, lengths[k], n, columns);
            check_packing(kernel->pack_transposed, true, lengths[k], n, columns);
        }
        for (size_t n = 1; n <= rows; n++)
            check_packing(kernel->pack_rows, false, lengths[k], n, rows);
    }
}

static void check_every_level(void (*check)(const tvi_kernels *kernel))
{
    size_t n_checked = 0;

    for (int level = TVAE_KERNEL_PORTABLE; tvi_kernel_at(level); level++)
        if (tvi_kernel_at(level)->tile) {
            check(tvi_kernel_at(level));
            n_checked++;
        }
    if (!n_checked)
        printf("SKIP tiles: no level of this machine has them\n");
}

START_TEST(tile_matches_sums_in_double)
{
    check_every_level(check_edges);
}
END_TEST

START_TEST(packing_keeps_values_and_fills_with_zeros)
{
    check_every_level(check_packings);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tile");
    TCase *tests = tcase_create("tile");

    tcase_add_test(tests, tile_matches_sums_in_double);
    tcase_add_test(tests, packing_keeps_values_and_fills_with_zeros);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
