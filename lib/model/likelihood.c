/* SPDX-License-Identifier: MIT */
#include "model/pass.h"

#include "base/parallel.h"
#include "kernel/kernel.h"

/* The likelihoods p(x | t) over the decoder's outputs (SPEC section 1, GOLDEN section
 * 2.2): Bernoulli from logits, Gaussian with a fixed scale. One item a frame, one sum a
 * frame. */

typedef struct head {
    const tvi_pass *pass;
    float scale;
    float *d_output; /* NULL: no gradient */
} head;

static double bernoulli_row(const head *job, size_t n, const float *logits,
                            const float *x, float *d_logits)
{
    const tvi_kernels *kernels = tvi_kernel();

    return d_logits ? kernels->bernoulli_nll_gradient(n, job->scale, logits, x, d_logits)
                    : kernels->bernoulli_nll(n, logits, x);
}

static void likelihood_rows(void *context, size_t begin, size_t end)
{
    const head *job = context;
    const tvi_pass *pass = job->pass;
    const tvae_model_options *options = &pass->model->options;
    const size_t n = pass->model->n_pixels;

    for (size_t row = begin; row < end; row++) {
        const float *output = pass->output + row * n, *x = pass->x + row * n;
        float *d_output = job->d_output ? job->d_output + row * n : NULL;

        pass->nll[row] =
            options->likelihood == TVAE_LIKELIHOOD_BERNOULLI
                ? bernoulli_row(job, n, output, x, d_output)
                : tvi_kernel()->gaussian_nll(n, (float)options->gaussian_scale,
                                             job->scale, output, x, d_output);
    }
}

void tvi_pass_likelihood(const tvi_pass *pass, float scale, float *d_output)
{
    head job = {pass, scale, d_output};

    tvi_parallel_for(pass->n_rows, 1, likelihood_rows, &job);
}
