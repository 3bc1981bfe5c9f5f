/* SPDX-License-Identifier: MIT */
#ifndef TVI_TOPOGRAPHY_TOPOGRAPHY_H
#define TVI_TOPOGRAPHY_TOPOGRAPHY_H

#include <tvae/topography.h>

#include "layer/parameter.h"

/* What the model needs of a prior beyond the public functions: forms that work on plain
 * arrays with the caller's scratch, and its parameters. */

/* Number of neighbourhoods; 0 for the plain VAE. */
size_t tvi_prior_n_neighbourhoods(const tvae_prior *prior);
const tvae_neighbourhood *tvi_prior_neighbourhood(const tvae_prior *prior, size_t index);
const tvae_prior_options *tvi_prior_options_of(const tvae_prior *prior);

/* Does no frame depend on a later one? So it is without neighbourhoods, when all offsets
 * lie in the frame itself, and when they lie in it or before it with a zero boundary in
 * time. *n_past (may be NULL) is the number of frames back that the offsets reach. */
bool tvi_prior_is_causal(const tvae_prior *prior, size_t *n_past);

/* Roll the capsules of n_rows frames [n_rows, latents] along d1; out must not overlap. */
void tvi_roll_latents(const tvae_prior *prior, size_t n_rows, int64_t shift,
                      const float *t, float *out);

/* Floats of scratch that apply and gradient need for that many sequences and frames.
 * apply leaves in it what gradient wants (energies, and the sum of their roots). */
size_t tvi_prior_scratch_floats(const tvae_prior *prior, size_t n_sequences,
                                size_t n_frames);

/* t [n_sequences, n_frames, latents] from z and u; u NULL for the plain VAE. */
void tvi_prior_apply(const tvae_prior *prior, size_t n_sequences, size_t n_frames,
                     const float *z, const float *u, float *t, float *scratch);

/* dz and du from dt, after tvi_prior_apply() with the same z, u and scratch. Gradients of
 * mu and of the weights are written to dmu and dweights (either may be NULL). */
void tvi_prior_gradient(const tvae_prior *prior, size_t n_sequences, size_t n_frames,
                        const float *z, const float *u, const float *dt, float *dz,
                        float *du, float *scratch, double *dmu, double *dweights);

/* The same for one frame of a causal prior: past[k] is u^2 [latents] of the frame k back,
 * 0 the frame itself, NULL before the first; as many as tvi_prior_is_causal() says and
 * one. `scratch` has tvi_prior_frame_floats(). */
size_t tvi_prior_frame_floats(const tvae_prior *prior);
void tvi_prior_apply_frame(const tvae_prior *prior, const float *z,
                           const float *const *past, float *t, float *scratch);

/* Energies v [n_sequences, n_frames, latents] of one neighbourhood: for tests and
 * pictures. */
void tvi_prior_energy(const tvae_prior *prior, size_t neighbourhood, size_t n_sequences,
                      size_t n_frames, const float *u, float *v, float *scratch);

/* Append "correlated_mean_beta" [1] and, for each neighbourhood, "model.weight"
 * [1, 1, frames, d1, d2 * d3], or [1, 1, d1, d2, d3] for one frame of a 2-D or 3-D grid:
 * its weights in the smallest window
 * floor(k / 2) - k + 1 .. floor(k / 2) that holds its offsets, where entry a stands for
 * offset floor(k / 2) - a, as the reference's kernels lie (a second neighbourhood's is
 * "model.1.weight"). Trainable as the options say. Nothing for the plain VAE. The prior
 * reads mu and the weights from these parameters, so that an optimiser may change them.
 */
tvae_status tvi_prior_collect(const tvae_prior *prior, const char *prefix,
                              tvi_parameter_list *list);

/* Deliver dmu and dweights (as tvi_prior_gradient() wrote them) to a gradient sink, in
 * the layout of the parameters above. */
tvae_status tvi_prior_deliver(const tvae_prior *prior, double dmu, const double *dweights,
                              tvi_gradient_sink *sink);

#endif
