/* SPDX-License-Identifier: MIT */
#include "metric/metric.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "metric/gathered.h"
#include "tensor/tensor.h"

/* Class selectivity: Plot_ClassActMap of the reference (GOLDEN section 4). */

struct tvae_selectivity {
    size_t n_units, n_classes, n_values;
    double *values;         /* [n_values], of which all below are parts */
    double *n_samples;      /* one number */
    double *first;          /* [n_units], the first sample, from which all are counted */
    double *counts;         /* [n_classes] */
    double *sums, *squares; /* [n_classes, n_units] */
};

tvae_status tvae_selectivity_create(size_t n_units, size_t n_classes,
                                    tvae_selectivity **out)
{
    tvae_selectivity *selectivity;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "selectivity_create: out is NULL");
    *out = NULL;
    st = tvi_check_pairs(n_units, "units", n_classes, "classes", "selectivity_create");
    if (st != TVAE_OK)
        return st;
    selectivity = tvi_alloc_array(1, sizeof *selectivity);
    if (!selectivity)
        return TVAE_E_NOMEM;
    selectivity->n_units = n_units;
    selectivity->n_classes = n_classes;
    selectivity->n_values = 1 + n_units + n_classes + 2 * n_classes * n_units;
    selectivity->values = tvi_alloc_array(selectivity->n_values, sizeof(double));
    if (!selectivity->values) {
        tvae_selectivity_destroy(&selectivity);
        return TVAE_E_NOMEM;
    }
    selectivity->n_samples = selectivity->values;
    selectivity->first = selectivity->n_samples + 1;
    selectivity->counts = selectivity->first + n_units;
    selectivity->sums = selectivity->counts + n_classes;
    selectivity->squares = selectivity->sums + n_classes * n_units;
    *out = selectivity;
    return TVAE_OK;
}

void tvae_selectivity_destroy(tvae_selectivity **selectivity)
{
    tvae_selectivity *gone;

    if (!selectivity || !*selectivity)
        return;
    gone = *selectivity;
    *selectivity = NULL;
    tvi_free(gone->values);
    tvi_free(gone);
}

static tvae_status check_labels(const tvae_selectivity *selectivity,
                                const tvae_tensor *labels, size_t n_samples)
{
    if (!labels)
        return tvi_fail(TVAE_E_INVALID, "selectivity_add: labels is NULL");
    if (labels->count != n_samples)
        return tvi_fail(TVAE_E_SHAPE,
                        "selectivity_add: %zu labels, want one for each of the %zu "
                        "samples",
                        labels->count, n_samples);
    for (size_t s = 0; s < n_samples; s++) {
        const double label = (double)labels->data[s];

        if (!(label >= 0.0 && label < (double)selectivity->n_classes &&
              label == floor(label)))
            return tvi_fail(
                TVAE_E_INVALID,
                "selectivity_add: label %zu is %g, want a whole number from 0 "
                "to %zu",
                s, label, selectivity->n_classes - 1);
    }
    return TVAE_OK;
}

tvae_status tvae_selectivity_add(tvae_selectivity *selectivity, const tvae_tensor *t,
                                 const tvae_tensor *labels)
{
    size_t n_samples, n_units;
    tvae_status st;

    if (!selectivity)
        return tvi_fail(TVAE_E_INVALID, "selectivity_add: selectivity is NULL");
    n_units = selectivity->n_units;
    st = tvi_sample_count(t, n_units, "selectivity_add", "t", &n_samples);
    if (st == TVAE_OK)
        st = check_labels(selectivity, labels, n_samples);
    if (st != TVAE_OK)
        return st;
    for (size_t i = 0; i < n_units && *selectivity->n_samples == 0.0; i++)
        selectivity->first[i] = (double)t->data[i];
    for (size_t s = 0; s < n_samples; s++) {
        const size_t label = (size_t)labels->data[s];
        double *sums = selectivity->sums + label * n_units;
        double *squares = selectivity->squares + label * n_units;

        selectivity->counts[label] += 1.0;
        for (size_t i = 0; i < n_units; i++) {
            const double x = (double)t->data[s * n_units + i] - selectivity->first[i];

            sums[i] += x;
            squares[i] += x * x;
        }
    }
    *selectivity->n_samples += (double)n_samples;
    return TVAE_OK;
}

static void merge_selectivity(void *accumulator, const double *part)
{
    tvae_selectivity *a = accumulator;
    const size_t n = a->n_units;
    const double *counts = tvi_gathered_place(part, a->values, a->counts);
    tvi_shifted_sums sums = {tvi_gathered_place(part, a->values, a->first),
                             tvi_gathered_place(part, a->values, a->sums),
                             tvi_gathered_place(part, a->values, a->squares), 0.0};

    if (*part == 0.0)
        return;
    if (*a->n_samples == 0.0)
        memcpy(a->first, sums.first, n * sizeof *a->first);
    for (size_t c = 0; c < a->n_classes; c++, sums.sums += n, sums.squares += n) {
        sums.n_samples = counts[c];
        tvi_shifted_sums_merge(n, a->first, a->sums + c * n, a->squares + c * n, &sums);
        a->counts[c] += counts[c];
    }
    *a->n_samples += *part;
}

tvi_gathered tvi_selectivity_gathered(tvae_selectivity *selectivity)
{
    return (tvi_gathered){selectivity->values, selectivity->n_values, selectivity,
                          merge_selectivity};
}

/* (mean a - mean b) / sqrt((variance a + variance b) / 2) of two groups from their sizes,
 * sums and sums of squares. */
static double compare_groups(const double a[3], const double b[3])
{
    double variance_a, variance_b, variance;

    if (!(a[0] > 1.0 && b[0] > 1.0))
        return NAN;
    variance_a = (a[2] - a[1] * a[1] / a[0]) / (a[0] - 1.0);
    variance_b = (b[2] - b[1] * b[1] / b[0]) / (b[0] - 1.0);
    variance = (variance_a + variance_b) / 2.0;
    return variance > 0.0 ? (a[1] / a[0] - b[1] / b[0]) / sqrt(variance) : NAN;
}

static double find_d_prime(const tvae_selectivity *selectivity, size_t class, size_t unit)
{
    double in[3] = {0}, out[3] = {0};

    for (size_t c = 0; c < selectivity->n_classes; c++) {
        double *group = c == class ? in : out;

        group[0] += selectivity->counts[c];
        group[1] += selectivity->sums[c * selectivity->n_units + unit];
        group[2] += selectivity->squares[c * selectivity->n_units + unit];
    }
    return compare_groups(in, out);
}

tvae_status tvae_selectivity_d_prime(const tvae_selectivity *selectivity,
                                     tvae_tensor *d_prime)
{
    size_t wanted[2];
    tvae_status st;

    if (!selectivity)
        return tvi_fail(TVAE_E_INVALID, "selectivity_d_prime: selectivity is NULL");
    wanted[0] = selectivity->n_classes;
    wanted[1] = selectivity->n_units;
    st = tvi_tensor_check(d_prime, 2, wanted, "selectivity_d_prime", "d_prime");
    if (st != TVAE_OK)
        return st;
    for (size_t c = 0; c < wanted[0]; c++)
        for (size_t i = 0; i < wanted[1]; i++)
            d_prime->data[c * wanted[1] + i] = (float)find_d_prime(selectivity, c, i);
    return TVAE_OK;
}

tvae_status tvae_selectivity_map(const tvae_selectivity *selectivity, double threshold,
                                 tvae_tensor *map)
{
    if (!selectivity || !map)
        return tvi_fail(TVAE_E_INVALID, "selectivity_map: %s is NULL",
                        selectivity ? "map" : "selectivity");
    if (isnan(threshold))
        return tvi_fail(TVAE_E_INVALID,
                        "selectivity_map: threshold is NaN, want a number such as 0.85");
    if (map->count != selectivity->n_units)
        return tvi_fail(TVAE_E_SHAPE, "selectivity_map: map has %zu elements, want %zu",
                        map->count, selectivity->n_units);
    for (size_t i = 0; i < selectivity->n_units; i++) {
        map->data[i] = -1.0f;
        for (size_t c = 0; c < selectivity->n_classes; c++)
            if (find_d_prime(selectivity, c, i) >= threshold)
                map->data[i] = (float)c;
    }
    return TVAE_OK;
}
