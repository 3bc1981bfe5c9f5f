/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "golden_model.h"
#include "model/pass.h"
#include "support.h"

/* likelihood.npz: GOLDEN section 3. */
static const double forward = 1e-5;

enum { META_SAMPLES = 11 };

static void give_noise(void *context, size_t sample, size_t n_values, float *noise_z,
                       float *noise_u)
{
    const golden_model *g = context;
    tvae_tensor *z = golden_noise(g, "eps_z", sample);
    tvae_tensor *u = golden_noise(g, "eps_u", sample);

    ck_assert_uint_eq(n_values, g->n_rows * g->n_latents);
    memcpy(noise_z, tvae_tensor_data_const(z), n_values * sizeof *noise_z);
    if (noise_u)
        memcpy(noise_u, tvae_tensor_data_const(u), n_values * sizeof *noise_u);
    tvae_tensor_destroy(&z);
    tvae_tensor_destroy(&u);
}

/* log N(sample; 0, 1) of a row. */
static double log_prior(const float *sample, size_t n)
{
    const double log_2_pi = 1.8378770664093453;
    double sum = 0.0;

    for (size_t i = 0; i < n; i++)
        sum -= ((double)sample[i] * (double)sample[i] + log_2_pi) / 2.0;
    return sum;
}

enum { LOG_PX, LOG_PZ, LOG_QZ, LOG_PU, LOG_QU, N_TERMS };

/* The terms of each row's weight in one sample, as the file lays them out: [terms, rows,
 * samples]. The library keeps log p - log q of each posterior as one sum. */
static void find_terms(const golden_model *g, tvi_pass *pass, size_t n_samples,
                       size_t sample, float *terms)
{
    const tvi_posterior *const posteriors[] = {&pass->z, &pass->u};

    for (size_t row = 0; row < g->n_rows; row++) {
        float *at = terms + row * n_samples + sample;
        const size_t stride = g->n_rows * n_samples;

        at[LOG_PX * stride] = (float)-pass->nll[row];
        for (size_t k = 0; k < 2; k++) {
            const tvi_posterior *posterior = posteriors[k];
            double prior;

            if (!posterior->sample)
                continue;
            prior = log_prior(posterior->sample + row * g->n_latents, g->n_latents);
            at[(LOG_PZ + 2 * k) * stride] = (float)prior;
            at[(LOG_QZ + 2 * k) * stride] = (float)(prior - posterior->row_sums[row]);
        }
    }
}

static void check_terms(const golden_model *g, size_t n_samples)
{
    float *terms = calloc(N_TERMS * g->n_rows * n_samples, sizeof *terms);
    tvi_pass pass;

    ck_assert_ptr_nonnull(terms);
    ASSERT_OK(tvi_pass_begin(&pass, g->model, g->work, g->n_sequences, g->n_frames,
                             tvae_tensor_data_const(g->frames)));
    ASSERT_OK(tvi_pass_encode(&pass, g->work));
    for (size_t sample = 0; sample < n_samples; sample++) {
        tvae_tensor *z = golden_noise(g, "eps_z", sample);
        tvae_tensor *u = golden_noise(g, "eps_u", sample);

        ASSERT_OK(tvi_pass_sample(&pass, g->work, tvae_tensor_data_const(z),
                                  tvae_tensor_data_const(u), TVI_ROW_LOG_RATIO));
        ASSERT_OK(tvi_pass_construct(&pass, g->work, NULL));
        ASSERT_OK(tvi_pass_decode(&pass, g->work));
        tvi_pass_likelihood(&pass, 0.0f, NULL);
        find_terms(g, &pass, n_samples, sample, terms);
        tvae_tensor_destroy(&z);
        tvae_tensor_destroy(&u);
    }
    golden_compare(g, "terms", terms, forward);
    free(terms);
}

static float log_sum_exp(const double *values, size_t n)
{
    double largest = values[0], sum = 0.0;

    for (size_t i = 1; i < n; i++)
        largest = fmax(largest, values[i]);
    for (size_t i = 0; i < n; i++)
        sum += exp(values[i] - largest);
    return (float)(largest + log(sum));
}

static void check_case(const tvae_archive *archive, const char *case_name)
{
    const size_t n_samples = (size_t)golden_meta(archive, case_name, META_SAMPLES);
    golden_model g;
    double *weights, mean = 0.0;
    float *rounded, *estimates, value;

    golden_model_load(&g, archive, case_name);
    weights = calloc(g.n_rows * n_samples, sizeof *weights);
    rounded = calloc(g.n_rows * n_samples, sizeof *rounded);
    estimates = calloc(g.n_rows, sizeof *estimates);
    ck_assert(weights && rounded && estimates);
    ASSERT_OK(tvi_model_log_weights(g.model, g.work, g.n_sequences, g.n_frames,
                                    tvae_tensor_data_const(g.frames), n_samples,
                                    give_noise, &g, weights));
    for (size_t i = 0; i < g.n_rows * n_samples; i++)
        rounded[i] = (float)weights[i];
    golden_compare(&g, "ll", rounded, forward);
    for (size_t row = 0; row < g.n_rows; row++) {
        estimates[row] = log_sum_exp(weights + row * n_samples, n_samples);
        mean += (double)estimates[row] / (double)g.n_rows;
    }
    golden_compare(&g, "is_estimate", estimates, forward);
    value = (float)mean;
    golden_compare(&g, "eval_value", &value, forward);
    check_terms(&g, n_samples);
    free(weights);
    free(rounded);
    free(estimates);
    golden_model_release(&g);
}

START_TEST(log_weights_give_golden_numbers)
{
    tvae_archive *archive = golden_open("likelihood.npz");

    if (!archive)
        return;
    ck_assert_uint_gt(golden_each_case(archive, check_case), 0);
    tvae_archive_destroy(&archive);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden likelihood");
    TCase *tc = tcase_create("likelihood.npz");

    tcase_add_test(tc, log_weights_give_golden_numbers);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
