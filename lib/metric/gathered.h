/* SPDX-License-Identifier: MIT */
#ifndef TVI_METRIC_GATHERED_H
#define TVI_METRIC_GATHERED_H

#include <tvae/metric.h>

/* What an accumulator has gathered so far, as one block of numbers: ranks that each saw a
 * part of the samples pass it on and merge it. A block of zeros is nothing gathered. */
typedef struct tvi_gathered {
    double *values; /* [n_values] the accumulator's own */
    size_t n_values;
    void *accumulator;
    /* Add another accumulator's block, of the same sizes: as if this one had been given
     * these samples, too, to rounding. */
    void (*merge)(void *accumulator, const double *part);
} tvi_gathered;

tvi_gathered tvi_activity_gathered(tvae_activity *activity);
tvi_gathered tvi_capcorr_gathered(tvae_capcorr *capcorr);
tvi_gathered tvi_covariance_gathered(tvae_covariance *covariance);
tvi_gathered tvi_selectivity_gathered(tvae_selectivity *selectivity);

/* Sums over samples, and of their squares, each unit counted from its `first`. */
typedef struct tvi_shifted_sums {
    const double *first, *sums, *squares; /* [n_units] */
    double n_samples;
} tvi_shifted_sums;

/* Add a part that is counted from another `first`. */
void tvi_shifted_sums_merge(size_t n_units, const double *first, double *sums,
                            double *squares, const tvi_shifted_sums *part);

/* Where in block `part` lies what `own` is in block `values`. */
static inline const double *tvi_gathered_place(const double *part, const double *values,
                                               const double *own)
{
    return part + (own - values);
}

#endif
