/* SPDX-License-Identifier: MIT */
#include "experiment/scores.h"

#include <math.h>
#include <string.h>

#include "model/model.h"

enum { MOST_PAIRED = 1024 }; /* latents: their pairs take time that grows as the square */

static const double active_variance = 0.01; /* Burda et al. 2016 */
/* The model knows u by its square only: what u tells may lie in its variance alone, its
 * mean staying zero, so that it is measured by its KL, in nats. */
static const double active_kl = 0.01;
static const double selective_d_prime = 0.85; /* paper, Figure 3 */

void tvi_scores_close(tvi_scores *s)
{
    tvae_activity_destroy(&s->activity_z);
    tvae_activity_destroy(&s->activity_u);
    tvae_covariance_destroy(&s->covariance);
    tvae_selectivity_destroy(&s->selectivity);
    tvae_tensor_destroy(&s->mean);
    tvae_tensor_destroy(&s->log_variance);
}

static tvae_status open_selectivity(tvi_scores *s, const tvi_batches *b)
{
    const size_t n_factors = tvae_dataset_factor_count(b->data);

    for (size_t f = 0; f < n_factors; f++) {
        if (strcmp(tvae_dataset_factor_name(b->data, f), "label") != 0)
            continue;
        s->label = f;
        s->n_classes = tvae_dataset_factor_values(b->data, f);
        return tvae_selectivity_create(b->n_latents, s->n_classes, &s->selectivity);
    }
    return TVAE_OK;
}

tvae_status tvi_scores_open(tvi_scores *s, const tvi_batches *b, const tvae_model *model)
{
    const size_t shape[3] = {b->batch, b->frame_shape[0], b->n_latents};
    tvae_status st = tvae_tensor_create(3, shape, &s->mean);

    if (st == TVAE_OK)
        st = tvae_tensor_create(3, shape, &s->log_variance);
    if (st == TVAE_OK)
        st = tvae_activity_create(b->n_latents, &s->activity_z);
    if (st == TVAE_OK && model->u_encoder)
        st = tvae_activity_create(b->n_latents, &s->activity_u);
    if (st == TVAE_OK && b->n_latents <= MOST_PAIRED)
        st = tvae_covariance_create(b->n_latents, b->n_latents, TVAE_COVARIANCE_ABSOLUTE,
                                    &s->covariance);
    return st == TVAE_OK ? open_selectivity(s, b) : st;
}

static tvae_status add_activity(tvi_scores *s, const tvi_batches *b,
                                const tvae_model *model)
{
    const size_t shape[3] = {b->n, b->frame_shape[0], b->n_latents};
    tvae_tensor *mean = NULL, *log_variance = NULL;
    tvae_status st = tvae_tensor_view(s->mean, 0, 3, shape, &mean);

    if (st == TVAE_OK)
        st = tvae_tensor_view(s->log_variance, 0, 3, shape, &log_variance);
    if (st == TVAE_OK)
        st = tvae_model_posterior(model, b->work, b->now.x, mean, log_variance, NULL,
                                  NULL);
    if (st == TVAE_OK)
        st = tvae_activity_add(s->activity_z, mean, log_variance);
    if (st == TVAE_OK && s->activity_u)
        st = tvae_model_posterior(model, b->work, b->now.x, NULL, NULL, mean,
                                  log_variance);
    if (st == TVAE_OK && s->activity_u)
        st = tvae_activity_add(s->activity_u, mean, log_variance);
    tvae_tensor_destroy(&mean);
    tvae_tensor_destroy(&log_variance);
    return st;
}

tvae_status tvi_scores_add(tvi_scores *s, const tvi_batches *b, const tvae_model *model)
{
    const size_t shape[3] = {b->n, b->frame_shape[0], b->n_latents};
    tvae_tensor *t = NULL, *labels = NULL;
    tvae_status st = add_activity(s, b, model);

    if (st == TVAE_OK)
        st = tvae_tensor_view(b->now.t, 0, 3, shape, &t);
    if (st == TVAE_OK && s->covariance)
        st = tvae_covariance_add(s->covariance, t, NULL);
    if (st == TVAE_OK && s->selectivity)
        st = tvi_batches_column(b, s->label, &labels);
    if (st == TVAE_OK && s->selectivity)
        st = tvae_selectivity_add(s->selectivity, t, labels);
    tvae_tensor_destroy(&labels);
    tvae_tensor_destroy(&t);
    return st;
}

tvae_status tvi_scores_merge(tvi_scores *s, const tvi_batches *b, const char *call)
{
    tvi_gathered parts[4] = {tvi_activity_gathered(s->activity_z)};
    size_t n_parts = 1;
    tvae_status st = TVAE_OK;

    if (s->activity_u)
        parts[n_parts++] = tvi_activity_gathered(s->activity_u);
    if (s->covariance)
        parts[n_parts++] = tvi_covariance_gathered(s->covariance);
    if (s->selectivity)
        parts[n_parts++] = tvi_selectivity_gathered(s->selectivity);
    for (size_t i = 0; i < n_parts && st == TVAE_OK; i++)
        st = tvi_batches_merge(b, &parts[i], call);
    return st;
}

/* ---- results ---- */

static tvae_status count_active(const tvae_activity *activity, int32_t measure,
                                double threshold, double *value)
{
    size_t n = 0;
    tvae_status st = TVAE_OK;

    *value = NAN;
    if (!activity)
        return TVAE_OK;
    st = tvae_activity_count(activity, measure, threshold, &n);
    *value = (double)n;
    return st;
}

/* Over units: how many reach the threshold with their best class, and the mean of it. */
static tvae_status summarise_d_prime(const tvi_scores *s, size_t n_units,
                                     tvi_score_values *values)
{
    const size_t shape[2] = {s->n_classes, n_units};
    tvae_tensor *d_prime = NULL;
    double sum = 0.0, n_known = 0.0, n_selective = 0.0;
    tvae_status st = tvae_tensor_create(2, shape, &d_prime);

    if (st == TVAE_OK)
        st = tvae_selectivity_d_prime(s->selectivity, d_prime);
    for (size_t unit = 0; unit < n_units && st == TVAE_OK; unit++) {
        const float *column = tvae_tensor_data_const(d_prime) + unit;
        float best = -INFINITY;

        for (size_t c = 0; c < s->n_classes; c++)
            if (column[c * n_units] > best) /* NaN is not */
                best = column[c * n_units];
        if (!isfinite(best))
            continue;
        n_known += 1.0;
        n_selective += (double)best >= selective_d_prime ? 1.0 : 0.0;
        sum += (double)best;
    }
    if (n_known > 0.0) {
        values->selective_units = n_selective;
        values->mean_d_prime = sum / n_known;
    }
    tvae_tensor_destroy(&d_prime);
    return st;
}

tvae_status tvi_scores_finish(const tvi_scores *s, const tvi_batches *b,
                              tvi_score_values *values)
{
    tvae_status st;

    *values = (tvi_score_values){NAN, NAN, NAN, NAN, NAN};
    st = count_active(s->activity_z, TVAE_ACTIVITY_VARIANCE, active_variance,
                      &values->active_z);
    if (st == TVAE_OK)
        st = count_active(s->activity_u, TVAE_ACTIVITY_KL, active_kl, &values->active_u);
    if (st == TVAE_OK && s->covariance)
        st = tvae_topographic_smoothness(s->covariance, b->latent_shape, NULL, NULL,
                                         &values->smoothness);
    if (st == TVAE_OK && s->selectivity)
        st = summarise_d_prime(s, b->n_latents, values);
    return st;
}
