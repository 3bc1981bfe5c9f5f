/* SPDX-License-Identifier: MIT */
#include "topography/prior.h"

#include <math.h>
#include <string.h>

#include "kernel/kernel.h"

/* The construction of a single frame from the squares of past ones: what a stream needs.
 * Taps are added in the order of the whole construction. */

size_t tvi_prior_frame_floats(const tvae_prior *prior)
{
    return (prior->n_neighbourhoods + 1) * prior->n_latents;
}

static void sum_frame(const tvae_prior *prior, const tvi_energy *energy,
                      const float *const *past, float *v)
{
    const tvi_kernels *kernel = tvi_kernel();
    const size_t n_places = prior->n_places;

    memset(v, 0, prior->n_latents * sizeof *v);
    for (size_t i = 0; i < energy->n_taps; i++) {
        const tvi_tap *tap = &energy->taps[i];
        const tvi_run *runs = &energy->runs[tap->run];
        const float *squares = past[-tap->frame];
        const float weight = energy->weights.value[tap->weight];

        if (weight <= 0.0f || !squares)
            continue;
        for (size_t start = 0; start < prior->n_latents; start += n_places)
            for (size_t k = 0; k < tap->n_runs; k++)
                kernel->add_scaled(runs[k].count, weight, squares + start + runs[k].from,
                                   v + start + runs[k].to);
    }
}

void tvi_prior_apply_frame(const tvae_prior *prior, const float *z,
                           const float *const *past, float *t, float *scratch)
{
    const size_t n = prior->n_latents, n_neighbourhoods = prior->n_neighbourhoods;
    const float epsilon = (float)prior->options.epsilon;
    float *root_squares = scratch + n_neighbourhoods * n;

    if (n_neighbourhoods == 0) {
        memcpy(t, z, n * sizeof *t);
        return;
    }
    for (size_t j = 0; j < n_neighbourhoods; j++)
        sum_frame(prior, &prior->energies[j], past, scratch + j * n);
    if (n_neighbourhoods == 1) {
        tvi_kernel()->student_t(n, prior->mu->value[0], epsilon, z, scratch, t);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        float root_sum = 0.0f;

        for (size_t j = 0; j < n_neighbourhoods; j++)
            root_sum += sqrtf(scratch[j * n + i] + epsilon);
        root_squares[i] = root_sum * root_sum;
    }
    tvi_kernel()->student_t(n, prior->mu->value[0], 0.0f, z, root_squares, t);
}
