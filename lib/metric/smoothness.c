/* SPDX-License-Identifier: MIT */
#include "metric/metric.h"

#include <math.h>

#include "base/memory.h"
#include "metric/covariance.h"

/* Topographic smoothness: neighbours on the grid against all other pairs. */

enum { GRID_RANK = 4 }; /* capsules and their three axes */

typedef struct mean_sum {
    double sum, n;
} mean_sum;

static void add_pair(const tvae_covariance *covariance, size_t i, size_t j, mean_sum *m)
{
    const double correlation = tvi_covariance_correlation(covariance, i, j);

    if (!isnan(correlation)) {
        m->sum += correlation;
        m->n += 1.0;
    }
}

/* Each unit with the next one along the axis whose units lie `stride` apart. Two units
 * that are next to each other both ways are one pair. */
static void add_axis(const tvae_covariance *covariance, size_t extent, size_t stride,
                     mean_sum *m)
{
    const size_t n_steps = extent > 2 ? extent : extent - 1;
    const size_t n_units = covariance->rows.n_units;

    for (size_t first = 0; first < n_units; first++) {
        const size_t place = first / stride % extent;

        if (place < n_steps)
            add_pair(covariance, first,
                     first - place * stride + (place + 1) % extent * stride, m);
    }
}

static void add_all_pairs(const tvae_covariance *covariance, mean_sum *m)
{
    for (size_t i = 0; i < covariance->rows.n_units; i++)
        for (size_t j = i + 1; j < covariance->rows.n_units; j++)
            add_pair(covariance, i, j, m);
}

static tvae_status check_grid(const tvae_covariance *covariance, const size_t *shape)
{
    size_t n_units = 1;

    if (!covariance || !shape)
        return tvi_fail(TVAE_E_INVALID, "topographic_smoothness: %s is NULL",
                        covariance ? "shape" : "covariance");
    if (covariance->kind != TVAE_COVARIANCE_ABSOLUTE)
        return tvi_fail(TVAE_E_INVALID,
                        "topographic_smoothness: covariance is of kind %d, want %d "
                        "(absolute values)",
                        (int)covariance->kind, TVAE_COVARIANCE_ABSOLUTE);
    for (size_t axis = 0; axis < GRID_RANK; axis++)
        if (!tvi_multiply(n_units, shape[axis], &n_units))
            n_units = 0;
    if (n_units != covariance->rows.n_units || n_units != covariance->columns.n_units)
        return tvi_fail(TVAE_E_SHAPE,
                        "topographic_smoothness: shape is [%zu, %zu, %zu, %zu], want as "
                        "many units as the covariance has, %zu by %zu",
                        shape[0], shape[1], shape[2], shape[3], covariance->rows.n_units,
                        covariance->columns.n_units);
    return TVAE_OK;
}

static double mean_of(const mean_sum *m)
{
    return m->n > 0.0 ? m->sum / m->n : NAN;
}

tvae_status tvae_topographic_smoothness(const tvae_covariance *covariance,
                                        const size_t *shape, double *neighbours,
                                        double *others, double *smoothness)
{
    mean_sum near = {0}, rest = {0};
    size_t stride = 1;
    tvae_status st = check_grid(covariance, shape);

    if (st != TVAE_OK)
        return st;
    if (!smoothness)
        return tvi_fail(TVAE_E_INVALID, "topographic_smoothness: smoothness is NULL");
    for (size_t axis = GRID_RANK; axis-- > 1; stride *= shape[axis])
        add_axis(covariance, shape[axis], stride, &near);
    add_all_pairs(covariance, &rest);
    rest.sum -= near.sum;
    rest.n -= near.n;
    *smoothness = mean_of(&near) - mean_of(&rest);
    if (neighbours)
        *neighbours = mean_of(&near);
    if (others)
        *others = mean_of(&rest);
    return TVAE_OK;
}
