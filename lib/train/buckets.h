/* SPDX-License-Identifier: MIT */
#ifndef TVI_TRAIN_BUCKETS_H
#define TVI_TRAIN_BUCKETS_H

#include "exchange/shared.h"
#include "train/optimiser.h"

/* Gradients on their way to all ranks. A backward pass puts them in, row by row of each
 * parameter; whenever enough are together, a bucket, their sum over the ranks begins.
 * Afterwards the buckets are waited for and their sums applied, in the same order. All
 * ranks put in the same rows. Memory is got once. */

/* Rows of a parameter that lie together in one bucket. */
typedef struct tvi_bucket_piece {
    tvi_parameter *parameter;
    size_t first_row, end_row;
    size_t at, n_values; /* in the buckets' memory */
    bool by_rows;        /* the lit ones alone */
} tvi_bucket_piece;

typedef struct tvi_bucket {
    size_t first_piece, end_piece;
    tvi_shared_sum sum; /* where its values lie */
    void *request;
} tvi_bucket;

typedef struct tvi_buckets {
    tvi_exchange *exchange;
    tvi_shared *shared;         /* whose segment the memory is; NULL: it is not */
    const tvi_sparse_rows *lit; /* of this step, where rows are sent by it */
    bool is_bfloat16;
    size_t bucket_values; /* about as many in each */
    unsigned char *memory;
    size_t capacity, used; /* in values */
    tvi_bucket_piece *pieces;
    tvi_bucket *buckets;
    double *block_sums; /* of the norm */
    size_t
        n_added; /* buckets whose sums in shared memory this rank has done its part of */
    size_t most_pieces, n_pieces, n_buckets;
    bool waits;     /* rows that are not lit, of the parameter whose pieces are applied */
    size_t n_dense; /* values that would have been sent without looking at rows */
} tvi_buckets;

/* Room for the gradients of all trainable parameters of the list; a collective. */
tvae_status tvi_buckets_create(tvi_buckets *buckets, tvi_exchange *exchange,
                               const tvae_exchange_options *options,
                               const tvi_parameter_list *parameters,
                               const tvi_sparse_rows *lit);
/* Leaves memory alone that an engine which failed may still write to. */
void tvi_buckets_release(tvi_buckets *buckets);

/* Before a step. */
void tvi_buckets_begin(tvi_buckets *buckets);

/* A parameter's whole gradient, as it is stored; NULL: zeros. */
tvae_status tvi_buckets_put(tvi_buckets *buckets, tvi_parameter *parameter,
                            const float *gradient);

/* The same as a product, which is taken block by block; NULL: zeros. With `by_rows` the
 * lit rows alone. */
tvae_status tvi_buckets_put_product(tvi_buckets *buckets, tvi_parameter *parameter,
                                    const tvi_outer_product *product, bool by_rows,
                                    float *scratch, size_t n_scratch);

/* After the last: begin what has not begun yet, and help those that need it. */
tvae_status tvi_buckets_close(tvi_buckets *buckets);

tvae_status tvi_buckets_wait(tvi_buckets *buckets, size_t bucket);

/* The Euclidean norm of all sums; once all are there. */
double tvi_buckets_norm(tvi_buckets *buckets);

/* The update of a bucket's parameters by its sums, times factor, once they are there. */
tvae_status tvi_buckets_apply(tvi_buckets *buckets, size_t bucket, float factor,
                              tvi_optimiser *optimiser, int64_t step);

#endif
