/* SPDX-License-Identifier: MIT */
#ifndef TVI_EXPERIMENT_SCORES_H
#define TVI_EXPERIMENT_SCORES_H

#include <tvae/metric.h>

#include "experiment/batches.h"

/* What the latents as a whole are like; NaN where there is nothing to say. */
typedef struct tvi_score_values {
    double active_z, active_u;            /* latents that the posteriors use */
    double smoothness;                    /* of the map of |t| */
    double selective_units, mean_d_prime; /* d' of each unit's best class */
} tvi_score_values;

/* These, gathered over the batches of an evaluation. */
typedef struct tvi_scores {
    tvae_activity *activity_z, *activity_u;
    tvae_covariance *covariance;      /* NULL: too many latents to pair */
    tvae_selectivity *selectivity;    /* NULL: no labels */
    size_t label, n_classes;          /* factor of the data */
    tvae_tensor *mean, *log_variance; /* of a whole batch */
} tvi_scores;

/* `s` must be all zero; tvi_scores_close() releases it however far this came. */
tvae_status tvi_scores_open(tvi_scores *s, const tvi_batches *b, const tvae_model *model);
void tvi_scores_close(tvi_scores *s);

/* Add the batch at hand, whose latents have been measured. */
tvae_status tvi_scores_add(tvi_scores *s, const tvi_batches *b, const tvae_model *model);

/* Those of all ranks. */
tvae_status tvi_scores_merge(tvi_scores *s, const tvi_batches *b, const char *call);

tvae_status tvi_scores_finish(const tvi_scores *s, const tvi_batches *b,
                              tvi_score_values *values);

#endif
