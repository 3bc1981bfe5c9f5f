/* SPDX-License-Identifier: MIT */
#include "experiment/evaluate.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "experiment/checkpoint.h"
#include "model/model.h"
#include "train/share.h"

/* Evaluation on held-out sequences: item i with draw i of the seed. Of several ranks each
 * measures a part of every batch, and all come to know the whole. */

static const char call[] = "run_evaluate";

static const tvae_evaluate_options default_options = {.size =
                                                          sizeof(tvae_evaluate_options),
                                                      .n_samples = 10,
                                                      .n_sequences = 1000,
                                                      .split = TVAE_SPLIT_TEST};

_Static_assert(sizeof(tvae_evaluate_options) == 48, "frozen layout of release 0.1");

tvae_status tvae_evaluate_options_init(tvae_evaluate_options *options, size_t size)
{
    return tvi_options_export(options, size, sizeof default_options, &default_options,
                              sizeof default_options, "evaluate_options_init");
}

static tvae_status import_options(tvae_evaluate_options *o,
                                  const tvae_evaluate_options *source)
{
    tvae_status st;

    *o = default_options;
    st = tvi_options_import(o, sizeof *o, sizeof *o, source, "run_evaluate");
    if (st != TVAE_OK)
        return st;
    if (o->n_samples < 1 || o->n_sequences < 1)
        return tvi_fail(TVAE_E_INVALID, "run_evaluate: %s is %lld, want at least 1",
                        o->n_samples < 1 ? "n_samples" : "n_sequences",
                        (long long)(o->n_samples < 1 ? o->n_samples : o->n_sequences));
    if (o->split < TVAE_SPLIT_TRAIN || o->split > TVAE_SPLIT_TEST)
        return tvi_fail(TVAE_E_INVALID, "run_evaluate: split is %d, want 0 to 2",
                        o->split);
    if (o->at_means != 0 && o->at_means != 1)
        return tvi_fail(TVAE_E_INVALID, "run_evaluate: at_means is %d, want 0 or 1",
                        o->at_means);
    if ((o->best != 0 && o->best != 1) || o->reserved != 0)
        return tvi_fail(TVAE_E_INVALID,
                        "run_evaluate: best is %d and reserved is %d, want 0 or 1, and 0",
                        o->best, o->reserved);
    return TVAE_OK;
}

/* Everything an evaluation works with. */
typedef struct evaluator {
    tvi_evaluation found;
    tvae_progress_hook hook;
    tvae_model *model;
    tvi_batches batches;
    tvi_scores scores;
    size_t factors[TVI_MAX_FACTORS];        /* which of the data's factors are reported */
    tvae_capcorr *capcorr[TVI_MAX_FACTORS]; /* one each: several may run together */
    double *log_weights;                    /* [rows, samples] */
    double log_sum; /* of normalised log-likelihoods, over frames */
} evaluator;

static void release_evaluator(evaluator *e)
{
    tvi_scores_close(&e->scores);
    tvi_prediction_close(&e->found.prediction);
    tvi_batches_close(&e->batches);
    tvae_model_destroy(&e->model);
    for (size_t i = 0; i < TVI_MAX_FACTORS; i++)
        tvae_capcorr_destroy(&e->capcorr[i]);
    tvi_free(e->log_weights);
    tvi_free(e->found.capcorr_per_capsule);
}

/* ---- set-up ---- */

static tvae_status open_sequences(evaluator *e, const tvae_run *run, const char *data)
{
    const tvae_evaluate_options *o = &e->found.options;
    const tvi_batches_options options = {.split = o->split,
                                         .at_means = o->at_means != 0,
                                         .seed = o->seed,
                                         .n_sequences = o->n_sequences,
                                         .exchange = run->exchange};
    tvi_settings s = run->config->settings;
    tvae_status st = TVAE_OK;

    if (data)
        st = tvi_settings_set(&s, "data", data, "run_evaluate");
    if (st == TVAE_OK)
        st = tvi_batches_open(&e->batches, &s, e->model, &options, "run_evaluate");
    e->found.n_sequences = e->batches.n_sequences;
    return st;
}

/* A label is the same in all frames; how many values a user's own factors have is not
 * known. */
static bool may_vary(const evaluator *e, const tvi_settings *s, size_t factor)
{
    if (s->dataset == TVI_DATASET_SPRITES && !((uint64_t)s->varying >> factor & 1u))
        return false;
    return tvae_dataset_factor_values(e->batches.data, factor) != 1 &&
           strcmp(tvae_dataset_factor_name(e->batches.data, factor), "label") != 0;
}

/* CapCorr is told of the factors that may vary, where capsules have one axis. */
static tvae_status prepare_capcorr(evaluator *e, const tvi_settings *s)
{
    const size_t n_all = tvae_dataset_factor_count(e->batches.data);
    tvi_evaluation *found = &e->found;
    tvae_status st = TVAE_OK;

    if (!e->batches.one_axis)
        return TVAE_OK;
    found->n_capsules = e->batches.latent_shape[0];
    for (size_t f = 0; f < n_all && f < TVI_MAX_FACTORS && st == TVAE_OK; f++) {
        if (!may_vary(e, s, f))
            continue;
        st = tvae_capcorr_create(1, found->n_capsules, &e->capcorr[found->n_factors]);
        e->factors[found->n_factors] = f;
        found->factor_names[found->n_factors] =
            tvae_dataset_factor_name(e->batches.data, f);
        found->n_factors++;
    }
    if (st != TVAE_OK || found->n_factors == 0)
        return st;
    found->capcorr_per_capsule =
        tvi_alloc_array(found->n_factors * found->n_capsules, sizeof(double));
    return found->capcorr_per_capsule ? TVAE_OK : TVAE_E_NOMEM;
}

/* The folder's model, on all ranks. */
static tvae_status get_model(evaluator *e, const tvae_run *run, tvae_status own)
{
    tvae_status st = own;

    if (st == TVAE_OK)
        st = !tvi_run_writes(run)    ? tvae_config_build_model(run->config, &e->model)
             : e->found.options.best ? tvi_checkpoint_best_model(run, &e->model)
                                     : tvi_checkpoint_model(run, &e->model);
    st = tvi_run_settle(run, st, call);
    return st == TVAE_OK && run->exchange
               ? tvi_share_parameters(run->exchange, &e->model->parameters, call)
               : st;
}

static tvae_status prepare_parts(evaluator *e, const tvae_run *run, const char *data)
{
    tvae_status st = open_sequences(e, run, data);

    if (st == TVAE_OK)
        st = prepare_capcorr(e, &run->config->settings);
    if (st == TVAE_OK)
        st = tvi_scores_open(&e->scores, &e->batches, e->model);
    if (st == TVAE_OK)
        st = tvi_prediction_open(&e->found.prediction, &e->batches);
    if (st != TVAE_OK)
        return st;
    e->log_weights = tvi_alloc_array(e->batches.batch * e->batches.frame_shape[0],
                                     (size_t)e->found.options.n_samples * sizeof(double));
    return e->log_weights ? TVAE_OK : TVAE_E_NOMEM;
}

/* What must be the same on all ranks, in lines. */
static void describe(const evaluator *e, char *text, size_t n_bytes)
{
    const tvae_evaluate_options *o = &e->found.options;
    const tvi_batches *b = &e->batches;
    const size_t *f = b->frame_shape, n_factors = tvae_dataset_factor_count(b->data);
    size_t used = (size_t)snprintf(
        text, n_bytes,
        "n_samples=%lld\nsplit=%d\nseed=%llu\nat_means=%d\nbest=%d\nsequences=%zu\n"
        "frames=[%zu, %zu, %zu, %zu]\nfactors=%zu\n",
        (long long)o->n_samples, o->split, (unsigned long long)o->seed, o->at_means,
        o->best, b->n_sequences, f[0], f[1], f[2], f[3], n_factors);

    for (size_t i = 0; i < n_factors && used < n_bytes; i++)
        used += (size_t)snprintf(text + used, n_bytes - used, "factor=%.60s of %zu\n",
                                 tvae_dataset_factor_name(b->data, i),
                                 tvae_dataset_factor_values(b->data, i));
}

static tvae_status prepare(evaluator *e, const tvae_run *run, const char *data)
{
    enum { TEXT_BYTES = 4096 };
    char text[TEXT_BYTES] = "";
    const tvae_status st = prepare_parts(e, run, data);

    if (!run->exchange)
        return st;
    if (st == TVAE_OK)
        describe(e, text, sizeof text);
    return tvi_exchange_agree(run->exchange, st, text, call);
}

/* ---- a batch ---- */

/* CapCorr of a factor looks at its column alone. */
static tvae_status add_capcorr(evaluator *e)
{
    tvae_status st = TVAE_OK;

    for (size_t i = 0; i < e->found.n_factors && st == TVAE_OK; i++) {
        tvae_tensor *column = NULL;

        st = tvi_batches_column(&e->batches, e->factors[i], &column);
        if (st == TVAE_OK)
            st = tvae_capcorr_add(e->capcorr[i], e->batches.now.t, column);
        tvae_tensor_destroy(&column);
    }
    return st;
}

/* Loss and metrics at one sample, or at the means. */
static tvae_status measure_sample(evaluator *e)
{
    double terms[TVAE_N_TERMS];
    tvae_status st = tvi_batches_measure(&e->batches, e->model, terms);

    if (st == TVAE_OK)
        st = add_capcorr(e);
    if (st == TVAE_OK)
        st = tvi_scores_add(&e->scores, &e->batches, e->model);
    if (st == TVAE_OK)
        st = tvi_prediction_add(&e->found.prediction, &e->batches, e->model);
    if (st != TVAE_OK)
        return st;
    for (size_t i = 0; i < TVAE_N_TERMS; i++)
        e->found.terms[i] += (double)e->batches.n * terms[i];
    return TVAE_OK;
}

static double log_sum_exp(const double *values, size_t n)
{
    double most = values[0], sum = 0.0;

    for (size_t i = 1; i < n; i++)
        if (values[i] > most)
            most = values[i];
    for (size_t i = 0; i < n; i++)
        sum += exp(values[i] - most);
    return most + log(sum);
}

static tvae_status measure_likelihood(evaluator *e)
{
    tvi_batches *b = &e->batches;
    const size_t n_samples = (size_t)e->found.options.n_samples;
    const size_t n_rows = b->n * b->frame_shape[0];
    double sum = 0.0;
    tvae_status st = tvi_model_log_weights(e->model, b->work, b->n, b->frame_shape[0],
                                           tvae_tensor_data_const(b->now.x), n_samples,
                                           tvi_batches_noise, b, e->log_weights);

    if (st != TVAE_OK)
        return st;
    for (size_t row = 0; row < n_rows; row++)
        sum += log_sum_exp(e->log_weights + row * n_samples, n_samples);
    if (!isfinite(sum))
        return tvi_fail(TVAE_E_NUMERIC,
                        "run_evaluate: the log-likelihood of sequences %zu to %zu is not "
                        "finite: the model has diverged",
                        b->first, b->first + b->n - 1);
    e->log_sum += sum;
    return TVAE_OK;
}

static tvae_status measure_batch(evaluator *e)
{
    tvae_status st = tvi_batches_next(&e->batches);

    if (st != TVAE_OK || e->batches.n == 0)
        return st;
    st = measure_sample(e);
    return st == TVAE_OK ? measure_likelihood(e) : st;
}

/* Sequences that all ranks have measured. */
static size_t count_done(const evaluator *e)
{
    return e->batches.all_first + e->batches.all_n;
}

/* Has the host asked to stop? */
static bool report(const evaluator *e, double began)
{
    const tvae_progress progress = {.size = sizeof progress,
                                    .phase = "evaluate",
                                    .done = (int64_t)count_done(e),
                                    .total = (int64_t)e->found.n_sequences,
                                    .seconds = tvi_seconds_now() - began,
                                    .loss = NAN};

    return e->hook.progress && e->hook.progress(e->hook.user, &progress) != 0;
}

static tvae_status measure_all(evaluator *e, const tvae_run *run)
{
    const double began = tvi_seconds_now();
    tvae_status st = TVAE_OK;

    while (st == TVAE_OK && tvi_batches_left(&e->batches)) {
        st = measure_batch(e);
        if (st == TVAE_OK && report(e, began))
            st = tvi_fail(TVAE_E_CANCELLED,
                          "run_evaluate: stopped on request after %zu of %zu sequences; "
                          "no summary was written",
                          count_done(e), e->found.n_sequences);
        st = tvi_run_settle(run, st, call);
    }
    return st;
}

/* What all ranks have found, on each of them. */
static tvae_status merge(evaluator *e)
{
    tvi_evaluation *found = &e->found;
    const tvi_batches *b = &e->batches;
    tvae_status st = tvi_batches_reduce(b, TVAE_OK, found->terms, TVAE_N_TERMS, call);

    if (st == TVAE_OK)
        st = tvi_batches_reduce(b, st, &e->log_sum, 1, call);
    for (size_t i = 0; i < found->n_factors && st == TVAE_OK; i++) {
        const tvi_gathered part = tvi_capcorr_gathered(e->capcorr[i]);

        st = tvi_batches_merge(b, &part, call);
    }
    if (st == TVAE_OK)
        st = tvi_scores_merge(&e->scores, b, call);
    return st == TVAE_OK ? tvi_prediction_merge(&found->prediction, b, call) : st;
}

/* ---- results ---- */

static tvae_status finish(evaluator *e)
{
    tvi_evaluation *found = &e->found;
    const double n = (double)found->n_sequences;
    tvae_status st = TVAE_OK;

    for (size_t i = 0; i < TVAE_N_TERMS; i++)
        found->terms[i] /= n;
    found->log_likelihood_reference =
        e->log_sum / (n * (double)e->batches.frame_shape[0]);
    found->log_likelihood =
        found->log_likelihood_reference - log((double)found->options.n_samples);
    for (size_t i = 0; i < found->n_factors && st == TVAE_OK; i++) {
        const tvae_capcorr *capcorr = e->capcorr[i];

        st = tvae_capcorr_value(capcorr, 0, TVAE_CAPCORR_NEAREST, &found->capcorr[i]);
        if (st == TVAE_OK)
            st = tvae_capcorr_value(capcorr, 0, TVAE_CAPCORR_FIRST,
                                    &found->capcorr_first[i]);
        for (size_t c = 0; c < found->n_capsules && st == TVAE_OK; c++)
            st = tvae_capcorr_capsule_value(
                capcorr, 0, c, &found->capcorr_per_capsule[i * found->n_capsules + c]);
    }
    if (st == TVAE_OK)
        st = tvi_scores_finish(&e->scores, &e->batches, &found->scores);
    return st;
}

/* All ranks can, one does. */
static tvae_status write_results(evaluator *e, const tvae_run *run)
{
    tvae_status st = finish(e);

    if (st == TVAE_OK && tvi_run_writes(run))
        st = tvi_summary_write(run, &e->found);
    return tvi_run_settle(run, st, call);
}

tvae_status tvae_run_evaluate(tvae_run *run, const tvae_evaluate_options *options,
                              const char *data, const tvae_progress_hook *hook)
{
    evaluator e = {.model = NULL};
    tvae_status st;

    if (!run)
        return tvi_fail(TVAE_E_INVALID, "run_evaluate: run is NULL");
    st = import_options(&e.found.options, options);
    if (st == TVAE_OK)
        st = tvi_hook_import(&e.hook, hook, call);
    st = get_model(&e, run, st);
    if (st == TVAE_OK)
        st = prepare(&e, run, data);
    if (st == TVAE_OK)
        st = measure_all(&e, run);
    if (st == TVAE_OK)
        st = merge(&e);
    if (st == TVAE_OK)
        st = write_results(&e, run);
    release_evaluator(&e);
    return st;
}
