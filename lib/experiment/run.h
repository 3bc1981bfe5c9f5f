/* SPDX-License-Identifier: MIT */
#ifndef TVI_EXPERIMENT_RUN_H
#define TVI_EXPERIMENT_RUN_H

#include <tvae/io.h>

#include "base/stopwatch.h"
#include "exchange/exchange.h"
#include "experiment/config.h"

/* Files of a run folder (docs/run-folder.md). */
#define TVI_CONFIG_FILE "config.json"
#define TVI_LOG_FILE "log.jsonl"
#define TVI_STATE_FILE "state.safetensors"
#define TVI_STATE_PREVIOUS_FILE "state.previous.safetensors"
#define TVI_STATE_NEXT_FILE "state.next.safetensors"
#define TVI_STATE_DAMAGED_FILE "state.damaged.safetensors"
#define TVI_MODEL_FILE "model.safetensors"
#define TVI_BEST_FILE "best.safetensors"
#define TVI_SUMMARY_FILE "summary.json"
#define TVI_LOCK_FILE ".lock"

/* What the log is made of; part of the state, so that a resumed log equals an unbroken
 * one. */
typedef struct tvi_log_sums {
    double terms[TVAE_N_TERMS]; /* sums since the latest line */
    double seconds;             /* of these steps */
    int64_t n_steps;            /* since the latest line */
    double all_seconds;         /* of all steps of the run */
} tvi_log_sums;

/* The best model by validation loss so far; step 0: none yet. */
typedef struct tvi_best {
    int64_t step;
    double loss;
} tvi_best;

struct tvae_run {
    tvi_refcount references;
    char *folder;
    tvae_config *config;
    int lock;              /* file descriptor; -1: opened to be read */
    tvae_dataset *data;    /* the training part; NULL until it is needed */
    tvae_trainer *trainer; /* NULL: opened to be read */
    tvae_model *model;     /* the trainer's */
    tvi_log_sums sums;
    tvi_best best;
    tvi_exchange *exchange; /* with the other ranks; NULL: none */
    bool failed; /* while training: what is in memory may be ahead of the folder */
};

/* ---- run.c ---- */

/* As the public functions, by the first of n_ranks ranks. */
tvae_status tvi_run_create(const tvae_config *config, const char *folder, int64_t n_ranks,
                           tvae_run **out);
tvae_status tvi_run_resume(const tvae_config *config, const char *folder, int64_t n_ranks,
                           tvae_run **out);

/* The run of another rank, which does not touch the folder; `trains`: with a trainer. */
tvae_status tvi_run_follow(const tvi_settings *settings, const char *folder, bool trains,
                           tvae_run **out);

/* Does this rank write the folder's files? */
static inline bool tvi_run_writes(const tvae_run *run)
{
    return tvi_exchange_is_first(run->exchange);
}

/* Does it read them? If not, "<call>: .. ask rank 0". */
tvae_status tvi_run_check_reads(const tvae_run *run, const char *call);

/* All ranks go on, or none: tvi_exchange_settle(), or `own` without others. */
tvae_status tvi_run_settle(const tvae_run *run, tvae_status own, const char *call);

/* ---- folder.c ---- */

/* Make the folder and those above it that are missing. */
tvae_status tvi_folder_make(const char *folder, const char *call);

/* Make folder `name` in a run's folder; a link to another folder is refused. */
tvae_status tvi_folder_make_inside(const char *folder, const char *name,
                                   const char *call);

/* Lock it until tvi_folder_unlock() or the end of the process; TVAE_E_BUSY. */
tvae_status tvi_folder_lock(const char *folder, int *lock, const char *call);
void tvi_folder_unlock(int *lock);

/* Remove what killed processes left behind; the folder must be locked. */
void tvi_folder_clean(const char *folder);

/* False only if the system says so: a file that cannot be seen at the moment counts. */
bool tvi_folder_has(const char *folder, const char *file);
bool tvi_folder_has_state(const char *folder);

/* Write a new state and keep the one before it: at every moment one good generation lies
 * in the folder. */
tvae_status tvi_folder_save_state(const char *folder, const tvae_archive *state);

/* The newest good state. A damaged newest one is named to the log hook and, if `repair`,
 * moved aside. TVAE_E_NOT_FOUND without any, TVAE_E_FORMAT if all are damaged. */
tvae_status tvi_folder_load_state(const char *folder, bool repair, tvae_archive **out);

/* ---- log.c ---- */

void tvi_log_add(tvi_log_sums *sums, const double *terms, double seconds);

/* Append the means to the log and begin anew. */
tvae_status tvi_log_write(const char *folder, int64_t step, int64_t epoch,
                          tvi_log_sums *sums);

/* Append what a validation found; NaN becomes null. */
tvae_status tvi_log_write_evaluation(const char *folder, int64_t step, int64_t epoch,
                                     const double *terms, size_t n_sequences, bool best);

/* Drop what follows `step`: whole later lines, and a last one that was cut short. */
tvae_status tvi_log_cut(const char *folder, int64_t step);

/* To the disk, before the state that builds on it. */
tvae_status tvi_log_flush(const char *folder);

tvae_status tvi_log_sums_save(const tvi_log_sums *sums, tvae_archive *state);
tvae_status tvi_log_sums_load(tvi_log_sums *sums, const tvae_archive *state,
                              const char *call);

/* ---- others ---- */

/* Largest resident size of this process so far, in bytes. */
double tvi_peak_rss_bytes(void);

/* `user` of a host's hook may be NULL; the hook itself too. */
tvae_status tvi_hook_import(tvae_progress_hook *hook, const tvae_progress_hook *source,
                            const char *call);

#endif
