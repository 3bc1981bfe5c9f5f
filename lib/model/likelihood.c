/* SPDX-License-Identifier: MIT */
#include "model/pass.h"

#include <math.h>
#include <string.h>

#include "base/parallel.h"
#include "kernel/kernel.h"

/* The likelihoods p(x | t) over the decoder's outputs (SPEC section 1, GOLDEN section
 * 2.2): Bernoulli from logits, Gaussian with one scale. One item a frame, one sum a
 * frame. */

typedef struct head {
    const tvi_pass *pass;
    float scale, gaussian_scale;
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
        const float *output = pass->output + row * n;
        const float *x = pass->x + tvi_pass_target(pass, row) * n;
        float *d_output = job->d_output ? job->d_output + row * n : NULL;

        pass->nll[row] =
            options->likelihood == TVAE_LIKELIHOOD_BERNOULLI
                ? bernoulli_row(job, n, output, x, d_output)
                : tvi_kernel()->gaussian_nll(n, job->gaussian_scale, job->scale, output,
                                             x, d_output);
    }
}

float tvi_model_gaussian_scale(const tvae_model *model)
{
    return model->log_scale.value ? (float)exp((double)model->log_scale.value[0])
                                  : (float)model->options.gaussian_scale;
}

void tvi_pass_likelihood(const tvi_pass *pass, float scale, float *d_output)
{
    head job = {pass, scale, tvi_model_gaussian_scale(pass->model), d_output};

    tvi_parallel_for(pass->n_outputs, 1, likelihood_rows, &job);
}

/* A row's -log p is q + n (log s + log(2 pi) / 2), q its squares over 2 s^2; by log s
 * that is n - 2 q. */
tvae_status tvi_pass_deliver_scale(const tvi_pass *pass, tvi_parameter *log_scale,
                                   double neg_log_px, tvi_gradient_sink *sink)
{
    const double half_log_2_pi = 0.91893853320467274178;
    const double n = (double)pass->model->n_pixels;
    const double s = (double)tvi_model_gaussian_scale(pass->model);
    const double squares = neg_log_px - n * (log(s) + half_log_2_pi);
    bool accumulate = false;
    float *gradient = tvi_sink_begin(sink, log_scale, &accumulate);

    gradient[0] =
        (accumulate ? gradient[0] : 0.0f) + (float)(pass->share * (n - 2.0 * squares));
    return tvi_sink_end(sink, log_scale);
}

typedef struct expectation {
    const tvi_pass *pass;
    float *x;
} expectation;

static void expect_rows(void *context, size_t first, size_t last)
{
    const expectation *job = context;
    const size_t n_pixels = job->pass->model->n_pixels, n = (last - first) * n_pixels;
    const float *output = job->pass->output + first * n_pixels;
    float *x = job->x + first * n_pixels;

    if (job->pass->model->options.likelihood == TVAE_LIKELIHOOD_BERNOULLI)
        tvi_kernel()->sigmoid(n, output, x);
    else
        memcpy(x, output, n * sizeof *x);
}

void tvi_pass_expect(const tvi_pass *pass, float *x)
{
    expectation job = {pass, x};

    tvi_parallel_for(pass->n_outputs, 1, expect_rows, &job);
}
