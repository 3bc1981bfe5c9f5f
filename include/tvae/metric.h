/* SPDX-License-Identifier: MIT */
#ifndef TVAE_METRIC_H
#define TVAE_METRIC_H

#include <tvae/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @file
 * Floor 7: how well capsules roll. Latents t are `[sequences, frames, capsules, d]`.
 */

/**
 * Equivariance error as the reference computes it: n = t / ||t|| per capsule and frame,
 * E = 1/2 sum_{k=1}^{S-1} sum |n rolled by k in frames and along the capsule - n|, mean
 * over sequences. Both rolls are circular.
 *
 * @param[in]  t      [sequences, frames, capsules, d].
 * @param[out] error  The mean over sequences.
 *
 * @retval TVAE_OK         Written.
 * @retval TVAE_E_INVALID  NULL.
 * @retval TVAE_E_SHAPE    Not four axes.
 * @retval TVAE_E_NUMERIC  Not finite. (A capsule of norm zero counts as zeros.)
 * @retval TVAE_E_NOMEM    No scratch memory.
 *
 * Ownership: nothing is kept.
 * Threads:   any.
 * Numerics:  sums in double. Paper Eq. 13, SPEC section 2, GOLDEN section 4.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_equivariance_error(const tvae_tensor *t, double *error);

/** The sum over all pairs of frames l < l' of |Roll_{l'-l}(n_l) - n_l'|, mean over
 * sequences: equal to tvae_equivariance_error() when the frames are as many as the
 * capsule is wide. Statuses, threads: as there. Since: 0.1 */
TVAE_API tvae_status tvae_equivariance_error_pairs(const tvae_tensor *t, double *error);

/**
 * CapCorr, gathered over batches: do capsules roll by as much as the factor moved?
 */
typedef struct tvae_capcorr tvae_capcorr;

/** Ways to choose among several frames at which the factor is canonical (value 0). */
enum {
    TVAE_CAPCORR_NEAREST =
        0, /**< The reference: the frame whose shift is nearest the truth. */
    TVAE_CAPCORR_FIRST = 1 /**< The first such frame: not flattered by cycling factors. */
};

/** Create a gatherer for @p n_factors factors and @p n_capsules capsules. Statuses:
 * TVAE_OK, TVAE_E_INVALID, TVAE_E_NOMEM. Ownership: one reference for the caller.
 * Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_capcorr_create(size_t n_factors, size_t n_capsules,
                                         tvae_capcorr **out);

/** Drop the caller's reference and null the pointer. Threads: any. Since: 0.1 */
TVAE_API void tvae_capcorr_destroy(tvae_capcorr **capcorr);

/**
 * Add a batch.
 *
 * For each sequence, the factor that varies is the one that changes most from frame 0 to
 * 1; sequences in which none changes, or in which it is never 0, count for nothing.
 *
 * @param[in] t        [sequences, frames, capsules, d].
 * @param[in] factors  [sequences, frames, factors] factor values as whole numbers of
 * steps.
 *
 * @retval TVAE_OK         Added.
 * @retval TVAE_E_INVALID  NULL.
 * @retval TVAE_E_SHAPE    The shapes do not fit each other or the gatherer, or there is
 *                         one frame only.
 * @retval TVAE_E_NUMERIC  Not finite.
 * @retval TVAE_E_NOMEM    No memory; the batch is not added.
 *
 * Threads:   one-at-a-time.
 * Numerics:  correlations in double. Paper Eq. 15 and 16, GOLDEN section 4.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_capcorr_add(tvae_capcorr *capcorr, const tvae_tensor *t,
                                      const tvae_tensor *factors);

/**
 * CapCorr of one factor over all that was added: the Pearson correlation of the capsules'
 * modal shift with the true one.
 *
 * @param[in]  factor  0 to n_factors - 1.
 * @param[in]  choice  A TVAE_CAPCORR.
 * @param[out] value   NaN when either side is constant or nothing was added.
 *
 * @retval TVAE_OK         Written.
 * @retval TVAE_E_INVALID  NULL or out of range.
 *
 * Threads: shared-read. Since: 0.1
 */
TVAE_API tvae_status tvae_capcorr_value(const tvae_capcorr *capcorr, size_t factor,
                                        int32_t choice, double *value);

/** CapCorr of a factor by one capsule alone, at the first canonical frame; NaN as above.
 *  Statuses, threads: as tvae_capcorr_value(). Since: 0.1 */
TVAE_API tvae_status tvae_capcorr_capsule_value(const tvae_capcorr *capcorr,
                                                size_t factor, size_t capsule,
                                                double *value);

#ifdef __cplusplus
}
#endif

#endif
