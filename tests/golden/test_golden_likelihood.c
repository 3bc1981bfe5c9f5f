/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "golden_model.h"
#include "model/model.h"
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
