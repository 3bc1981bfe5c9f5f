/* SPDX-License-Identifier: MIT */
#include "kernel/level.h"
#include "kernel/vector_math.h"

/* From logits a, with t = exp(-|a|): softplus(a) = max(a, 0) + log(1 + t), and
 * sigmoid(a) = (a < 0 ? t : 1) / (1 + t); neither overflows, and neither saturates as the
 * probabilities of SPEC section 1 do. */

static double bernoulli_nll(size_t n, const float *logits, const float *x)
{
    double total = 0.0;

    for (size_t first = 0; first < n; first += TVI_SUM_BLOCK) {
        const size_t size = tvi_block_size(n - first);
        float term[TVI_SUM_BLOCK] = {0};

        for (size_t i = 0; i < size; i++) {
            const float a = logits[first + i], t = tvi_exp(-fabsf(a));

            term[i] = (a < 0.0f ? 0.0f : a) - x[first + i] * a + tvi_log1p_unit(t);
        }
        total += tvi_fold_block(term);
    }
    return total;
}

static double bernoulli_nll_gradient(size_t n, float scale, const float *logits,
                                     const float *x, float *d_logits)
{
    double total = 0.0;

    for (size_t first = 0; first < n; first += TVI_SUM_BLOCK) {
        const size_t size = tvi_block_size(n - first);
        float term[TVI_SUM_BLOCK] = {0};

        TVI_INDEPENDENT
        for (size_t i = 0; i < size; i++) {
            const float a = logits[first + i], target = x[first + i];
            const float t = tvi_exp(-fabsf(a));
            const float p = (a < 0.0f ? t : 1.0f) / (1.0f + t);

            term[i] = (a < 0.0f ? 0.0f : a) - target * a + tvi_log1p_unit(t);
            d_logits[first + i] = scale * (p - target);
        }
        total += tvi_fold_block(term);
    }
    return total;
}

void TVI_LEVEL_NAME(tvi_set_bernoulli, TVI_ISA)(tvi_kernels *t)
{
    t->bernoulli_nll = bernoulli_nll;
    t->bernoulli_nll_gradient = bernoulli_nll_gradient;
}
