/* SPDX-License-Identifier: MIT */
#ifndef TVI_MODEL_PASS_H
#define TVI_MODEL_PASS_H

#include "model/model.h"

/* The steps of which every use of a model is made: encode, sample, construct, decode.
 * Their arrays lie in the workspace, each in a slot of its own. */
enum {
    TVI_SLOT_Z_CODE,
    TVI_SLOT_Z_SAVED,
    TVI_SLOT_U_CODE,
    TVI_SLOT_U_SAVED,
    TVI_SLOT_Z,
    TVI_SLOT_U,
    TVI_SLOT_T,
    TVI_SLOT_PRIOR,
    TVI_SLOT_OUTPUT,
    TVI_SLOT_DECODER_SAVED,
    TVI_SLOT_ROW_SUMS,
    TVI_SLOT_D_OUTPUT,
    TVI_SLOT_D_T,
    TVI_SLOT_D_Z,
    TVI_SLOT_D_U,
    TVI_SLOT_D_CODE_Z,
    TVI_SLOT_D_CODE_U,
    TVI_SLOT_D_WEIGHTS,
    TVI_SLOT_NO_NOISE,
    TVI_SLOT_LAYER_SCRATCH,
    TVI_SLOT_SINK,
    TVI_SLOT_NOISE_Z,
    TVI_SLOT_NOISE_U,
    TVI_SLOT_LOG_WEIGHTS,
    TVI_SLOT_SPARSE,
    TVI_SLOT_AHEAD,
    TVI_SLOT_D_AHEAD,
    TVI_SLOT_SEEN
};

/* A Gaussian posterior of all rows, and its sample. `code` is [rows, 2 latents]: means,
 * then log-variances. Everything is NULL for the u of a plain VAE. */
typedef struct tvi_posterior {
    float *code;
    float *saved;       /* of the encoder */
    float *sample;      /* [rows, latents] */
    const float *noise; /* [rows, latents]; NULL: the sample is the mean */
    double *row_sums;   /* [rows] KL, or log ratio, of each row */
} tvi_posterior;

/* One pass of a batch through a model. */
typedef struct tvi_pass {
    const tvae_model *model;
    size_t n_sequences, n_frames, n_rows;
    double share;      /* of these sequences in the whole batch; 1 */
    const float *x;    /* [rows, pixels] */
    bool has_gradient; /* a backward pass follows: set before encoding */
    bool is_listed;    /* x was looked through; is_sparse: it is mostly zeros */
    bool is_sparse;
    tvi_sparse_rows sparse; /* its non-zeros */
    tvi_posterior z, u;
    float *t;             /* [rows, latents] */
    size_t steps_ahead;   /* frames that the decoder predicts ahead */
    size_t n_outputs;     /* frames decoded: all rows, or those that have a target */
    float *ahead;         /* [n_outputs, latents] t rolled ahead; NULL: t itself */
    float *prior_scratch; /* energies, for the gradient */
    float *output;        /* [n_outputs, pixels] logits or means */
    float *decoder_saved;
    double *nll; /* [n_outputs] -log p(x | t) */
} tvi_pass;

/* What of a posterior each row's sum is. */
typedef enum tvi_row_sum {
    TVI_ROW_NOTHING,
    TVI_ROW_KL,       /* KL(q || N(0, 1)) */
    TVI_ROW_LOG_RATIO /* log N(sample; 0, 1) - log q(sample) */
} tvi_row_sum;

/* Set up a pass over x (NULL if it only decodes) and forget what the workspace held. */
tvae_status tvi_pass_begin(tvi_pass *pass, const tvae_model *model, tvae_workspace *work,
                           size_t n_sequences, size_t n_frames, const float *x);

/* The codes of both posteriors; of z alone; of u alone. */
tvae_status tvi_pass_encode(tvi_pass *pass, tvae_workspace *work);
tvae_status tvi_pass_encode_z(tvi_pass *pass, tvae_workspace *work);
tvae_status tvi_pass_encode_u(tvi_pass *pass, tvae_workspace *work);

/* The frames as the encoders see them; tvi_pass_encode() has listed the non-zeros. */
tvi_rows tvi_pass_inputs(const tvi_pass *pass);

/* z and u from codes and noise, with the row sums wanted (posterior.c). */
tvae_status tvi_pass_sample(tvi_pass *pass, tvae_workspace *work, const float *noise_z,
                            const float *noise_u, tvi_row_sum wanted);

/* t from z and u, into `t`, or into the workspace if it is NULL. */
tvae_status tvi_pass_construct(tvi_pass *pass, tvae_workspace *work, float *t);

/* From here on the decoder sees t of each frame that has one `steps` later, rolled by as
 * many places along d1, and the likelihood the later frames (predict.c). */
tvae_status tvi_pass_look_ahead(tvi_pass *pass, tvae_workspace *work, size_t steps);

/* d_t [rows, latents] from the gradient by `ahead`. */
void tvi_pass_look_back(const tvi_pass *pass, const float *d_ahead, float *d_t);

/* The frame, as a row of x, that output `output` is compared with. */
size_t tvi_pass_target(const tvi_pass *pass, size_t output);

/* Probabilities (Bernoulli) or means of all outputs, into x [n_outputs, pixels]. */
void tvi_pass_expect(const tvi_pass *pass, float *x);

/* The decoder's outputs from t. */
tvae_status tvi_pass_decode(tvi_pass *pass, tvae_workspace *work);

/* The rows' -log p(x | t); with `d_output` also scale times its gradient by the decoder's
 * outputs (likelihood.c). */
void tvi_pass_likelihood(const tvi_pass *pass, float scale, float *d_output);

/* The gradient of share times the mean -log p(x | t), which is `neg_log_px`, by the
 * Gaussian's learnt log-scale (likelihood.c). */
tvae_status tvi_pass_deliver_scale(const tvi_pass *pass, tvi_parameter *log_scale,
                                   double neg_log_px, tvi_gradient_sink *sink);

/* Gradients of the codes from those of the samples, KL included, scaled by kl_weight
 * share / rows (posterior.c). `zeros` is a row of latents, for posteriors without noise.
 * d_u and d_code_u are not used for a plain VAE. */
void tvi_pass_code_gradient(const tvi_pass *pass, double kl_weight, const float *zeros,
                            const float *d_z, const float *d_u, float *d_code_z,
                            float *d_code_u);

/* The workspace's block of n doubles. */
tvae_status tvi_workspace_doubles(tvae_workspace *work, int slot, size_t n,
                                  double **values);

/* *product = n_rows * width, or TVAE_E_SHAPE. */
tvae_status tvi_row_floats(size_t n_rows, size_t width, size_t *product);

#endif
