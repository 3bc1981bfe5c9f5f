/* SPDX-License-Identifier: MIT */
#include "model/pass.h"

#include <string.h>

#include "base/parallel.h"
#include "kernel/kernel.h"

/* Gaussian posteriors (SPEC section 1): every frame is one item of a parallel loop, and
 * sums are kept a frame, so that results do not depend on the number of threads. */

typedef struct sampling {
    tvi_posterior *z, *u; /* u NULL for a plain VAE */
    size_t n_latents;
    tvi_row_sum wanted;
} sampling;

static void sample_row(const tvi_posterior *posterior, size_t row, size_t n,
                       tvi_row_sum wanted)
{
    const tvi_kernels *kernels = tvi_kernel();
    const float *mean = posterior->code + row * 2 * n, *log_variance = mean + n;
    const float *noise = posterior->noise ? posterior->noise + row * n : NULL;
    float *sample = posterior->sample + row * n;

    if (noise)
        kernels->gaussian_sample(n, mean, log_variance, noise, sample);
    else
        memcpy(sample, mean, n * sizeof *sample);
    if (wanted == TVI_ROW_KL)
        posterior->row_sums[row] = kernels->gaussian_kl(n, mean, log_variance);
    else if (wanted == TVI_ROW_LOG_RATIO)
        posterior->row_sums[row] =
            kernels->gaussian_log_ratio(n, log_variance, noise, sample);
}

static void sample_rows(void *context, size_t begin, size_t end)
{
    const sampling *job = context;

    for (size_t row = begin; row < end; row++) {
        sample_row(job->z, row, job->n_latents, job->wanted);
        if (job->u)
            sample_row(job->u, row, job->n_latents, job->wanted);
    }
}

tvae_status tvi_pass_sample(tvi_pass *pass, tvae_workspace *work, const float *noise_z,
                            const float *noise_u, tvi_row_sum wanted)
{
    const size_t n_latents = pass->model->n_latents;
    const bool has_u = pass->model->u_encoder != NULL;
    sampling job = {&pass->z, has_u ? &pass->u : NULL, n_latents, wanted};
    size_t n = 0;
    tvae_status st = tvi_row_floats(pass->n_rows, n_latents, &n);

    pass->z.noise = noise_z;
    pass->u.noise = noise_u;
    if (st == TVAE_OK)
        st = tvi_workspace_get(work, TVI_SLOT_Z, n, &pass->z.sample);
    if (st == TVAE_OK && has_u)
        st = tvi_workspace_get(work, TVI_SLOT_U, n, &pass->u.sample);
    if (st != TVAE_OK)
        return st;
    tvi_parallel_for(pass->n_rows, 1, sample_rows, &job);
    return TVAE_OK;
}

typedef struct code_gradient {
    const tvi_pass *pass;
    float kl_scale;
    const float *zeros, *d_z, *d_u;
    float *d_code_z, *d_code_u;
} code_gradient;

static void gradient_row(const code_gradient *job, const tvi_posterior *posterior,
                         size_t row, const float *d_sample, float *d_code)
{
    const size_t n = job->pass->model->n_latents, first = row * 2 * n;
    const float *mean = posterior->code + first;

    tvi_kernel()->gaussian_gradient(
        n, job->kl_scale, mean, mean + n,
        posterior->noise ? posterior->noise + row * n : job->zeros, d_sample + row * n,
        d_code + first, d_code + first + n);
}

static void gradient_rows(void *context, size_t begin, size_t end)
{
    const code_gradient *job = context;

    for (size_t row = begin; row < end; row++) {
        gradient_row(job, &job->pass->z, row, job->d_z, job->d_code_z);
        if (job->pass->model->u_encoder)
            gradient_row(job, &job->pass->u, row, job->d_u, job->d_code_u);
    }
}

void tvi_pass_code_gradient(const tvi_pass *pass, double kl_weight, const float *zeros,
                            const float *d_z, const float *d_u, float *d_code_z,
                            float *d_code_u)
{
    const float kl_scale = (float)(kl_weight * pass->share) / (float)pass->n_rows;
    code_gradient job = {pass, kl_scale, zeros, d_z, d_u, d_code_z, d_code_u};

    tvi_parallel_for(pass->n_rows, 1, gradient_rows, &job);
}
