/* SPDX-License-Identifier: MIT */
#include "layer/product.h"

#include "base/memory.h"
#include "base/parallel.h"
#include "kernel/gemm.h"

/* Most rows and columns of a block. Products of BLAS lose speed with fewer rows. */
enum {
    TILE_ROWS = 24,
    TILE_COLUMNS = 1024,
    BLAS_ROWS = 256,
    SPARSE_ROWS = 64,
    SPARSE_COLUMNS = 256,
    ROW_STEP = 4,
    COLUMN_STEP = 128 /* panels of every kind */
};

static bool uses_tiles(const tvi_outer_product *p)
{
    return !p->sparse && tvi_kernel()->tile;
}

static tvi_tiles_outer as_tiles(const tvi_outer_product *p)
{
    return (tvi_tiles_outer){p->n_rows, p->n_inputs, p->n_outputs, p->x, p->dy_panels};
}

static tvi_gemm as_gemm(const tvi_outer_product *p, const tvi_block *block, size_t ld_to,
                        float *to)
{
    return (tvi_gemm){.m = block->end_row - block->first_row,
                      .n = block->end_column - block->first_column,
                      .k = p->n_rows,
                      .a = p->x + block->first_row,
                      .ld_a = p->n_inputs,
                      .transpose_a = true,
                      .b = p->dy + block->first_column,
                      .ld_b = p->n_outputs,
                      .c = to,
                      .ld_c = ld_to};
}

size_t tvi_outer_product_floats(size_t n_rows, size_t n_outputs)
{
    const size_t sparse = tvi_panel_floats(n_rows, n_outputs);
    const size_t tiles = tvi_tiles_packed_floats(n_rows, n_outputs);

    return sparse > tiles ? sparse : tiles;
}

tvae_status tvi_outer_product_prepare(tvi_outer_product *product, float *scratch)
{
    const tvi_block all = {0, product->n_inputs, 0, product->n_outputs};
    const tvi_gemm whole = as_gemm(product, &all, product->pitch, NULL);
    const tvae_status st = tvi_gemm_check(&whole);

    if (st != TVAE_OK)
        return st;
    product->dy_panels = scratch;
    if (product->sparse)
        tvi_panel_copy(product->n_rows, product->n_outputs, product->dy, scratch);
    else if (uses_tiles(product))
        tvi_tiles_pack(product->n_rows, product->n_outputs, product->dy, scratch);
    return TVAE_OK;
}

static size_t count_pieces(size_t n, size_t piece)
{
    return (n + piece - 1) / piece;
}

tvi_outer_blocks tvi_outer_product_blocks(const tvi_outer_product *product)
{
    tvi_outer_blocks blocks = {.n_columns = product->pitch};

    if (product->sparse) {
        blocks.n_rows = tvi_piece_of(product->n_inputs, SPARSE_ROWS, ROW_STEP);
        blocks.n_columns = tvi_piece_of(product->n_outputs, SPARSE_COLUMNS, COLUMN_STEP);
    } else if (uses_tiles(product)) {
        blocks.n_rows = TILE_ROWS;
        blocks.n_columns = tvi_piece_of(product->n_outputs, TILE_COLUMNS, COLUMN_STEP);
    } else {
        blocks.n_rows = tvi_piece_of(product->n_inputs, BLAS_ROWS, ROW_STEP);
    }
    blocks.n_rows = tvi_least(blocks.n_rows, product->n_inputs);
    blocks.n_columns = tvi_least(blocks.n_columns, product->pitch);
    blocks.n_down = count_pieces(product->n_inputs, blocks.n_rows);
    blocks.n_blocks = blocks.n_down * count_pieces(product->n_outputs, blocks.n_columns);
    return blocks;
}

tvi_block tvi_outer_product_block(const tvi_outer_product *product,
                                  const tvi_outer_blocks *blocks, size_t index)
{
    const size_t row = index % blocks->n_down * blocks->n_rows;
    const size_t column = index / blocks->n_down * blocks->n_columns;

    return (tvi_block){row, tvi_least(row + blocks->n_rows, product->n_inputs), column,
                       tvi_least(column + blocks->n_columns, product->n_outputs)};
}

void tvi_outer_product_compute(const tvi_outer_product *product, const tvi_block *block,
                               const tvi_target *target)
{
    const tvi_tiles_outer tiles = as_tiles(product);
    tvi_gemm dense = as_gemm(product, block, target->ld, target->to);

    dense.add_to_c = target->add;
    if (product->sparse)
        tvi_sparse_outer_block(product->sparse, product->dy_panels, block, target);
    else if (uses_tiles(product))
        tvi_tiles_outer_block(&tiles, block, target);
    else
        tvi_gemm_multiply(&dense);
}

/* Updates want whole vectors: the rest of the last ones is zero on both sides. */
void tvi_outer_product_update(const tvi_outer_product *product, const tvi_block *block,
                              const tvi_momentum *update)
{
    tvi_block wide = *block;

    if (wide.end_column == product->n_outputs)
        wide.end_column = product->pitch;
    tvi_sparse_outer_update(product->sparse, product->dy_panels, &wide, update);
}

typedef struct whole_job {
    const tvi_outer_product *product;
    tvi_outer_blocks blocks;
    bool add;
    float *gradient;
} whole_job;

static void compute_blocks(void *context, size_t begin, size_t end)
{
    const whole_job *job = context;
    const size_t ld = job->product->pitch;

    for (size_t i = begin; i < end; i++) {
        const tvi_block block = tvi_outer_product_block(job->product, &job->blocks, i);
        const tvi_target target = {.to = job->gradient + block.first_row * ld +
                                         block.first_column,
                                   .ld = ld,
                                   .add = job->add};

        tvi_outer_product_compute(job->product, &block, &target);
    }
}

void tvi_outer_product_run(const tvi_outer_product *product, bool add, float *gradient)
{
    whole_job job = {product, tvi_outer_product_blocks(product), add, gradient};

    tvi_parallel_for(job.blocks.n_blocks, 1, compute_blocks, &job);
}
