/* SPDX-License-Identifier: MIT */
#include "kernel/level.h"
#include "kernel/vector_math.h"

static void add_bias(size_t n, size_t group, const float *bias, float *y)
{
    if (group == 1) {
        TVI_INDEPENDENT
        for (size_t i = 0; i < n; i++)
            y[i] += bias[i];
        return;
    }
    for (size_t first = 0, g = 0; first < n; first += group, g++) {
        const size_t end = n - first < group ? n : first + group;
        const float b = bias[g];

        for (size_t i = first; i < end; i++)
            y[i] += b;
    }
}

static void relu(size_t n, const float *x, float *y)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const float value = x[i];

        y[i] = value < 0.0f ? 0.0f : value;
    }
}

static void relu_gradient(size_t n, const float *y, const float *dy, float *dx)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const float value = y[i], slope = dy[i];

        dx[i] = value > 0.0f ? slope : 0.0f;
    }
}

static void sigmoid(size_t n, const float *x, float *y)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const float value = x[i], t = tvi_exp(-fabsf(value));

        y[i] = (value < 0.0f ? t : 1.0f) / (1.0f + t);
    }
}

static void sigmoid_gradient(size_t n, const float *y, const float *dy, float *dx)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++)
        dx[i] = dy[i] * y[i] * (1.0f - y[i]);
}

static void add_scaled(size_t n, float a, const float *x, float *y)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++)
        y[i] += a * x[i];
}

static void square(size_t n, const float *x, float *y)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] * x[i];
}

void TVI_LEVEL_NAME(tvi_set_activation, TVI_ISA)(tvi_kernels *t)
{
    t->add_bias = add_bias;
    t->relu = relu;
    t->relu_gradient = relu_gradient;
    t->sigmoid = sigmoid;
    t->sigmoid_gradient = sigmoid_gradient;
    t->add_scaled = add_scaled;
    t->square = square;
}
