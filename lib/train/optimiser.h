/* SPDX-License-Identifier: MIT */
#ifndef TVI_TRAIN_OPTIMISER_H
#define TVI_TRAIN_OPTIMISER_H

#include <tvae/train.h>

#include "layer/parameter.h"
#include "train/lit_rows.h"

enum { TVI_OPTIMISER_BUFFERS = 2 };

/* What an optimiser keeps of one parameter. */
typedef struct tvi_optimiser_slot {
    const char *name; /* the list's */
    tvi_parameter *parameter;
    /* [count] each, laid out as the parameter is stored; NULL if not trainable. SGD: the
     * momentum; Adam: the mean and the mean square of the gradient. */
    float *buffers[TVI_OPTIMISER_BUFFERS];
} tvi_optimiser_slot;

typedef struct tvi_optimiser {
    tvae_train_options options;
    size_t n_buffers; /* of each trainable parameter */
    size_t n_slots;
    tvi_optimiser_slot *slots; /* in the order of the list */
} tvi_optimiser;

/* Buffers of zeros for each trainable parameter of the list, whose entries must stay
 * where they are. `optimiser` must be all zero; release it on failure, too. */
tvae_status tvi_optimiser_init(tvi_optimiser *optimiser,
                               const tvae_train_options *options,
                               const tvi_parameter_list *parameters);
void tvi_optimiser_release(tvi_optimiser *optimiser);

/* Update one parameter by its gradient at the step's learning rate, split among the
 * threads. Steps count from 1. */
tvae_status tvi_optimiser_update(tvi_optimiser *optimiser, int64_t step,
                                 tvi_parameter *parameter, const float *gradient);

/* The same with the gradient as a product: computed and applied block by block, so that
 * it never leaves the cache. `scratch` has room for the parameter at least. */
tvae_status tvi_optimiser_update_product(tvi_optimiser *optimiser, int64_t step,
                                         tvi_parameter *parameter,
                                         const tvi_outer_product *product, float *scratch,
                                         size_t n_scratch);

/* The gradient of rows first_row .. end_row - 1 of a parameter as it is exchanged: values
 * pitch apart, of all these rows one after the other or, if `lit` says which, of those
 * lit alone; the gradient of the others is zero. */
typedef struct tvi_row_gradient {
    size_t first_row, end_row;
    const void *values;
    bool is_bfloat16;
    float factor; /* that the values are multiplied by */
    const tvi_sparse_rows *lit;
    bool leaves_unlit; /* rows that are not lit stay as they are: their update waits */
} tvi_row_gradient;

/* Before a parameter's first rows of a step: whether rows that are not lit can wait. */
bool tvi_optimiser_begin_rows(const tvi_optimiser *optimiser,
                              const tvi_parameter *parameter, const tvi_sparse_rows *lit);
tvae_status tvi_optimiser_update_rows(tvi_optimiser *optimiser, int64_t step,
                                      tvi_parameter *parameter,
                                      const tvi_row_gradient *gradient);
/* After its last, if they do. */
void tvi_optimiser_end_rows(const tvi_optimiser *optimiser, int64_t step,
                            const tvi_parameter *parameter, const tvi_sparse_rows *lit);

/* Name of buffer `index` in checkpoints: "momentum", "mean" or "square_mean". */
const char *tvi_optimiser_buffer_name(const tvi_optimiser *optimiser, size_t index);

#endif
