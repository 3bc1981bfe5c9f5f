/* SPDX-License-Identifier: MIT */
#include "kernel/sparse.h"

#include <stdatomic.h>
#include <string.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "kernel/kernel.h"

/* Measured with AVX2 on matrices of the first layer's shapes (docs/performance.md): at
 * 40 % of non-zeros the forward product is 1.3 times as fast as the dense one, at 50 % no
 * faster; the gradient's crosses later. */
static double most_density = 0.45;

enum { LIST_GRAIN = 4, COLUMN_GRAIN = 256, LINE_FLOATS = 16 };

void tvi_sparse_set_most_density(double density)
{
    most_density = density;
}

static size_t whole_lines(size_t n)
{
    return (n + LINE_FLOATS - 1) / LINE_FLOATS * LINE_FLOATS;
}

static size_t count_blocks(size_t width)
{
    return width / TVI_SPARSE_BLOCK + (width % TVI_SPARSE_BLOCK != 0);
}

/* Every list has room for all its values, at a fixed place: threads make lists side by
 * side, in one pass. */
size_t tvi_sparse_floats(size_t n_rows, size_t width, bool with_columns)
{
    const size_t most = UINT32_MAX / 2;
    size_t n_values, n_bounds;

    if (!tvi_multiply(n_rows, width, &n_values) || n_values > most ||
        !tvi_multiply(n_rows, count_blocks(width) + 1, &n_bounds) || n_bounds > most)
        return SIZE_MAX;
    n_values = 2 * whole_lines(n_values);
    n_bounds = whole_lines(n_bounds);
    if (with_columns)
        return 2 * n_values + n_bounds + whole_lines(2 * width);
    return n_values + n_bounds;
}

typedef struct listing {
    tvi_sparse_rows *sparse;
    const float *x;
    atomic_size_t n_listed;
} listing;

/* Without branches: a zero is written, too, and overwritten by whatever follows. */
static void list_row(const tvi_sparse_rows *sparse, size_t row, const float *x)
{
    const tvi_sparse_lists *lists = &sparse->rows;
    uint32_t k = (uint32_t)(row * sparse->width);

    for (size_t block = 0; block < lists->n_blocks; block++) {
        const size_t first = block * TVI_SPARSE_BLOCK;
        const size_t last = tvi_least(first + TVI_SPARSE_BLOCK, sparse->width);

        lists->bounds[block * lists->n_lists + row] = k;
        for (size_t i = first; i < last; i++) {
            lists->index[k] = (uint32_t)i;
            lists->value[k] = x[i];
            k += x[i] != 0.0f;
        }
    }
    lists->bounds[lists->n_blocks * lists->n_lists + row] = k;
}

static void list_rows(void *context, size_t begin, size_t end)
{
    listing *job = context;
    const tvi_sparse_lists *lists = &job->sparse->rows;
    size_t n = 0;

    for (size_t row = begin; row < end; row++) {
        list_row(job->sparse, row, job->x + row * job->sparse->width);
        n += lists->bounds[lists->n_blocks * lists->n_lists + row] - lists->bounds[row];
    }
    atomic_fetch_add(&job->n_listed, n);
}

/* The first k of a row's list, from `k` on, whose index is at least `least`. */
static uint32_t skip_to(const tvi_sparse_lists *rows, uint32_t k, uint32_t end,
                        size_t least)
{
    while (k < end && rows->index[k] < least)
        k++;
    return k;
}

/* Columns begin .. end - 1 from the rows' lists; row by row, so that each ascends. */
static void list_columns(void *context, size_t begin, size_t end)
{
    const listing *job = context;
    const tvi_sparse_lists *rows = &job->sparse->rows, *columns = &job->sparse->columns;
    const size_t n_rows = job->sparse->n_rows;
    uint32_t *ends = columns->bounds + columns->n_lists;

    for (size_t column = begin; column < end; column++)
        columns->bounds[column] = ends[column] = (uint32_t)(column * n_rows);
    for (size_t row = 0; row < n_rows; row++) {
        const uint32_t *bounds = rows->bounds + row;
        const uint32_t last = bounds[rows->n_blocks * n_rows];
        uint32_t k =
            skip_to(rows, bounds[begin / TVI_SPARSE_BLOCK * n_rows], last, begin);

        for (; k < last && rows->index[k] < end; k++) {
            const uint32_t at = ends[rows->index[k]]++;

            columns->index[at] = (uint32_t)row;
            columns->value[at] = rows->value[k];
        }
    }
}

static void divide_memory(tvi_sparse_rows *sparse, bool with_columns, float *memory)
{
    const size_t n_values = whole_lines(sparse->n_rows * sparse->width);
    const size_t n_blocks = count_blocks(sparse->width);
    uint32_t *words = (uint32_t *)(void *)memory;

    sparse->rows = (tvi_sparse_lists){
        .n_lists = sparse->n_rows, .n_blocks = n_blocks, .bounds = words, .value = NULL};
    words += whole_lines((n_blocks + 1) * sparse->n_rows);
    sparse->rows.index = words;
    words += n_values;
    sparse->rows.value = (float *)(void *)words;
    words += n_values;
    sparse->columns = (tvi_sparse_lists){.n_lists = sparse->width, .n_blocks = 1};
    if (!with_columns)
        return;
    sparse->columns.bounds = words;
    words += whole_lines(2 * sparse->width);
    sparse->columns.index = words;
    words += n_values;
    sparse->columns.value = (float *)(void *)words;
}

bool tvi_sparse_list(tvi_sparse_rows *sparse, size_t n_rows, size_t width, const float *x,
                     bool with_columns, float *memory)
{
    listing job = {.sparse = sparse, .x = x};

    *sparse = (tvi_sparse_rows){.n_rows = n_rows, .width = width};
    divide_memory(sparse, with_columns, memory);
    tvi_parallel_for(n_rows, LIST_GRAIN, list_rows, &job);
    sparse->n_listed = atomic_load(&job.n_listed);
    if ((double)sparse->n_listed > most_density * (double)n_rows * (double)width)
        return false;
    if (with_columns)
        tvi_parallel_for(width, COLUMN_GRAIN, list_columns, &job);
    return true;
}

typedef struct forward_job {
    const tvi_sparse_rows *x;
    size_t n_outputs, ld_w;
    const float *w, *bias;
    float *y;
} forward_job;

/* Copying the weights of a block pays if each is used so often. */
enum { USES_TO_STAGE = 3, LONG_LIST = 48 };

/* Blocks to stage at once: the first cache holds two, but a list that is soon at its end
 * costs more than weights from the second. */
static size_t blocks_at_once(const tvi_sparse_rows *x)
{
    const size_t most = tvi_kernel()->gather_stage_rows / TVI_SPARSE_BLOCK;
    const size_t a_block = x->n_listed * TVI_SPARSE_BLOCK / (x->n_rows * x->width) + 1;

    return tvi_least((LONG_LIST + a_block - 1) / a_block, most);
}

/* Outputs begin .. end - 1 of every row, some blocks of the inputs at a time: as many as
 * can be staged, so that the weights of a panel come from a near cache while all rows
 * pass. */
static void multiply_outputs(void *context, size_t begin, size_t end)
{
    const forward_job *job = context;
    const tvi_sparse_lists *rows = &job->x->rows;
    const bool stages = job->x->n_listed >= USES_TO_STAGE * job->x->width;
    const size_t step = blocks_at_once(job->x);
    tvi_gather g = {.n_lists = rows->n_lists,
                    .n = end - begin,
                    .index = rows->index,
                    .value = rows->value,
                    .w = job->w + begin,
                    .start = job->bias ? job->bias + begin : NULL,
                    .y = job->y + begin,
                    .ld_w = job->ld_w,
                    .ld_y = job->n_outputs};

    for (size_t block = 0; block < rows->n_blocks; block += step) {
        const size_t last = tvi_least(block + step, rows->n_blocks);

        g.begin = rows->bounds + block * rows->n_lists;
        g.end = rows->bounds + last * rows->n_lists;
        g.first_staged = block * TVI_SPARSE_BLOCK;
        if (stages)
            g.n_staged =
                tvi_least(last * TVI_SPARSE_BLOCK, job->x->width) - g.first_staged;
        tvi_kernel()->gather(&g);
        g.start = g.y;
        g.ld_start = g.ld_y;
    }
}

void tvi_sparse_multiply(const tvi_sparse_rows *x, size_t n_outputs, const float *w,
                         size_t ld_w, const float *bias, float *y)
{
    forward_job job = {x, n_outputs, ld_w, w, bias, y};

    tvi_parallel_for(n_outputs, TVI_GATHER_GRAIN, multiply_outputs, &job);
}

size_t tvi_panel_floats(size_t n_rows, size_t n_outputs)
{
    const size_t width = tvi_kernel()->gather_columns;
    const size_t n_panels = n_outputs / width + (n_outputs % width != 0);
    size_t n_floats;

    return tvi_multiply(n_panels * width, n_rows, &n_floats) ? n_floats : SIZE_MAX;
}

typedef struct panel_copy {
    size_t n_rows, n_outputs;
    const float *from;
    float *panels;
} panel_copy;

static void copy_panel_rows(void *context, size_t begin, size_t end)
{
    const panel_copy *job = context;
    const size_t width = tvi_kernel()->gather_columns;

    for (size_t row = begin; row < end; row++)
        for (size_t first = 0; first < job->n_outputs; first += width) {
            const size_t n = tvi_least(job->n_outputs - first, width);
            float *to = job->panels + first * job->n_rows + row * width;

            memcpy(to, job->from + row * job->n_outputs + first, n * sizeof *to);
            memset(to + n, 0, (width - n) * sizeof *to);
        }
}

void tvi_panel_copy(size_t n_rows, size_t n_outputs, const float *from, float *panels)
{
    panel_copy job = {n_rows, n_outputs, from, panels};

    tvi_parallel_for(n_rows, LIST_GRAIN, copy_panel_rows, &job);
}

/* The sums of a block; where they go and what is near is for the caller to say. */
static tvi_gather outer_sums(const tvi_sparse_rows *x, const float *dy_panels,
                             const tvi_block *block)
{
    const tvi_sparse_lists *columns = &x->columns;
    const size_t width = tvi_kernel()->gather_columns;

    return (tvi_gather){.n_lists = block->end_row - block->first_row,
                        .n = block->end_column - block->first_column,
                        .begin = columns->bounds + block->first_row,
                        .end = columns->bounds + columns->n_lists + block->first_row,
                        .index = columns->index,
                        .value = columns->value,
                        .w = dy_panels + block->first_column * x->n_rows,
                        .ld_w = width,
                        .panel_stride = x->n_rows * width};
}

void tvi_sparse_outer_block(const tvi_sparse_rows *x, const float *dy_panels,
                            const tvi_block *block, const tvi_target *target)
{
    const size_t ld = target->near.ld;
    tvi_gather g = outer_sums(x, dy_panels, block);

    g.start = target->add ? target->to : NULL;
    g.y = target->to;
    g.ld_start = g.ld_y = target->ld;
    g.near.ld = ld;
    for (size_t i = 0; i < TVI_NEAR && target->near.at[i]; i++)
        g.near.at[i] = target->near.at[i] + block->first_row * ld + block->first_column;
    tvi_kernel()->gather(&g);
}

void tvi_sparse_outer_update(const tvi_sparse_rows *x, const float *dy_panels,
                             const tvi_block *block, const tvi_momentum *update)
{
    const size_t at = block->first_row * update->ld + block->first_column;
    tvi_momentum here = *update;
    tvi_gather g = outer_sums(x, dy_panels, block);

    here.buffer += at;
    here.value += at;
    g.update = &here;
    g.near = (tvi_near){{here.buffer, here.value}, here.ld};
    tvi_kernel()->gather(&g);
}
