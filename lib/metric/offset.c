/* SPDX-License-Identifier: MIT */
#include "metric/metric.h"

#include <math.h>
#include <string.h>

/* By how much the capsules of one sequence roll: get_cap_offsets of the reference (paper
 * Eq. 15, GOLDEN section 4). */

bool tvi_factor_that_varies(size_t n_factors, const float *factors, size_t *factor)
{
    double largest = 0.0;

    for (size_t i = 0; i < n_factors; i++) {
        const double change = fabs((double)factors[i] - (double)factors[n_factors + i]);

        if (change > largest) {
            largest = change;
            *factor = i;
        }
    }
    return largest > 0.0;
}

double tvi_periodic_correlation(size_t d, const float *a, const float *b, size_t k)
{
    double correlation = 0.0;

    for (size_t j = 0; j < d - k; j++)
        correlation += (double)a[j + k] * (double)b[j];
    for (size_t j = d - k; j < d; j++)
        correlation += (double)a[j + k - d] * (double)b[j];
    return correlation;
}

/* The shift with the largest periodic correlation, the first of equals. */
static size_t find_shift(size_t d, const float *a, const float *b)
{
    double largest = -INFINITY;
    size_t shift = 0;

    for (size_t k = 0; k < d; k++) {
        const double correlation = tvi_periodic_correlation(d, a, b, k);

        if (correlation > largest) {
            largest = correlation;
            shift = k;
        }
    }
    return shift;
}

/* The most frequent shift, the smallest of equals; `counts` has room for d. */
static size_t find_mode(size_t n, const size_t *shifts, size_t d, size_t *counts)
{
    size_t mode = 0;

    memset(counts, 0, d * sizeof *counts);
    for (size_t i = 0; i < n; i++)
        counts[shifts[i]]++;
    for (size_t k = 1; k < d; k++)
        if (counts[k] > counts[mode])
            mode = k;
    return mode;
}

bool tvi_capsule_offset_find(size_t n_frames, size_t n_capsules, size_t d,
                             size_t n_factors, size_t factor, const float *t,
                             const float *factors, size_t *shifts, size_t *scratch,
                             tvi_capsule_offset *offset)
{
    size_t *frame_shifts = shifts;
    double nearest = INFINITY;

    offset->factor = factor;
    offset->truth = (double)factors[factor];
    for (size_t frame = 0; frame < n_frames; frame++) {
        const float *rolled = t + frame * n_capsules * d;
        size_t mode;
        double distance;

        if (factors[frame * n_factors + factor] != 0.0f)
            continue;
        for (size_t c = 0; c < n_capsules; c++)
            frame_shifts[c] = find_shift(d, t + c * d, rolled + c * d);
        mode = find_mode(n_capsules, frame_shifts, d, scratch + n_capsules);
        distance = fabs(offset->truth - (double)mode);
        if (isinf(nearest))
            offset->first = mode;
        if (distance < nearest) {
            nearest = distance;
            offset->nearest = mode;
        }
        frame_shifts = scratch; /* only the first frame's are wanted */
    }
    return !isinf(nearest);
}
