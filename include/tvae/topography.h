/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TOPOGRAPHY_H
#define TVAE_TOPOGRAPHY_H

#include <tvae/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @file
 * Floor 5: the topography. Latents lie on a grid `[sequences, frames, capsules, d1, d2,
 * d3]`, where d1 x d2 x d3 is the inside of a capsule (d2 = d3 = 1 for the paper's 1-D
 * capsules).
 *
 * - A *neighbourhood* is a list of offsets (frame, d1, d2, d3) with weights: the squared
 * `u` that one energy sums.
 * - A *prior* is the topographic Student-t construction over one or more neighbourhoods:
 *   `t = (z + mu) / sum_j sqrt(v_j + eps)`, `v_j` the energy of neighbourhood j.
 * - A *roll* is the capsule transformation operator: what the latents do when the input
 * is transformed.
 */
typedef struct tvae_neighbourhood tvae_neighbourhood; /**< Offsets with weights. */
typedef struct tvae_prior tvae_prior; /**< The topographic Student-t construction. */
typedef struct tvae_roll tvae_roll;   /**< The capsule transformation operator. */

enum {
    TVAE_OFFSET_AXES = 4 /**< Axes of an offset: frame, d1, d2, d3. */
};

/** What lies beyond the ends of an axis. */
enum {
    TVAE_BOUNDARY_CIRCULAR = 0, /**< The axis is a ring (the paper). */
    TVAE_BOUNDARY_ZERO = 1      /**< Nothing: neighbours out of range add zero. */
};

/** Options of tvae_prior_create(). */
typedef struct tvae_prior_options {
    size_t size;              /**< filled by tvae_prior_options_init() */
    int64_t n_capsules;       /**< >= 1; no default */
    int64_t capsule_dims[3];  /**< d1, d2, d3, each >= 1; default 0, 1, 1: d1 has none */
    double mu_init;           /**< start of mu; default 30 */
    double epsilon;           /**< added to every energy, > 0; default 1e-6 */
    int32_t learn_mu;         /**< 1 (default): mu is trained */
    int32_t learn_weights;    /**< 1: neighbourhood weights are trained; default 0. A
                                   weight below 0 counts as 0, with the gradient that it
                                   has at 0, so that energies stay >= 0 and the weight can
                                   come back; training puts such weights at 0 */
    int32_t frame_boundary;   /**< a TVAE_BOUNDARY; default circular */
    int32_t capsule_boundary; /**< a TVAE_BOUNDARY for d1, d2, d3; default circular */
} tvae_prior_options;

/**
 * Shifting coherence (TVAE): offsets (a, d) of a window with |a - d| <= off_diagonal.
 *
 * A neighbour one frame later sits one place further along the capsule. The window spans
 * -((n - 1) / 2) .. n / 2 on each axis: an even one reaches one step further ahead.
 *
 * @param[in]  window_frames   Frames in the window, >= 1.
 * @param[in]  window_capsule  Places along d1 in the window, >= 1.
 * @param[in]  off_diagonal    Half the band; the paper's K is 2 * off_diagonal + 1.
 * @param[out] out             The neighbourhood, all weights 1.
 *
 * @retval TVAE_OK         Created.
 * @retval TVAE_E_INVALID  NULL, a number out of range (windows up to 4096), or more than
 *                         1,048,576 offsets.
 * @retval TVAE_E_NOMEM    No memory.
 *
 * Ownership: one reference for the caller.
 * Threads:   any.
 * Numerics:  SPEC section 1; paper section 4.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_neighbourhood_create_shifting(int64_t window_frames,
                                                        int64_t window_capsule,
                                                        int64_t off_diagonal,
                                                        tvae_neighbourhood **out);

/**
 * Shifting coherence over any range of frames: offsets (a, d) with |a - d| <=
 * off_diagonal for a = first_frame .. last_frame.
 *
 * Unlike tvae_neighbourhood_create_shifting() the band is not cut at the window's
 * corners: each frame has all 2 * off_diagonal + 1 places. With last_frame <= 0 the
 * neighbourhood is *causal*: an energy sums the `u` of past frames (and of the frame
 * itself, for 0) alone, so that frames can be encoded as they arrive (tvae_stream, in
 * tvae/model.h) and predicted. A causal prior also wants frame_boundary
 * TVAE_BOUNDARY_ZERO: on a ring the last frames lie before the first.
 *
 * A window that ends before frame 0 leaves the first frames of a sequence without energy:
 * t = (z + mu) / sqrt(epsilon) is large there unless epsilon is chosen for it.
 *
 * @param[in]  first_frame   First frame offset, <= last_frame; -6 for six frames back.
 * @param[in]  last_frame    Last frame offset; first_frame - off_diagonal and
 *                           last_frame + off_diagonal stay within +-4096.
 * @param[in]  off_diagonal  Half the band, >= 0.
 * @param[out] out           The neighbourhood, all weights 1.
 *
 * Statuses, ownership, threads: as tvae_neighbourhood_create_shifting(). Numerics: Keller
 * & Welling, "Predictive Coding with Topographic Variational Autoencoders" (2021).
 * Since: 0.1
 */
TVAE_API tvae_status tvae_neighbourhood_create_shifting_range(int64_t first_frame,
                                                              int64_t last_frame,
                                                              int64_t off_diagonal,
                                                              tvae_neighbourhood **out);

/**
 * Stationary coherence (BubbleVAE): every offset of a box; with one frame it is the
 * neighbourhood of "no coherence" (L = 0), over d1 and d2 of one frame a 2-D torus
 * window.
 *
 * @param[in]  window  [TVAE_OFFSET_AXES] extents (frames, d1, d2, d3), each >= 1.
 * @param[out] out     The neighbourhood, all weights 1; spans as in
 *                     tvae_neighbourhood_create_shifting().
 *
 * Statuses, ownership, threads: as tvae_neighbourhood_create_shifting(). Since: 0.1
 */
TVAE_API tvae_status tvae_neighbourhood_create_stationary(const int64_t *window,
                                                          tvae_neighbourhood **out);

/**
 * An explicit list.
 *
 * @param[in]  n_offsets  1 to 1,048,576.
 * @param[in]  offsets    [n_offsets, TVAE_OFFSET_AXES]; no offset twice.
 * @param[in]  weights    [n_offsets] finite; NULL for all 1.
 * @param[out] out        The neighbourhood; energies sum weight * u^2 at each offset.
 *
 * @retval TVAE_OK         Created.
 * @retval TVAE_E_INVALID  NULL argument, no offset, one that repeats or is beyond +-4096,
 * or a weight that is not finite or below 0.
 * @retval TVAE_E_NOMEM    No memory.
 *
 * Ownership: one reference for the caller; the arrays are copied.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_neighbourhood_create_offsets(size_t n_offsets,
                                                       const int64_t *offsets,
                                                       const float *weights,
                                                       tvae_neighbourhood **out);

/** Add a reference; returns @p neighbourhood. Threads: any. Since: 0.1 */
TVAE_API tvae_neighbourhood *tvae_neighbourhood_retain(tvae_neighbourhood *neighbourhood);

/** Drop the caller's reference and null the pointer. Threads: any. Since: 0.1 */
TVAE_API void tvae_neighbourhood_destroy(tvae_neighbourhood **neighbourhood);

/** Number of offsets; 0 for NULL. Threads: shared-read. Since: 0.1 */
TVAE_API size_t tvae_neighbourhood_count(const tvae_neighbourhood *neighbourhood);

/**
 * Offset @p index and its weight.
 *
 * @param[in]  neighbourhood  Read only.
 * @param[in]  index          0 to tvae_neighbourhood_count() - 1.
 * @param[out] offset         [TVAE_OFFSET_AXES]; may be NULL.
 * @param[out] weight         May be NULL.
 *
 * @retval TVAE_OK           Written.
 * @retval TVAE_E_INVALID    NULL handle.
 * @retval TVAE_E_NOT_FOUND  No offset of that index.
 *
 * Threads: shared-read. Since: 0.1
 */
TVAE_API tvae_status tvae_neighbourhood_offset(const tvae_neighbourhood *neighbourhood,
                                               size_t index, int64_t *offset,
                                               float *weight);

/**
 * Write which `u` a given `t` shares as lines of text: a small grid, "#" for a weight of
 * 1, "+" for any other, "." for none, offsets along both edges.
 *
 * Capsules whose offsets leave d2 and d3 alone give one grid, frames down and places
 * along d1 across; others one grid of d1 by d2 for each offset of frame and d3.
 *
 * @param[in]  neighbourhood  Read only.
 * @param[out] text           Zero-ended lines; NULL with @p capacity 0 to ask for the
 *                            size.
 * @param[in]  capacity       Bytes of @p text.
 * @param[out] needed         Bytes that the whole takes, the ending zero included; may be
 *                            NULL.
 *
 * @retval TVAE_OK         Written; or only asked.
 * @retval TVAE_E_INVALID  NULL handle, or less room than needed: the message says how
 *                         much; @p text is then empty.
 *
 * Threads: shared-read. Since: 0.1
 */
TVAE_API tvae_status tvae_neighbourhood_describe(const tvae_neighbourhood *neighbourhood,
                                                 char *text, size_t capacity,
                                                 size_t *needed);

/** Fill @p options with the defaults. Statuses: TVAE_OK, TVAE_E_INVALID. Threads: any.
 *  Since: 0.1 */
TVAE_API tvae_status tvae_prior_options_init(tvae_prior_options *options, size_t size);

/**
 * Create a prior.
 *
 * @param[in]  options           The grid and the construction.
 * @param[in]  neighbourhoods    [n_neighbourhoods]; NULL when there is none.
 * @param[in]  n_neighbourhoods  0: no coherence at all, t = z, no mu (the plain VAE);
 *                               1: the paper; up to 8: the roots of the energies are
 * added.
 * @param[out] out               The prior.
 *
 * @retval TVAE_OK             Created.
 * @retval TVAE_E_INVALID      NULL argument, an option out of range, more than 1,048,576
 *                             latents a frame, or offsets that span a window of more
 *                             than 16,777,216 places.
 * @retval TVAE_E_UNSUPPORTED  Options of a newer library.
 * @retval TVAE_E_NOMEM        No memory.
 *
 * Ownership: one reference for the caller; the prior keeps its neighbourhoods alive.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_prior_create(const tvae_prior_options *options,
                                       tvae_neighbourhood *const *neighbourhoods,
                                       size_t n_neighbourhoods, tvae_prior **out);

/** Add a reference; returns @p prior. Threads: any. Since: 0.1 */
TVAE_API tvae_prior *tvae_prior_retain(tvae_prior *prior);

/** Drop the caller's reference and null the pointer. Threads: any. Since: 0.1 */
TVAE_API void tvae_prior_destroy(tvae_prior **prior);

/** Latents a frame: capsules x d1 x d2 x d3; 0 for NULL. Threads: shared-read. Since: 0.1
 */
TVAE_API size_t tvae_prior_n_latents(const tvae_prior *prior);

/** mu, or 0 for a prior without neighbourhoods. Threads: shared-read. Since: 0.1 */
TVAE_API double tvae_prior_mu(const tvae_prior *prior);

/** Set mu. Statuses: TVAE_OK, TVAE_E_INVALID (NULL, not finite, or no neighbourhoods).
 *  Threads: one-at-a-time. Since: 0.1 */
TVAE_API tvae_status tvae_prior_set_mu(tvae_prior *prior, double mu);

/**
 * The construction: t = (z + mu) / sum_j sqrt(v_j + eps).
 *
 * @param[in]  prior  Read only.
 * @param[in]  z      [sequences, frames, latents] (more axes that multiply to the latents
 *                    are fine, as [.., capsules, d1]).
 * @param[in]  u      As @p z; NULL for a prior without neighbourhoods.
 * @param[out] t      As @p z; must not overlap.
 *
 * @retval TVAE_OK         Written.
 * @retval TVAE_E_INVALID  NULL argument.
 * @retval TVAE_E_SHAPE    The shapes differ or do not fit the grid.
 * @retval TVAE_E_NOMEM    No scratch memory.
 *
 * Ownership: nothing is kept.
 * Threads:   shared-read.
 * Numerics:  float32; GOLDEN section 1.2, paper Eq. 9.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_prior_apply(const tvae_prior *prior, const tvae_tensor *z,
                                      const tvae_tensor *u, tvae_tensor *t);

/**
 * The gradient of the construction.
 *
 * @param[in]  prior     Read only.
 * @param[in]  z,u       As given to tvae_prior_apply().
 * @param[in]  dt        Gradient of the loss by t.
 * @param[out] dz        Gradient by z.
 * @param[out] du        Gradient by u; NULL for a prior without neighbourhoods.
 * @param[out] dmu       Gradient by mu; may be NULL.
 * @param[out] dweights  [sum of the offset counts] gradient by the neighbourhood weights,
 *                       in order; may be NULL.
 *
 * Statuses, ownership, threads: as tvae_prior_apply(). Numerics: GOLDEN section 1.3.
 * Since: 0.1
 */
TVAE_API tvae_status tvae_prior_gradient(const tvae_prior *prior, const tvae_tensor *z,
                                         const tvae_tensor *u, const tvae_tensor *dt,
                                         tvae_tensor *dz, tvae_tensor *du, double *dmu,
                                         tvae_tensor *dweights);

/**
 * Create the roll of capsules along one of their axes.
 *
 * @param[in]  capsule_dims  [3] d1, d2, d3, each >= 1.
 * @param[in]  axis          0, 1 or 2: which of them rolls.
 * @param[out] out           The operator.
 *
 * @retval TVAE_OK         Created.
 * @retval TVAE_E_INVALID  NULL or out of range.
 * @retval TVAE_E_NOMEM    No memory.
 *
 * Ownership: one reference for the caller.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_roll_create(const int64_t *capsule_dims, int32_t axis,
                                      tvae_roll **out);

/** Add a reference; returns @p roll. Threads: any. Since: 0.1 */
TVAE_API tvae_roll *tvae_roll_retain(tvae_roll *roll);

/** Drop the caller's reference and null the pointer. Threads: any. Since: 0.1 */
TVAE_API void tvae_roll_destroy(tvae_roll **roll);

/**
 * Roll: out[.., i] = t[.., (i - shift) mod d]. What frame l holds is expected in frame
 * l + shift.
 *
 * @param[in]  roll      Read only.
 * @param[in]  t         Any shape whose last axes multiply to whole capsules.
 * @param[in]  shifts    [n_shifts] places, any sign; the inverse is the negative.
 * @param[in]  n_shifts  Divides the extents before the capsules: 1 rolls all alike, one
 *                       for each sequence or each frame rolls them apart.
 * @param[out] out       As @p t; must not overlap.
 *
 * @retval TVAE_OK         Written.
 * @retval TVAE_E_INVALID  NULL argument or no shift.
 * @retval TVAE_E_SHAPE    Shapes differ, are not whole capsules, or @p n_shifts does not
 * divide.
 *
 * Ownership: nothing is kept.
 * Threads:   shared-read.
 * Numerics:  exact. SPEC section 1, paper section 4.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_roll_apply(const tvae_roll *roll, const tvae_tensor *t,
                                     const int64_t *shifts, size_t n_shifts,
                                     tvae_tensor *out);

/**
 * Roll by any real number of places: the band-limited periodic shift, which is Fourier
 * interpolation along the axis.
 *
 * out[.., i] = sum_j h(i - j - shift) t[.., j] with, for d places, h(x) = sin(pi x) / (d
 * sin(pi x / d)) if d is odd and sin(pi x) / (d tan(pi x / d)) if it is even. At whole
 * shifts it is tvae_roll_apply(), exactly. For odd d it keeps the norm, the negative
 * undoes it, and two shifts add up. For even d so it does to all but the Nyquist
 * component (the alternating sign), which has no phase to turn: it keeps its real part,
 * times cos(pi shift), and is lost halfway between two places.
 *
 * @param[in]  roll      Read only.
 * @param[in]  t         As tvae_roll_apply().
 * @param[in]  shifts    [n_shifts] places, finite.
 * @param[in]  n_shifts  As tvae_roll_apply().
 * @param[out] out       As @p t; must not overlap.
 *
 * @retval TVAE_OK         Written.
 * @retval TVAE_E_INVALID  NULL argument, no shift, or one that is not finite.
 * @retval TVAE_E_SHAPE    As tvae_roll_apply().
 * @retval TVAE_E_NOMEM    No scratch memory.
 *
 * Ownership: nothing is kept.
 * Threads:   shared-read.
 * Numerics:  weights and sums in double; d operations an element.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_roll_apply_fractional(const tvae_roll *roll,
                                                const tvae_tensor *t,
                                                const double *shifts, size_t n_shifts,
                                                tvae_tensor *out);

/**
 * The gradient of tvae_roll_apply_fractional(), and so of tvae_roll_apply() too.
 *
 * @param[in]  roll              Read only.
 * @param[in]  t,shifts,n_shifts  As given to it.
 * @param[in]  dout              Gradient of the loss by its output.
 * @param[out] dt                Gradient by t: @p dout rolled by the negative; NULL if
 *                               not wanted.
 * @param[out] dshifts           [n_shifts] gradient by the shifts; NULL if not wanted.
 *
 * Statuses, ownership, threads, numerics: as tvae_roll_apply_fractional(). Since: 0.1
 */
TVAE_API tvae_status tvae_roll_gradient(const tvae_roll *roll, const tvae_tensor *t,
                                        const double *shifts, size_t n_shifts,
                                        const tvae_tensor *dout, tvae_tensor *dt,
                                        double *dshifts);

#ifdef __cplusplus
}
#endif

#endif
