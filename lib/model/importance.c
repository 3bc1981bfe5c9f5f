/* SPDX-License-Identifier: MIT */
#include "model/arguments.h"
#include "model/pass.h"

#include <math.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "tensor/tensor.h"

/* Importance-sampled log-likelihood (SPEC section 1, GOLDEN section 3; Burda et al. 2016
 * for the normalised form). */

static tvae_status get_noise(const tvi_pass *pass, tvae_workspace *work, float **noise_z,
                             float **noise_u, size_t *n_values)
{
    tvae_status st = tvi_row_floats(pass->n_rows, pass->model->n_latents, n_values);

    *noise_u = NULL;
    if (st == TVAE_OK)
        st = tvi_workspace_get(work, TVI_SLOT_NOISE_Z, *n_values, noise_z);
    if (st == TVAE_OK && pass->model->u_encoder)
        st = tvi_workspace_get(work, TVI_SLOT_NOISE_U, *n_values, noise_u);
    return st;
}

tvae_status tvi_model_log_weights(const tvae_model *model, tvae_workspace *work,
                                  size_t n_sequences, size_t n_frames, const float *x,
                                  size_t n_samples, tvi_noise_source source,
                                  void *context, double *log_weights)
{
    float *noise_z = NULL, *noise_u = NULL;
    size_t n_values = 0;
    tvi_pass pass;
    tvae_status st = tvi_pass_begin(&pass, model, work, n_sequences, n_frames, x);

    if (st == TVAE_OK)
        st = get_noise(&pass, work, &noise_z, &noise_u, &n_values);
    if (st == TVAE_OK)
        st = tvi_pass_encode(&pass, work);
    for (size_t sample = 0; st == TVAE_OK && sample < n_samples; sample++) {
        source(context, sample, n_values, noise_z, noise_u);
        st = tvi_pass_sample(&pass, work, noise_z, noise_u, TVI_ROW_LOG_RATIO);
        if (st == TVAE_OK)
            st = tvi_pass_construct(&pass, work, NULL);
        if (st == TVAE_OK)
            st = tvi_pass_decode(&pass, work);
        if (st != TVAE_OK)
            break;
        tvi_pass_likelihood(&pass, 0.0f, NULL);
        for (size_t row = 0; row < pass.n_rows; row++)
            log_weights[row * n_samples + sample] =
                pass.z.row_sums[row] + (model->u_encoder ? pass.u.row_sums[row] : 0.0) -
                pass.nll[row];
    }
    return st;
}

/* The noise of tvae_model_log_likelihood(): element i of a sample depends on the seed,
 * the sample and i alone. */
typedef struct seeded_noise {
    uint64_t seed;
    size_t sample;
    float *z, *u;
} seeded_noise;

static void draw_range(void *context, size_t begin, size_t end)
{
    const seeded_noise *noise = context;

    tvi_rng_fill_normal(noise->seed, TVI_RNG_SAMPLE_Z, noise->sample, begin, end - begin,
                        noise->z + begin);
    if (noise->u)
        tvi_rng_fill_normal(noise->seed, TVI_RNG_SAMPLE_U, noise->sample, begin,
                            end - begin, noise->u + begin);
}

static void draw_noise(void *context, size_t sample, size_t n_values, float *noise_z,
                       float *noise_u)
{
    enum { GRAIN = 1024 };
    seeded_noise job = {*(const uint64_t *)context, sample, noise_z, noise_u};

    tvi_parallel_for(n_values, GRAIN, draw_range, &job);
}

/* log sum_k exp(w_k), with the largest taken out; minus infinity if all are. */
static double log_sum_exp(const double *w, size_t n)
{
    double largest = -INFINITY, sum = 0.0;

    for (size_t i = 0; i < n; i++)
        largest = fmax(largest, w[i]);
    if (!isfinite(largest))
        return largest;
    for (size_t i = 0; i < n; i++)
        sum += exp(w[i] - largest);
    return largest + log(sum);
}

static tvae_status write_estimates(const double *log_weights, size_t n_rows,
                                   size_t n_samples, tvae_tensor *normalised,
                                   tvae_tensor *reference)
{
    const double log_n = log((double)n_samples);

    for (size_t row = 0; row < n_rows; row++) {
        const double estimate = log_sum_exp(log_weights + row * n_samples, n_samples);

        if (!isfinite(estimate))
            return tvi_fail(TVAE_E_NUMERIC,
                            "model_log_likelihood: the estimate of frame %zu is %g, want "
                            "a finite number: check the model's parameters",
                            row, estimate);
        if (normalised)
            normalised->data[row] = (float)(estimate - log_n);
        if (reference)
            reference->data[row] = (float)estimate;
    }
    return TVAE_OK;
}

static tvae_status check_arguments(const tvae_model *model, const tvae_workspace *work,
                                   const tvae_tensor *x, int64_t n_samples,
                                   const tvae_tensor *normalised,
                                   const tvae_tensor *reference, size_t shape[2])
{
    const char *const call = "model_log_likelihood";
    tvae_status st = tvi_check_handles(model, work, call);

    if (st == TVAE_OK)
        st = tvi_check_frames(model, x, call, &shape[0], &shape[1]);
    if (st == TVAE_OK && (n_samples < 1 || (uint64_t)n_samples > SIZE_MAX))
        st = tvi_fail(TVAE_E_INVALID, "%s: n_samples is %lld, want at least 1", call,
                      (long long)n_samples);
    if (st == TVAE_OK && normalised)
        st = tvi_tensor_check(normalised, 2, shape, call, "normalised");
    if (st == TVAE_OK && reference)
        st = tvi_tensor_check(reference, 2, shape, call, "reference");
    return st == TVAE_OK ? tvi_check_finite(x, call, "x") : st;
}

tvae_status tvae_model_log_likelihood(const tvae_model *model, tvae_workspace *work,
                                      const tvae_tensor *x, int64_t n_samples,
                                      uint64_t seed, tvae_tensor *normalised,
                                      tvae_tensor *reference)
{
    double *log_weights = NULL;
    size_t shape[2], n_weights = 0;
    tvae_status st =
        check_arguments(model, work, x, n_samples, normalised, reference, shape);

    if (st != TVAE_OK)
        return st;
    st = tvi_row_floats(shape[0] * shape[1], (size_t)n_samples, &n_weights);
    if (st == TVAE_OK)
        st = tvi_workspace_doubles(work, TVI_SLOT_LOG_WEIGHTS, n_weights, &log_weights);
    if (st == TVAE_OK)
        st = tvi_model_log_weights(model, work, shape[0], shape[1], x->data,
                                   (size_t)n_samples, draw_noise, &seed, log_weights);
    if (st != TVAE_OK)
        return st;
    return write_estimates(log_weights, shape[0] * shape[1], (size_t)n_samples,
                           normalised, reference);
}
