/* SPDX-License-Identifier: MIT */
#ifndef TVAE_EXPERIMENT_H
#define TVAE_EXPERIMENT_H

#include <tvae/data.h>
#include <tvae/train.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @file
 * Floor 10: the named experiments. A *configuration* is a table of keys and values that
 * rebuilds a run; a *run* is a folder with the configuration, log, checkpoints and
 * results (docs/run-folder.md).
 */
typedef struct tvae_config tvae_config; /**< Keys and values that rebuild a run. */
typedef struct tvae_run tvae_run; /**< A run folder, locked while open for training. */

/** What a progress callback is told; all strings live for the call only. */
typedef struct tvae_progress {
    size_t size;       /**< sizeof(tvae_progress) of the library */
    const char *phase; /**< "train", "evaluate", "figures" */
    int64_t done;      /**< steps (or sequences) done */
    int64_t total;     /**< of so many */
    double seconds;    /**< since this call began */
    double loss;       /**< of the latest step; NaN where there is none */
    int64_t first;     /**< where @c done stood when this call began */
} tvae_progress;

/** Called after every step or batch, on the calling thread; may be NULL. */
typedef struct tvae_progress_hook {
    size_t size; /**< sizeof(tvae_progress_hook) */
    void *user;  /**< Passed back. */
    /** Return non-zero to stop: the work so far is saved and TVAE_E_CANCELLED returned.
     */
    int32_t (*progress)(void *user, const tvae_progress *progress);
} tvae_progress_hook;

/** Options of tvae_run_evaluate(). */
typedef struct tvae_evaluate_options {
    size_t size;         /**< filled by tvae_evaluate_options_init() */
    int64_t n_samples;   /**< importance samples a frame, >= 1; default 10 */
    int64_t n_sequences; /**< test sequences at most, >= 1; default 1000 */
    uint64_t seed;       /**< of transforms and noise; default 0 */
    int32_t split;       /**< a TVAE_SPLIT; default test */
    int32_t at_means;    /**< 1: latents at the posterior means, not sampled; default 0 */
    int32_t best;        /**< 1: the best model by validation loss (`best.safetensors`),
                              not the last; default 0 */
    int32_t reserved;    /**< keeps the layout free of padding; 0 */
} tvae_evaluate_options;

/** What is known of a key of configurations; strings are constant. */
typedef struct tvae_key_facts {
    size_t size;         /**< sizeof(tvae_key_facts) of the library */
    const char *name;    /**< as `--set` takes it */
    const char *type;    /**< "integer", "number", "word", "words" (one or more, commas
                              between), "five integers", "path" or "name" */
    const char *initial; /**< value where an experiment gives none */
    const char *meaning; /**< in one line */
    const char *const *words;     /**< what may be given, NULL at the end; NULL for types
                                       without words */
    double low;                   /**< least value; NaN for types without numbers */
    double high;                  /**< greatest value; NaN likewise */
    int32_t low_is_outside;       /**< 1: low itself is out of range */
    int32_t high_is_outside;      /**< 1: high itself is out of range */
    int32_t may_change_on_resume; /**< 1: does not change what is learnt */
    int32_t zero_is_automatic;    /**< 1: 0 stands for the data's own value */
} tvae_key_facts;

/** Number of experiments known by name. Threads: any. Since: 0.1 */
TVAE_API size_t tvae_experiment_count(void);

/** Name of experiment @p index, NULL past the end. Ownership: constant. Threads: any.
 * Since: 0.1 */
TVAE_API const char *tvae_experiment_name(size_t index);

/** What it reproduces, in one line; NULL past the end. Ownership: constant. Threads: any.
 *  Since: 0.1 */
TVAE_API const char *tvae_experiment_summary(size_t index);

/** The configuration of a named experiment. Statuses: TVAE_OK, TVAE_E_INVALID,
 *  TVAE_E_NOT_FOUND (the message lists near names), TVAE_E_NOMEM. Ownership: one
 * reference for the caller. Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_config_create(const char *experiment, tvae_config **out);

/** Read a configuration from JSON. Statuses: as tvae_config_create(), TVAE_E_IO,
 * TVAE_E_FORMAT (the message gives line and key). Ownership: one reference for the
 * caller. Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_config_load(const char *path, tvae_config **out);

/** Drop the caller's reference and null the pointer. Threads: any. Since: 0.1 */
TVAE_API void tvae_config_destroy(tvae_config **config);

/**
 * Set one value from text, as `tvae train --set key=value` does.
 *
 * @param[in,out] config  Changed on success alone.
 * @param[in]     key     A name of docs/configuration.md.
 * @param[in]     value   As docs/configuration.md says of the key.
 *
 * @retval TVAE_OK           Set.
 * @retval TVAE_E_INVALID    NULL, or a value out of range; the message gives the range.
 * @retval TVAE_E_NOT_FOUND  No such key; the message lists the nearest ones.
 * @retval TVAE_E_NOMEM      No memory.
 *
 * Threads: one-at-a-time. Numerics: numbers in the C locale. Since: 0.1
 */
TVAE_API tvae_status tvae_config_set(tvae_config *config, const char *key,
                                     const char *value);

/** Read one value as text; @p value, @p capacity and @p needed as the text of
 * tvae_neighbourhood_describe(). Statuses: TVAE_OK, TVAE_E_INVALID (NULL or too small),
 * TVAE_E_NOT_FOUND. Threads: shared-read. Since: 0.1 */
TVAE_API tvae_status tvae_config_get(const tvae_config *config, const char *key,
                                     char *value, size_t capacity, size_t *needed);

/** Number of keys. Threads: any. Since: 0.1 */
TVAE_API size_t tvae_config_key_count(void);

/** Everything about key @p index: docs/configuration.md is made of it. Statuses: TVAE_OK,
 *  TVAE_E_INVALID, TVAE_E_NOT_FOUND past the end. Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_config_key_facts(size_t index, tvae_key_facts *facts,
                                           size_t size);

/** The whole configuration as a JSON object: what tvae_config_load() reads. @p text,
 * @p capacity and @p needed as in tvae_neighbourhood_describe(). Statuses: TVAE_OK,
 * TVAE_E_INVALID (NULL or too small), TVAE_E_NOMEM. Threads: shared-read. Since: 0.1 */
TVAE_API tvae_status tvae_config_json(const tvae_config *config, char *text,
                                      size_t capacity, size_t *needed);

/** Write that to a file, whole or not at all. Statuses: TVAE_OK, TVAE_E_INVALID,
 *  TVAE_E_IO, TVAE_E_NOMEM. Threads: shared-read. Since: 0.1 */
TVAE_API tvae_status tvae_config_save(const tvae_config *config, const char *path);

/** Build the configured model, its parameters drawn from the seed. Sizes left to the data
 *  (0) are read from them where they are named. Statuses: TVAE_OK, TVAE_E_INVALID,
 *  TVAE_E_NOMEM, and those of opening the data. Ownership: one reference for the caller.
 * Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_config_build_model(const tvae_config *config, tvae_model **out);

/** Open the configured data. Statuses: as the dataset's own `_create`. Ownership: one
 * reference for the caller. Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_config_open_data(const tvae_config *config, int32_t split,
                                           tvae_dataset **out);

/**
 * Start a run in a new or empty folder, or in one that was started with an equal
 * configuration and holds no checkpoint. The folder is locked until the run is destroyed,
 * or its process ends in whatever way. The data are opened before the folder is made, so
 * that wrong ones leave no trace; sizes of images left to the data (0) are then known.
 *
 * @param[in]  config  What to run.
 * @param[in]  folder  Made if it is not there.
 * @param[out] out     The run.
 *
 * @retval TVAE_OK         Ready for tvae_run_train().
 * @retval TVAE_E_INVALID  NULL argument, or the folder holds a checkpoint already, or a
 *                         run of another configuration.
 * @retval TVAE_E_BUSY     Another process works in the folder.
 * @retval TVAE_E_IO       The folder cannot be made or written.
 * @retval TVAE_E_NOMEM    No memory.
 *
 * And the statuses of opening the data.
 *
 * Ownership: one reference for the caller; @p config is copied.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_run_create(const tvae_config *config, const char *folder,
                                     tvae_run **out);

/**
 * Continue a run from its newest good checkpoint, or from the start if there is none.
 *
 * If the newest checkpoint is damaged, the one before it is taken, and the log hook told.
 *
 * @param[in]  config  What is asked for now; NULL takes the folder's own. `data`,
 *                     `log_steps`, `checkpoint_steps`, `eval_steps`, `steps`, `epochs`,
 *                     `threads` and `n_prefetch` may differ, and replace those of the
 *                     folder (an empty `data` does not); what would change the result is
 *                     refused, by name.
 * @param[in]  folder  A run folder, or a new one if @p config is given.
 * @param[out] out     The run.
 *
 * Statuses: as tvae_run_create(), TVAE_E_NOT_FOUND if the folder is no run and @p config
 * is NULL, TVAE_E_FORMAT if all checkpoints are damaged. Ownership, threads: as there.
 * Since: 0.1
 */
TVAE_API tvae_status tvae_run_resume(const tvae_config *config, const char *folder,
                                     tvae_run **out);

/**
 * tvae_run_create(), or with @p resume tvae_run_resume(), of a run that several ranks
 * train together (tvae_trainer_set_exchange()); `batch_size` is each rank's own. A
 * collective.
 *
 * Rank 0 alone uses the folder: it locks it, and writes log, checkpoints and models; the
 * others get from it what was saved. A run may go on with another number of ranks than
 * before. Each rank opens the data by itself. In tvae_run_train() all ranks stop after
 * the same step as soon as the hook of one asks to.
 *
 * @param[in]  config    As there; equal on all ranks, but for `data`, `threads` and
 *                       `n_prefetch`.
 * @param[in]  folder    As there; read on rank 0 alone.
 * @param[in]  resume    1: resume, 0: create.
 * @param[in]  exchange  The way to the other ranks; copied.
 * @param[out] out       The run.
 *
 * @retval TVAE_OK         Open on all ranks.
 * @retval TVAE_E_INVALID  As there, or a rank has another configuration: the message
 * names the key.
 * @retval TVAE_E_TIMEOUT  Another rank did not call in time.
 *
 * Other statuses as there. What fails on one rank fails on all, with its message.
 * Ownership: one reference for the caller. Threads: one-at-a-time. Since: 0.1
 */
TVAE_API tvae_status tvae_run_create_distributed(const tvae_config *config,
                                                 const char *folder, int32_t resume,
                                                 const tvae_exchange *exchange,
                                                 tvae_run **out);

/** tvae_run_open() by several ranks, of which rank 0 alone uses the folder:
 *  tvae_run_evaluate() then splits the sequences among them, with the same result. A
 *  collective. Statuses: as there, TVAE_E_TIMEOUT, and those of the exchange. Ownership:
 *  one reference for the caller. Threads: one-at-a-time. Since: 0.1 */
TVAE_API tvae_status tvae_run_open_distributed(const char *folder,
                                               const tvae_exchange *exchange,
                                               tvae_run **out);

/** Open a run to evaluate it or draw its figures. Statuses: as tvae_run_create(),
 *  TVAE_E_NOT_FOUND if the folder is no run. Ownership: one reference for the caller.
 *  Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_run_open(const char *folder, tvae_run **out);

/** Drop the caller's reference, unlock the folder and null the pointer. Threads:
 * one-at-a-time. Since: 0.1 */
TVAE_API void tvae_run_destroy(tvae_run **run);

/** The run's folder. Ownership: the run's. Threads: shared-read. Since: 0.1 */
TVAE_API const char *tvae_run_folder(const tvae_run *run);

/** A copy of the run's configuration. Statuses: TVAE_OK, TVAE_E_INVALID. Ownership: one
 *  reference for the caller. Threads: shared-read. Since: 0.1 */
TVAE_API tvae_status tvae_run_config(const tvae_run *run, tvae_config **out);

/** The run's model as last saved, read from `model.safetensors`, or from the state if
 * that file is missing; a handle of its own. Statuses: TVAE_OK, TVAE_E_INVALID,
 *  TVAE_E_NOT_FOUND before the first checkpoint, TVAE_E_UNSUPPORTED on a rank that does
 *  not use the folder, those of tvae_model_load(). Ownership:
 *  one reference for the caller. Threads: one-at-a-time. Since: 0.1 */
TVAE_API tvae_status tvae_run_model(tvae_run *run, tvae_model **out);

/**
 * Train until the configured total of steps, writing the log and checkpoints. A run that
 * is there already ends at once. The library computes with as many threads as the host
 * has set (tvae_set_threads()); the key `threads` is the tvae program's to read. With
 * `eval_steps` the loss on held-out sequences goes into the log every so many steps, and
 * the model that did best there into `best.safetensors`.
 *
 * @param[in,out] run   Made by tvae_run_create() or tvae_run_resume().
 * @param[in]     hook  Progress; may be NULL.
 *
 * @retval TVAE_OK           The total is reached and saved.
 * @retval TVAE_E_INVALID    NULL, or a run opened only to be read.
 * @retval TVAE_E_CANCELLED  The hook asked to stop; saved.
 * @retval TVAE_E_NUMERIC    The loss is not finite; the last good checkpoint is kept.
 * @retval TVAE_E_IO         Something could not be written; the last good checkpoint is
 * kept.
 * @retval TVAE_E_NOMEM      No memory.
 * @retval TVAE_E_STATE      A call before this one failed: resume the run.
 *
 * And the statuses of opening the data. Threads: one-at-a-time. Since: 0.1
 */
TVAE_API tvae_status tvae_run_train(tvae_run *run, const tvae_progress_hook *hook);

/** Fill with the defaults. Statuses: TVAE_OK, TVAE_E_INVALID. Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_evaluate_options_init(tvae_evaluate_options *options,
                                                size_t size);

/**
 * Evaluate the saved model and write `summary.json` into the folder.
 *
 * Sequence i is item i of the split with draw i of the seed; loss, equivariance error and
 * CapCorr are those of one sample of the latents, which is also the first of the
 * log-likelihood's. CapCorr is told of the factors that may vary.
 *
 * With a run of several ranks a collective: each measures a part of every batch, rank 0
 * writes the file, what fails on one fails on all, and all stop after the same batch as
 * soon as the hook of one asks to. @p options are the same on all; @p data may be each
 * rank's own path to the same data.
 *
 * @param[in,out] run      A run with a checkpoint.
 * @param[in]     options  NULL for the defaults.
 * @param[in]     data     Path that overrides the configured one; NULL for none.
 * @param[in]     hook     Progress; may be NULL.
 *
 * Statuses: TVAE_OK, TVAE_E_INVALID, TVAE_E_NOT_FOUND (no checkpoint), TVAE_E_CANCELLED,
 * TVAE_E_NUMERIC, TVAE_E_IO, TVAE_E_NOMEM, and those of opening the data.
 * Threads: one-at-a-time. Since: 0.1
 */
TVAE_API tvae_status tvae_run_evaluate(tvae_run *run,
                                       const tvae_evaluate_options *options,
                                       const char *data, const tvae_progress_hook *hook);

/**
 * A number of the latest evaluation, by its path in `summary.json`, as
 * "equivariance_error", "kl.z", "capcorr.posX" or "capcorr_per_capsule.posX.3"; NaN for
 * null.
 *
 * Statuses: TVAE_OK, TVAE_E_INVALID, TVAE_E_NOT_FOUND (not evaluated, or no such number),
 * TVAE_E_UNSUPPORTED (a rank that does not use the folder: ask rank 0), TVAE_E_IO,
 * TVAE_E_FORMAT. Threads: shared-read. Since: 0.1
 */
TVAE_API tvae_status tvae_run_summary_number(const tvae_run *run, const char *path,
                                             double *value);

#ifdef __cplusplus
}
#endif

#endif
