/* SPDX-License-Identifier: MIT */
#include "metric/metric.h"

#include <math.h>

#include "base/memory.h"
#include "metric/gathered.h"
#include "tensor/tensor.h"

/* CapCorr: the correlation, over sequences, of the capsules' shift with the true one
 * (paper Eq. 16). Shifts are whole numbers, so that the sums below are exact. */

/* The sums from which a Pearson correlation follows. */
typedef struct moments {
    double n, x, y, xx, yy, xy;
} moments;

enum { N_MOMENTS = sizeof(moments) / sizeof(double) };

struct tvae_capcorr {
    size_t n_factors, n_capsules;
    double *values; /* all below, one after the other */
    size_t n_values;
    moments *nearest;  /* [n_factors] */
    moments *first;    /* [n_factors] */
    moments *capsules; /* [n_factors, n_capsules] */
};

tvae_status tvae_capcorr_create(size_t n_factors, size_t n_capsules, tvae_capcorr **out)
{
    tvae_capcorr *capcorr;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "capcorr_create: out is NULL");
    *out = NULL;
    st = tvi_check_pairs(n_factors, "factors", n_capsules, "capsules", "capcorr_create");
    if (st != TVAE_OK)
        return st;
    capcorr = tvi_alloc_array(1, sizeof *capcorr);
    if (!capcorr)
        return TVAE_E_NOMEM;
    capcorr->n_factors = n_factors;
    capcorr->n_capsules = n_capsules;
    capcorr->n_values = (2 + n_capsules) * n_factors * N_MOMENTS;
    capcorr->values = tvi_alloc_array(capcorr->n_values, sizeof(double));
    if (!capcorr->values) {
        tvae_capcorr_destroy(&capcorr);
        return TVAE_E_NOMEM;
    }
    capcorr->nearest = (moments *)(void *)capcorr->values;
    capcorr->first = capcorr->nearest + n_factors;
    capcorr->capsules = capcorr->first + n_factors;
    *out = capcorr;
    return TVAE_OK;
}

void tvae_capcorr_destroy(tvae_capcorr **capcorr)
{
    tvae_capcorr *gone;

    if (!capcorr || !*capcorr)
        return;
    gone = *capcorr;
    *capcorr = NULL;
    tvi_free(gone->values);
    tvi_free(gone);
}

static tvae_status check_finite(const tvae_tensor *tensor, const char *call,
                                const char *name)
{
    const size_t bad = tvi_first_non_finite(tensor->data, tensor->count);

    if (bad < tensor->count)
        return tvi_fail(TVAE_E_NUMERIC,
                        "%s: element %zu of %s is %g, want all of them finite", call, bad,
                        name, (double)tensor->data[bad]);
    return TVAE_OK;
}

static tvae_status check_batch(const tvae_capcorr *capcorr, const tvae_tensor *t,
                               const tvae_tensor *factors, const char *call)
{
    char got[TVI_SHAPE_TEXT];
    size_t wanted[3];
    tvae_status st;

    if (!capcorr || !t || !factors)
        return tvi_fail(TVAE_E_INVALID, "%s: %s is NULL", call,
                        !capcorr ? "capcorr"
                        : !t     ? "t"
                                 : "factors");
    if (t->rank != 4 || t->shape[1] < 2 || t->shape[2] != capcorr->n_capsules)
        return tvi_fail(TVAE_E_SHAPE,
                        "%s: t is %s, want [sequences, at least 2 frames, %zu "
                        "capsules, d]",
                        call, tvi_shape_text(t->rank, t->shape, got),
                        capcorr->n_capsules);
    wanted[0] = t->shape[0];
    wanted[1] = t->shape[1];
    wanted[2] = capcorr->n_factors;
    st = tvi_tensor_check(factors, 3, wanted, call, "factors");
    if (st == TVAE_OK)
        st = check_finite(t, call, "t");
    return st == TVAE_OK ? check_finite(factors, call, "factors") : st;
}

static void add_pair(moments *m, double x, double y)
{
    m->n += 1.0;
    m->x += x;
    m->y += y;
    m->xx += x * x;
    m->yy += y * y;
    m->xy += x * y;
}

static void add_offset(tvae_capcorr *capcorr, const tvi_capsule_offset *offset,
                       const size_t *shifts)
{
    const size_t n_capsules = capcorr->n_capsules;

    add_pair(&capcorr->nearest[offset->factor], (double)offset->nearest, offset->truth);
    add_pair(&capcorr->first[offset->factor], (double)offset->first, offset->truth);
    for (size_t c = 0; c < n_capsules; c++)
        add_pair(&capcorr->capsules[offset->factor * n_capsules + c], (double)shifts[c],
                 offset->truth);
}

/* Which factor of a sequence counts: the one asked for if it changes, or with NULL the
 * one that changes most. */
static bool choose_factor(size_t n_factors, const float *factors, const size_t *asked,
                          size_t *factor)
{
    if (!asked)
        return tvi_factor_that_varies(n_factors, factors, factor);
    *factor = *asked;
    return factors[*asked] != factors[n_factors + *asked];
}

static tvae_status add_batch(tvae_capcorr *capcorr, const tvae_tensor *t,
                             const tvae_tensor *factors, const size_t *asked)
{
    const size_t n_frames = t->shape[1], d = t->shape[3];
    const size_t n_capsules = capcorr->n_capsules, n_factors = capcorr->n_factors;
    tvi_capsule_offset offset;
    size_t *shifts = tvi_alloc_array(2 * n_capsules + d, sizeof *shifts), factor;

    if (!shifts)
        return TVAE_E_NOMEM;
    for (size_t i = 0; i < t->shape[0]; i++) {
        const float *labels = factors->data + i * n_frames * n_factors;

        if (choose_factor(n_factors, labels, asked, &factor) &&
            tvi_capsule_offset_find(n_frames, n_capsules, d, n_factors, factor,
                                    t->data + i * n_frames * n_capsules * d, labels,
                                    shifts, shifts + n_capsules, &offset))
            add_offset(capcorr, &offset, shifts);
    }
    tvi_free(shifts);
    return TVAE_OK;
}

tvae_status tvae_capcorr_add(tvae_capcorr *capcorr, const tvae_tensor *t,
                             const tvae_tensor *factors)
{
    tvae_status st = check_batch(capcorr, t, factors, "capcorr_add");

    return st == TVAE_OK ? add_batch(capcorr, t, factors, NULL) : st;
}

tvae_status tvae_capcorr_add_factor(tvae_capcorr *capcorr, const tvae_tensor *t,
                                    const tvae_tensor *factors, size_t factor)
{
    tvae_status st = check_batch(capcorr, t, factors, "capcorr_add_factor");

    if (st != TVAE_OK)
        return st;
    if (factor >= capcorr->n_factors)
        return tvi_fail(TVAE_E_INVALID,
                        "capcorr_add_factor: factor is %zu, want less than %zu", factor,
                        capcorr->n_factors);
    return add_batch(capcorr, t, factors, &factor);
}

static void merge_capcorr(void *accumulator, const double *part)
{
    tvae_capcorr *capcorr = accumulator;

    for (size_t i = 0; i < capcorr->n_values; i++)
        capcorr->values[i] += part[i];
}

tvi_gathered tvi_capcorr_gathered(tvae_capcorr *capcorr)
{
    return (tvi_gathered){capcorr->values, capcorr->n_values, capcorr, merge_capcorr};
}

/* Pearson's correlation; NaN when a side is constant, which its exact sums tell. */
static double correlation(const moments *m)
{
    const double spread_x = m->n * m->xx - m->x * m->x;
    const double spread_y = m->n * m->yy - m->y * m->y;

    if (!(spread_x > 0.0 && spread_y > 0.0))
        return NAN;
    return (m->n * m->xy - m->x * m->y) / (sqrt(spread_x) * sqrt(spread_y));
}

static tvae_status check_value(const tvae_capcorr *capcorr, size_t factor,
                               const double *value, const char *call)
{
    if (!capcorr || !value)
        return tvi_fail(TVAE_E_INVALID, "%s: %s is NULL", call,
                        capcorr ? "value" : "capcorr");
    if (factor >= capcorr->n_factors)
        return tvi_fail(TVAE_E_INVALID, "%s: factor is %zu, want less than %zu", call,
                        factor, capcorr->n_factors);
    return TVAE_OK;
}

tvae_status tvae_capcorr_value(const tvae_capcorr *capcorr, size_t factor, int32_t choice,
                               double *value)
{
    tvae_status st = check_value(capcorr, factor, value, "capcorr_value");

    if (st != TVAE_OK)
        return st;
    if (choice != TVAE_CAPCORR_NEAREST && choice != TVAE_CAPCORR_FIRST)
        return tvi_fail(TVAE_E_INVALID,
                        "capcorr_value: choice is %d, want %d (nearest) or %d (first)",
                        (int)choice, TVAE_CAPCORR_NEAREST, TVAE_CAPCORR_FIRST);
    *value = correlation(choice == TVAE_CAPCORR_NEAREST ? &capcorr->nearest[factor]
                                                        : &capcorr->first[factor]);
    return TVAE_OK;
}

tvae_status tvae_capcorr_capsule_value(const tvae_capcorr *capcorr, size_t factor,
                                       size_t capsule, double *value)
{
    tvae_status st = check_value(capcorr, factor, value, "capcorr_capsule_value");

    if (st != TVAE_OK)
        return st;
    if (capsule >= capcorr->n_capsules)
        return tvi_fail(TVAE_E_INVALID,
                        "capcorr_capsule_value: capsule is %zu, want less than %zu",
                        capsule, capcorr->n_capsules);
    *value = correlation(&capcorr->capsules[factor * capcorr->n_capsules + capsule]);
    return TVAE_OK;
}
