/* SPDX-License-Identifier: MIT */
#include "layer/product.h"

#include "base/parallel.h"
#include "kernel/gemm.h"

/* Rows a block: dense products lose speed with fewer, sparse ones do not. Blocks of
 * dense products end where OpenBLAS's kernels do. */
enum { DENSE_ROWS = 256, SPARSE_ROWS = 32, ROW_STEP = 4 };

static tvi_gemm dense_rows(const tvi_outer_product *p, size_t begin, size_t end,
                           float *to)
{
    return (tvi_gemm){.m = end - begin,
                      .n = p->n_outputs,
                      .k = p->n_rows,
                      .a = p->x + begin,
                      .ld_a = p->n_inputs,
                      .transpose_a = true,
                      .b = p->dy,
                      .ld_b = p->n_outputs,
                      .c = to,
                      .ld_c = p->n_outputs};
}

tvae_status tvi_outer_product_check(const tvi_outer_product *product)
{
    const tvi_gemm whole = dense_rows(product, 0, product->n_inputs, NULL);

    return tvi_gemm_check(&whole);
}

size_t tvi_outer_product_block(const tvi_outer_product *product, size_t n_parts)
{
    const size_t most = n_parts * (product->sparse ? SPARSE_ROWS : DENSE_ROWS);
    const size_t n_blocks = n_parts * ((product->n_inputs + most - 1) / most);
    const size_t rows = (product->n_inputs + n_blocks - 1) / n_blocks;

    return (rows + ROW_STEP - 1) / ROW_STEP * ROW_STEP;
}

void tvi_outer_product_rows(const tvi_outer_product *product, size_t begin, size_t end,
                            float *block)
{
    const tvi_gemm dense = dense_rows(product, begin, end, block);

    if (product->sparse)
        tvi_sparse_multiply_transposed(product->sparse, product->n_outputs,
                                       product->dy_panels, begin, end, false, block);
    else
        tvi_gemm_multiply(&dense);
}

typedef struct sparse_job {
    const tvi_outer_product *product;
    bool add;
    float *gradient;
} sparse_job;

static void multiply_sparse(void *context, size_t begin, size_t end)
{
    const sparse_job *job = context;
    const tvi_outer_product *p = job->product;

    tvi_sparse_multiply_transposed(p->sparse, p->n_outputs, p->dy_panels, begin, end,
                                   job->add, job->gradient + begin * p->n_outputs);
}

void tvi_outer_product_run(const tvi_outer_product *product, bool add, float *gradient)
{
    tvi_gemm dense = dense_rows(product, 0, product->n_inputs, gradient);
    sparse_job job = {product, add, gradient};

    dense.add_to_c = add;
    if (product->sparse)
        tvi_parallel_for(product->n_inputs, ROW_STEP, multiply_sparse, &job);
    else
        (void)tvi_gemm_run(&dense);
}
