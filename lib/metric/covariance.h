/* SPDX-License-Identifier: MIT */
#ifndef TVI_METRIC_COVARIANCE_H
#define TVI_METRIC_COVARIANCE_H

#include <tvae/metric.h>

/* Sums over samples of one side's units, each counted from its value in the first. */
typedef struct tvi_unit_sums {
    size_t n_units;
    double *first, *sums, *squares; /* [n_units] */
} tvi_unit_sums;

struct tvae_covariance {
    int32_t kind;
    size_t n_values;
    double *values;    /* [n_values], of which all below are parts */
    double *n_samples; /* one number */
    tvi_unit_sums rows, columns;
    double *products; /* [rows, columns] */
};

/* Pearson's correlation of row i and column j; NaN if either is constant. */
double tvi_covariance_correlation(const tvae_covariance *covariance, size_t i, size_t j);

#endif
