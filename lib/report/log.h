/* SPDX-License-Identifier: MIT */
#ifndef TVI_REPORT_LOG_H
#define TVI_REPORT_LOG_H

#include "base/error.h"

/* The numbers of a run's log.jsonl as columns. */

enum {
    TVI_LOG_STEP,
    TVI_LOG_LOSS,
    TVI_LOG_NEG_LOG_PX,
    TVI_LOG_KL_Z,
    TVI_LOG_KL_U,
    TVI_LOG_EQUIVARIANCE_ERROR,
    TVI_LOG_STEP_SECONDS,
    TVI_N_LOG_COLUMNS
};

extern const char *const tvi_log_names[TVI_N_LOG_COLUMNS];

typedef struct tvi_log_table {
    size_t n_lines;
    double *columns[TVI_N_LOG_COLUMNS]; /* [n_lines]; NaN where a line lacks the number */
} tvi_log_table;

/* What a run's log holds: means over training steps, and validations (lines whose numbers
 * are members of "eval"; without step_seconds). */
typedef struct tvi_run_log {
    tvi_log_table training, validation;
} tvi_run_log;

enum { TVI_MAX_LOG_LINES = 2000 };

/* Read the lines that have a step and a loss; others, such as one cut short, are passed
 * over. A missing file gives empty tables. Of more than about TVI_MAX_LOG_LINES lines of
 * training, so many, evenly spread, are kept; of validation the first so many. */
tvae_status tvi_run_log_read(const char *run_folder, tvi_run_log *log);
void tvi_run_log_release(tvi_run_log *log);

#endif
