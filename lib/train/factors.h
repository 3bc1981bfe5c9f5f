/* SPDX-License-Identifier: MIT */
#ifndef TVI_TRAIN_FACTORS_H
#define TVI_TRAIN_FACTORS_H

#include "exchange/exchange.h"
#include "layer/product.h"

/* The gradient of a first layer's weight is the product of the batch's inputs and of the
 * gradients by the layer's outputs. Where these factors, of all ranks, are smaller than
 * the rows of it that would be summed, they are sent instead, and each rank multiplies
 * the whole batch's ("sufficient factors", Xie et al. 2016): with sparse inputs that
 * costs little, and no gradient is rounded, stored or summed. Memory grows to the largest
 * batch. */
typedef struct tvi_factors {
    tvi_exchange *exchange;
    size_t n_rows, n_own; /* of the whole batch, and of this rank's part */
    bool has_inputs;      /* of this step */
    bool is_sparse;       /* they were listed */
    tvi_sparse_rows sparse;
    float *inputs, *gradients, *lists, *panels;
    size_t input_floats, gradient_floats, list_floats, panel_floats; /* room in them */
    size_t *counts;    /* [n_ranks] rows of each, in this step */
    double sent_bytes; /* in this step */
    size_t n_skipped;  /* steps still to come in which they are not tried */
} tvi_factors;

tvae_status tvi_factors_create(tvi_factors *factors, tvi_exchange *exchange);
void tvi_factors_release(tvi_factors *factors);

/* Before a step, once `counts` are its rows of each rank. */
void tvi_factors_begin(tvi_factors *factors);

/* Are they less than n_values of a gradient of so many bytes each? The same answer on all
 * ranks. */
bool tvi_factors_pay(const tvi_factors *factors, const tvi_outer_product *product,
                     size_t n_values, size_t value_bytes);

/* The whole batch's product out of this rank's, laid out for the functions of
 * layer/product.h; a collective. *works is false, on all ranks, if the inputs are not
 * sparse; then they do not pay for a while. */
tvae_status tvi_factors_gather(tvi_factors *factors, const tvi_outer_product *own,
                               tvi_outer_product *whole, bool *works);

#endif
