/* SPDX-License-Identifier: MIT */
#ifndef TVI_EXPERIMENT_CHECKPOINT_H
#define TVI_EXPERIMENT_CHECKPOINT_H

#include "experiment/run.h"

/* Save the run's state, then the model file derived from it. Refused, with the older
 * checkpoint kept, if a parameter is not finite. */
tvae_status tvi_checkpoint_save(tvae_run *run);

/* Bring the run to its newest good state, or leave it at its start if there is none; the
 * log loses what came after, and the model file is derived anew. */
tvae_status tvi_checkpoint_restore(tvae_run *run);

/* The model as last saved, from its file, or from the state where that is missing. */
tvae_status tvi_checkpoint_model(const tvae_run *run, tvae_model **out);

/* The best model by validation loss; TVAE_E_NOT_FOUND if there was no validation. */
tvae_status tvi_checkpoint_best_model(const tvae_run *run, tvae_model **out);

/* What a summary tells of the training; all NaN without a state. */
typedef struct tvi_training_facts {
    double steps, seconds, peak_rss_bytes;
    double best_step, best_loss; /* by validation */
} tvi_training_facts;

tvi_training_facts tvi_checkpoint_facts(const tvae_run *run);

#endif
