/* SPDX-License-Identifier: MIT */
#include "experiment/evaluate.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "base/number.h"
#include "experiment/checkpoint.h"
#include "io/io.h"

/* `summary.json`: the results of the latest evaluation. */

enum { MOST_BYTES = 1 << 24, DIGITS = 12, LONGEST_KEY = 64 };

static const double most_exact_integer = 9007199254740992.0; /* 2^53 */

/* ---- write ---- */

static json_t *real_json(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *count_json(double value)
{
    return value >= 0.0 && value <= most_exact_integer ? json_integer((json_int_t)value)
                                                       : json_null();
}

/* Add a member; a value that could not be made shows in the result. */
static bool add(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0;
}

static json_t *factors_json(const tvi_evaluation *e, const double *values)
{
    json_t *object = json_object();
    bool whole = object != NULL;

    for (size_t i = 0; i < e->n_factors && whole; i++)
        whole = add(object, e->factor_names[i], real_json(values[i]));
    if (whole)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *capsules_json(const tvi_evaluation *e)
{
    json_t *object = json_object();
    bool whole = object != NULL;

    for (size_t i = 0; i < e->n_factors && whole; i++) {
        json_t *array = json_array();

        for (size_t c = 0; c < e->n_capsules && whole; c++)
            whole =
                json_array_append_new(
                    array, real_json(e->capcorr_per_capsule[i * e->n_capsules + c])) == 0;
        whole = add(object, e->factor_names[i], array) && whole;
    }
    if (whole)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *versions_json(void)
{
    tvae_runtime_facts facts = {.size = sizeof facts};
    json_t *object = json_object();

    if (tvae_runtime_info(&facts, sizeof facts) != TVAE_OK ||
        !add(object, "tvae", json_string(tvae_version())) ||
        !add(object, "blas", json_string(facts.blas_config))) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static bool add_results(json_t *summary, const tvi_evaluation *e)
{
    return add(summary, "log_likelihood", real_json(e->log_likelihood)) &&
           add(summary, "log_likelihood_reference",
               real_json(e->log_likelihood_reference)) &&
           add(summary, "loss", real_json(e->terms[TVAE_TERM_LOSS])) &&
           add(summary, "neg_log_px", real_json(e->terms[TVAE_TERM_NEG_LOG_PX])) &&
           add(summary, "kl",
               json_pack("{s:o, s:o}", "z", real_json(e->terms[TVAE_TERM_KL_Z]), "u",
                         real_json(e->terms[TVAE_TERM_KL_U]))) &&
           add(summary, "equivariance_error",
               real_json(e->terms[TVAE_TERM_EQUIVARIANCE_ERROR])) &&
           add(summary, "capcorr", factors_json(e, e->capcorr)) &&
           add(summary, "capcorr_first", factors_json(e, e->capcorr_first)) &&
           add(summary, "capcorr_per_capsule", capsules_json(e));
}

static bool add_scores(json_t *summary, const tvi_score_values *s)
{
    return add(summary, "active_latents",
               json_pack("{s:o, s:o}", "z", count_json(s->active_z), "u",
                         count_json(s->active_u))) &&
           add(summary, "topographic_smoothness", real_json(s->smoothness)) &&
           add(summary, "class_selectivity",
               json_pack("{s:o, s:o}", "selective_units", count_json(s->selective_units),
                         "mean_d_prime", real_json(s->mean_d_prime)));
}

/* {"1": error after one rolled step, "2": ...}. */
static json_t *steps_json(const tvi_prediction *p,
                          double (*error)(const tvi_prediction *p, size_t step))
{
    json_t *object = json_object();
    bool whole = object != NULL;

    for (size_t step = 1; step <= p->n_steps && whole; step++) {
        char key[TVI_NUMBER_TEXT];

        (void)snprintf(key, sizeof key, "%zu", step);
        whole = add(object, key, real_json(error(p, step)));
    }
    if (whole)
        return object;
    json_decref(object);
    return NULL;
}

static json_t *prediction_json(const tvi_prediction *p)
{
    if (p->n_steps == 0)
        return json_null();
    return json_pack("{s:I, s:o, s:o}", "n_seen", (json_int_t)p->n_seen, "error",
                     steps_json(p, tvi_prediction_error), "copy_error",
                     steps_json(p, tvi_prediction_copy_error));
}

static bool add_facts(json_t *summary, const tvae_run *run, const tvi_evaluation *e)
{
    static const char *const splits[] = {"train", "validation", "test"};
    const tvi_training_facts facts = tvi_checkpoint_facts(run);
    const tvae_evaluate_options *o = &e->options;

    return add(summary, "steps", count_json(facts.steps)) &&
           add(summary, "seconds", real_json(facts.seconds)) &&
           add(summary, "peak_rss_bytes", count_json(facts.peak_rss_bytes)) &&
           add(summary, "n_samples", json_integer((json_int_t)o->n_samples)) &&
           add(summary, "n_sequences", json_integer((json_int_t)e->n_sequences)) &&
           add(summary, "split", json_string(splits[o->split])) &&
           add(summary, "seed", json_integer((json_int_t)o->seed)) &&
           add(summary, "at_means", json_boolean(o->at_means)) &&
           add(summary, "model", json_string(o->best ? "best" : "last")) &&
           add(summary, "validation",
               json_pack("{s:o, s:o}", "best_step", count_json(facts.best_step),
                         "best_loss", real_json(facts.best_loss))) &&
           add(summary, "versions", versions_json());
}

tvae_status tvi_summary_write(const tvae_run *run, const tvi_evaluation *evaluation)
{
    json_t *summary = json_object();
    char *path = tvi_path_join(run->folder, TVI_SUMMARY_FILE), *text = NULL;
    tvae_status st = path ? TVAE_OK : TVAE_E_NOMEM;

    if (add(summary, "experiment", json_string(run->config->settings.experiment)) &&
        add_results(summary, evaluation) && add_scores(summary, &evaluation->scores) &&
        add(summary, "prediction", prediction_json(&evaluation->prediction)) &&
        add_facts(summary, run, evaluation))
        text = json_dumps(summary, JSON_INDENT(2) | JSON_PRESERVE_ORDER |
                                       JSON_REAL_PRECISION(DIGITS));
    if (st == TVAE_OK && !text)
        st = tvi_fail(TVAE_E_NOMEM, "run_evaluate: out of memory for the summary");
    if (st == TVAE_OK) {
        const size_t n_bytes = strlen(text);

        text[n_bytes] = '\n'; /* in place of the end: the length is given */
        st = tvi_file_write(path, text, n_bytes + 1);
    }
    json_decref(summary);
    free(text);
    tvi_free(path);
    return st;
}

/* ---- read ---- */

/* The member or element a path such as "kl.z" or "capcorr_per_capsule.posX.3" leads to.
 */
static const json_t *find_value(const json_t *root, const char *path)
{
    const json_t *value = root;

    while (value && *path) {
        const size_t n = strcspn(path, ".");
        char key[LONGEST_KEY];
        uint64_t index;

        if (n == 0 || n >= sizeof key)
            return NULL;
        memcpy(key, path, n);
        key[n] = '\0';
        if (json_is_array(value))
            value = tvi_parse_unsigned(key, &index) ? json_array_get(value, (size_t)index)
                                                    : NULL;
        else
            value = json_object_get(value, key);
        path += n + (path[n] ? 1 : 0);
    }
    return value;
}

static tvae_status read_summary(const tvae_run *run, json_t **out)
{
    char *path = tvi_path_join(run->folder, TVI_SUMMARY_FILE), *text = NULL;
    json_error_t error;
    size_t n_bytes = 0;
    tvae_status st =
        path ? tvi_file_read(path, MOST_BYTES, &text, &n_bytes) : TVAE_E_NOMEM;

    if (st == TVAE_E_NOT_FOUND)
        st = tvi_fail(TVAE_E_NOT_FOUND,
                      "run_summary_number: %s has no " TVI_SUMMARY_FILE
                      ": evaluate the run first",
                      run->folder);
    if (st == TVAE_OK) {
        *out = json_loadb(text, n_bytes, 0, &error);
        if (!*out)
            st = tvi_fail(TVAE_E_FORMAT, "run_summary_number: %s line %d: %s", path,
                          error.line, error.text);
    }
    tvi_free(text);
    tvi_free(path);
    return st;
}

tvae_status tvae_run_summary_number(const tvae_run *run, const char *path, double *value)
{
    json_t *summary = NULL;
    const json_t *number;
    tvae_status st;

    if (!run || !path || !value)
        return tvi_fail(TVAE_E_INVALID, "run_summary_number: %s is NULL",
                        !run    ? "run"
                        : !path ? "path"
                                : "value");
    st = tvi_run_check_reads(run, "run_summary_number");
    if (st == TVAE_OK)
        st = read_summary(run, &summary);
    if (st != TVAE_OK)
        return st;
    number = find_value(summary, path);
    if (json_is_null(number))
        *value = NAN;
    else if (json_is_number(number))
        *value = json_number_value(number);
    else
        st = tvi_fail(TVAE_E_NOT_FOUND,
                      "run_summary_number: the summary of %s has no number \"%.64s\"",
                      run->folder, path);
    json_decref(summary);
    return st;
}
