/* SPDX-License-Identifier: MIT */
#include "kernel/level.h"
#include "kernel/vector_math.h"

static void sgd(size_t n, float rate, float momentum, const float *gradient,
                float *buffer, float *value)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const float b = momentum * buffer[i] + gradient[i];

        buffer[i] = b;
        value[i] -= rate * b;
    }
}

static void adam(size_t n, float step_size, float root_correction, float beta1,
                 float beta2, float epsilon, float decay, const float *gradient,
                 float *mean, float *square_mean, float *value)
{
    TVI_INDEPENDENT
    for (size_t i = 0; i < n; i++) {
        const float g = gradient[i];
        const float m = mean[i] + (1.0f - beta1) * (g - mean[i]);
        const float s = beta2 * square_mean[i] + (1.0f - beta2) * g * g;

        mean[i] = m;
        square_mean[i] = s;
        value[i] =
            decay * value[i] - step_size * m / (sqrtf(s) / root_correction + epsilon);
    }
}

void TVI_LEVEL_NAME(tvi_set_optimiser, TVI_ISA)(tvi_kernels *t)
{
    t->sgd = sgd;
    t->adam = adam;
}
