/* SPDX-License-Identifier: MIT */
#ifndef TVI_EXPERIMENT_PREDICTION_H
#define TVI_EXPERIMENT_PREDICTION_H

#include "experiment/batches.h"

/* How well rolled capsules predict the second half of a sequence from its first half,
 * against copying the last frame that was seen. */
typedef struct tvi_prediction {
    size_t n_seen, n_steps; /* frames; 0 steps: this model or data has no prediction */
    double *errors;  /* [2, n_steps] sums of squared errors: the model's, copying's */
    double n_values; /* summed over, in each step */
    tvae_roll *roll; /* along the capsules */
    tvae_tensor *seen, *noise_z, *noise_u, *t; /* the first half of a whole batch */
    tvae_tensor *last, *rolled, *decoded;      /* one frame of it */
} tvi_prediction;

/* `p` must be all zero; tvi_prediction_close() releases it however far this came. */
tvae_status tvi_prediction_open(tvi_prediction *p, const tvi_batches *b);
void tvi_prediction_close(tvi_prediction *p);

/* Predict in the batch at hand: from its own noise, but from its first half alone. */
tvae_status tvi_prediction_add(tvi_prediction *p, const tvi_batches *b,
                               const tvae_model *model);

/* Sums of all ranks. */
tvae_status tvi_prediction_merge(tvi_prediction *p, const tvi_batches *b,
                                 const char *call);

/* Mean squared error of a value of frame n_seen - 1 + step, step 1 to n_steps. */
double tvi_prediction_error(const tvi_prediction *p, size_t step);
double tvi_prediction_copy_error(const tvi_prediction *p, size_t step);

#endif
