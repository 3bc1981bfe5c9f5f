/* SPDX-License-Identifier: MIT */
#include "layer/bias.h"

#include "base/parallel.h"
#include "kernel/kernel.h"

/* Below this many values a second thread costs more than it saves. */
enum { GRAIN = 16384 };

typedef struct bias_pass {
    const float *bias;
    size_t n_rows, n_outputs, group; /* outputs a bias */
    float *y;
    const float *dy;
    float *gradient;
    bool accumulate;
} bias_pass;

static void add_bias_rows(void *context, size_t begin, size_t end)
{
    const bias_pass *p = context;

    for (size_t row = begin; row < end; row++)
        tvi_kernel()->add_bias(p->n_outputs, p->group, p->bias,
                               p->y + row * p->n_outputs);
}

void tvi_bias_add(const tvi_parameter *bias, size_t n_rows, size_t n_outputs, float *y)
{
    bias_pass pass = {.bias = bias->value,
                      .n_outputs = n_outputs,
                      .group = n_outputs / bias->count,
                      .y = y};

    tvi_parallel_for(n_rows, GRAIN / n_outputs + 1, add_bias_rows, &pass);
}

/* Sums in double over rows, and over the outputs that share a bias. */
static double sum_bias_gradient(const bias_pass *p, size_t bias)
{
    double sum = 0.0;

    for (size_t row = 0; row < p->n_rows; row++)
        sum += tvi_kernel()->sum(p->group, p->dy + row * p->n_outputs + bias * p->group);
    return sum;
}

/* The same for n <= 64 neighbouring biases of one output each: along the rows as they
 * lie. */
static void sum_columns(const bias_pass *p, size_t begin, size_t n, double sums[64])
{
    for (size_t i = 0; i < n; i++)
        sums[i] = 0.0;
    for (size_t row = 0; row < p->n_rows; row++) {
        const float *dy = p->dy + row * p->n_outputs + begin;

        for (size_t i = 0; i < n; i++)
            sums[i] += (double)dy[i];
    }
}

static void gather_bias_gradient(void *context, size_t begin, size_t end)
{
    const bias_pass *p = context;
    const bool shared = p->group > 1;
    double sums[64];

    for (size_t bias = begin; bias < end; bias += 64) {
        const size_t n = end - bias < 64 ? end - bias : 64;

        if (!shared)
            sum_columns(p, bias, n, sums);
        for (size_t i = 0; i < n; i++) {
            const double sum = shared ? sum_bias_gradient(p, bias + i) : sums[i];
            const float kept = p->accumulate ? p->gradient[bias + i] : 0.0f;

            p->gradient[bias + i] = kept + (float)sum;
        }
    }
}

tvae_status tvi_bias_gradient(tvi_parameter *bias, size_t n_rows, size_t n_outputs,
                              const float *dy, tvi_gradient_sink *sink)
{
    bias_pass pass = {.n_rows = n_rows,
                      .n_outputs = n_outputs,
                      .group = n_outputs / bias->count,
                      .dy = dy};

    pass.gradient = tvi_sink_begin(sink, bias, &pass.accumulate);
    tvi_parallel_for(bias->count, GRAIN / n_rows / pass.group + 1, gather_bias_gradient,
                     &pass);
    return tvi_sink_end(sink, bias);
}
