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

void tvi_log_table_release(tvi_log_table *table)
{
    for (size_t c = 0; c < TVI_N_LOG_COLUMNS; c++)
        tvi_free(table->columns[c]);
    *table = (tvi_log_table){0};
}

/* One line's numbers; false if it has no step or no loss. */
static bool read_line(const char *line, size_t n_bytes, double *values)
{
    json_t *object = json_loadb(line, n_bytes, 0, NULL);

    for (size_t c = 0; c < TVI_N_LOG_COLUMNS; c++) {
        const json_t *number = json_object_get(object, tvi_log_names[c]);

        values[c] = json_is_number(number) ? json_number_value(number) : (double)NAN;
    }
    json_decref(object);
    return isfinite(values[TVI_LOG_STEP]) && isfinite(values[TVI_LOG_LOSS]);
}

/* Keep every `stride`-th line and the last one. */
static void read_lines(const char *text, size_t n_bytes, size_t stride,
                       tvi_log_table *table)
{
    size_t n_seen = 0;
    double values[TVI_N_LOG_COLUMNS];

    for (const char *line = text, *end = text + n_bytes; line < end;) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        const size_t length = (size_t)((stop ? stop : end) - line);
        const bool last = !stop || stop + 1 == end;

        if (n_seen++ % stride == 0 || last)
            if (read_line(line, length, values)) {
                for (size_t c = 0; c < TVI_N_LOG_COLUMNS; c++)
                    table->columns[c][table->n_lines] = values[c];
                table->n_lines++;
            }
        line += length + 1;
    }
}

tvae_status tvi_log_table_read(const char *run_folder, tvi_log_table *table)
{
    char *path = tvi_path_join(run_folder, TVI_LOG_FILE), *text = NULL;
    size_t n_bytes = 0, n_lines = 1;
    tvae_status st =
        path ? tvi_file_read(path, MOST_BYTES, &text, &n_bytes) : TVAE_E_NOMEM;

    *table = (tvi_log_table){0};
    tvi_free(path);
    if (st == TVAE_E_NOT_FOUND)
        return TVAE_OK;
    for (size_t i = 0; st == TVAE_OK && i < n_bytes; i++)
        n_lines += text[i] == '\n';
    for (size_t c = 0; st == TVAE_OK && c < TVI_N_LOG_COLUMNS; c++) {
        table->columns[c] = tvi_alloc_array(TVI_MAX_LOG_LINES + 2, sizeof(double));
        if (!table->columns[c])
            st = TVAE_E_NOMEM;
    }
    if (st == TVAE_OK)
        read_lines(text, n_bytes, n_lines / TVI_MAX_LOG_LINES + 1, table);
    else
        tvi_log_table_release(table);
    tvi_free(text);
    return st;
}
