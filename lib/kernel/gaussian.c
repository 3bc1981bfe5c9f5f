/* SPDX-License-Identifier: MIT */
#include "kernel/level.h"
#include "kernel/vector_math.h"

/* SPEC section 1; r is the log-variance of the posterior throughout. */

static void gaussian_sample(size_t n, const float *mean, const float *log_variance,
                            const float *noise, float *sample)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++)
        sample[i] = mean[i] + tvi_exp(0.5f * log_variance[i]) * noise[i];
}

static double gaussian_kl(size_t n, const float *mean, const float *log_variance)
{
    double total = 0.0;

    for (size_t first = 0; first < n; first += TVI_SUM_BLOCK) {
        const size_t size = tvi_block_size(n - first);
        float term[TVI_SUM_BLOCK] = {0};

        for (size_t i = 0; i < size; i++) {
            const float m = mean[first + i], r = log_variance[first + i];

            term[i] = m * m + (tvi_exp(r) - 1.0f - r);
        }
        total += tvi_fold_block(term);
    }
    return 0.5 * total;
}

static void gaussian_gradient(size_t n, float scale, const float *mean,
                              const float *log_variance, const float *noise,
                              const float *d_sample, float *d_mean, float *d_log_variance)
{
    const float half_scale = 0.5f * scale;

    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const float m = mean[i], e = noise[i], d = d_sample[i];
        const float deviation = tvi_exp(0.5f * log_variance[i]);

        d_mean[i] = d + scale * m;
        d_log_variance[i] =
            0.5f * d * e * deviation + half_scale * (deviation * deviation - 1.0f);
    }
}

static double gaussian_log_ratio(size_t n, const float *log_variance, const float *noise,
                                 const float *sample)
{
    double total = 0.0;

    for (size_t first = 0; first < n; first += TVI_SUM_BLOCK) {
        const size_t size = tvi_block_size(n - first);
        float term[TVI_SUM_BLOCK] = {0};

        for (size_t i = 0; i < size; i++) {
            const float e = noise[first + i], s = sample[first + i];

            term[i] = (e - s) * (e + s) + log_variance[first + i];
        }
        total += tvi_fold_block(term);
    }
    return 0.5 * total;
}

static double sum_squared_difference(size_t n, const float *a, const float *b)
{
    double total = 0.0;

    for (size_t first = 0; first < n; first += TVI_SUM_BLOCK) {
        const size_t size = tvi_block_size(n - first);
        float term[TVI_SUM_BLOCK] = {0};

        for (size_t i = 0; i < size; i++) {
            const float difference = a[first + i] - b[first + i];

            term[i] = difference * difference;
        }
        total += tvi_fold_block(term);
    }
    return total;
}

static double gaussian_nll(size_t n, float s, float scale, const float *mean,
                           const float *x, float *d_mean)
{
    const double log_normaliser = log((double)s) + 0.91893853320467274178;
    const double squares = sum_squared_difference(n, x, mean);
    const float slope = scale / (s * s);

    if (d_mean) {
        TVI_INDEPENDENT
        for (size_t i = 0; i < n; i++)
            d_mean[i] = slope * (mean[i] - x[i]);
    }
    return squares / (2.0 * (double)s * (double)s) + (double)n * log_normaliser;
}

static void student_t(size_t n, float mu, float epsilon, const float *z, const float *v,
                      float *t)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++)
        t[i] = (z[i] + mu) / sqrtf(v[i] + epsilon);
}

void TVI_LEVEL_NAME(tvi_set_gaussian, TVI_ISA)(tvi_kernels *t)
{
    t->gaussian_sample = gaussian_sample;
    t->gaussian_kl = gaussian_kl;
    t->gaussian_gradient = gaussian_gradient;
    t->gaussian_log_ratio = gaussian_log_ratio;
    t->gaussian_nll = gaussian_nll;
    t->student_t = student_t;
}
