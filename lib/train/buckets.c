/* SPDX-License-Identifier: MIT */
#include "train/buckets.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "kernel/kernel.h"

static const char call[] = "trainer_step", set_call[] = "trainer_set_exchange";

enum { NORM_BLOCK = 4096, LEAST_ROWS = 24 };

static size_t value_bytes(const tvi_buckets *b)
{
    return b->is_bfloat16 ? sizeof(uint16_t) : sizeof(float);
}

/* ---- memory ---- */

/* Rows of a product that are put in at once. */
static size_t piece_rows(const tvi_buckets *b, const tvi_parameter *parameter)
{
    const size_t n = b->bucket_values / parameter->pitch;

    return n > LEAST_ROWS ? n : LEAST_ROWS;
}

static size_t count_pieces(const tvi_buckets *b, const tvi_parameter *parameter)
{
    const size_t at_once = piece_rows(b, parameter);

    return (parameter->n_rows + at_once - 1) / at_once;
}

static tvae_status get_memory(tvi_buckets *b, bool shares)
{
    tvae_status st = TVAE_OK;

    if (shares)
        st = tvi_shared_create(b->exchange, (b->capacity + 1) * value_bytes(b),
                               &b->shared, set_call);
    if (st == TVAE_OK)
        b->memory = b->shared ? tvi_shared_segment(b->shared)
                              : tvi_alloc_array(b->capacity + 1, value_bytes(b));
    return st == TVAE_OK && !b->memory ? TVAE_E_NOMEM : st;
}

tvae_status tvi_buckets_create(tvi_buckets *b, tvi_exchange *exchange,
                               const tvae_exchange_options *options,
                               const tvi_parameter_list *parameters,
                               const tvi_sparse_rows *lit)
{
    tvae_status st = TVAE_OK;

    b->exchange = exchange;
    b->lit = lit;
    b->is_bfloat16 = options->gradient_type == TVAE_EXCHANGE_BFLOAT16;
    b->bucket_values = (size_t)options->bucket_bytes / value_bytes(b);
    for (size_t i = 0; i < parameters->n_items; i++) {
        const tvi_parameter *parameter = parameters->items[i].parameter;

        if (!parameter->trainable)
            continue;
        b->capacity += parameter->count;
        b->most_pieces += count_pieces(b, parameter);
    }
    b->pieces = tvi_alloc_array(b->most_pieces + 1, sizeof *b->pieces);
    b->buckets = tvi_alloc_array(b->most_pieces + 1, sizeof *b->buckets);
    b->block_sums = tvi_alloc_array(b->capacity / NORM_BLOCK + 1, sizeof *b->block_sums);
    if (!b->pieces || !b->buckets || !b->block_sums)
        st = TVAE_E_NOMEM;
    st = tvi_exchange_settle(exchange, st, set_call);
    return st == TVAE_OK ? get_memory(b, options->shared_memory) : st;
}

void tvi_buckets_release(tvi_buckets *b)
{
    if (b->shared)
        tvi_shared_destroy(&b->shared);
    else if (b->exchange)
        tvi_exchange_free(b->exchange, b->memory);
    tvi_free(b->pieces);
    tvi_free(b->buckets);
    tvi_free(b->block_sums);
    memset(b, 0, sizeof *b);
}

/* ---- putting in ---- */

void tvi_buckets_begin(tvi_buckets *b)
{
    b->used = b->n_pieces = b->n_dense = b->n_added = 0;
    b->n_buckets = 1;
    b->buckets[0] = (tvi_bucket){.first_piece = 0};
}

/* A piece of the bucket that is open. */
static tvi_bucket_piece *open_piece(tvi_buckets *b, tvi_parameter *parameter,
                                    size_t first_row, size_t end_row, bool by_rows)
{
    tvi_bucket_piece *piece = &b->pieces[b->n_pieces++];
    const size_t n_rows =
        by_rows ? tvi_lit_up_to(b->lit, end_row) - tvi_lit_before(b->lit, first_row)
                : end_row - first_row;

    *piece = (tvi_bucket_piece){.parameter = parameter,
                                .first_row = first_row,
                                .end_row = end_row,
                                .at = b->used,
                                .n_values = n_rows * parameter->pitch,
                                .by_rows = by_rows};
    b->n_dense += (end_row - first_row) * parameter->pitch;
    return piece;
}

static tvae_status add_next(tvi_buckets *b)
{
    return tvi_shared_add(b->shared, &b->buckets[b->n_added++].sum, call);
}

/* In shared memory the buckets before it are added up that all ranks have put in, as they
 * may still be in the cache. */
static tvae_status start_bucket(tvi_buckets *b)
{
    tvi_bucket *bucket = &b->buckets[b->n_buckets - 1];
    tvi_shared_sum *sum = &bucket->sum;

    bucket->end_piece = b->n_pieces;
    sum->n_values = b->used - sum->at;
    sum->is_bfloat16 = b->is_bfloat16;
    if (b->shared)
        tvi_shared_offer(b->shared, sum);
    while (b->shared && b->n_added + 1 < b->n_buckets &&
           tvi_shared_is_offered(b->shared, &b->buckets[b->n_added].sum)) {
        const tvae_status st = add_next(b);

        if (st != TVAE_OK)
            return st;
    }
    if (!b->shared && sum->n_values > 0)
        return tvi_exchange_sum_start(
            b->exchange, b->memory + sum->at * value_bytes(b), sum->n_values,
            b->is_bfloat16 ? TVAE_EXCHANGE_BFLOAT16 : TVAE_EXCHANGE_FLOAT32,
            &bucket->request, call);
    return TVAE_OK;
}

/* The piece is written: if the bucket is full, it goes. */
static tvae_status close_piece(tvi_buckets *b, const tvi_bucket_piece *piece)
{
    tvae_status st;

    b->used = piece->at + piece->n_values;
    if (b->used - b->buckets[b->n_buckets - 1].sum.at < b->bucket_values)
        return TVAE_OK;
    st = start_bucket(b);
    b->buckets[b->n_buckets++] =
        (tvi_bucket){.first_piece = b->n_pieces, .sum = {.at = b->used}};
    return st;
}

tvae_status tvi_buckets_close(tvi_buckets *b)
{
    tvae_status st = start_bucket(b);

    while (b->shared && b->n_added < b->n_buckets && st == TVAE_OK)
        st = add_next(b);
    return st;
}

/* n values to place `at` of the memory. */
static void write_values(const tvi_buckets *b, size_t at, size_t n, const float *values)
{
    if (b->is_bfloat16)
        tvi_kernel()->to_bfloat16(n, values, (uint16_t *)(void *)b->memory + at);
    else
        memcpy((float *)(void *)b->memory + at, values, n * sizeof *values);
}

static void write_zeros(const tvi_buckets *b, size_t at, size_t n)
{
    memset(b->memory + at * value_bytes(b), 0, n * value_bytes(b));
}

tvae_status tvi_buckets_put(tvi_buckets *b, tvi_parameter *parameter,
                            const float *gradient)
{
    const tvi_bucket_piece *piece;

    if (!parameter->trainable)
        return TVAE_OK;
    piece = open_piece(b, parameter, 0, parameter->n_rows, false);
    if (gradient)
        write_values(b, piece->at, piece->n_values, gradient);
    else
        write_zeros(b, piece->at, piece->n_values);
    return close_piece(b, piece);
}

/* A piece whose rows are those of a product, taken block by block: each block is computed
 * in the scratch of one of the parts and copied from there. */
typedef struct product_job {
    const tvi_buckets *buckets;
    const tvi_bucket_piece *piece;
    const tvi_outer_product *product;
    size_t n_rows, n_columns; /* of a block */
    size_t n_down, n_blocks, n_parts;
    float *scratch; /* [n_parts] blocks */
} product_job;

/* A row's values in the block's columns, and zeros behind its last. */
static void write_row(const product_job *job, const tvi_block *block, size_t row,
                      const float *values)
{
    const tvi_buckets *b = job->buckets;
    const tvi_bucket_piece *piece = job->piece;
    const size_t pitch = job->product->pitch;
    const size_t before = piece->by_rows ? tvi_lit_before(b->lit, row) -
                                               tvi_lit_before(b->lit, piece->first_row)
                                         : row - piece->first_row;
    const size_t at = piece->at + before * pitch;

    write_values(b, at + block->first_column, block->end_column - block->first_column,
                 values);
    if (block->end_column == job->product->n_outputs)
        write_zeros(b, at + block->end_column, pitch - block->end_column);
}

static void write_block(const product_job *job, size_t index, float *scratch)
{
    const size_t row = job->piece->first_row + index % job->n_down * job->n_rows;
    const size_t column = index / job->n_down * job->n_columns;
    const tvi_block block = {row, tvi_least(row + job->n_rows, job->piece->end_row),
                             column,
                             tvi_least(column + job->n_columns, job->product->n_outputs)};
    const tvi_target target = {.to = scratch, .ld = job->n_columns};

    tvi_outer_product_compute(job->product, &block, &target);
    for (size_t i = block.first_row; i < block.end_row; i++)
        if (!job->piece->by_rows || tvi_is_lit(job->buckets->lit, i))
            write_row(job, &block, i, scratch + (i - row) * target.ld);
}

static void write_parts(void *context, size_t begin, size_t end)
{
    const product_job *job = context;

    for (size_t part = begin; part < end; part++)
        for (size_t block = part; block < job->n_blocks; block += job->n_parts)
            write_block(job, block, job->scratch + part * job->n_rows * job->n_columns);
}

static void write_product(product_job *job, size_t n_scratch)
{
    const tvi_outer_blocks blocks = tvi_outer_product_blocks(job->product);
    const size_t n_rows = job->piece->end_row - job->piece->first_row;

    job->n_rows = tvi_least(blocks.n_rows, n_rows);
    job->n_columns = blocks.n_columns;
    job->n_down = (n_rows + job->n_rows - 1) / job->n_rows;
    job->n_blocks = job->n_down * (blocks.n_blocks / blocks.n_down);
    job->n_parts = tvi_least(tvi_least(tvi_thread_count(), job->n_blocks),
                             n_scratch / (job->n_rows * job->n_columns));
    tvi_parallel_for(job->n_parts, 1, write_parts, job);
}

/* Where the pieces end must not depend on how a rank multiplies. */
tvae_status tvi_buckets_put_product(tvi_buckets *b, tvi_parameter *parameter,
                                    const tvi_outer_product *product, bool by_rows,
                                    float *scratch, size_t n_scratch)
{
    const size_t rows_at_once = piece_rows(b, parameter);
    tvae_status st = TVAE_OK;

    if (!parameter->trainable)
        return TVAE_OK;
    for (size_t row = 0; row < parameter->n_rows && st == TVAE_OK; row += rows_at_once) {
        const size_t end = tvi_least(row + rows_at_once, parameter->n_rows);
        tvi_bucket_piece *piece = open_piece(b, parameter, row, end, by_rows);
        product_job job = {
            .buckets = b, .piece = piece, .product = product, .scratch = scratch};

        if (scratch)
            write_product(&job, n_scratch);
        else
            write_zeros(b, piece->at, piece->n_values);
        st = close_piece(b, piece);
    }
    return st;
}

/* ---- taking out ---- */

tvae_status tvi_buckets_wait(tvi_buckets *b, size_t bucket)
{
    if (b->shared)
        return tvi_shared_wait(b->shared, &b->buckets[bucket].sum, call);
    if (b->buckets[bucket].sum.n_values == 0)
        return TVAE_OK;
    return tvi_exchange_sum_wait(b->exchange, b->buckets[bucket].request, call);
}

typedef struct norm_job {
    const tvi_buckets *buckets;
    double *block_sums;
} norm_job;

static void sum_blocks(void *context, size_t begin, size_t end)
{
    const norm_job *job = context;
    const tvi_buckets *b = job->buckets;
    float wide[NORM_BLOCK];

    for (size_t block = begin; block < end; block++) {
        const size_t first = block * NORM_BLOCK,
                     n = tvi_least(b->used - first, NORM_BLOCK);
        const float *values = (const float *)(const void *)b->memory + first;

        if (b->is_bfloat16) {
            tvi_kernel()->from_bfloat16(
                n, (const uint16_t *)(const void *)b->memory + first, wide);
            values = wide;
        }
        job->block_sums[block] = tvi_kernel()->dot(n, values, values);
    }
}

double tvi_buckets_norm(tvi_buckets *b)
{
    const size_t n_blocks = (b->used + NORM_BLOCK - 1) / NORM_BLOCK;
    norm_job job = {b, b->block_sums};
    double sum = 0.0;

    tvi_parallel_for(n_blocks, 1, sum_blocks, &job);
    for (size_t block = 0; block < n_blocks; block++)
        sum += b->block_sums[block];
    return sqrt(sum);
}

/* The pieces of a parameter follow one another. */
static tvae_status apply_piece(tvi_buckets *b, const tvi_bucket_piece *piece,
                               float factor, tvi_optimiser *optimiser, int64_t step)
{
    const tvi_sparse_rows *lit = piece->by_rows ? b->lit : NULL;
    tvi_row_gradient gradient = {.first_row = piece->first_row,
                                 .end_row = piece->end_row,
                                 .values = b->memory + piece->at * value_bytes(b),
                                 .is_bfloat16 = b->is_bfloat16,
                                 .factor = factor,
                                 .lit = lit};
    tvae_status st;

    if (piece->first_row == 0)
        b->waits = tvi_optimiser_begin_rows(optimiser, piece->parameter, lit);
    gradient.leaves_unlit = b->waits;
    st = tvi_optimiser_update_rows(optimiser, step, piece->parameter, &gradient);
    if (st == TVAE_OK && b->waits && piece->end_row == piece->parameter->n_rows)
        tvi_optimiser_end_rows(optimiser, step, piece->parameter, lit);
    return st;
}

tvae_status tvi_buckets_apply(tvi_buckets *b, size_t bucket, float factor,
                              tvi_optimiser *optimiser, int64_t step)
{
    const tvi_bucket *full = &b->buckets[bucket];
    tvae_status st = TVAE_OK;

    for (size_t i = full->first_piece; i < full->end_piece && st == TVAE_OK; i++)
        st = apply_piece(b, &b->pieces[i], factor, optimiser, step);
    return st;
}
