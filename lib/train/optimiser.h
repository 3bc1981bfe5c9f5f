/* SPDX-License-Identifier: MIT */
#ifndef TVI_TRAIN_OPTIMISER_H
#define TVI_TRAIN_OPTIMISER_H

#include <tvae/train.h>

#include "layer/parameter.h"

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

/* Name of buffer `index` in checkpoints: "momentum", "mean" or "square_mean". */
const char *tvi_optimiser_buffer_name(const tvi_optimiser *optimiser, size_t index);

#endif
