/* SPDX-License-Identifier: MIT */
#ifndef TVI_EXPERIMENT_EVALUATE_H
#define TVI_EXPERIMENT_EVALUATE_H

#include "data/data.h"
#include "experiment/prediction.h"
#include "experiment/scores.h"

/* What an evaluation finds; NaN where there is nothing to say. */
typedef struct tvi_evaluation {
    tvae_evaluate_options options;
    size_t n_sequences;         /* evaluated */
    double terms[TVAE_N_TERMS]; /* means over frames; the equivariance error's over
                                   sequences */
    double log_likelihood, log_likelihood_reference;
    size_t n_factors, n_capsules; /* factors that may vary; 0 without 1-D capsules */
    const char *factor_names[TVI_MAX_FACTORS];
    double capcorr[TVI_MAX_FACTORS];       /* nearest canonical frame: the reference */
    double capcorr_first[TVI_MAX_FACTORS]; /* first canonical frame */
    double *capcorr_per_capsule;           /* [n_factors, n_capsules] */
    tvi_score_values scores;
    tvi_prediction prediction;
} tvi_evaluation;

/* Write `summary.json` of the run. */
tvae_status tvi_summary_write(const tvae_run *run, const tvi_evaluation *evaluation);

#endif
