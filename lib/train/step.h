/* SPDX-License-Identifier: MIT */
#ifndef TVI_TRAIN_STEP_H
#define TVI_TRAIN_STEP_H

#include "train/trainer.h"

/* What every kind of step does. */

/* terms[TVAE_TERM_EQUIVARIANCE_ERROR] of the latents just computed. */
tvae_status tvi_step_measure_equivariance(tvae_trainer *trainer, const tvi_batch *batch,
                                          double *terms);

/* The finite ones of the terms tell where it began; with all of them finite it is t. */
tvae_status tvi_step_fail_not_finite(const tvae_trainer *trainer, const double *terms);

/* The same of a gradient's norm. */
tvae_status tvi_step_fail_norm(const tvae_trainer *trainer, double norm);

#endif
