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
    size_t factor;         /* which one varies */
    double truth;          /* its value in frame 0 */
    size_t nearest, first; /* the capsules' modal shift, by each choice of frame */
} tvi_capsule_offset;

/* Find it for one sequence, t [n_frames, n_capsules, d], factors [n_frames, n_factors].
 * `shifts` [n_capsules] receives each capsule's shift at the first canonical frame,
 * `scratch` has room for n_capsules + d. False if nothing varies or the factor that does
 * is never 0. */
bool tvi_capsule_offset_find(size_t n_frames, size_t n_capsules, size_t d,
                             size_t n_factors, const float *t, const float *factors,
                             size_t *shifts, size_t *scratch, tvi_capsule_offset *offset);

#endif
