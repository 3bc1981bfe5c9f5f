/* SPDX-License-Identifier: MIT */
#include "experiment/run.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "base/number.h"
#include "io/file.h"
#include "io/system.h"

/* The log: one JSON object a line. Each line is appended by one write, so that a killed
 * process leaves at most one that is cut short. */

static const size_t most_bytes = (size_t)1 << 30;

enum { DIGITS = 9, MOST_GATHERED = 1000000000 /* the greatest log_steps */ };

void tvi_log_add(tvi_log_sums *sums, const double *terms, double seconds)
{
    for (size_t i = 0; i < TVAE_N_TERMS; i++)
        sums->terms[i] += terms[i];
    sums->seconds += seconds;
    sums->all_seconds += seconds;
    sums->n_steps++;
}

static tvae_status fail_log(const char *path, int code)
{
    char reason[TVI_REASON_TEXT];

    return tvi_fail(TVAE_E_IO, "run: %s cannot be written: %s: make room, then resume",
                    path, tvi_reason_text(code, reason));
}

/* To write; a symbolic link is refused, as what it leads to is not the run's. */
static int open_log(const char *path, int flags)
{
    return tvi_system->open(path, O_WRONLY | O_NOFOLLOW | O_CLOEXEC | flags,
                            TVI_FILE_MODE);
}

static tvae_status append_bytes(const char *path, const char *bytes, size_t n_bytes)
{
    const int file = open_log(path, O_CREAT | O_APPEND);
    int code;

    if (file < 0)
        return fail_log(path, errno);
    code = tvi_system_write_all(file, bytes, n_bytes);
    if (tvi_system->close(file) != 0 && code == 0)
        code = errno;
    return code ? fail_log(path, code) : TVAE_OK;
}

static char *line_text(int64_t step, int64_t epoch, const tvi_log_sums *sums)
{
    const double n = (double)sums->n_steps;
    json_t *line = json_pack(
        "{s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f}", "step", (json_int_t)step, "epoch",
        (json_int_t)epoch, "loss", sums->terms[TVAE_TERM_LOSS] / n, "neg_log_px",
        sums->terms[TVAE_TERM_NEG_LOG_PX] / n, "kl_z", sums->terms[TVAE_TERM_KL_Z] / n,
        "kl_u", sums->terms[TVAE_TERM_KL_U] / n, "equivariance_error",
        sums->terms[TVAE_TERM_EQUIVARIANCE_ERROR] / n, "step_seconds", sums->seconds / n);
    char *text = line ? json_dumps(line, JSON_COMPACT | JSON_PRESERVE_ORDER |
                                             JSON_REAL_PRECISION(DIGITS))
                      : NULL;

    json_decref(line);
    return text;
}

/* Append a line that was made by json_dumps() and free it. */
static tvae_status append_line(const char *folder, char *text)
{
    char *path = tvi_path_join(folder, TVI_LOG_FILE);
    tvae_status st = path ? TVAE_OK : TVAE_E_NOMEM;

    if (st == TVAE_OK && !text)
        st = tvi_fail(TVAE_E_NOMEM, "run: out of memory for a line of the log");
    if (st == TVAE_OK) {
        const size_t n = strlen(text);

        text[n] = '\n'; /* in place of the end: the length is given */
        st = append_bytes(path, text, n + 1);
    }
    free(text);
    tvi_free(path);
    return st;
}

tvae_status tvi_log_write(const char *folder, int64_t step, int64_t epoch,
                          tvi_log_sums *sums)
{
    tvae_status st = append_line(folder, line_text(step, epoch, sums));

    if (st == TVAE_OK) {
        memset(sums->terms, 0, sizeof sums->terms);
        sums->seconds = 0.0;
        sums->n_steps = 0;
    }
    return st;
}

tvae_status tvi_log_write_evaluation(const char *folder, int64_t step, int64_t epoch,
                                     const double *terms, size_t n_sequences, bool best)
{
    const double error = terms[TVAE_TERM_EQUIVARIANCE_ERROR];
    json_t *line = json_pack(
        "{s:I, s:I, s:{s:s, s:I, s:f, s:f, s:f, s:f, s:o, s:b}}", "step",
        (json_int_t)step, "epoch", (json_int_t)epoch, "eval", "split", "validation",
        "n_sequences", (json_int_t)n_sequences, "loss", terms[TVAE_TERM_LOSS],
        "neg_log_px", terms[TVAE_TERM_NEG_LOG_PX], "kl_z", terms[TVAE_TERM_KL_Z], "kl_u",
        terms[TVAE_TERM_KL_U], "equivariance_error",
        isfinite(error) ? json_real(error) : json_null(), "best", (int)best);
    char *text = line ? json_dumps(line, JSON_COMPACT | JSON_PRESERVE_ORDER |
                                             JSON_REAL_PRECISION(DIGITS))
                      : NULL;

    json_decref(line);
    return append_line(folder, text);
}

/* Bytes of the lines that are whole and not later than `step`. */
static size_t kept_bytes(const char *text, size_t n_bytes, int64_t step)
{
    size_t kept = 0;

    while (kept < n_bytes) {
        const char *line = text + kept;
        const char *end = memchr(line, '\n', n_bytes - kept);
        json_t *object = end ? json_loadb(line, (size_t)(end - line), 0, NULL) : NULL;
        const json_t *at = json_object_get(object, "step");
        const bool keep = json_is_integer(at) && json_integer_value(at) <= step;

        json_decref(object);
        if (!keep)
            break;
        kept += (size_t)(end - line) + 1;
    }
    return kept;
}

static tvae_status shorten(const char *path, size_t n_bytes)
{
    const int file = open_log(path, 0);
    int code = 0;

    if (file < 0)
        return fail_log(path, errno);
    if (tvi_system->ftruncate(file, (off_t)n_bytes) != 0)
        code = errno;
    if (tvi_system->close(file) != 0 && code == 0)
        code = errno;
    return code ? fail_log(path, code) : TVAE_OK;
}

tvae_status tvi_log_cut(const char *folder, int64_t step)
{
    char *path = tvi_path_join(folder, TVI_LOG_FILE), *text = NULL;
    size_t n_bytes = 0, kept;
    tvae_status st = path ? TVAE_OK : TVAE_E_NOMEM;

    if (st == TVAE_OK && tvi_folder_has(folder, TVI_LOG_FILE)) {
        st = tvi_file_read(path, most_bytes, &text, &n_bytes);
        kept = st == TVAE_OK ? kept_bytes(text, n_bytes, step) : n_bytes;
        if (kept < n_bytes)
            st = shorten(path, kept);
    }
    tvi_free(text);
    tvi_free(path);
    return st;
}

tvae_status tvi_log_flush(const char *folder)
{
    char *path = tvi_path_join(folder, TVI_LOG_FILE);
    tvae_status st = path ? TVAE_OK : TVAE_E_NOMEM;
    int file = -1;

    if (st == TVAE_OK)
        file = open_log(path, 0);
    if (st == TVAE_OK && file < 0 && errno != ENOENT)
        st = fail_log(path, errno);
    if (file >= 0 && tvi_system->fsync(file) != 0 && errno != EINVAL)
        st = fail_log(path, errno);
    if (file >= 0)
        (void)tvi_system->close(file);
    tvi_free(path);
    return st;
}

/* ---- sums in the state ---- */

static const char *const term_names[TVAE_N_TERMS] = {
    "log_loss", "log_neg_log_px", "log_kl_z", "log_kl_u", "log_equivariance_error"};

static tvae_status save_real(tvae_archive *state, const char *name, double value)
{
    char text[TVI_NUMBER_TEXT];

    return tvae_archive_set_metadata(state, name, tvi_format_real(value, text));
}

tvae_status tvi_log_sums_save(const tvi_log_sums *sums, tvae_archive *state)
{
    char text[TVI_NUMBER_TEXT];
    tvae_status st = TVAE_OK;

    for (size_t i = 0; i < TVAE_N_TERMS && st == TVAE_OK; i++)
        st = save_real(state, term_names[i], sums->terms[i]);
    if (st == TVAE_OK)
        st = save_real(state, "log_seconds", sums->seconds);
    if (st == TVAE_OK)
        st = save_real(state, "train_seconds", sums->all_seconds);
    (void)snprintf(text, sizeof text, "%" PRId64, sums->n_steps);
    if (st == TVAE_OK)
        st = tvae_archive_set_metadata(state, "log_steps_gathered", text);
    return st;
}

static bool load_real(const tvae_archive *state, const char *name, double *value)
{
    const char *text = tvae_archive_metadata(state, name);

    return text && tvi_parse_real(text, value);
}

tvae_status tvi_log_sums_load(tvi_log_sums *sums, const tvae_archive *state,
                              const char *call)
{
    const char *gathered = tvae_archive_metadata(state, "log_steps_gathered");
    tvi_log_sums found = {.n_steps = 0};
    bool whole = load_real(state, "log_seconds", &found.seconds) &&
                 load_real(state, "train_seconds", &found.all_seconds) && gathered &&
                 tvi_parse_integer(gathered, &found.n_steps) && found.n_steps >= 0 &&
                 found.n_steps <= MOST_GATHERED;

    for (size_t i = 0; i < TVAE_N_TERMS && whole; i++)
        whole = load_real(state, term_names[i], &found.terms[i]);
    if (!whole)
        return tvi_fail(TVAE_E_FORMAT,
                        "%s: the checkpoint lacks what the log gathered, want one that a "
                        "run wrote",
                        call);
    *sums = found;
    return TVAE_OK;
}
