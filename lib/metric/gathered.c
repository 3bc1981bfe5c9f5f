/* SPDX-License-Identifier: MIT */
#include "metric/gathered.h"

/* With d = first of the part - first of all, a sample x of the part counts
 * x - first of all = (x - first of the part) + d. */
void tvi_shifted_sums_merge(size_t n_units, const double *first, double *sums,
                            double *squares, const tvi_shifted_sums *part)
{
    for (size_t i = 0; i < n_units; i++) {
        const double d = part->first[i] - first[i];

        sums[i] += part->sums[i] + part->n_samples * d;
        squares[i] +=
            part->squares[i] + 2.0 * d * part->sums[i] + part->n_samples * d * d;
    }
}
