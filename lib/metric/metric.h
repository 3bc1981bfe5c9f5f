/* SPDX-License-Identifier: MIT */
#ifndef TVI_METRIC_METRIC_H
#define TVI_METRIC_METRIC_H

#include <stdbool.h>

#include <tvae/metric.h>

#include "base/error.h"

/* Floats of scratch that tvi_equivariance_error() needs. */
size_t tvi_equivariance_scratch_floats(size_t n_sequences, size_t n_frames,
                                       size_t n_capsules, size_t d);

/* The equivariance errors of t [n_sequences, n_frames, n_capsules, d], summed over the
 * sequences; not finite if t is not. Allocates nothing: cheap enough for every step. */
void tvi_equivariance_error(size_t n_sequences, size_t n_frames, size_t n_capsules,
                            size_t d, const float *t, float *scratch, double *sum);

/* What get_cap_offsets of the reference finds in one sequence (GOLDEN section 4). */
typedef struct tvi_capsule_offset {
    size_t factor;
    double truth;          /* its value in frame 0 */
    size_t nearest, first; /* the capsules' modal shift, by each choice of frame */
} tvi_capsule_offset;

/* The factor that changes most from frame 0 to 1, the first of equals; false if none
 * changes. */
bool tvi_factor_that_varies(size_t n_factors, const float *factors, size_t *factor);

/* sum_j a[(j + k) mod d] b[j], for a shift k below d. */
double tvi_periodic_correlation(size_t d, const float *a, const float *b, size_t k);

/* Find it for one sequence and one factor, t [n_frames, n_capsules, d], factors
 * [n_frames, n_factors]. `shifts` [n_capsules] receives each capsule's shift at the first
 * canonical frame, `scratch` has room for n_capsules + d. False if the factor is never 0.
 */
bool tvi_capsule_offset_find(size_t n_frames, size_t n_capsules, size_t d,
                             size_t n_factors, size_t factor, const float *t,
                             const float *factors, size_t *shifts, size_t *scratch,
                             tvi_capsule_offset *offset);

/* How many samples of n_units a tensor holds: its last axes must multiply to n_units and
 * its elements be finite. "<call>: <name> ..." says what is wrong. */
tvae_status tvi_sample_count(const tvae_tensor *tensor, size_t n_units, const char *call,
                             const char *name, size_t *n_samples);

/* Most pairs (of units, or of a unit and a class) for which sums are kept. */
enum { TVI_MAX_PAIRS = 1 << 24 };

/* TVAE_OK if both are at least 1 and there are not too many pairs. */
tvae_status tvi_check_pairs(size_t a, const char *name_a, size_t b, const char *name_b,
                            const char *call);

#endif
