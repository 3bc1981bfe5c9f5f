/* SPDX-License-Identifier: MIT */
#ifndef TVI_TRAIN_TRAINER_H
#define TVI_TRAIN_TRAINER_H

#include <tvae/io.h>
#include <tvae/train.h>

#include "base/refcount.h"
#include "model/model.h"
#include "train/optimiser.h"

struct tvae_trainer {
    tvi_refcount references;
    tvae_model *model;
    tvae_workspace *work;
    tvi_optimiser optimiser;
    double initial_rate; /* optimiser.options.learning_rate may have been changed since */
    int64_t n_steps;     /* completed */
    float *noise;        /* [2, n_noise]: of z, then of u */
    size_t n_noise;
    float *scratch; /* of the equivariance error */
    size_t n_scratch;
    double *block_sums; /* of the gradient's norm; NULL before the first clipped step */
    struct tvi_team *team; /* the other ranks; NULL: none */
    tvi_stopwatch watch;   /* of the latest step: laps are numbered by TVAE_PART */
};

/* One step with the noise of `batch`; `terms` [TVAE_N_TERMS] as tvae_trainer_step(). */
tvae_status tvi_trainer_step_batch(tvae_trainer *trainer, const tvi_batch *batch,
                                   double *terms);

/* The whole state as an archive, and back: a run adds entries of its own to it. Saving
 * refuses parameters that are not finite (TVAE_E_NUMERIC); loading checks everything
 * before the trainer changes. `call` begins the error sentence. */
tvae_status tvi_trainer_to_archive(const tvae_trainer *trainer, tvae_archive *archive,
                                   const char *call);
tvae_status tvi_trainer_from_archive(tvae_trainer *trainer, tvae_archive *archive,
                                     const char *call);

/* The options that steps depend on as lines "name=value", for ranks to compare. */
tvae_status tvi_trainer_describe(const tvae_trainer *trainer, char *text,
                                 size_t capacity);

/* Only the parameters of such an archive, into a model of the same names and shapes. */
tvae_status tvi_trainer_model_from_archive(tvae_model *model, tvae_archive *archive,
                                           const char *call);

#endif
