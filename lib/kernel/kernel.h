/* SPDX-License-Identifier: MIT */
#ifndef TVI_KERNEL_KERNEL_H
#define TVI_KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Columns of a gather may be cut at multiples of the grain, whole vectors of every level.
 * At most NEAR arrays can be brought near. */
enum { TVI_GATHER_GRAIN = 16, TVI_NEAR = 3 };

/* Arrays that will be wanted where a product's result is, brought near meanwhile: each
 * like the result, rows ld apart; NULL ends them. */
typedef struct tvi_near {
    const float *at[TVI_NEAR];
    size_t ld;
} tvi_near;

/* Momentum SGD with a gradient that is never stored (SPEC section 1): buffer = momentum
 * buffer + gradient, value -= rate buffer; both lie in rows ld apart, whole vectors of
 * every level, which are zero where the weight has no columns. */
typedef struct tvi_momentum {
    float rate, momentum;
    float *buffer, *value;
    size_t ld;
    bool leaves_empty; /* rows whose gradient has no terms stay as they are */
} tvi_momentum;

/* y[i, c] = start[i, c] + sum of value[k] w[index[k], c] over begin[i] <= k < end[i], for
 * n columns c and n_lists lists i; each ld is the stride from row to row. `start` may be
 * NULL (zeros), y itself, or one row for all (ld_start 0). The order of each sum is that
 * of its list, wherever the columns are cut. */
typedef struct tvi_gather {
    size_t n_lists, n;
    const uint32_t *begin, *end, *index;
    const float *value;
    const float *w, *start;
    float *y;
    size_t ld_w, ld_start, ld_y;
    size_t panel_stride; /* w is in panels of the level's gather_columns, this far apart,
                          * and ld_w their width; 0: not */
    size_t first_staged, n_staged; /* rows of w, all that are listed, that pay to be
                                    * copied first: at most the level's; 0: none */
    tvi_near near;
    const tvi_momentum *update; /* instead of writing y, the sums being gradients: its
                                 * buffer and value are [n_lists, n], n in whole vectors
                                 * of every level; NULL: not */
} tvi_gather;

/* A tile of a product: c = a b, plus what c holds if `add`, plus bias [n_columns] unless
 * that is NULL. a holds tile_rows rows of stride ld_a or, if `a_packed`, lies as [k,
 * tile_rows]; b is packed in rows of tile_columns. Of c the rows first_row <= i < end_row
 * and the first n_columns columns are written. */
typedef struct tvi_tile {
    size_t k;
    const float *a, *b, *bias;
    float *c;
    size_t ld_a, ld_c;
    size_t first_row, end_row, n_columns;
    bool a_packed, add;
} tvi_tile;

/* Vector kernels, compiled once per instruction set and chosen at run time. Each works on
 * plain contiguous arrays on the calling thread; callers split long ones with
 * tvi_parallel_for(). Sums are accumulated in float within blocks of at most 256 terms
 * and in double across them, in a fixed order for one kernel level. Arrays may be
 * unaligned; outputs may be the same array as an input of the same index, but not overlap
 * otherwise. */
typedef struct tvi_kernels {
    /* y[i] += bias[i / group], for one row of n values; group >= 1. */
    void (*add_bias)(size_t n, size_t group, const float *bias, float *y);
    /* y = max(x, 0); dx = y > 0 ? dy : 0 */
    void (*relu)(size_t n, const float *x, float *y);
    void (*relu_gradient)(size_t n, const float *y, const float *dy, float *dx);
    /* y = 1 / (1 + exp(-x)); dx = dy y (1 - y) */
    void (*sigmoid)(size_t n, const float *x, float *y);
    void (*sigmoid_gradient)(size_t n, const float *y, const float *dy, float *dx);
    /* y = x > 0 ? x : slope x; dx = x > 0 ? dy : slope dy */
    void (*leaky_relu)(size_t n, float slope, const float *x, float *y);
    void (*leaky_relu_gradient)(size_t n, float slope, const float *x, const float *dy,
                                float *dx);
    /* y = tanh(x); dx = dy (1 - y^2) */
    void (*tanh)(size_t n, const float *x, float *y);
    void (*tanh_gradient)(size_t n, const float *y, const float *dy, float *dx);
    /* y = log(1 + exp(x)); dx = dy / (1 + exp(-x)) */
    void (*softplus)(size_t n, const float *x, float *y);
    void (*softplus_gradient)(size_t n, const float *x, const float *dy, float *dx);
    /* y += a x */
    void (*add_scaled)(size_t n, float a, const float *x, float *y);
    /* Sum of x, of |a - b|, of a b; in double. */
    double (*sum)(size_t n, const float *x);
    double (*sum_abs_difference)(size_t n, const float *a, const float *b);
    double (*dot)(size_t n, const float *a, const float *b);
    /* sample = mean + exp(log_variance / 2) noise (SPEC section 1). */
    void (*gaussian_sample)(size_t n, const float *mean, const float *log_variance,
                            const float *noise, float *sample);
    /* Sum of (mean^2 + exp(r) - 1 - r) / 2, r = log_variance; in double. */
    double (*gaussian_kl)(size_t n, const float *mean, const float *log_variance);
    /* d_mean = d_sample + scale mean;
     * d_log_variance = d_sample noise exp(r / 2) / 2 + scale (exp(r) - 1) / 2
     * (GOLDEN 2.2). */
    void (*gaussian_gradient)(size_t n, float scale, const float *mean,
                              const float *log_variance, const float *noise,
                              const float *d_sample, float *d_mean,
                              float *d_log_variance);
    /* Sum of log N(sample; 0, 1) - log N(sample; mean, exp(r)) where sample came from
     * noise: (noise^2 + r - sample^2) / 2; in double. */
    double (*gaussian_log_ratio)(size_t n, const float *log_variance, const float *noise,
                                 const float *sample);
    /* Sum of -log p(x) of a Bernoulli with logits a: softplus(a) - x a; in double. */
    double (*bernoulli_nll)(size_t n, const float *logits, const float *x);
    /* The same, and d_logits = scale (sigmoid(a) - x). */
    double (*bernoulli_nll_gradient)(size_t n, float scale, const float *logits,
                                     const float *x, float *d_logits);
    /* Sum of (x - mean)^2 / (2 s^2) + log s + log(2 pi) / 2; in double; and its gradient
     * d_mean = scale (mean - x) / s^2 (d_mean may be NULL). */
    double (*gaussian_nll)(size_t n, float s, float scale, const float *mean,
                           const float *x, float *d_mean);
    /* t = (z + mu) / sqrt(v + epsilon) */
    void (*student_t)(size_t n, float mu, float epsilon, const float *z, const float *v,
                      float *t);
    /* y = x, in bfloat16 and back. */
    void (*to_bfloat16)(size_t n, const float *x, uint16_t *y);
    void (*from_bfloat16)(size_t n, const uint16_t *x, float *y);
    /* y = x^2 */
    void (*square)(size_t n, const float *x, float *y);
    /* buffer = momentum buffer + gradient; value -= rate buffer (SPEC section 1) */
    void (*sgd)(size_t n, float rate, float momentum, const float *gradient,
                float *buffer, float *value);
    /* n_steps of it with gradients of zero, each at its own rate; n in whole vectors of
     * every level. */
    void (*replay)(size_t n, size_t n_steps, const float *rates, float momentum,
                   float *buffer, float *value);
    /* PyTorch's Adam/AdamW step. step_size = rate / (1 - beta1^t); root_correction =
     * sqrt(1 - beta2^t); decay = 1 - rate * weight_decay (1 for Adam). */
    void (*adam)(size_t n, float step_size, float root_correction, float beta1,
                 float beta2, float epsilon, float decay, const float *gradient,
                 float *mean, float *square_mean, float *value);
    /* Sums of listed rows: see tvi_gather; panels are gather_columns wide. */
    size_t gather_columns, gather_stage_rows;
    void (*gather)(const tvi_gather *g);
    /* Products in tiles: see tvi_tile. tile is NULL at levels that leave them to BLAS. */
    size_t tile_rows, tile_columns;
    void (*tile)(const tvi_tile *tile);
    /* to [k, tile_columns] = from [k, n], or from [n, k] transposed; to [k, tile_rows] =
     * from [k, n]; rows of `from` are ld apart, what n lacks is filled with zeros. */
    void (*pack_columns)(size_t k, size_t n, size_t ld, const float *from, float *to);
    void (*pack_transposed)(size_t k, size_t n, size_t ld, const float *from, float *to);
    void (*pack_rows)(size_t k, size_t n, size_t ld, const float *from, float *to);
} tvi_kernels;

/* The kernels of the level in use. */
const tvi_kernels *tvi_kernel(void);

/* The kernels of one level, NULL if this machine cannot run it: for tests. */
const tvi_kernels *tvi_kernel_at(int level);

#endif
