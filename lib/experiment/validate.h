/* SPDX-License-Identifier: MIT */
#ifndef TVI_EXPERIMENT_VALIDATE_H
#define TVI_EXPERIMENT_VALIDATE_H

#include "experiment/batches.h"

/* Validation during training: the same held-out sequences every time, with the same
 * transforms and noise, so that two losses differ by the model alone. */
typedef struct tvi_validation {
    tvi_batches batches;
} tvi_validation;

/* `v` must be all zero; tvi_validation_close() releases it however far this came. */
tvae_status tvi_validation_open(tvi_validation *v, const tvae_run *run);
void tvi_validation_close(tvi_validation *v);

/* Measure the run's model after `step`, log it, and keep the model if it is the best.
 * With others all measure a part, unless one comes with a status that is not TVAE_OK. */
tvae_status tvi_validation_measure(tvi_validation *v, tvae_run *run, tvae_status own,
                                   int64_t step, int64_t epoch);

#endif
