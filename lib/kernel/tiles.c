/* SPDX-License-Identifier: MIT */
#include "kernel/tiles.h"

#include <stdint.h>

#include "base/memory.h"
#include "base/parallel.h"

/* A panel is as many columns of b as a tile has, packed on the stack, PANEL_FLOATS at
 * most: it stays in the first cache, or passes fast enough from the second, while all
 * rows of a block of a pass. Blocks of a stay in the second cache. */
enum {
    PANEL_FLOATS = 8192,
    BLOCK_ROWS = 192,
    ROW_PARTS = 4, /* of a panel, which threads may share */
    LINE_FLOATS = 16,
    OUTER_TERMS = 256, /* of an outer product's sums at a time */
    OUTER_ROWS = 24    /* packed at a time; a multiple of the rows of all tiles */
};

bool tvi_tiles_take(const tvi_gemm *product)
{
    const tvi_kernels *kernel = tvi_kernel();

    return kernel->tile && product->k && !product->transpose_a &&
           product->m >= kernel->tile_rows;
}

/* Terms first_k .. first_k + k - 1 of the sums of rows first_row .. first_row + n_rows -
 * 1 of a product: what one panel is packed for. */
typedef struct pass {
    const tvi_gemm *g;
    const tvi_kernels *kernel;
    size_t first_k, k, first_row, n_rows;
    size_t part_rows; /* a multiple of the tile's */
} pass;

static const float *panel_source(const pass *p, size_t column)
{
    const tvi_gemm *g = p->g;

    return g->transpose_b ? g->b + column * g->ld_b + p->first_k
                          : g->b + p->first_k * g->ld_b + column;
}

static void pack_panel(const pass *p, size_t column, float *panel)
{
    const size_t n = tvi_least(p->kernel->tile_columns, p->g->n - column);
    const float *from = panel_source(p, column);

    if (p->g->transpose_b)
        p->kernel->pack_transposed(p->k, n, p->g->ld_b, from, panel);
    else
        p->kernel->pack_columns(p->k, n, p->g->ld_b, from, panel);
}

/* What tile `tile` of n_tiles fetches of the next panel: a share of its terms, in whole
 * lines where they lie along the rows. */
static void fetch_panel(const pass *p, size_t column, size_t tile, size_t n_tiles)
{
    const tvi_gemm *g = p->g;
    const size_t width = tvi_least(p->kernel->tile_columns, g->n - column);
    const size_t terms = g->transpose_b ? LINE_FLOATS : 1;
    const size_t share = (p->k / terms + n_tiles) / n_tiles * terms;
    const float *from = panel_source(p, column);

    for (size_t l = tile * share; l < tvi_least((tile + 1) * share, p->k); l += terms) {
        if (!g->transpose_b)
            __builtin_prefetch(from + l * g->ld_b);
        for (size_t i = 0; g->transpose_b && i < width; i++)
            __builtin_prefetch(from + i * g->ld_b + l);
    }
}

/* Rows first_row .. end_row - 1 of the pass, those of one panel. The last tile may begin
 * in the one before it, and does not write those rows again. */
static void multiply_panel(const pass *p, size_t column, size_t first_row, size_t end_row,
                           const float *panel)
{
    const tvi_gemm *g = p->g;
    const size_t height = p->kernel->tile_rows;
    const size_t next = column + p->kernel->tile_columns;
    const size_t n_tiles = (end_row - first_row + height - 1) / height;
    const size_t last = p->first_row + end_row - height; /* where the last tile begins */
    tvi_tile t = {.k = p->k,
                  .b = panel,
                  .ld_a = g->ld_a,
                  .ld_c = g->ld_c,
                  .end_row = height,
                  .n_columns = tvi_least(p->kernel->tile_columns, g->n - column),
                  .add = g->add_to_c || p->first_k > 0};

    if (g->bias && p->first_k + p->k == g->k)
        t.bias = g->bias + column;
    for (size_t i = 0; i < n_tiles; i++) {
        const size_t at = p->first_row + first_row + i * height;
        const size_t row = tvi_least(at, last);

        if (next < g->n)
            fetch_panel(p, next, i, n_tiles);
        t.first_row = at - row;
        t.a = g->a + row * g->ld_a + p->first_k;
        t.c = g->c + row * g->ld_c + column;
        p->kernel->tile(&t);
    }
}

/* Items are the ROW_PARTS of each panel, one panel after another. */
static void multiply_pass(const pass *p, size_t begin, size_t end)
{
    float panel[PANEL_FLOATS] __attribute__((aligned(64)));

    for (size_t item = begin; item < end;) {
        const size_t first = item % ROW_PARTS;
        const size_t last = tvi_least(first + end - item, ROW_PARTS);
        const size_t column = item / ROW_PARTS * p->kernel->tile_columns;
        const size_t first_row = first * p->part_rows;

        item += last - first;
        if (first_row >= p->n_rows)
            continue;
        pack_panel(p, column, panel);
        multiply_panel(p, column, first_row, tvi_least(last * p->part_rows, p->n_rows),
                       panel);
    }
}

static void multiply_items(void *context, size_t begin, size_t end)
{
    const tvi_gemm *g = context;
    const tvi_kernels *kernel = tvi_kernel();
    const size_t block = tvi_piece_of(g->m, BLOCK_ROWS, kernel->tile_rows);
    const size_t terms = tvi_piece_of(g->k, PANEL_FLOATS / kernel->tile_columns, 1);
    pass p = {.g = g, .kernel = kernel};

    for (p.first_row = 0; p.first_row < g->m; p.first_row += block) {
        p.n_rows = tvi_least(block, g->m - p.first_row);
        p.part_rows = tvi_piece_of(p.n_rows, (p.n_rows + ROW_PARTS - 1) / ROW_PARTS,
                                   kernel->tile_rows);
        for (p.first_k = 0; p.first_k < g->k; p.first_k += terms) {
            p.k = tvi_least(terms, g->k - p.first_k);
            multiply_pass(&p, begin, end);
        }
    }
}

void tvi_tiles_run(const tvi_gemm *product)
{
    const size_t width = tvi_kernel()->tile_columns;
    tvi_gemm copy = *product;

    tvi_parallel_for((copy.n + width - 1) / width * ROW_PARTS, 1, multiply_items, &copy);
}

size_t tvi_tiles_packed_floats(size_t n_rows, size_t n_outputs)
{
    const size_t width = tvi_kernel()->tile ? tvi_kernel()->tile_columns : 1;
    size_t n_floats;

    return tvi_multiply((n_outputs + width - 1) / width * width, n_rows, &n_floats)
               ? n_floats
               : SIZE_MAX;
}

typedef struct packing {
    size_t n_rows, n_outputs;
    const float *dy;
    float *panels;
} packing;

static void pack_panels(void *context, size_t begin, size_t end)
{
    const packing *job = context;
    const size_t width = tvi_kernel()->tile_columns;

    for (size_t panel = begin; panel < end; panel++)
        tvi_kernel()->pack_columns(
            job->n_rows, tvi_least(width, job->n_outputs - panel * width), job->n_outputs,
            job->dy + panel * width, job->panels + panel * width * job->n_rows);
}

void tvi_tiles_pack(size_t n_rows, size_t n_outputs, const float *dy, float *panels)
{
    const size_t width = tvi_kernel()->tile_columns;
    packing job = {n_rows, n_outputs, dy, panels};

    tvi_parallel_for((n_outputs + width - 1) / width, 1, pack_panels, &job);
}

/* Part of a block of an outer product: terms first_row .. first_row + k - 1 of its sums,
 * and up to OUTER_ROWS of its rows, from `input` on. */
typedef struct outer_pass {
    const tvi_tiles_outer *product;
    const tvi_block *block;
    const tvi_target *target;
    const tvi_kernels *kernel;
    size_t first_row, k, input, n_inputs;
} outer_pass;

static void fetch_rows(const outer_pass *p, const float *array, size_t ld, size_t first,
                       size_t n, size_t column)
{
    for (size_t row = p->input + first; row < p->input + first + n; row++)
        for (size_t c = 0; c < p->kernel->tile_columns; c += LINE_FLOATS)
            __builtin_prefetch(array + row * ld + column + c, 1);
}

static void fetch_near(const outer_pass *p, size_t first, size_t n, size_t column)
{
    const tvi_near *near = &p->target->near;

    for (size_t i = 0; i < TVI_NEAR && near->at[i]; i++)
        fetch_rows(p, near->at[i], near->ld, first, n, column);
}

static void multiply_outer(const outer_pass *p, const float *inputs)
{
    const size_t height = p->kernel->tile_rows, width = p->kernel->tile_columns;
    const tvi_target *target = p->target;
    tvi_tile t = {.k = p->k,
                  .ld_c = target->ld,
                  .a_packed = true,
                  .add = target->add || p->first_row > 0};

    for (size_t c = p->block->first_column; c < p->block->end_column; c += width) {
        t.b = p->product->dy_panels + c * p->product->n_rows + p->first_row * width;
        t.n_columns = tvi_least(width, p->block->end_column - c);
        for (size_t i = 0; i < p->n_inputs; i += height) {
            t.a = inputs + i * p->k;
            t.end_row = tvi_least(height, p->n_inputs - i);
            t.c = target->to + (p->input + i - p->block->first_row) * target->ld +
                  (c - p->block->first_column);
            fetch_near(p, i, t.end_row, c);
            p->kernel->tile(&t);
        }
    }
}

static void pack_inputs(const outer_pass *p, float *inputs)
{
    const size_t height = p->kernel->tile_rows, ld = p->product->n_inputs;

    for (size_t i = 0; i < p->n_inputs; i += height)
        p->kernel->pack_rows(p->k, tvi_least(height, p->n_inputs - i), ld,
                             p->product->x + p->first_row * ld + p->input + i,
                             inputs + i * p->k);
}

void tvi_tiles_outer_block(const tvi_tiles_outer *product, const tvi_block *block,
                           const tvi_target *target)
{
    float inputs[OUTER_ROWS * OUTER_TERMS] __attribute__((aligned(64)));
    const size_t terms = tvi_piece_of(product->n_rows, OUTER_TERMS, 1);
    outer_pass p = {
        .product = product, .block = block, .target = target, .kernel = tvi_kernel()};

    for (p.input = block->first_row; p.input < block->end_row; p.input += OUTER_ROWS) {
        p.n_inputs = tvi_least(OUTER_ROWS, block->end_row - p.input);
        for (p.first_row = 0; p.first_row < product->n_rows; p.first_row += terms) {
            p.k = tvi_least(terms, product->n_rows - p.first_row);
            pack_inputs(&p, inputs);
            multiply_outer(&p, inputs);
        }
    }
}
