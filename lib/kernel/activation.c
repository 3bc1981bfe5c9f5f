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

static void leaky_relu(size_t n, float slope, const float *x, float *y)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const float value = x[i], scaled = slope * value;

        y[i] = value > 0.0f ? value : scaled;
    }
}

static void leaky_relu_gradient(size_t n, float slope, const float *x, const float *dy,
                                float *dx)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const float value = x[i], whole = dy[i], scaled = slope * whole;

        dx[i] = value > 0.0f ? whole : scaled;
    }
}

/* Within 0.625 of zero a polynomial, where 1 - 2 / (exp(2 |x|) + 1) loses digits. */
static void hyperbolic_tangent(size_t n, const float *x, float *y)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const float value = x[i], size = fabsf(value), q = value * value;
        const float far = 1.0f - 2.0f / (tvi_exp(2.0f * size) + 1.0f);
        float p = -5.70498872745e-3f;

        p = p * q + 2.06390887954e-2f;
        p = p * q - 5.37397155531e-2f;
        p = p * q + 1.33314422036e-1f;
        p = p * q - 3.33332819422e-1f;
        y[i] = size < 0.625f ? value + value * (p * q) : copysignf(far, value);
    }
}

static void hyperbolic_tangent_gradient(size_t n, const float *y, const float *dy,
                                        float *dx)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++)
        dx[i] = dy[i] * ((1.0f - y[i]) * (1.0f + y[i]));
}

static void softplus(size_t n, const float *x, float *y)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const float value = x[i];

        y[i] = (value < 0.0f ? 0.0f : value) + tvi_log1p_unit(tvi_exp(-fabsf(value)));
    }
}

static void softplus_gradient(size_t n, const float *x, const float *dy, float *dx)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const float value = x[i], t = tvi_exp(-fabsf(value));

        dx[i] = dy[i] * ((value < 0.0f ? t : 1.0f) / (1.0f + t));
    }
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
    t->leaky_relu = leaky_relu;
    t->leaky_relu_gradient = leaky_relu_gradient;
    t->tanh = hyperbolic_tangent;
    t->tanh_gradient = hyperbolic_tangent_gradient;
    t->softplus = softplus;
    t->softplus_gradient = softplus_gradient;
    t->add_scaled = add_scaled;
    t->square = square;
}
