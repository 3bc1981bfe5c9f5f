/* SPDX-License-Identifier: MIT */
#ifndef TVI_MODEL_MODEL_H
#define TVI_MODEL_MODEL_H

#include <tvae/model.h>

#include "base/error.h"
#include "base/refcount.h"
#include "base/stopwatch.h"
#include "layer/layer.h"
#include "layer/workspace.h"
#include "topography/topography.h"

struct tvae_model {
    tvi_refcount references;
    tvae_model_options options;
    tvae_prior *prior;
    tvae_layer *z_encoder, *u_encoder, *decoder; /* u_encoder NULL for a plain VAE */
    tvi_parameter log_scale; /* of the Gaussian likelihood; empty unless it is learnt */
    tvi_parameter_list parameters; /* z_encoder, u_encoder, decoder, grouper, likelihood;
                                      in that order */
    size_t n_pixels;               /* values a frame */
    size_t n_latents;              /* latents a frame */
};

/* A batch as the model sees it. */
typedef struct tvi_batch {
    size_t n_sequences, n_frames;
    size_t n_total; /* sequences of the whole batch that this is a part of: gradients
                     * are of the whole's mean loss; 0: this is the whole */
    const float *x; /* [n_sequences * n_frames, n_pixels] */
    const float *noise_z; /* [n_sequences * n_frames, n_latents]; NULL: at the means */
    const float *noise_u;
    double kl_weight;     /* of both KLs in the gradient; the terms are not weighted */
    tvi_stopwatch *watch; /* laps are numbered by TVAE_PART; NULL: nobody asks */
} tvi_batch;

/* The loss terms (TVAE_N_TERMS of them) of a batch, and, unless `sink` is NULL, the
 * gradient of the loss delivered to it, parameter by parameter: decoder, likelihood,
 * prior, u encoder, z encoder. When the loss is not finite nothing is delivered and
 * TVAE_E_NUMERIC is returned, with the terms written, before any sink has been called.
 * The sink's scratch is lent from the workspace for the call if it is NULL. */
tvae_status tvi_model_loss(tvae_model *model, tvae_workspace *work,
                           const tvi_batch *batch, double *terms,
                           tvi_gradient_sink *sink);

/* The terms alone, of a model that others may be reading. */
tvae_status tvi_model_evaluate(const tvae_model *model, tvae_workspace *work,
                               const tvi_batch *batch, double *terms);

/* The scale of the Gaussian likelihood, as it is now. */
float tvi_model_gaussian_scale(const tvae_model *model);

/* The latents t [rows, n_latents] of the last loss or evaluation, until the workspace is
 * used again; NULL before the first. */
const float *tvi_model_last_latents(const tvae_workspace *work);

/* One importance sample's noise, asked for by sample number; each [n_values], n_values =
 * rows * n_latents. noise_u is NULL for a plain VAE. */
typedef void (*tvi_noise_source)(void *context, size_t sample, size_t n_values,
                                 float *noise_z, float *noise_u);

/* log w [n_rows, n_samples] of every frame and sample; encoders run once. */
tvae_status tvi_model_log_weights(const tvae_model *model, tvae_workspace *work,
                                  size_t n_sequences, size_t n_frames, const float *x,
                                  size_t n_samples, tvi_noise_source source,
                                  void *context, double *log_weights);

#endif
