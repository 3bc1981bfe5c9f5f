/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TRAIN_H
#define TVAE_TRAIN_H

#include <tvae/exchange.h>
#include <tvae/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @file
 * Floor 9: training. A *trainer* holds a model, its optimiser's state and the step count,
 * and saves and restores all of it exactly.
 */
typedef struct tvae_trainer tvae_trainer; /**< A model in training. */

/** Optimisers. */
enum {
    TVAE_OPTIMIZER_SGD = 0,  /**< buf = momentum * buf + grad; w -= rate * buf */
    TVAE_OPTIMIZER_ADAM = 1, /**< Kingma & Ba 2015, PyTorch's form */
    TVAE_OPTIMIZER_ADAMW = 2 /**< Loshchilov & Hutter 2019: decoupled weight decay */
};

/** How the learning rate depends on the number s of steps completed; nothing depends on
 *  how many steps are to come. */
enum {
    TVAE_SCHEDULE_CONSTANT = 0, /**< learning_rate */
    TVAE_SCHEDULE_STEP = 1,     /**< learning_rate * schedule_gamma^(s / schedule_steps),
                                     the exponent rounded down; not below
                                     min_learning_rate */
    TVAE_SCHEDULE_COSINE = 2    /**< half a cosine from learning_rate to
                                     min_learning_rate over schedule_steps steps, then
                                     min_learning_rate */
};

/** Options of tvae_trainer_create(). */
typedef struct tvae_train_options {
    size_t size;              /**< filled by tvae_train_options_init() */
    uint64_t seed;            /**< of the noise; default 0 */
    double learning_rate;     /**< > 0; default 1e-4 */
    double momentum;          /**< SGD: 0 <= momentum < 1; default 0.9 */
    double beta1;             /**< Adam: default 0.9 */
    double beta2;             /**< Adam: default 0.999 */
    double epsilon;           /**< Adam: > 0; default 1e-8 */
    double weight_decay;      /**< AdamW only: >= 0; default 0.01 */
    int32_t optimizer;        /**< a TVAE_OPTIMIZER; default SGD */
    int32_t schedule;         /**< a TVAE_SCHEDULE; default constant */
    int64_t schedule_steps;   /**< >= 1: between drops (step), or to the floor (cosine);
                                   default 10000 */
    double schedule_gamma;    /**< step: 0 < gamma <= 1; default 0.1 */
    double min_learning_rate; /**< floor of both schedules, 0 to learning_rate;
                                   default 0 */
    double max_gradient_norm; /**< > 0: scale the gradient down to this Euclidean norm,
                                   all parameters together, if it is longer; 0 (default):
                                   leave it */
    double kl_weight;         /**< >= 0: weight of both KL divergences in the gradient
                                   (beta of Higgins et al. 2017); default 1, the ELBO.
                                   The terms stay those of the ELBO */
    int64_t kl_warmup_steps;  /**< >= 0: the weight grows from 0 in equal steps and is
                                   kl_weight after so many; default 0 */
} tvae_train_options;

/** Fill @p options with the defaults (the paper's). Statuses: TVAE_OK, TVAE_E_INVALID.
 *  Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_train_options_init(tvae_train_options *options, size_t size);

/**
 * Create a trainer.
 *
 * @param[in]  model    What is trained: its parameters change at every step.
 * @param[in]  options  NULL for the defaults.
 * @param[out] out      The trainer, at step 0.
 *
 * @retval TVAE_OK             Created.
 * @retval TVAE_E_INVALID      NULL model or an option out of range.
 * @retval TVAE_E_UNSUPPORTED  Options of a newer library.
 * @retval TVAE_E_NOMEM        No memory.
 *
 * Ownership: one reference for the caller; the trainer keeps the model alive. Between
 *            steps the model may be used, saved, and read by name as ever.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_trainer_create(tvae_model *model,
                                         const tvae_train_options *options,
                                         tvae_trainer **out);

/** Drop the caller's reference and null the pointer. Threads: one-at-a-time. Since: 0.1
 */
TVAE_API void tvae_trainer_destroy(tvae_trainer **trainer);

/**
 * One optimisation step: ELBO with sampled latents, gradient, update.
 *
 * The noise of a latent depends on the seed, the number of the step and the latent's
 * place in the batch. After the first step nothing is allocated.
 *
 * With SGD the update of weights whose inputs are zero in the whole batch may be put off.
 * Nobody sees that: every call that reads, sets or computes with parameters first brings
 * them to the bits they would have, those of other threads, layers and models included.
 *
 * @param[in,out] trainer  Moves on by a step.
 * @param[in]     x        [sequences, frames, channels, height, width].
 * @param[out]    terms    [n_terms] of the loss before the update, see the TVAE_TERM
 *                         numbers.
 * @param[in]     n_terms  At most TVAE_N_TERMS; may be 0.
 *
 * @retval TVAE_OK         Done.
 * @retval TVAE_E_INVALID  NULL argument.
 * @retval TVAE_E_SHAPE    @p x does not fit the model; nothing changed.
 * @retval TVAE_E_NUMERIC  The loss is not finite; the message says which part at which
 * step. The parameters are those before the step.
 * @retval TVAE_E_NOMEM    No memory; nothing changed (first step, or a larger batch).
 *
 * A custom layer that fails in its backward pass leaves a step that is half applied and
 * not counted. With max_gradient_norm no parameter changes before all gradients are
 * there: such a step has no effect, and neither has one whose gradient is not finite
 * (TVAE_E_NUMERIC). It uses the model's stored gradients: afterwards they are those of
 * the step, scaled, and what tvae_model_elbo_gradient() had added up is lost.
 *
 * Threads:   one-at-a-time.
 * Numerics:  SPEC section 1 (ELBO, optimiser).
 * Since:     0.1
 */
TVAE_API tvae_status tvae_trainer_step(tvae_trainer *trainer, const tvae_tensor *x,
                                       double *terms, size_t n_terms);

/**
 * Where the time of the latest step went.
 *
 * @param[in]  trainer  Read only.
 * @param[out] seconds  [n_parts] wall-clock time of each TVAE_PART (tvae/model.h); zeros
 *                      before the first step.
 * @param[in]  n_parts  At most TVAE_N_PARTS.
 *
 * @retval TVAE_OK         Written.
 * @retval TVAE_E_INVALID  NULL argument, or @p n_parts out of range.
 *
 * Reading the clock costs a step less than a microsecond.
 *
 * Ownership: nothing is kept.
 * Threads:   shared-read.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_trainer_part_seconds(const tvae_trainer *trainer,
                                               double *seconds, size_t n_parts);

/**
 * Train together with other ranks: synchronous data parallelism. From now on a step's
 * batch is what all ranks bring along, one after the other, and all ranks keep equal
 * parameters: those that one trainer would have after the same batches, to rounding.
 *
 * A collective: all ranks call it before their first step, or after loading a state. The
 * state of rank 0 (parameters, optimiser, step count, learning rate) becomes everyone's.
 *
 * @param[in,out] trainer   Of equal models and options on all ranks.
 * @param[in]     exchange  The way to the other ranks; copied.
 * @param[in]     options   NULL for the defaults; equal on all ranks.
 *
 * @retval TVAE_OK             Done; with n_ranks 1 steps are those of any trainer.
 * @retval TVAE_E_INVALID      NULL argument, a function or a number of the table missing
 * or out of range, or a rank has other options or another model: the message names them.
 * @retval TVAE_E_UNSUPPORTED  Options of a newer library.
 * @retval TVAE_E_TIMEOUT      Another rank did not call within timeout_seconds.
 * @retval TVAE_E_NOMEM        No memory for the gradients on the way.
 *
 * Other statuses are those of the exchange. On failure the trainer is destroyed next; what
 * an exchange that failed was given is kept until the process ends.
 * Threads: one-at-a-time. Since: 0.1
 */
TVAE_API tvae_status tvae_trainer_set_exchange(tvae_trainer *trainer,
                                               const tvae_exchange *exchange,
                                               const tvae_exchange_options *options);

/**
 * A step of which this trainer has a part of the sequences; tvae_trainer_step() is this
 * with parts of equal size. Needs tvae_trainer_set_exchange() where there are others.
 *
 * Noise depends on a sequence's place in the whole, not on who has it: how many ranks
 * there are changes nothing but the rounding. Gradients are sent while the backward pass
 * goes on. Terms are those of the whole batch; if they are not finite on one rank, no
 * rank takes the step.
 *
 * @param[in,out] trainer  Moves on by a step.
 * @param[in]     x        [sequences, frames, channels, height, width]; NULL: this rank
 *                         has none, which costs it as much as one.
 * @param[in]     n_frames Frames of a sequence, for ranks without; 0 where there is x.
 * @param[in]     first    Place of the first of them in the whole batch.
 * @param[in]     n_total  Sequences of the whole batch, the same on all ranks.
 * @param[out]    terms    [n_terms] as tvae_trainer_step(), of the whole batch.
 * @param[in]     n_terms  At most TVAE_N_TERMS; may be 0.
 *
 * @retval TVAE_E_TIMEOUT  A rank is missing: it died, failed, or is too slow. The
 * parameters may be half updated: go on from the last good checkpoint.
 * @retval TVAE_E_STATE    The exchange has failed before.
 *
 * Other statuses as tvae_trainer_step(), and those of the exchange.
 * Threads: one-at-a-time. Since: 0.1
 */
TVAE_API tvae_status tvae_trainer_step_part(tvae_trainer *trainer, const tvae_tensor *x,
                                            size_t n_frames, size_t first, size_t n_total,
                                            double *terms, size_t n_terms);

/** What the exchange of the latest step took, filled up to @p size bytes; zeros without
 *  one. Statuses: TVAE_OK, TVAE_E_INVALID. Threads: shared-read. Since: 0.1 */
TVAE_API tvae_status tvae_trainer_exchange_facts(const tvae_trainer *trainer,
                                                 tvae_exchange_facts *facts, size_t size);

/** Steps taken so far, those before a restored state included; -1 for NULL.
 *  Threads: shared-read. Since: 0.1 */
TVAE_API int64_t tvae_trainer_step_count(const tvae_trainer *trainer);

/** Change the learning rate for the steps to come, to at least min_learning_rate; a
 *  schedule goes on from where it is, scaled. Statuses: TVAE_OK, TVAE_E_INVALID.
 *  Threads: one-at-a-time. Since: 0.1 */
TVAE_API tvae_status tvae_trainer_set_learning_rate(tvae_trainer *trainer, double rate);

/** The learning rate of the next step, by the schedule; -1 for NULL.
 *  Threads: shared-read. Since: 0.1 */
TVAE_API double tvae_trainer_learning_rate(const tvae_trainer *trainer);

/** The weight of the KL divergences in the gradient of the next step; -1 for NULL.
 *  Threads: shared-read. Since: 0.1 */
TVAE_API double tvae_trainer_kl_weight(const tvae_trainer *trainer);

/**
 * Save everything an exact resume needs: parameters, optimiser state, step count, seed;
 * with a checksum, whole or not at all.
 *
 * Equal states give equal bytes. @p path must end in `.safetensors`.
 *
 * @param[in,out] trainer  Deferred updates are brought up to date.
 * @param[in]     path     Ends in `.safetensors`.
 *
 * Statuses: TVAE_OK, TVAE_E_INVALID, TVAE_E_NUMERIC (a parameter is not finite: training
 * has diverged), TVAE_E_IO, TVAE_E_NOMEM; on each failure an older file is untouched.
 * Threads: one-at-a-time. Since: 0.1
 */
TVAE_API tvae_status tvae_trainer_save(tvae_trainer *trainer, const char *path);

/**
 * Restore what tvae_trainer_save() wrote, into a trainer of an equal model and options.
 *
 * @param[in,out] trainer  Changed on success alone.
 * @param[in]     path     A file of tvae_trainer_save().
 *
 * @retval TVAE_OK           Restored: the next step gives the bits it would have given.
 * @retval TVAE_E_INVALID    NULL argument, or the state is of other options; the message
 * names the option.
 * @retval TVAE_E_NOT_FOUND  No such file.
 * @retval TVAE_E_IO         The file cannot be read.
 * @retval TVAE_E_FORMAT     Damaged (the checksum tells) or of another model.
 * @retval TVAE_E_UNSUPPORTED  An element type this build cannot read.
 * @retval TVAE_E_NOMEM      No memory.
 *
 * On failure the trainer is as it was. Threads: one-at-a-time. Since: 0.1
 */
TVAE_API tvae_status tvae_trainer_load(tvae_trainer *trainer, const char *path);

#ifdef __cplusplus
}
#endif

#endif
