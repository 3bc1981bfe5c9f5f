/* SPDX-License-Identifier: MIT */
#ifndef TVI_TRAIN_SCHEDULE_H
#define TVI_TRAIN_SCHEDULE_H

#include <tvae/train.h>

/* What changes from step to step is a function of the options and the steps completed
 * alone, so that a resumed run needs no state of its own for it. */

/* The learning rate of the step that follows `n_steps` completed ones. */
double tvi_learning_rate_at(const tvae_train_options *options, int64_t n_steps);

/* The weight of both KL divergences in the gradient of that step. */
double tvi_kl_weight_at(const tvae_train_options *options, int64_t n_steps);

#endif
