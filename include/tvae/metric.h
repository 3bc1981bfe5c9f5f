/* SPDX-License-Identifier: MIT */
#ifndef TVAE_METRIC_H
#define TVAE_METRIC_H

#include <tvae/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @file
 * Floor 7: how well capsules roll (latents t are `[sequences, frames, capsules, d]`), and
 * what single units do: units are the last axes of a tensor, everything before them
 * counts samples, so that `[sequences, frames, latents]` and `[samples, height, width]`
 * serve as they are. What needs many samples is gathered over batches, one after the
 * other, by a handle that keeps sums and no activations.
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
 * @param[in,out] capcorr  Gathers the batch.
 * @param[in]     t        [sequences, frames, capsules, d].
 * @param[in]     factors  [sequences, frames, factors] factor values as whole numbers of
 *                         steps.
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
 * Add a batch for one factor, whatever the others do: for sequences in which several run
 * together (rotation and hue of TVAE_TRANSFORM_DUAL), where tvae_capcorr_add() sees but
 * the one that changes most. Called once for each factor, it does what
 * tvae_capcorr_add() does where only one factor varies at a time.
 *
 * @param[in,out] capcorr  Gathers the batch.
 * @param[in]     t        As tvae_capcorr_add().
 * @param[in]     factors  As tvae_capcorr_add(), all of the gatherer's factors.
 * @param[in]     factor   0 to n_factors - 1. Sequences in which it is the same in frames
 *                         0 and 1, or is never 0, count for nothing.
 *
 * @retval TVAE_E_INVALID  NULL, or no such factor; else as tvae_capcorr_add().
 *
 * Ownership: nothing is kept. Threads: one-at-a-time. Numerics: as tvae_capcorr_add().
 * Since: 0.1
 */
TVAE_API tvae_status tvae_capcorr_add_factor(tvae_capcorr *capcorr, const tvae_tensor *t,
                                             const tvae_tensor *factors, size_t factor);

/**
 * CapCorr of one factor over all that was added: the Pearson correlation of the capsules'
 * modal shift with the true one.
 *
 * @param[in]  capcorr  Read only.
 * @param[in]  factor   0 to n_factors - 1.
 * @param[in]  choice   A TVAE_CAPCORR.
 * @param[out] value    NaN when either side is constant or nothing was added.
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

/** Covariances of units, gathered over batches. */
typedef struct tvae_covariance tvae_covariance;

/** What of each unit's value varies. */
enum {
    TVAE_COVARIANCE_VALUES = 0,  /**< The value. */
    TVAE_COVARIANCE_SQUARES = 1, /**< Its square, the energy. */
    TVAE_COVARIANCE_ABSOLUTE =
        2 /**< Its absolute value: tvae_topographic_smoothness(). */
};

/**
 * Create a gatherer of the covariances of @p n_rows units with @p n_columns units.
 *
 * @param[in]  n_rows,n_columns  At least 1 each, at most 2^24 pairs.
 * @param[in]  kind              A TVAE_COVARIANCE.
 * @param[out] out               The gatherer.
 *
 * @retval TVAE_OK         Created.
 * @retval TVAE_E_INVALID  NULL or out of range.
 * @retval TVAE_E_NOMEM    No memory.
 *
 * Ownership: one reference for the caller.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_covariance_create(size_t n_rows, size_t n_columns, int32_t kind,
                                            tvae_covariance **out);

/** Drop the caller's reference and null the pointer. Threads: any. Since: 0.1 */
TVAE_API void tvae_covariance_destroy(tvae_covariance **covariance);

/**
 * Add a batch of samples.
 *
 * @param[in,out] covariance  Gathers the batch.
 * @param[in]     x           [..., n_rows].
 * @param[in]     y           [..., n_columns], as many samples; NULL stands for @p x.
 *
 * @retval TVAE_OK         Added.
 * @retval TVAE_E_INVALID  @p covariance or @p x is NULL.
 * @retval TVAE_E_SHAPE    The last axes do not hold the units, or the samples differ.
 * @retval TVAE_E_NUMERIC  Not finite.
 * @retval TVAE_E_NOMEM    No memory; the batch is not added.
 *
 * Ownership: nothing is kept.
 * Threads:   one-at-a-time.
 * Numerics:  sums in double of differences from the first sample.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_covariance_add(tvae_covariance *covariance,
                                         const tvae_tensor *x, const tvae_tensor *y);

/**
 * The matrix of the reference: C[i, j] = mean((x_i - mean x_i) (y_j - mean y_j)) /
 * (sd x_i sd y_j), where the mean divides by the samples N and the standard deviations by
 * N - 1: a correlation times (N - 1) / N.
 *
 * @param[in]  covariance     Read only.
 * @param[in]  zero_diagonal  1 puts 0 where i = j, as the reference's pictures; or 0.
 * @param[out] matrix         [n_rows, n_columns]; NaN where a unit is constant or there
 *                            are fewer than 2 samples.
 *
 * @retval TVAE_OK         Written.
 * @retval TVAE_E_INVALID  NULL, or @p zero_diagonal is neither 0 nor 1.
 * @retval TVAE_E_SHAPE    @p matrix has another shape.
 *
 * Ownership: nothing is kept.
 * Threads:   shared-read.
 * Numerics:  GOLDEN section 4, Plot_Covariance_Matrix.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_covariance_matrix(const tvae_covariance *covariance,
                                            int32_t zero_diagonal, tvae_tensor *matrix);

/**
 * Topographic smoothness of a learnt map: the mean Pearson correlation of |t| between
 * neighbours on the grid, minus the mean over all other pairs of units. In a topographic
 * model the energies of neighbours vary together (Hyvarinen, Hoyer and Inki, Topographic
 * Independent Component Analysis, Neural Computation 13, 2001); without topography the
 * difference is about 0, at most it is 2.
 *
 * Neighbours are units of one capsule, one step apart along one of its axes, all of which
 * are circular; each pair counts once, pairs with a constant unit do not count. All other
 * pairs stand for random ones: their mean is exact and needs no seed.
 *
 * @param[in]  covariance  Of kind TVAE_COVARIANCE_ABSOLUTE, to which t was added (with
 *                         y NULL).
 * @param[in]  shape       [4] capsules and their three axes, as
 * tvae_model_latent_shape().
 * @param[out] neighbours  Mean correlation of neighbours; NULL if not wanted.
 * @param[out] others      Mean correlation of other pairs; NULL if not wanted.
 * @param[out] smoothness  The difference; NaN if either kind of pair does not exist.
 *
 * @retval TVAE_OK         Written.
 * @retval TVAE_E_INVALID  NULL, or another kind of covariance.
 * @retval TVAE_E_SHAPE    @p shape does not multiply to the rows, or rows and columns
 *                         differ.
 *
 * Ownership: nothing is kept.
 * Threads:   shared-read.
 * Numerics:  double.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_topographic_smoothness(const tvae_covariance *covariance,
                                                 const size_t *shape, double *neighbours,
                                                 double *others, double *smoothness);

/** How units tell classes apart, gathered over batches. */
typedef struct tvae_selectivity tvae_selectivity;

/** Create a gatherer for @p n_units units and @p n_classes classes, at least 1 each and
 * at most 2^24 pairs. Statuses: TVAE_OK, TVAE_E_INVALID, TVAE_E_NOMEM. Ownership: one
 * reference for the caller. Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_selectivity_create(size_t n_units, size_t n_classes,
                                             tvae_selectivity **out);

/** Drop the caller's reference and null the pointer. Threads: any. Since: 0.1 */
TVAE_API void tvae_selectivity_destroy(tvae_selectivity **selectivity);

/**
 * Add a batch of samples.
 *
 * @param[in,out] selectivity  Gathers the batch.
 * @param[in]     t            [..., n_units].
 * @param[in]     labels       As many elements as @p t has samples, in whatever shape:
 *                             classes as whole numbers from 0 to n_classes - 1.
 *
 * @retval TVAE_OK         Added.
 * @retval TVAE_E_INVALID  NULL, or a label that is no class; the batch is not added.
 * @retval TVAE_E_SHAPE    The last axes do not hold the units, or there are more or fewer
 *                         labels than samples.
 * @retval TVAE_E_NUMERIC  Not finite.
 *
 * Ownership: nothing is kept.
 * Threads:   one-at-a-time.
 * Numerics:  sums in double of differences from the first sample.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_selectivity_add(tvae_selectivity *selectivity,
                                          const tvae_tensor *t,
                                          const tvae_tensor *labels);

/**
 * Each class's d' at each unit: (mean in the class - mean outside it) / sqrt((variance in
 * it + variance outside it) / 2), variances unbiased.
 *
 * @param[in]  selectivity  Read only.
 * @param[out] d_prime      [n_classes, n_units]; NaN where there are fewer than 2 samples
 *                          in the class or outside it, or no variance.
 *
 * @retval TVAE_OK         Written.
 * @retval TVAE_E_INVALID  NULL.
 * @retval TVAE_E_SHAPE    @p d_prime has another shape.
 *
 * Ownership: nothing is kept.
 * Threads:   shared-read.
 * Numerics:  GOLDEN section 4, Plot_ClassActMap.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_selectivity_d_prime(const tvae_selectivity *selectivity,
                                              tvae_tensor *d_prime);

/**
 * The class that each unit is selective for: the last one whose d' is at least
 * @p threshold (0.85 in the paper's Figure 3), or -1.
 *
 * @param[in]  selectivity  Read only.
 * @param[in]  threshold    Least d' that counts; not NaN.
 * @param[out] map          n_units elements in whatever shape, such as [height, width].
 *
 * @retval TVAE_E_INVALID  NULL, or a threshold that is NaN.
 * @retval TVAE_E_SHAPE    @p map has not n_units elements.
 *
 * Ownership, threads, numerics: as tvae_selectivity_d_prime(). Since: 0.1
 */
TVAE_API tvae_status tvae_selectivity_map(const tvae_selectivity *selectivity,
                                          double threshold, tvae_tensor *map);

/** Which sample activates each unit most, gathered over batches. */
typedef struct tvae_max_activation tvae_max_activation;

/** Create a gatherer for @p n_units units, 1 to 2^24. Statuses: TVAE_OK, TVAE_E_INVALID,
 * TVAE_E_NOMEM. Ownership: one reference for the caller. Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_max_activation_create(size_t n_units,
                                                tvae_max_activation **out);

/** Drop the caller's reference and null the pointer. Threads: any. Since: 0.1 */
TVAE_API void tvae_max_activation_destroy(tvae_max_activation **max_activation);

/** Add a batch of samples, t [..., n_units]; samples are numbered from 0 in the order in
 * which they are added. Statuses: TVAE_OK, TVAE_E_INVALID for NULL, TVAE_E_SHAPE,
 * TVAE_E_NUMERIC if not finite (the batch is then not added). Ownership: nothing is kept.
 * Threads: one-at-a-time. Since: 0.1 */
TVAE_API tvae_status tvae_max_activation_add(tvae_max_activation *max_activation,
                                             const tvae_tensor *t);

/**
 * The sample with a unit's largest |t|, the first of equals.
 *
 * @param[in]  max_activation  Read only.
 * @param[in]  unit            0 to n_units - 1.
 * @param[out] sample          Its number.
 * @param[out] value           Its t, signed; NULL if not wanted.
 *
 * @retval TVAE_OK         Written.
 * @retval TVAE_E_INVALID  NULL or out of range.
 * @retval TVAE_E_STATE    Nothing was added.
 *
 * Ownership: nothing is kept.
 * Threads:   shared-read.
 * Numerics:  exact. GOLDEN section 4, Plot_MaxActImg.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_max_activation_find(const tvae_max_activation *max_activation,
                                              size_t unit, uint64_t *sample,
                                              double *value);

/** How much posteriors use each latent, gathered over batches. */
typedef struct tvae_activity tvae_activity;

/** Ways to measure a latent's activity. */
enum {
    TVAE_ACTIVITY_VARIANCE = 0, /**< Variance over the data of the posterior's mean. */
    TVAE_ACTIVITY_KL = 1        /**< Mean KL from the prior N(0, 1), in nats. */
};

/** Create a gatherer for @p n_units latents, 1 to 2^24. Statuses: TVAE_OK,
 * TVAE_E_INVALID, TVAE_E_NOMEM. Ownership: one reference for the caller. Threads: any.
 * Since: 0.1 */
TVAE_API tvae_status tvae_activity_create(size_t n_units, tvae_activity **out);

/** Drop the caller's reference and null the pointer. Threads: any. Since: 0.1 */
TVAE_API void tvae_activity_destroy(tvae_activity **activity);

/** Add a batch of posteriors, @p mean and @p log_variance [..., n_units] of one shape, as
 * tvae_model_posterior() gives them. Statuses: TVAE_OK, TVAE_E_INVALID for NULL,
 * TVAE_E_SHAPE, TVAE_E_NUMERIC if not finite (the batch is then not added). Ownership:
 * nothing is kept. Threads: one-at-a-time. Numerics: sums in double. Since: 0.1 */
TVAE_API tvae_status tvae_activity_add(tvae_activity *activity, const tvae_tensor *mean,
                                       const tvae_tensor *log_variance);

/** One latent's activity by a TVAE_ACTIVITY measure; NaN if nothing was added. Statuses:
 * TVAE_OK, TVAE_E_INVALID for NULL or out of range. Threads: shared-read. Since: 0.1 */
TVAE_API tvae_status tvae_activity_value(const tvae_activity *activity, size_t unit,
                                         int32_t measure, double *value);

/**
 * The effective number of latents: those whose activity exceeds a threshold.
 *
 * @param[in]  activity   Read only.
 * @param[in]  measure    A TVAE_ACTIVITY.
 * @param[in]  threshold  0.01 for the variance is the usual one; not NaN.
 * @param[out] n_active   How many.
 *
 * @retval TVAE_OK         Written.
 * @retval TVAE_E_INVALID  NULL or out of range.
 *
 * Ownership: nothing is kept.
 * Threads:   shared-read.
 * Numerics:  Burda, Grosse and Salakhutdinov, Importance Weighted Autoencoders, ICLR
 * 2016, section 5.2 and its appendix (active units); KL as SPEC section 1. Since:     0.1
 */
TVAE_API tvae_status tvae_activity_count(const tvae_activity *activity, int32_t measure,
                                         double threshold, size_t *n_active);

#ifdef __cplusplus
}
#endif

#endif
