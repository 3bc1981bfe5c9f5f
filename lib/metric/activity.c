/* SPDX-License-Identifier: MIT */
#include "metric/metric.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "metric/gathered.h"
#include "tensor/tensor.h"

/* Active latents (Burda et al., ICLR 2016): the variance over data of a posterior's mean,
 * and its mean KL from N(0, 1). */

struct tvae_activity {
    size_t n_units, n_values;
    double *values;               /* [n_values], of which all below are parts */
    double *n_samples;            /* one number */
    double *first;                /* [n_units], the first mean, from which all count */
    double *sums, *squares, *kls; /* [n_units] */
};

tvae_status tvae_activity_create(size_t n_units, tvae_activity **out)
{
    tvae_activity *activity;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "activity_create: out is NULL");
    *out = NULL;
    if (n_units == 0 || n_units > TVI_MAX_PAIRS)
        return tvi_fail(TVAE_E_INVALID, "activity_create: n_units is %zu, want 1 to %d",
                        n_units, TVI_MAX_PAIRS);
    activity = tvi_alloc_array(1, sizeof *activity);
    if (!activity)
        return TVAE_E_NOMEM;
    activity->n_units = n_units;
    activity->n_values = 1 + 4 * n_units;
    activity->values = tvi_alloc_array(activity->n_values, sizeof(double));
    if (!activity->values) {
        tvae_activity_destroy(&activity);
        return TVAE_E_NOMEM;
    }
    activity->n_samples = activity->values;
    activity->first = activity->n_samples + 1;
    activity->sums = activity->first + n_units;
    activity->squares = activity->sums + n_units;
    activity->kls = activity->squares + n_units;
    *out = activity;
    return TVAE_OK;
}

void tvae_activity_destroy(tvae_activity **activity)
{
    tvae_activity *gone;

    if (!activity || !*activity)
        return;
    gone = *activity;
    *activity = NULL;
    tvi_free(gone->values);
    tvi_free(gone);
}

static void add_posterior(tvae_activity *activity, const float *mean,
                          const float *log_variance)
{
    for (size_t i = 0; i < activity->n_units; i++) {
        const double m = (double)mean[i], r = (double)log_variance[i];
        const double difference = m - activity->first[i];

        activity->sums[i] += difference;
        activity->squares[i] += difference * difference;
        activity->kls[i] += (m * m + exp(r) - 1.0 - r) / 2.0;
    }
    *activity->n_samples += 1.0;
}

tvae_status tvae_activity_add(tvae_activity *activity, const tvae_tensor *mean,
                              const tvae_tensor *log_variance)
{
    size_t n_samples, n_units;
    tvae_status st;

    if (!activity)
        return tvi_fail(TVAE_E_INVALID, "activity_add: activity is NULL");
    n_units = activity->n_units;
    st = tvi_sample_count(mean, n_units, "activity_add", "mean", &n_samples);
    if (st == TVAE_OK)
        st = tvi_tensor_check(log_variance, mean->rank, mean->shape, "activity_add",
                              "log_variance");
    if (st == TVAE_OK)
        st = tvi_sample_count(log_variance, n_units, "activity_add", "log_variance",
                              &n_samples);
    if (st != TVAE_OK)
        return st;
    for (size_t i = 0; i < n_units && *activity->n_samples == 0.0; i++)
        activity->first[i] = (double)mean->data[i];
    for (size_t s = 0; s < n_samples; s++)
        add_posterior(activity, mean->data + s * n_units,
                      log_variance->data + s * n_units);
    return TVAE_OK;
}

static void merge_activity(void *accumulator, const double *part)
{
    tvae_activity *a = accumulator;
    const size_t n_units = a->n_units;
    const tvi_shifted_sums sums = {tvi_gathered_place(part, a->values, a->first),
                                   tvi_gathered_place(part, a->values, a->sums),
                                   tvi_gathered_place(part, a->values, a->squares),
                                   *part};
    const double *kls = tvi_gathered_place(part, a->values, a->kls);

    if (sums.n_samples == 0.0)
        return;
    if (*a->n_samples == 0.0)
        memcpy(a->first, sums.first, n_units * sizeof *a->first);
    tvi_shifted_sums_merge(n_units, a->first, a->sums, a->squares, &sums);
    for (size_t i = 0; i < n_units; i++)
        a->kls[i] += kls[i];
    *a->n_samples += sums.n_samples;
}

tvi_gathered tvi_activity_gathered(tvae_activity *activity)
{
    return (tvi_gathered){activity->values, activity->n_values, activity, merge_activity};
}

static double measure_unit(const tvae_activity *activity, size_t unit, int32_t measure)
{
    const double n = *activity->n_samples;
    double mean;

    if (!(n > 0.0))
        return NAN;
    if (measure == TVAE_ACTIVITY_KL)
        return activity->kls[unit] / n;
    mean = activity->sums[unit] / n;
    return fmax(activity->squares[unit] / n - mean * mean, 0.0);
}

static tvae_status check_measure(const tvae_activity *activity, int32_t measure,
                                 const void *out, const char *call, const char *out_name)
{
    if (!activity || !out)
        return tvi_fail(TVAE_E_INVALID, "%s: %s is NULL", call,
                        activity ? out_name : "activity");
    if (measure != TVAE_ACTIVITY_VARIANCE && measure != TVAE_ACTIVITY_KL)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: measure is %d, want %d (variance) or %d (KL)", call,
                        (int)measure, TVAE_ACTIVITY_VARIANCE, TVAE_ACTIVITY_KL);
    return TVAE_OK;
}

tvae_status tvae_activity_value(const tvae_activity *activity, size_t unit,
                                int32_t measure, double *value)
{
    tvae_status st = check_measure(activity, measure, value, "activity_value", "value");

    if (st != TVAE_OK)
        return st;
    if (unit >= activity->n_units)
        return tvi_fail(TVAE_E_INVALID, "activity_value: unit is %zu, want less than %zu",
                        unit, activity->n_units);
    *value = measure_unit(activity, unit, measure);
    return TVAE_OK;
}

tvae_status tvae_activity_count(const tvae_activity *activity, int32_t measure,
                                double threshold, size_t *n_active)
{
    tvae_status st =
        check_measure(activity, measure, n_active, "activity_count", "n_active");

    if (st != TVAE_OK)
        return st;
    if (isnan(threshold))
        return tvi_fail(TVAE_E_INVALID,
                        "activity_count: threshold is NaN, want a number such as 0.01");
    *n_active = 0;
    for (size_t i = 0; i < activity->n_units; i++)
        if (measure_unit(activity, i, measure) > threshold)
            ++*n_active;
    return TVAE_OK;
}
