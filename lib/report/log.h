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

/* Read the lines that have a step and a loss; others, such as one cut short or one of an
 * evaluation, are passed over. A missing file gives an empty table. At most
 * TVI_MAX_LOG_LINES, evenly spread, are kept. */
enum { TVI_MAX_LOG_LINES = 2000 };
tvae_status tvi_log_table_read(const char *run_folder, tvi_log_table *table);
void tvi_log_table_release(tvi_log_table *table);

#endif
