/* SPDX-License-Identifier: MIT */
#include "experiment/evaluate.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "model/model.h"

/* Evaluation on held-out sequences: item i with draw i, whose noise depends on the seed
 * and its place alone, so that the size of a batch changes nothing but rounding. */

enum { BATCH = 32, NOISE_GRAIN = 1024 };

static const tvae_evaluate_options default_options = {.size =
                                                          sizeof(tvae_evaluate_options),
                                                      .n_samples = 10,
                                                      .n_sequences = 1000,
                                                      .split = TVAE_SPLIT_TEST};

_Static_assert(sizeof(tvae_evaluate_options) == 40, "frozen layout of release 0.1");

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
    return TVAE_OK;
}

/* Everything an evaluation works with. */
typedef struct evaluator {
    tvi_evaluation found;
    tvae_progress_hook hook;
    tvae_model *model;
    tvae_workspace *work;
    tvae_dataset *data;
    tvae_loader *loader;
    tvae_capcorr *capcorr;
    size_t frame_shape[4];              /* frames, channels, height, width */
    size_t latent_shape[4];             /* capsules, d1, d2, d3 */
    size_t n_latents, batch;            /* latents a frame; sequences a batch */
    size_t factors[TVI_MAX_FACTORS];    /* which of the data's factors are reported */
    tvae_tensor *x, *labels;            /* a whole batch */
    tvae_tensor *noise_z, *noise_u, *t; /* a whole batch; noise NULL at the means */
    double *log_weights;                /* [rows, samples] */
    size_t first;                       /* sequences done */
    double log_sum;                     /* of normalised log-likelihoods, over frames */
} evaluator;

static void release_evaluator(evaluator *e)
{
    tvae_model_destroy(&e->model);
    tvae_workspace_destroy(&e->work);
    tvae_loader_destroy(&e->loader);
    tvae_dataset_destroy(&e->data);
    tvae_capcorr_destroy(&e->capcorr);
    tvae_tensor_destroy(&e->x);
    tvae_tensor_destroy(&e->labels);
    tvae_tensor_destroy(&e->noise_z);
    tvae_tensor_destroy(&e->noise_u);
    tvae_tensor_destroy(&e->t);
    tvi_free(e->log_weights);
    tvi_free(e->found.capcorr_per_capsule);
}

/* ---- set-up ---- */

static tvae_status open_sequences(evaluator *e, const tvae_run *run, const char *data)
{
    tvi_settings s = run->config->settings;
    tvae_loader_options options;
    size_t n;
    tvae_status st = TVAE_OK;

    if (data)
        st = tvi_settings_set(&s, "data", data, "run_evaluate");
    if (st == TVAE_OK)
        st = tvi_settings_open_data(&s, e->found.options.split, &e->data);
    if (st == TVAE_OK)
        st = tvi_settings_fit_data(&s, e->data, "run_evaluate");
    if (st == TVAE_OK)
        st = tvae_dataset_shape(e->data, e->frame_shape);
    if (st == TVAE_OK)
        st = tvae_loader_options_init(&options, sizeof options);
    if (st != TVAE_OK)
        return st;
    n = tvae_dataset_count(e->data);
    if ((uint64_t)e->found.options.n_sequences < n)
        n = (size_t)e->found.options.n_sequences;
    if (n == 0)
        return tvi_fail(TVAE_E_INVALID,
                        "run_evaluate: that split of the data is empty, want another");
    e->found.n_sequences = n;
    e->batch = n < BATCH ? n : BATCH;
    options.batch_size = (int64_t)e->batch;
    options.seed = e->found.options.seed;
    options.shuffle = 0;
    options.drop_last = 0;
    return tvae_loader_create(e->data, &options, &e->loader);
}

static bool may_vary(const evaluator *e, const tvi_settings *s, size_t factor)
{
    if (s->dataset == TVI_DATASET_SPRITES && !((uint64_t)s->varying >> factor & 1u))
        return false;
    return tvae_dataset_factor_values(e->data, factor) > 1;
}

/* CapCorr is told of the factors that may vary, where capsules have one axis. */
static tvae_status prepare_capcorr(evaluator *e, const tvi_settings *s)
{
    const size_t n_all = tvae_dataset_factor_count(e->data);
    tvi_evaluation *found = &e->found;

    if (e->latent_shape[2] != 1 || e->latent_shape[3] != 1 || e->frame_shape[0] < 2)
        return TVAE_OK;
    found->n_capsules = e->latent_shape[0];
    for (size_t f = 0; f < n_all && f < TVI_MAX_FACTORS; f++) {
        if (!may_vary(e, s, f))
            continue;
        e->factors[found->n_factors] = f;
        found->factor_names[found->n_factors] = tvae_dataset_factor_name(e->data, f);
        found->n_factors++;
    }
    if (found->n_factors == 0)
        return TVAE_OK;
    found->capcorr_per_capsule =
        tvi_alloc_array(found->n_factors * found->n_capsules, sizeof(double));
    if (!found->capcorr_per_capsule)
        return TVAE_E_NOMEM;
    return tvae_capcorr_create(n_all, found->n_capsules, &e->capcorr);
}

static tvae_status create_tensors(evaluator *e)
{
    const size_t *f = e->frame_shape, *l = e->latent_shape;
    const size_t n_labels = tvae_dataset_factor_count(e->data);
    const size_t x_shape[5] = {e->batch, f[0], f[1], f[2], f[3]};
    const size_t t_shape[4] = {e->batch, f[0], l[0], l[1] * l[2] * l[3]};
    const size_t label_shape[3] = {e->batch, f[0], n_labels};
    tvae_status st = tvae_tensor_create(5, x_shape, &e->x);

    if (st == TVAE_OK && n_labels)
        st = tvae_tensor_create(3, label_shape, &e->labels);
    if (st == TVAE_OK)
        st = tvae_tensor_create(4, t_shape, &e->t);
    if (st == TVAE_OK && !e->found.options.at_means)
        st = tvae_tensor_create(4, t_shape, &e->noise_z);
    if (st == TVAE_OK && !e->found.options.at_means && e->model->u_encoder)
        st = tvae_tensor_create(4, t_shape, &e->noise_u);
    if (st != TVAE_OK)
        return st;
    e->log_weights = tvi_alloc_array(e->batch * f[0],
                                     (size_t)e->found.options.n_samples * sizeof(double));
    return e->log_weights ? TVAE_OK : TVAE_E_NOMEM;
}

static tvae_status prepare(evaluator *e, tvae_run *run, const char *data)
{
    tvae_status st = tvae_run_model(run, &e->model);

    if (st == TVAE_OK)
        st = tvae_workspace_create(&e->work);
    if (st == TVAE_OK)
        st = tvae_model_latent_shape(e->model, e->latent_shape);
    if (st != TVAE_OK)
        return st;
    e->n_latents = e->model->n_latents;
    st = open_sequences(e, run, data);
    if (st == TVAE_OK)
        st = prepare_capcorr(e, &run->config->settings);
    return st == TVAE_OK ? create_tensors(e) : st;
}

/* ---- noise ---- */

typedef struct noise_range {
    uint64_t seed, sample;
    tvi_rng_purpose purpose;
    size_t first; /* place of the first value in the evaluation */
    float *values;
} noise_range;

static void fill_range(void *context, size_t begin, size_t end)
{
    const noise_range *noise = context;

    tvi_rng_fill_normal(noise->seed, noise->purpose, noise->sample, noise->first + begin,
                        end - begin, noise->values + begin);
}

/* Noise of one importance sample for the sequences of this batch; the first sample is
 * also the one whose loss and metrics are taken. */
static void fill_noise(void *context, size_t sample, size_t n_values, float *noise_z,
                       float *noise_u)
{
    const evaluator *e = context;
    noise_range noise = {e->found.options.seed, sample, TVI_RNG_SAMPLE_Z,
                         e->first * e->frame_shape[0] * e->n_latents, noise_z};

    tvi_parallel_for(n_values, NOISE_GRAIN, fill_range, &noise);
    if (!noise_u)
        return;
    noise.purpose = TVI_RNG_SAMPLE_U;
    noise.values = noise_u;
    tvi_parallel_for(n_values, NOISE_GRAIN, fill_range, &noise);
}

/* ---- a batch ---- */

/* The tensors of a batch, cut to its n sequences. */
typedef struct batch_views {
    tvae_tensor *x, *labels, *noise_z, *noise_u, *t;
} batch_views;

static tvae_status view_first(tvae_tensor *whole, size_t n, tvae_tensor **out)
{
    size_t shape[TVAE_MAX_RANK];
    const int32_t rank = tvae_tensor_rank(whole);

    *out = NULL;
    if (!whole)
        return TVAE_OK;
    shape[0] = n;
    for (int32_t i = 1; i < rank; i++)
        shape[i] = tvae_tensor_extent(whole, i);
    return tvae_tensor_view(whole, 0, rank, shape, out);
}

static tvae_status view_batch(const evaluator *e, size_t n, batch_views *v)
{
    tvae_status st = view_first(e->x, n, &v->x);

    if (st == TVAE_OK)
        st = view_first(e->labels, n, &v->labels);
    if (st == TVAE_OK)
        st = view_first(e->noise_z, n, &v->noise_z);
    if (st == TVAE_OK)
        st = view_first(e->noise_u, n, &v->noise_u);
    if (st == TVAE_OK)
        st = view_first(e->t, n, &v->t);
    return st;
}

static void release_views(batch_views *v)
{
    tvae_tensor_destroy(&v->x);
    tvae_tensor_destroy(&v->labels);
    tvae_tensor_destroy(&v->noise_z);
    tvae_tensor_destroy(&v->noise_u);
    tvae_tensor_destroy(&v->t);
}

/* Loss, equivariance error and CapCorr at one sample, or at the means. */
static tvae_status measure_sample(evaluator *e, const batch_views *v, size_t n)
{
    double terms[TVAE_N_TERMS], error = 0.0;
    tvae_status st;

    if (v->noise_z)
        fill_noise(e, 0, tvae_tensor_count(v->noise_z), tvae_tensor_data(v->noise_z),
                   tvae_tensor_data(v->noise_u));
    st = tvae_model_elbo(e->model, e->work, v->x, v->noise_z, v->noise_u, terms,
                         TVAE_N_TERMS);
    if (st == TVAE_OK)
        st = v->noise_z ? tvae_model_sample(e->model, e->work, v->x, v->noise_z,
                                            v->noise_u, v->t)
                        : tvae_model_encode(e->model, e->work, v->x, v->t);
    if (st == TVAE_OK && e->found.n_capsules)
        st = tvae_equivariance_error(v->t, &error);
    if (st == TVAE_OK && e->capcorr)
        st = tvae_capcorr_add(e->capcorr, v->t, v->labels);
    if (st != TVAE_OK)
        return st;
    terms[TVAE_TERM_EQUIVARIANCE_ERROR] = error;
    for (size_t i = 0; i < TVAE_N_TERMS; i++)
        e->found.terms[i] += (double)n * terms[i];
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

static tvae_status measure_likelihood(evaluator *e, const batch_views *v, size_t n)
{
    const size_t n_samples = (size_t)e->found.options.n_samples;
    const size_t n_rows = n * e->frame_shape[0];
    double sum = 0.0;
    tvae_status st = tvi_model_log_weights(e->model, e->work, n, e->frame_shape[0],
                                           tvae_tensor_data_const(v->x), n_samples,
                                           fill_noise, e, e->log_weights);

    if (st != TVAE_OK)
        return st;
    for (size_t row = 0; row < n_rows; row++)
        sum += log_sum_exp(e->log_weights + row * n_samples, n_samples);
    if (!isfinite(sum))
        return tvi_fail(TVAE_E_NUMERIC,
                        "run_evaluate: the log-likelihood of sequences %zu to %zu is not "
                        "finite: the model has diverged",
                        e->first, e->first + n - 1);
    e->log_sum += sum;
    return TVAE_OK;
}

static tvae_status measure_batch(evaluator *e)
{
    const size_t left = e->found.n_sequences - e->first;
    batch_views v = {0};
    size_t n = 0;
    tvae_status st = tvae_loader_next(e->loader, e->x, e->labels, &n);

    if (n > left)
        n = left;
    if (st == TVAE_OK)
        st = view_batch(e, n, &v);
    if (st == TVAE_OK)
        st = measure_sample(e, &v, n);
    if (st == TVAE_OK)
        st = measure_likelihood(e, &v, n);
    release_views(&v);
    e->first += n;
    return st;
}

static tvae_status measure_all(evaluator *e)
{
    const double began = tvi_seconds_now();
    const int64_t total = (int64_t)e->found.n_sequences;
    tvae_status st = TVAE_OK;

    while (e->first < e->found.n_sequences && st == TVAE_OK) {
        st = measure_batch(e);
        if (st == TVAE_OK && e->hook.progress) {
            const tvae_progress progress = {.size = sizeof progress,
                                            .phase = "evaluate",
                                            .done = (int64_t)e->first,
                                            .total = total,
                                            .seconds = tvi_seconds_now() - began,
                                            .loss = NAN};

            if (e->hook.progress(e->hook.user, &progress) != 0)
                st = tvi_fail(TVAE_E_CANCELLED,
                              "run_evaluate: stopped on request after %zu of %zu "
                              "sequences; no summary was written",
                              e->first, e->found.n_sequences);
        }
    }
    return st;
}

/* ---- results ---- */

static tvae_status finish(evaluator *e)
{
    tvi_evaluation *found = &e->found;
    const double n = (double)found->n_sequences;
    tvae_status st = TVAE_OK;

    for (size_t i = 0; i < TVAE_N_TERMS; i++)
        found->terms[i] /= n;
    if (!found->n_capsules)
        found->terms[TVAE_TERM_EQUIVARIANCE_ERROR] = NAN;
    found->log_likelihood_reference = e->log_sum / (n * (double)e->frame_shape[0]);
    found->log_likelihood =
        found->log_likelihood_reference - log((double)found->options.n_samples);
    for (size_t i = 0; i < found->n_factors && st == TVAE_OK; i++) {
        const size_t f = e->factors[i];

        st = tvae_capcorr_value(e->capcorr, f, TVAE_CAPCORR_NEAREST, &found->capcorr[i]);
        if (st == TVAE_OK)
            st = tvae_capcorr_value(e->capcorr, f, TVAE_CAPCORR_FIRST,
                                    &found->capcorr_first[i]);
        for (size_t c = 0; c < found->n_capsules && st == TVAE_OK; c++)
            st = tvae_capcorr_capsule_value(
                e->capcorr, f, c, &found->capcorr_per_capsule[i * found->n_capsules + c]);
    }
    return st;
}

tvae_status tvae_run_evaluate(tvae_run *run, const tvae_evaluate_options *options,
                              const char *data, const tvae_progress_hook *hook)
{
    evaluator e = {.first = 0};
    tvae_status st;

    if (!run)
        return tvi_fail(TVAE_E_INVALID, "run_evaluate: run is NULL");
    st = import_options(&e.found.options, options);
    if (st == TVAE_OK)
        st = tvi_hook_import(&e.hook, hook, "run_evaluate");
    if (st == TVAE_OK)
        st = prepare(&e, run, data);
    if (st == TVAE_OK)
        st = measure_all(&e);
    if (st == TVAE_OK)
        st = finish(&e);
    if (st == TVAE_OK)
        st = tvi_summary_write(run, &e.found);
    release_evaluator(&e);
    return st;
}
