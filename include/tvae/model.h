/* SPDX-License-Identifier: MIT */
#ifndef TVAE_MODEL_H
#define TVAE_MODEL_H

#include <tvae/layer.h>
#include <tvae/topography.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @file
 * Floor 6: the Topographic VAE. Two encoders give Gaussian posteriors of z and u, the
 * prior turns their samples into topographic latents t, the decoder gives the likelihood.
 *
 * Shapes: frames x `[sequences, frames, channels, height, width]` in [0, 1]; latents
 * `[sequences, frames, latents]`, where latents = capsules x d1 x d2 x d3 (latent tensors
 * may spell those axes out). A plain VAE is a model whose prior has no neighbourhoods: t
 * = z, and everything about u is absent (pass NULL).
 */
typedef struct tvae_model tvae_model;   /**< Encoders, prior and decoder. */
typedef struct tvae_stream tvae_stream; /**< Encodes frames as they arrive. */

/** The likelihood p(x | t). */
enum {
    TVAE_LIKELIHOOD_BERNOULLI = 0, /**< The decoder gives logits. Targets outside [0, 1]
                                        are taken as they are: the likelihood is then no
                                        longer one, and may be above 1. */
    TVAE_LIKELIHOOD_GAUSSIAN = 1   /**< The decoder gives means; one scale for
                                        all pixels, fixed or learnt. */
};

/** Places in an array of loss terms; all in nats a frame, means over frames. */
enum {
    TVAE_TERM_LOSS = 0,               /**< neg_log_px + kl_z + kl_u: minus the ELBO */
    TVAE_TERM_NEG_LOG_PX = 1,         /**< - log p(x | t), summed over pixels */
    TVAE_TERM_KL_Z = 2,               /**< KL(q(z | x) || N(0, 1)), summed over latents */
    TVAE_TERM_KL_U = 3,               /**< the same of u; 0 for a plain VAE */
    TVAE_TERM_EQUIVARIANCE_ERROR = 4, /**< of t, mean over sequences (see tvae/metric.h):
                                           filled by the trainer if the capsules are 1-D;
                                           the functions below write 0 */
    TVAE_N_TERMS = 5                  /**< how many this version knows */
};

/** Places in an array of seconds: the parts of a training step, which add up to it (see
 *  tvae_trainer_part_seconds()). */
enum {
    TVAE_PART_NOISE = 0,        /**< drawing the noise of z and u */
    TVAE_PART_ENCODERS = 1,     /**< both encoders, forward, and what is made up for
                                     them of updates put off (tvae_trainer_step()) */
    TVAE_PART_PRIOR = 2,        /**< samples of z and u, their KL, and t */
    TVAE_PART_DECODER = 3,      /**< the decoder, forward */
    TVAE_PART_LIKELIHOOD = 4,   /**< -log p(x | t), its gradient, the terms */
    TVAE_PART_EQUIVARIANCE = 5, /**< the equivariance error of t */
    TVAE_PART_BACKWARD = 6,     /**< gradients by activations, and by parameters where
                                     they are stored (max_gradient_norm) or sent to
                                     other ranks */
    TVAE_PART_UPDATE = 7,       /**< the update; without max_gradient_norm also the
                                     weights' gradients, which are made and applied block
                                     by block */
    TVAE_PART_EXCHANGE = 8,     /**< waiting for other ranks, and adding up with them */
    TVAE_N_PARTS = 9            /**< how many this version knows */
};

/** Options of tvae_model_create() and tvae_model_compose(). */
typedef struct tvae_model_options {
    size_t size;           /**< filled by tvae_model_options_init() */
    int64_t channels;      /**< of a frame, >= 1; no default */
    int64_t height;        /**< rows of pixels, >= 1; no default */
    int64_t width;         /**< columns of pixels, >= 1; no default */
    double gaussian_scale; /**< standard deviation of the Gaussian likelihood, or its
                              start if it is learnt; default 1 */
    int32_t likelihood;    /**< a TVAE_LIKELIHOOD; default Bernoulli */
    int32_t
        bias_per_pixel;  /**< 0 (default, the reference): the decoder's last layer has one
                              bias a channel; 1: one a pixel. tvae_model_create() only */
    int32_t learn_scale; /**< 1: the logarithm of the Gaussian scale is a parameter,
                              "likelihood.log_scale"; 0 (default): it is fixed */
    int32_t predict_steps; /**< k >= 0: frames that the decoder looks ahead. 0 (default):
                                t_l is decoded into x_l. k > 0, predictive training: t_l
                              is rolled by k and decoded into x_{l+k}, see
                              tvae_model_elbo(); wants a causal prior
                              (tvae_neighbourhood_create_shifting_range() with last_frame
                              <= 0 and frame_boundary TVAE_BOUNDARY_ZERO) or one without
                              neighbourhoods, and more than k frames */
} tvae_model_options;

/** Fill @p options with the defaults. Statuses: TVAE_OK, TVAE_E_INVALID. Threads: any.
 *  Since: 0.1 */
TVAE_API tvae_status tvae_model_options_init(tvae_model_options *options, size_t size);

/**
 * Create the paper's model: multilayer perceptrons n - 3s - 2s - 2s as encoders and
 * s - 2s - 3s - n as decoder (n inputs a frame, s latents), ReLU between.
 *
 * @param[in]  options  The frame and the likelihood.
 * @param[in]  prior    Gives the latent grid.
 * @param[out] out      The model; parameters zero but mu and the learnt scale: see
 *                      tvae_model_initialise().
 *
 * @retval TVAE_OK             Created.
 * @retval TVAE_E_INVALID      NULL argument or an option out of range.
 * @retval TVAE_E_UNSUPPORTED  Options of a newer library.
 * @retval TVAE_E_SHAPE        The sizes overflow.
 * @retval TVAE_E_NOMEM        No memory.
 *
 * Ownership: one reference for the caller; the model keeps the prior alive and trains the
 *            prior's own mu and weights, so models of one prior share them.
 * Threads:   any.
 * Numerics:  SPEC section 1 (networks).
 * Since:     0.1
 */
TVAE_API tvae_status tvae_model_create(const tvae_model_options *options,
                                       tvae_prior *prior, tvae_model **out);

/**
 * Compose a model from layers.
 *
 * @param[in]  options    The frame and the likelihood.
 * @param[in]  z_encoder  Rows of a frame's values to 2 x latents: means, then
 * log-variances.
 * @param[in]  u_encoder  The same for u; NULL exactly if the prior has no neighbourhoods.
 * @param[in]  prior      The topography.
 * @param[in]  decoder    Latents to a frame's values: logits (Bernoulli; no sigmoid) or
 * means.
 * @param[out] out        The model.
 *
 * @retval TVAE_OK             Created.
 * @retval TVAE_E_INVALID      NULL argument, an option out of range, one layer used
 * twice (also deep inside two chains).
 * @retval TVAE_E_UNSUPPORTED  Options of a newer library.
 * @retval TVAE_E_SHAPE        A layer's width does not fit frame or latents.
 * @retval TVAE_E_NOMEM        No memory.
 *
 * Ownership: one reference for the caller; the model keeps layers and prior alive.
 * Parameters are those of the layers as they are. Threads:   any. Since:     0.1
 */
TVAE_API tvae_status tvae_model_compose(const tvae_model_options *options,
                                        tvae_layer *z_encoder, tvae_layer *u_encoder,
                                        tvae_prior *prior, tvae_layer *decoder,
                                        tvae_model **out);

/** Add a reference; returns @p model. Threads: any. Since: 0.1 */
TVAE_API tvae_model *tvae_model_retain(tvae_model *model);

/** Drop the caller's reference and null the pointer. Threads: any. Since: 0.1 */
TVAE_API void tvae_model_destroy(tvae_model **model);

/** Draw the initial parameters of all layers and set mu and the learnt scale to their
 *  starts; as tvae_layer_initialise(). Statuses: TVAE_OK, TVAE_E_INVALID. Threads:
 * one-at-a-time. Since: 0.1 */
TVAE_API tvae_status tvae_model_initialise(tvae_model *model, uint64_t seed);

/** Frame extents [3]: channels, height, width. Statuses: TVAE_OK, TVAE_E_INVALID.
 *  Threads: shared-read. Since: 0.1 */
TVAE_API tvae_status tvae_model_frame_shape(const tvae_model *model, size_t *shape);

/** Latent extents [4]: capsules, d1, d2, d3. Statuses: TVAE_OK, TVAE_E_INVALID.
 *  Threads: shared-read. Since: 0.1 */
TVAE_API tvae_status tvae_model_latent_shape(const tvae_model *model, size_t *shape);

/** The model's prior: what constructs t from z and u (tvae_prior_apply()), so that
 * latents drawn from N(0, 1) become samples. Its mu and weights are the model's own.
 * Statuses: TVAE_OK, TVAE_E_INVALID. Ownership: one reference for the caller. Threads:
 *  shared-read. Since: 0.1 */
TVAE_API tvae_status tvae_model_prior(const tvae_model *model, tvae_prior **out);

/** Number of named parameters; 0 for NULL. Threads: shared-read. Since: 0.1 */
TVAE_API size_t tvae_model_parameter_count(const tvae_model *model);

/** Name and shape of parameter @p index, statuses as tvae_layer_parameter_info(); names
 * as PyTorch's state_dict of the reference: "z_encoder.model.0.weight", "u_encoder...",
 * "decoder...", "grouper.correlated_mean_beta", "grouper.model.weight"; and
 * "likelihood.log_scale" [1] if the scale is learnt. Threads: shared-read. Since: 0.1 */
TVAE_API tvae_status tvae_model_parameter_info(const tvae_model *model, size_t index,
                                               char *name, size_t capacity, int32_t *rank,
                                               size_t *shape);

/** Copy a parameter out; statuses as tvae_layer_get_parameter(). Threads: shared-read.
 *  Since: 0.1 */
TVAE_API tvae_status tvae_model_get_parameter(const tvae_model *model, const char *name,
                                              tvae_tensor *value);

/** Copy a parameter in; statuses as tvae_layer_set_parameter(). Threads: one-at-a-time.
 *  Since: 0.1 */
TVAE_API tvae_status tvae_model_set_parameter(tvae_model *model, const char *name,
                                              const tvae_tensor *value);

/** Copy an accumulated gradient out; statuses as tvae_layer_get_gradient(). Threads:
 *  shared-read. Since: 0.1 */
TVAE_API tvae_status tvae_model_get_gradient(const tvae_model *model, const char *name,
                                             tvae_tensor *gradient);

/** Set all accumulated gradients to zero. Statuses: TVAE_OK, TVAE_E_INVALID.
 *  Threads: one-at-a-time. Since: 0.1 */
TVAE_API tvae_status tvae_model_zero_gradient(tvae_model *model);

/**
 * Save as safetensors: parameters under their names, the configuration in `__metadata__`,
 * so that tvae_model_load() needs this one file. Equal models give equal bytes.
 *
 * @param[in] model  Read only.
 * @param[in] path   Must end in `.safetensors`.
 *
 * @retval TVAE_OK             Written, whole and flushed.
 * @retval TVAE_E_INVALID      NULL argument or another ending.
 * @retval TVAE_E_UNSUPPORTED  A composed model with layers other than the library's own.
 * @retval TVAE_E_IO           Not written; an older file is untouched.
 * @retval TVAE_E_NOMEM        No memory; an older file is untouched.
 *
 * Threads:   shared-read.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_model_save(const tvae_model *model, const char *path);

/**
 * Load what tvae_model_save() wrote.
 *
 * @param[in]  path  A file of tvae_model_save(), or `model.safetensors` of a run.
 * @param[out] out   The model.
 *
 * @retval TVAE_OK           Loaded.
 * @retval TVAE_E_INVALID    NULL argument.
 * @retval TVAE_E_NOT_FOUND  No such file.
 * @retval TVAE_E_IO         The file cannot be read.
 * @retval TVAE_E_FORMAT     Not a model: a tensor or a configuration entry is missing,
 * superfluous or wrong.
 * @retval TVAE_E_NUMERIC    A parameter is not finite.
 * @retval TVAE_E_UNSUPPORTED  Written by a newer library, or another kind of file.
 * @retval TVAE_E_NOMEM      No memory.
 *
 * Ownership: one reference for the caller.
 * Threads:   any.
 * Numerics:  the parameters and the options come back to the bit. A hostile file is
 *            refused: no more memory is taken than its own tensors need.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_model_load(const char *path, tvae_model **out);

/**
 * Encode frames into topographic capsules at the posterior means.
 *
 * The energies sum squared means of u and leave out its variance: they are smaller, and t
 * is larger, than the decoder was trained with. As features only the direction of a
 * capsule counts; to decode, take tvae_model_sample().
 *
 * @param[in]     model  Read only.
 * @param[in,out] work   Workspace of the calling thread.
 * @param[in]     x      [sequences, frames, channels, height, width].
 * @param[out]    t      [sequences, frames, latents].
 *
 * @retval TVAE_OK         Written.
 * @retval TVAE_E_INVALID  NULL argument.
 * @retval TVAE_E_SHAPE    A shape does not fit; @p t untouched.
 * @retval TVAE_E_NUMERIC  Non-finite input.
 * @retval TVAE_E_NOMEM    The workspace could not grow.
 *
 * Ownership: nothing is kept.
 * Threads:   shared-read, one workspace each.
 * Numerics:  float32; last bits may differ between kernel levels. SPEC section 1.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_model_encode(const tvae_model *model, tvae_workspace *work,
                                       const tvae_tensor *x, tvae_tensor *t);

/**
 * The posteriors' means and log-variances.
 *
 * @param[in]     model  Read only.
 * @param[in,out] work   Workspace of the calling thread.
 * @param[in]     x      [sequences, frames, channels, height, width].
 * @param[out]    z_mean,z_log_variance  [sequences, frames, latents]; NULL if not wanted.
 * @param[out]    u_mean,u_log_variance  The same of u; NULL for a plain VAE, or if not
 *                       wanted. An encoder of which nothing is wanted does not run.
 *
 * Statuses, ownership, threads: as tvae_model_encode(). Since: 0.1
 */
TVAE_API tvae_status tvae_model_posterior(const tvae_model *model, tvae_workspace *work,
                                          const tvae_tensor *x, tvae_tensor *z_mean,
                                          tvae_tensor *z_log_variance,
                                          tvae_tensor *u_mean,
                                          tvae_tensor *u_log_variance);

/**
 * Sample topographic capsules: z and u drawn from their posteriors with the given noise.
 *
 * @param[in]     model    Read only.
 * @param[in,out] work     Workspace of the calling thread.
 * @param[in]     x        [sequences, frames, channels, height, width].
 * @param[in]     noise_z  [sequences, frames, latents] draws from N(0, 1).
 * @param[in]     noise_u  The same for u; NULL for a plain VAE.
 * @param[out]    t        [sequences, frames, latents].
 *
 * Statuses, ownership, threads: as tvae_model_encode(). Since: 0.1
 */
TVAE_API tvae_status tvae_model_sample(const tvae_model *model, tvae_workspace *work,
                                       const tvae_tensor *x, const tvae_tensor *noise_z,
                                       const tvae_tensor *noise_u, tvae_tensor *t);

/**
 * Decode topographic capsules into frames: probabilities (Bernoulli) or means.
 *
 * @param[in]     model  Read only.
 * @param[in,out] work   Workspace of the calling thread.
 * @param[in]     t      [sequences, frames, latents].
 * @param[out]    x      [sequences, frames, channels, height, width].
 *
 * Statuses, ownership, threads: as tvae_model_encode(). Since: 0.1
 */
TVAE_API tvae_status tvae_model_decode(const tvae_model *model, tvae_workspace *work,
                                       const tvae_tensor *t, tvae_tensor *x);

/**
 * Predict: encode the first frames of each sequence at the posterior means, roll the
 * capsules of the last one encoded along d1, a place a frame, and decode.
 *
 * Works with any model; one whose prior is not causal sees its circular windows wrap
 * within the frames encoded. Copying frame n_seen - 1 is the score to beat.
 *
 * @param[in]     model      Read only.
 * @param[in,out] work       Workspace of the calling thread.
 * @param[in]     x          [sequences, frames, channels, height, width].
 * @param[in]     n_seen     Frames to encode, 1 to frames; the rest is not looked at.
 * @param[out]    predicted  [sequences, steps, channels, height, width], any number of
 *                           steps: entry j - 1 is decode(Roll_j(t_{n_seen - 1})), to be
 *                           compared with frame n_seen - 1 + j. Probabilities
 *                           (Bernoulli) or means; must not overlap @p x.
 *
 * @retval TVAE_E_INVALID  NULL argument, or @p n_seen out of range.
 *
 * Other statuses, ownership, threads: as tvae_model_encode(). Since: 0.1
 */
TVAE_API tvae_status tvae_model_predict(const tvae_model *model, tvae_workspace *work,
                                        const tvae_tensor *x, int64_t n_seen,
                                        tvae_tensor *predicted);

/**
 * The loss (minus the ELBO) of a batch and its parts.
 *
 * With B sequences of S frames and k = options.predict_steps,
 *
 *     loss = sum_{b, l < S-k} -log p(x_{b,l+k} | Roll_k(t_{b,l})) / (B (S - k))
 *            + sum_{b, l < S} (KL(q(z_{b,l})) + KL(q(u_{b,l}))) / (B S),
 *
 * Roll_k along d1. With k > 0, t_{b,l} knows frames 0 .. l alone: the loss of predictive
 * coding (Keller & Welling 2021, "Predictive Coding with Topographic Variational
 * Autoencoders").
 *
 * @param[in]     model            Read only.
 * @param[in,out] work             Workspace of the calling thread.
 * @param[in]     x                [sequences, frames, channels, height, width].
 * @param[in]     noise_z,noise_u  As tvae_model_sample(); both NULL: at the posterior
 *                                 means.
 * @param[out]    terms            [n_terms] see the TVAE_TERM numbers.
 * @param[in]     n_terms          How many to write, 0 to TVAE_N_TERMS.
 *
 * Statuses, ownership, threads: as tvae_model_encode(), and TVAE_E_NUMERIC, with the
 * part in the message, when the loss is not finite; @p terms then holds what was
 * computed (untouched when the input itself is not finite). Since: 0.1
 */
TVAE_API tvae_status tvae_model_elbo(const tvae_model *model, tvae_workspace *work,
                                     const tvae_tensor *x, const tvae_tensor *noise_z,
                                     const tvae_tensor *noise_u, double *terms,
                                     size_t n_terms);

/**
 * As tvae_model_elbo(), and add the gradient of the loss to every parameter's; when the
 * loss is not finite, nothing is added.
 *
 * Statuses, ownership: as tvae_model_elbo(). Threads: one-at-a-time. Since: 0.1
 */
TVAE_API tvae_status tvae_model_elbo_gradient(tvae_model *model, tvae_workspace *work,
                                              const tvae_tensor *x,
                                              const tvae_tensor *noise_z,
                                              const tvae_tensor *noise_u, double *terms,
                                              size_t n_terms);

/**
 * Importance-sampled log-likelihood of each frame, in nats.
 *
 * log w_k = log p(x | t_k) + log p(z_k) + log p(u_k) - log q(z_k) - log q(u_k). The
 * encoders run once, however many samples.
 * Each frame's own t is decoded into that frame, whatever options.predict_steps says.
 *
 * @param[in]     model       Read only.
 * @param[in,out] work        Workspace of the calling thread.
 * @param[in]     x           [sequences, frames, channels, height, width].
 * @param[in]     n_samples   Samples a frame, >= 1.
 * @param[in]     seed        Of the noise; equal seeds give equal estimates. The noise of
 *                            a latent depends on the seed, the sample's number and the
 *                            latent's place in @p x.
 * @param[out]    normalised  [sequences, frames] logsumexp_k log w_k - log n (IWAE); may
 *                            be NULL.
 * @param[out]    reference   [sequences, frames] logsumexp_k log w_k, as the authors'
 *                            code, which is log n higher; may be NULL.
 *
 * Statuses, ownership, threads: as tvae_model_encode(). Since: 0.1
 */
TVAE_API tvae_status tvae_model_log_likelihood(const tvae_model *model,
                                               tvae_workspace *work, const tvae_tensor *x,
                                               int64_t n_samples, uint64_t seed,
                                               tvae_tensor *normalised,
                                               tvae_tensor *reference);

/**
 * Create a stream: an encoder of one sequence whose frames arrive one after the other, in
 * constant memory (the last rows of u^2 that the prior reaches).
 *
 * @param[in]  model  Causal: its neighbourhoods have frame offsets up to 0 and its
 *                    frame_boundary is TVAE_BOUNDARY_ZERO
 *                    (tvae_neighbourhood_create_shifting_range()); or all offsets lie in
 *                    the frame itself; or it is a plain VAE.
 * @param[out] out    The stream, before its first frame.
 *
 * @retval TVAE_OK         Created.
 * @retval TVAE_E_INVALID  NULL argument, or a model that looks at later frames.
 * @retval TVAE_E_SHAPE    The sizes overflow.
 * @retval TVAE_E_NOMEM    No memory.
 *
 * Ownership: one reference for the caller; the stream keeps the model alive.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_stream_create(tvae_model *model, tvae_stream **out);

/** Add a reference; returns @p stream. Threads: any. Since: 0.1 */
TVAE_API tvae_stream *tvae_stream_retain(tvae_stream *stream);

/** Drop the caller's reference and null the pointer. Threads: any. Since: 0.1 */
TVAE_API void tvae_stream_destroy(tvae_stream **stream);

/** Forget the frames pushed: the next one is the first of another sequence. Statuses:
 *  TVAE_OK, TVAE_E_INVALID. Threads: one-at-a-time. Since: 0.1 */
TVAE_API tvae_status tvae_stream_reset(tvae_stream *stream);

/**
 * Push the next frame and get its capsules at the posterior means: what
 * tvae_model_encode() gives for that frame of the whole sequence.
 *
 * @param[in,out] stream  Moves on by a frame.
 * @param[in]     frame   [channels, height, width].
 * @param[out]    t       Any shape of as many elements as a frame has latents.
 *
 * @retval TVAE_OK         Written.
 * @retval TVAE_E_INVALID  NULL argument.
 * @retval TVAE_E_SHAPE    A shape does not fit.
 * @retval TVAE_E_NUMERIC  Non-finite input.
 * @retval TVAE_E_NOMEM    No memory; the first frame alone can meet it.
 *
 * After a failure the stream is as it was before.
 *
 * Ownership: nothing is kept.
 * Threads:   one-at-a-time; any number of streams may share a model that nobody trains.
 * Numerics:  float32; sums over neighbours in the order of the whole sequence's. The
 *            encoders see one row instead of many, which may change last bits.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_stream_push(tvae_stream *stream, const tvae_tensor *frame,
                                      tvae_tensor *t);

#ifdef __cplusplus
}
#endif

#endif
