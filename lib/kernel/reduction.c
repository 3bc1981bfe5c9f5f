/* SPDX-License-Identifier: MIT */
#include "kernel/level.h"
#include "kernel/vector_math.h"

/* Every sum fills blocks of terms, zeros at the end of the last, and folds them. */

static double sum(size_t n, const float *x)
{
    double total = 0.0;

    for (size_t first = 0; first < n; first += TVI_SUM_BLOCK) {
        const size_t size = tvi_block_size(n - first);
        float term[TVI_SUM_BLOCK] = {0};

        memcpy(term, x + first, size * sizeof *x);
        total += tvi_fold_block(term);
    }
    return total;
}

static double sum_abs_difference(size_t n, const float *a, const float *b)
{
    double total = 0.0;

    for (size_t first = 0; first < n; first += TVI_SUM_BLOCK) {
        const size_t size = tvi_block_size(n - first);
        float term[TVI_SUM_BLOCK] = {0};

        for (size_t i = 0; i < size; i++)
            term[i] = fabsf(a[first + i] - b[first + i]);
        total += tvi_fold_block(term);
    }
    return total;
}

static double dot(size_t n, const float *a, const float *b)
{
    double total = 0.0;

    for (size_t first = 0; first < n; first += TVI_SUM_BLOCK) {
        const size_t size = tvi_block_size(n - first);
        float term[TVI_SUM_BLOCK] = {0};

        for (size_t i = 0; i < size; i++)
            term[i] = a[first + i] * b[first + i];
        total += tvi_fold_block(term);
    }
    return total;
}

void TVI_LEVEL_NAME(tvi_set_reduction, TVI_ISA)(tvi_kernels *t)
{
    t->sum = sum;
    t->sum_abs_difference = sum_abs_difference;
    t->dot = dot;
}
