/* SPDX-License-Identifier: MIT */
#include "kernel/gemm.h"

#include <cblas.h>
#include <limits.h>
#include <stdint.h>

#include "base/parallel.h"
#include "kernel/kernel.h"
#include "kernel/tiles.h"

/* Products of fewer multiply-adds end before another thread would have begun. */
enum { SPLIT_GRAIN = 16, SPLIT_FROM = 1 << 19 };

/* Rows `first_m` .. + m - 1 and columns `first_n` .. + n - 1 of the product. */
static void multiply_part(const tvi_gemm *g, size_t first_m, size_t m, size_t first_n,
                          size_t n)
{
    const float *a = g->a + (g->transpose_a ? first_m : first_m * g->ld_a);
    const float *b = g->b + (g->transpose_b ? first_n * g->ld_b : first_n);

    cblas_sgemm(CblasRowMajor, g->transpose_a ? CblasTrans : CblasNoTrans,
                g->transpose_b ? CblasTrans : CblasNoTrans, (blasint)m, (blasint)n,
                (blasint)g->k, 1.0f, a, (blasint)g->ld_a, b, (blasint)g->ld_b,
                g->add_to_c ? 1.0f : 0.0f, g->c + first_m * g->ld_c + first_n,
                (blasint)g->ld_c);
    for (size_t row = first_m; g->bias && row < first_m + m; row++)
        tvi_kernel()->add_bias(n, 1, g->bias + first_n, g->c + row * g->ld_c + first_n);
}

/* Rows that are few are walked through: a weight row is read only where an input is not
 * zero, as half of a ReLU's outputs are. */
enum { FEW_ROWS = 3, LISTED = 512 };

/* Terms first_k .. of one row's sums, up to LISTED. */
static void walk_terms(const tvi_gemm *g, size_t row, size_t first_k, size_t first_n,
                       size_t n)
{
    const size_t k = g->k - first_k < LISTED ? g->k - first_k : LISTED;
    const float *a = g->a + row * g->ld_a + first_k;
    uint32_t index[LISTED], begin = 0, end = 0;
    float value[LISTED];
    float *c = g->c + row * g->ld_c + first_n;
    tvi_gather sums = {.n_lists = 1,
                       .n = n,
                       .begin = &begin,
                       .end = &end,
                       .index = index,
                       .value = value,
                       .w = g->b + first_k * g->ld_b + first_n,
                       .ld_w = g->ld_b,
                       .y = c};

    for (size_t i = 0; i < k; i++) {
        index[end] = (uint32_t)i;
        value[end] = a[i];
        end += a[i] != 0.0f;
    }
    if (first_k > 0 || g->add_to_c)
        sums.start = c;
    else if (g->bias)
        sums.start = g->bias + first_n;
    tvi_kernel()->gather(&sums);
}

static void walk_columns(void *context, size_t begin, size_t end)
{
    const tvi_gemm *g = context;

    for (size_t row = 0; row < g->m; row++) {
        for (size_t k = 0; k < g->k; k += LISTED)
            walk_terms(g, row, k, begin, end - begin);
        if (g->add_to_c && g->bias)
            tvi_kernel()->add_bias(end - begin, 1, g->bias + begin,
                                   g->c + row * g->ld_c + begin);
    }
}

static void multiply_columns(void *context, size_t begin, size_t end)
{
    const tvi_gemm *g = context;

    multiply_part(g, 0, g->m, begin, end - begin);
}

static void multiply_rows(void *context, size_t begin, size_t end)
{
    const tvi_gemm *g = context;

    multiply_part(g, begin, end - begin, 0, g->n);
}

tvae_status tvi_gemm_check(const tvi_gemm *g)
{
    const size_t sizes[] = {g->m, g->n, g->k, g->ld_a, g->ld_b, g->ld_c};
    const size_t limit = sizeof(blasint) == sizeof(int) ? INT_MAX : INT64_MAX;

    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        if (sizes[i] > limit)
            return tvi_fail(TVAE_E_SHAPE,
                            "gemm: a dimension is %zu, want at most %zu, the limit of "
                            "the BLAS in use: split the batch",
                            sizes[i], limit);
    return TVAE_OK;
}

void tvi_gemm_multiply(const tvi_gemm *product)
{
    if (product->m && product->n)
        multiply_part(product, 0, product->m, 0, product->n);
}

tvae_status tvi_gemm_run(const tvi_gemm *product)
{
    tvi_gemm copy = *product;
    tvae_status st = tvi_gemm_check(product);

    if (st != TVAE_OK || !copy.m || !copy.n)
        return st;
    if (copy.m <= FEW_ROWS && copy.k && !copy.transpose_a && !copy.transpose_b)
        tvi_parallel_for(copy.n, TVI_GATHER_GRAIN * 4, walk_columns, &copy);
    else if (tvi_tiles_take(&copy))
        tvi_tiles_run(&copy);
    else if ((double)copy.m * (double)copy.n * (double)copy.k < SPLIT_FROM)
        multiply_part(&copy, 0, copy.m, 0, copy.n);
    else if (copy.n >= copy.m)
        tvi_parallel_for(copy.n, SPLIT_GRAIN, multiply_columns, &copy);
    else
        tvi_parallel_for(copy.m, SPLIT_GRAIN, multiply_rows, &copy);
    return TVAE_OK;
}
