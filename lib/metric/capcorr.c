/* SPDX-License-Identifier: MIT */
#include "metric/metric.h"

#include <math.h>

#include "base/memory.h"
#include "tensor/tensor.h"

/* CapCorr: the correlation, over sequences, of the capsules' shift with the true one
 * (paper Eq. 16). Shifts are whole numbers, so that the sums below are exact. */

/* The sums from which a Pearson correlation follows. */
typedef struct moments {
    double n, x, y, xx, yy, xy;
} moments;

struct tvae_capcorr {
    size_t n_factors, n_capsules;
    moments *nearest;  /* [n_factors] */
    moments *first;    /* [n_factors] */
    moments *capsules; /* [n_factors, n_capsules] */
};

enum { MAX_CELLS = 1 << 24 };

tvae_status tvae_capcorr_create(size_t n_factors, size_t n_capsules, tvae_capcorr **out)
{
    tvae_capcorr *capcorr;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "capcorr_create: out is NULL");
    *out = NULL;
    if (n_factors == 0 || n_capsules == 0 || n_factors > MAX_CELLS / n_capsules)
        return tvi_fail(
            TVAE_E_INVALID,
            "capcorr_create: %zu factors and %zu capsules, want at least 1 of "
            "each and at most %d pairs",
            n_factors, n_capsules, MAX_CELLS);
    capcorr = tvi_alloc_array(1, sizeof *capcorr);
    if (!capcorr)
        return TVAE_E_NOMEM;
    capcorr->n_factors = n_factors;
    capcorr->n_capsules = n_capsules;
    capcorr->nearest = tvi_alloc_array(n_factors, sizeof(moments));
    capcorr->first = tvi_alloc_array(n_factors, sizeof(moments));
    capcorr->capsules = tvi_alloc_array(n_factors * n_capsules, sizeof(moments));
    if (!capcorr->nearest || !capcorr->first || !capcorr->capsules) {
        tvae_capcorr_destroy(&capcorr);
        return TVAE_E_NOMEM;
    }
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
    tvi_free(gone->nearest);
    tvi_free(gone->first);
    tvi_free(gone->capsules);
    tvi_free(gone);
}

static tvae_status check_finite(const tvae_tensor *tensor, const char *name)
{
    const size_t bad = tvi_first_non_finite(tensor->data, tensor->count);

    if (bad < tensor->count)
        return tvi_fail(TVAE_E_NUMERIC,
                        "capcorr_add: element %zu of %s is %g, want all of them finite",
                        bad, name, (double)tensor->data[bad]);
    return TVAE_OK;
}

static tvae_status check_batch(const tvae_capcorr *capcorr, const tvae_tensor *t,
                               const tvae_tensor *factors)
{
    char got[TVI_SHAPE_TEXT];
    size_t wanted[3];
    tvae_status st;

    if (!capcorr || !t || !factors)
        return tvi_fail(TVAE_E_INVALID, "capcorr_add: %s is NULL",
                        !capcorr ? "capcorr"
                        : !t     ? "t"
                                 : "factors");
    if (t->rank != 4 || t->shape[1] < 2 || t->shape[2] != capcorr->n_capsules)
        return tvi_fail(TVAE_E_SHAPE,
                        "capcorr_add: t is %s, want [sequences, at least 2 frames, %zu "
                        "capsules, d]",
                        tvi_shape_text(t->rank, t->shape, got), capcorr->n_capsules);
    wanted[0] = t->shape[0];
    wanted[1] = t->shape[1];
    wanted[2] = capcorr->n_factors;
    st = tvi_tensor_check(factors, 3, wanted, "capcorr_add", "factors");
    if (st == TVAE_OK)
        st = check_finite(t, "t");
    return st == TVAE_OK ? check_finite(factors, "factors") : st;
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

tvae_status tvae_capcorr_add(tvae_capcorr *capcorr, const tvae_tensor *t,
                             const tvae_tensor *factors)
{
    tvi_capsule_offset offset;
    size_t n_frames, n_capsules, d, *shifts;
    tvae_status st = check_batch(capcorr, t, factors);

    if (st != TVAE_OK)
        return st;
    n_frames = t->shape[1];
    n_capsules = t->shape[2];
    d = t->shape[3];
    shifts = tvi_alloc_array(2 * n_capsules + d, sizeof *shifts);
    if (!shifts)
        return TVAE_E_NOMEM;
    for (size_t i = 0; i < t->shape[0]; i++) {
        if (!tvi_capsule_offset_find(n_frames, n_capsules, d, capcorr->n_factors,
                                     t->data + i * n_frames * n_capsules * d,
                                     factors->data + i * n_frames * capcorr->n_factors,
                                     shifts, shifts + n_capsules, &offset))
            continue;
        add_pair(&capcorr->nearest[offset.factor], (double)offset.nearest, offset.truth);
        add_pair(&capcorr->first[offset.factor], (double)offset.first, offset.truth);
        for (size_t c = 0; c < n_capsules; c++)
            add_pair(&capcorr->capsules[offset.factor * n_capsules + c],
                     (double)shifts[c], offset.truth);
    }
    tvi_free(shifts);
    return TVAE_OK;
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
