/* SPDX-License-Identifier: MIT */
#include "report/log.h"

#include <math.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "experiment/run.h"
#include "io/io.h"

enum { MOST_BYTES = 1 << 28 };

const char *const tvi_log_names[TVI_N_LOG_COLUMNS] = {
    "step", "loss", "neg_log_px", "kl_z", "kl_u", "equivariance_error", "step_seconds"};

static void release_table(tvi_log_table *table)
{
    for (size_t c = 0; c < TVI_N_LOG_COLUMNS; c++)
        tvi_free(table->columns[c]);
    *table = (tvi_log_table){0};
}

void tvi_run_log_release(tvi_run_log *log)
{
    release_table(&log->training);
    release_table(&log->validation);
}

static tvae_status create_table(tvi_log_table *table)
{
    for (size_t c = 0; c < TVI_N_LOG_COLUMNS; c++) {
        table->columns[c] = tvi_alloc_array(TVI_MAX_LOG_LINES + 2, sizeof(double));
        if (!table->columns[c])
            return TVAE_E_NOMEM;
    }
    return TVAE_OK;
}

static double number_of(const json_t *object, size_t column)
{
    const json_t *number = json_object_get(object, tvi_log_names[column]);

    return json_is_number(number) ? json_number_value(number) : (double)NAN;
}

/* Add a line with a step and a loss to its table; `keep` is about lines of training. */
static void read_line(const char *line, size_t n_bytes, bool keep, tvi_run_log *log)
{
    json_t *object = json_loadb(line, n_bytes, 0, NULL);
    const json_t *validation = json_object_get(object, "eval");
    tvi_log_table *table = validation ? &log->validation : &log->training;
    const double step = number_of(object, TVI_LOG_STEP);
    const json_t *numbers = validation ? validation : object;

    if ((keep || validation) && table->n_lines < TVI_MAX_LOG_LINES + 2 &&
        isfinite(step) && isfinite(number_of(numbers, TVI_LOG_LOSS))) {
        for (size_t c = 0; c < TVI_N_LOG_COLUMNS; c++)
            table->columns[c][table->n_lines] =
                c == TVI_LOG_STEP ? step : number_of(numbers, c);
        table->n_lines++;
    }
    json_decref(object);
}

/* Keep every `stride`-th line and the last one. */
static void read_lines(const char *text, size_t n_bytes, size_t stride, tvi_run_log *log)
{
    size_t n_seen = 0;

    for (const char *line = text, *end = text + n_bytes; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        const size_t length = (size_t)((stop ? stop : end) - line);
        const bool last = !stop || stop + 1 == end;

        read_line(line, length, n_seen++ % stride == 0 || last, log);
        line += length + 1;
    }
}

tvae_status tvi_run_log_read(const char *run_folder, tvi_run_log *log)
{
    char *path = tvi_path_join(run_folder, TVI_LOG_FILE), *text = NULL;
    size_t n_bytes = 0, n_lines = 1;
    tvae_status st =
        path ? tvi_file_read(path, MOST_BYTES, &text, &n_bytes) : TVAE_E_NOMEM;

    *log = (tvi_run_log){0};
    tvi_free(path);
    if (st == TVAE_E_NOT_FOUND)
        return TVAE_OK;
    for (size_t i = 0; st == TVAE_OK && i < n_bytes; i++)
        n_lines += text[i] == '\n';
    if (st == TVAE_OK)
        st = create_table(&log->training);
    if (st == TVAE_OK)
        st = create_table(&log->validation);
    if (st == TVAE_OK)
        read_lines(text, n_bytes, n_lines / TVI_MAX_LOG_LINES + 1, log);
    else
        tvi_run_log_release(log);
    tvi_free(text);
    return st;
}
