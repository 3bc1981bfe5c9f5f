/* SPDX-License-Identifier: MIT */
#ifndef TVI_MODEL_ARGUMENTS_H
#define TVI_MODEL_ARGUMENTS_H

#include "model/model.h"

/* Checks of what callers pass to the public functions; `call` begins the sentence. */

tvae_status tvi_check_handles(const tvae_model *model, const tvae_workspace *work,
                              const char *call);

/* x is [sequences, frames, channels, height, width] of the model; the first two are
 * written. */
tvae_status tvi_check_frames(const tvae_model *model, const tvae_tensor *x,
                             const char *call, size_t *n_sequences, size_t *n_frames);

/* A tensor of latents: [n_sequences, n_frames, ...] where the rest multiplies to the
 * latents; NULL fails. */
tvae_status tvi_check_latents(const tvae_model *model, const tvae_tensor *latents,
                              size_t n_sequences, size_t n_frames, const char *call,
                              const char *name);

/* All elements are finite. */
tvae_status tvi_check_finite(const tvae_tensor *tensor, const char *call,
                             const char *name);

tvae_status tvi_check_finite_values(const float *values, size_t n, const char *call,
                                    const char *name);

/* noise_z and noise_u are both there, finite and of the right shape; or, if `optional`,
 * both NULL. A plain VAE takes no noise_u. */
tvae_status tvi_check_noise(const tvae_model *model, const tvae_tensor *noise_z,
                            const tvae_tensor *noise_u, size_t n_sequences,
                            size_t n_frames, bool optional, const char *call);

#endif
