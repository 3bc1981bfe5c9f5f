/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "golden_model.h"
#include "kernel/kernel.h"
#include "model/pass.h"
#include "support.h"

/* model.npz: GOLDEN section 2. Tolerances are those it suggests. */
static const double forward = 1e-5, gradient = 1e-4;

enum { N_STEPS = 3 };

/* Sum each row of a stored elementwise array and compare with row sums. */
static void compare_row_sums(const golden_model *g, const char *suffix, const double *got)
{
    tvae_tensor *stored = golden_get(g->archive, g->name, suffix);
    const size_t width = tvae_tensor_count(stored) / g->n_rows;
    char what[256];

    for (size_t row = 0; row < g->n_rows; row++) {
        double want = 0.0;

        for (size_t i = 0; i < width; i++)
            want += (double)tvae_tensor_data_const(stored)[row * width + i];
        (void)snprintf(what, sizeof what, "%s.%s row %zu", g->name, suffix, row);
        assert_near(what, got[row], want, forward, forward);
    }
    tvae_tensor_destroy(&stored);
}

/* The first linear layers' outputs, before ReLU. */
static void compare_hidden(const golden_model *g, const tvae_layer *chain,
                           const float *rows, size_t n_inputs, const char *first,
                           const char *second)
{
    const tvae_layer *const linear[] = {tvi_layer_child(chain, 0),
                                        tvi_layer_child(chain, 2)};
    const char *const suffixes[] = {first, second};
    tvi_rows x = {g->n_rows, n_inputs, rows, NULL};
    float *outputs[2] = {NULL, NULL};

    for (size_t i = 0; i < 2; i++) {
        const size_t n_outputs = tvi_layer_output_width(linear[i], x.width);
        const size_t n_saved = tvi_layer_saved_floats(linear[i], x.n_rows, x.width);
        float *saved = calloc(n_saved + 1, sizeof *saved);

        outputs[i] = calloc(g->n_rows * n_outputs, sizeof **outputs);
        ck_assert(outputs[i] && saved);
        ASSERT_OK(tvi_layer_forward(linear[i], &x, outputs[i], saved));
        golden_compare(g, suffixes[i], outputs[i], forward);
        for (size_t k = 0; k < g->n_rows * n_outputs; k++)
            outputs[i][k] = fmaxf(outputs[i][k], 0.0f);
        x = (tvi_rows){g->n_rows, n_outputs, outputs[i], NULL};
        free(saved);
    }
    free(outputs[0]);
    free(outputs[1]);
}

static void compare_posterior(const golden_model *g, char name)
{
    const size_t shape[] = {g->n_sequences, g->n_frames, g->n_latents};
    tvae_tensor *mean = NULL, *log_variance = NULL;
    char suffix[16];

    ASSERT_OK(tvae_tensor_create(3, shape, &mean));
    ASSERT_OK(tvae_tensor_create(3, shape, &log_variance));
    ASSERT_OK(
        tvae_model_posterior(g->model, g->work, g->frames, name == 'z' ? mean : NULL,
                             name == 'z' ? log_variance : NULL, name == 'u' ? mean : NULL,
                             name == 'u' ? log_variance : NULL));
    (void)snprintf(suffix, sizeof suffix, "%c_mu", name);
    golden_compare(g, suffix, tvae_tensor_data_const(mean), forward);
    (void)snprintf(suffix, sizeof suffix, "%c_logvar", name);
    golden_compare(g, suffix, tvae_tensor_data_const(log_variance), forward);
    tvae_tensor_destroy(&mean);
    tvae_tensor_destroy(&log_variance);
}

static void compare_energy(const golden_model *g, const float *u)
{
    const tvae_prior *prior = g->model->prior;
    const size_t n = tvi_prior_scratch_floats(prior, g->n_sequences, g->n_frames);
    float *v = calloc(g->n_rows * g->n_latents, sizeof *v);
    float *scratch = calloc(n + 1, sizeof *scratch);

    ck_assert(v && scratch);
    tvi_prior_energy(prior, 0, g->n_sequences, g->n_frames, u, v, scratch);
    golden_compare(g, "v", v, forward);
    free(v);
    free(scratch);
}

static void compare_decoded(const golden_model *g, float *t)
{
    const size_t shape[] = {g->n_sequences, g->n_frames, g->n_latents};
    size_t frame_shape[5] = {g->n_sequences, g->n_frames};
    tvae_tensor *latents = NULL, *decoded = NULL;

    ASSERT_OK(tvae_model_frame_shape(g->model, frame_shape + 2));
    ASSERT_OK(tvae_tensor_create(3, shape, &latents));
    memcpy(tvae_tensor_data(latents), t, g->n_rows * g->n_latents * sizeof *t);
    ASSERT_OK(tvae_tensor_create(5, frame_shape, &decoded));
    ASSERT_OK(tvae_model_decode(g->model, g->work, latents, decoded));
    golden_compare(g, "probs_x", tvae_tensor_data_const(decoded), forward);
    tvae_tensor_destroy(&latents);
    tvae_tensor_destroy(&decoded);
}

/* Everything that a forward pass makes on its way, at step 0. */
static void compare_forward(const golden_model *g)
{
    tvae_tensor *noise_z = golden_noise(g, "eps_z", 0);
    tvae_tensor *noise_u = golden_noise(g, "eps_u", 0);
    tvae_model *model = g->model;
    tvi_pass pass;

    compare_posterior(g, 'z');
    compare_hidden(g, model->z_encoder, tvae_tensor_data_const(g->frames),
                   model->n_pixels, "z_a1", "z_a2");
    if (model->u_encoder)
        compare_posterior(g, 'u');
    ASSERT_OK(tvi_pass_begin(&pass, model, g->work, g->n_sequences, g->n_frames,
                             tvae_tensor_data_const(g->frames)));
    ASSERT_OK(tvi_pass_encode(&pass, g->work));
    ASSERT_OK(tvi_pass_sample(&pass, g->work, tvae_tensor_data_const(noise_z),
                              tvae_tensor_data_const(noise_u), TVI_ROW_KL));
    ASSERT_OK(tvi_pass_construct(&pass, g->work, NULL));
    ASSERT_OK(tvi_pass_decode(&pass, g->work));
    tvi_pass_likelihood(&pass, 1.0f, NULL);
    golden_compare(g, "z", pass.z.sample, forward);
    compare_row_sums(g, "kl_z", pass.z.row_sums);
    if (model->u_encoder) {
        golden_compare(g, "u", pass.u.sample, forward);
        compare_row_sums(g, "kl_u", pass.u.row_sums);
        compare_energy(g, pass.u.sample);
    }
    golden_compare(g, "s", pass.t, forward);
    compare_hidden(g, model->decoder, pass.t, g->n_latents, "d_a1", "d_a2");
    golden_compare(g, "logits", pass.output, forward);
    compare_row_sums(g, "neg_logpx", pass.nll);
    compare_decoded(g, pass.t);
    tvae_tensor_destroy(&noise_z);
    tvae_tensor_destroy(&noise_u);
}

static void compare_gradients(const golden_model *g)
{
    char name[128], suffix[192];

    golden_compare(g, "ds", g->work->slots[TVI_SLOT_D_T].values, gradient);
    golden_compare(g, "dz", g->work->slots[TVI_SLOT_D_Z].values, gradient);
    if (g->model->u_encoder)
        golden_compare(g, "du", g->work->slots[TVI_SLOT_D_U].values, gradient);
    for (size_t i = 0; i < tvae_model_parameter_count(g->model); i++) {
        int32_t rank;
        size_t shape[TVAE_MAX_RANK];
        tvae_tensor *got = NULL;

        ASSERT_OK(
            tvae_model_parameter_info(g->model, i, name, sizeof name, &rank, shape));
        (void)snprintf(suffix, sizeof suffix, "grad.%s", name);
        if (!golden_has(g->archive, g->name, suffix)) {
            ck_assert_str_eq(name, "grouper.model.weight");
            continue;
        }
        ASSERT_OK(tvae_tensor_create(rank, shape, &got));
        ASSERT_OK(tvae_model_get_gradient(g->model, name, got));
        golden_compare(g, suffix, tvae_tensor_data_const(got), gradient);
        tvae_tensor_destroy(&got);
    }
}

/* One step of momentum SGD through the public functions. */
static void step_parameters(const golden_model *g, tvae_tensor **momenta)
{
    char name[128];

    for (size_t i = 0; i < tvae_model_parameter_count(g->model); i++) {
        int32_t rank;
        size_t shape[TVAE_MAX_RANK];
        tvae_tensor *value = NULL, *slope = NULL;

        ASSERT_OK(
            tvae_model_parameter_info(g->model, i, name, sizeof name, &rank, shape));
        if (!momenta[i])
            ASSERT_OK(tvae_tensor_create(rank, shape, &momenta[i]));
        ASSERT_OK(tvae_tensor_create(rank, shape, &value));
        ASSERT_OK(tvae_tensor_create(rank, shape, &slope));
        ASSERT_OK(tvae_model_get_parameter(g->model, name, value));
        ASSERT_OK(tvae_model_get_gradient(g->model, name, slope));
        for (size_t k = 0; k < tvae_tensor_count(value); k++) {
            float *momentum = tvae_tensor_data(momenta[i]) + k;

            *momentum = 0.9f * *momentum + tvae_tensor_data(slope)[k];
            tvae_tensor_data(value)[k] -= 1e-3f * *momentum;
        }
        ASSERT_OK(tvae_model_set_parameter(g->model, name, value));
        tvae_tensor_destroy(&value);
        tvae_tensor_destroy(&slope);
    }
}

static void compare_terms(const golden_model *g, size_t step, const double *terms)
{
    static const char *const suffixes[] = {"loss", "nl", "kl"};
    const double got[] = {terms[TVAE_TERM_LOSS], terms[TVAE_TERM_NEG_LOG_PX],
                          terms[TVAE_TERM_KL_Z] + terms[TVAE_TERM_KL_U]};

    for (size_t i = 0; i < 3; i++) {
        tvae_tensor *want = golden_get(g->archive, g->name, suffixes[i]);
        char what[256];

        (void)snprintf(what, sizeof what, "%s.%s[%zu]", g->name, suffixes[i], step);
        assert_near(what, got[i], (double)tvae_tensor_data_const(want)[step], forward,
                    forward);
        tvae_tensor_destroy(&want);
    }
}

/* The equivariance error of the latents that the loss left behind; capsules of one axis
 * only. */
static void compare_equivariance(const golden_model *g, size_t step)
{
    size_t shape[6] = {g->n_sequences, g->n_frames};
    tvae_tensor *t = NULL, *want;
    double error;

    ASSERT_OK(tvae_model_latent_shape(g->model, shape + 2));
    if (shape[4] * shape[5] > 1)
        return;
    ASSERT_OK(tvae_tensor_create(4, shape, &t));
    memcpy(tvae_tensor_data(t), tvi_model_last_latents(g->work),
           tvae_tensor_count(t) * sizeof(float));
    ASSERT_OK(tvae_equivariance_error(t, &error));
    want = golden_get(g->archive, g->name, "eq");
    assert_near("eq", error, (double)tvae_tensor_data_const(want)[step], forward, 0.0);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&want);
}

/* The plain VAE of the reference carries a grouper.model.weight that nothing reads and no
 * step changes; ours has no such parameter. */
static void compare_training(const golden_model *g)
{
    enum { MAX_PARAMETERS = 64 };
    tvae_tensor *momenta[MAX_PARAMETERS] = {NULL};
    double terms[TVAE_N_TERMS];

    ck_assert_uint_le(tvae_model_parameter_count(g->model), MAX_PARAMETERS);
    for (size_t step = 0; step < N_STEPS; step++) {
        tvae_tensor *noise_z = golden_noise(g, "eps_z", step);
        tvae_tensor *noise_u = golden_noise(g, "eps_u", step);

        ASSERT_OK(tvae_model_zero_gradient(g->model));
        ASSERT_OK(tvae_model_elbo_gradient(g->model, g->work, g->frames, noise_z, noise_u,
                                           terms, TVAE_N_TERMS));
        compare_terms(g, step, terms);
        compare_equivariance(g, step);
        if (step == 0)
            compare_gradients(g);
        step_parameters(g, momenta);
        tvae_tensor_destroy(&noise_z);
        tvae_tensor_destroy(&noise_u);
    }
    for (size_t i = 0; i < tvae_model_parameter_count(g->model); i++) {
        tvae_tensor *want = golden_parameter(g, "after3.", i), *got = NULL;
        char name[128];

        ASSERT_OK(tvae_model_parameter_info(g->model, i, name, sizeof name, NULL, NULL));
        ASSERT_OK(tvae_tensor_view(momenta[i], 0, tvae_tensor_rank(momenta[i]),
                                   g->model->parameters.items[i].parameter->shape, &got));
        ASSERT_OK(tvae_model_get_parameter(g->model, name, got));
        assert_close(name, tvae_tensor_data_const(got), tvae_tensor_data_const(want),
                     tvae_tensor_count(want), forward, 0.0);
        tvae_tensor_destroy(&got);
        tvae_tensor_destroy(&want);
        tvae_tensor_destroy(&momenta[i]);
    }
}

static void check_case(const tvae_archive *archive, const char *case_name)
{
    golden_model g;

    golden_model_load(&g, archive, case_name);
    compare_forward(&g);
    compare_training(&g);
    golden_model_release(&g);
}

START_TEST(model_gives_golden_numbers)
{
    tvae_archive *archive = golden_open("model.npz");

    if (!archive)
        return;
    ck_assert_uint_gt(golden_each_case(archive, check_case), 0);
    tvae_archive_destroy(&archive);
}
END_TEST

/* A stored array of the file; NULL without the folder. */
static tvae_tensor *load_array(const char *case_name, const char *suffix)
{
    tvae_archive *archive = golden_open("model.npz");
    tvae_tensor *array = archive ? golden_get(archive, case_name, suffix) : NULL;

    tvae_archive_destroy(&archive);
    return array;
}

/* The logit at which the reference's clamp to [2^-23, 1 - 2^-23] saturates. */
static const double saturation = 15.942385;

START_TEST(bernoulli_of_logits_gives_golden_numbers)
{
    tvae_tensor *a = load_array("bern", "a"), *x = load_array("bern", "x");
    tvae_tensor *nll = load_array("bern", "neg_logpx"), *da = load_array("bern", "da");
    tvae_tensor *probs = load_array("bern", "probs");

    for (size_t i = 0; a && i < tvae_tensor_count(a); i++) {
        const float logit = tvae_tensor_data(a)[i], target = tvae_tensor_data(x)[i];
        const double want = (double)tvae_tensor_data(nll)[i];
        const double want_slope = (double)tvae_tensor_data(da)[i];
        const bool saturated = logit < -15.9424f || logit > 16.6355f;
        float clamped = logit, slope;
        double got;
        float p;

        tvi_kernel()->sigmoid(1, &logit, &p);
        assert_near("probs", (double)p, (double)tvae_tensor_data(probs)[i], 0.0, forward);
        if (saturated)
            clamped = (float)copysign(saturation, (double)logit);
        got = tvi_kernel()->bernoulli_nll_gradient(1, 1.0f, &clamped, &target, &slope);
        /* The reference's probabilities are float32: near 1 they lie on a grid of 2^-24,
         * which moves its log(1 - p) by 2^-24 exp(a). */
        assert_near("neg_logpx", got, want, forward,
                    forward + (logit > 0.0f ? 0x1p-23 * exp((double)clamped) : 0.0));
        if (saturated) {
            ck_assert(want_slope == 0.0);
            got = tvi_kernel()->bernoulli_nll(1, &logit, &target);
            assert_near("unsaturated", got,
                        fmax((double)logit, 0.0) + log1p(exp(-fabs((double)logit))) -
                            (double)logit * (double)target,
                        1e-6, 1e-6);
        } else {
            assert_near("da", (double)slope, want_slope, gradient, 2e-7);
        }
    }
    tvae_tensor_destroy(&a);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&nll);
    tvae_tensor_destroy(&da);
    tvae_tensor_destroy(&probs);
}
END_TEST

/* dloss/dp = dloss/dlogit / (p (1 - p)) where p is not clamped, else 0. Near 0 and 1 the
 * reference's own division by p (1 - p) loses digits. */
static void check_slope(double p, float logit, float target, double want)
{
    float slope;

    if (p < 0x1p-23 || p > 1.0 - 0x1p-23) {
        ck_assert(want == 0.0);
        return;
    }
    (void)tvi_kernel()->bernoulli_nll_gradient(1, 1.0f, &logit, &target, &slope);
    assert_near("dp", (double)slope, want * p * (1.0 - p), 0.0, forward);
}

/* Over probabilities: the logit of the clamped probability gives the reference's value.
 * Its own outer clamp, to [0, 1], has no counterpart here. */
START_TEST(bernoulli_of_probabilities_saturates_as_golden)
{
    tvae_tensor *p = load_array("bern2", "p"), *x = load_array("bern2", "x");
    tvae_tensor *nll = load_array("bern2", "neg_logpx"), *dp = load_array("bern2", "dp");
    tvae_tensor *probs = load_array("bern2", "probs");

    for (size_t i = 0; p && i < tvae_tensor_count(p); i++) {
        const double given = (double)tvae_tensor_data(p)[i];
        const double clamped = fmin(fmax(given, 0x1p-23), 1.0 - 0x1p-23);
        const float logit = (float)(log(clamped) - log1p(-clamped));

        assert_near("neg_logpx",
                    tvi_kernel()->bernoulli_nll(1, &logit, tvae_tensor_data(x) + i),
                    (double)tvae_tensor_data(nll)[i], forward, forward);
        check_slope(given, logit, tvae_tensor_data(x)[i],
                    (double)tvae_tensor_data(dp)[i]);
        assert_near("probs", (double)tvae_tensor_data(probs)[i],
                    fmin(fmax(given, 0.0), 1.0), 0.0, 0.0);
    }
    tvae_tensor_destroy(&p);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&nll);
    tvae_tensor_destroy(&dp);
    tvae_tensor_destroy(&probs);
}
END_TEST

static void check_gaussian(const char *name)
{
    tvae_tensor *scale = load_array(name, "scale"), *mean = load_array(name, "mu_x");
    tvae_tensor *x = load_array(name, "x"), *nll = load_array(name, "neg_logpx");
    tvae_tensor *d_mean = load_array(name, "dmu");

    for (size_t i = 0; scale && i < tvae_tensor_count(mean); i++) {
        const float *m = tvae_tensor_data(mean) + i;
        float slope;

        assert_near("neg_logpx",
                    tvi_kernel()->gaussian_nll(1, tvae_tensor_data(scale)[0], 1.0f, m,
                                               tvae_tensor_data(x) + i, &slope),
                    (double)tvae_tensor_data(nll)[i], forward, forward);
        assert_near("dmu", (double)slope, (double)tvae_tensor_data(d_mean)[i], gradient,
                    1e-6);
    }
    tvae_tensor_destroy(&scale);
    tvae_tensor_destroy(&mean);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&nll);
    tvae_tensor_destroy(&d_mean);
}

START_TEST(gaussian_gives_golden_numbers)
{
    check_gaussian("gauss0");
    check_gaussian("gauss1");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden model");
    TCase *tc = tcase_create("model.npz");

    tcase_set_timeout(tc, 120.0);
    tcase_add_test(tc, model_gives_golden_numbers);
    tcase_add_test(tc, bernoulli_of_logits_gives_golden_numbers);
    tcase_add_test(tc, bernoulli_of_probabilities_saturates_as_golden);
    tcase_add_test(tc, gaussian_gives_golden_numbers);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
