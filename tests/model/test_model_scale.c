/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "fixture.h"
#include "support.h"

/* The Gaussian likelihood with a learnt scale. */

static const char parameter_name[] = "likelihood.log_scale";

static tvae_model_options frame_options(double scale, int32_t learn_scale)
{
    tvae_model_options options;

    ASSERT_OK(tvae_model_options_init(&options, sizeof options));
    ck_assert_int_eq(options.learn_scale, 0);
    options.channels = 2;
    options.height = 3;
    options.width = 4;
    options.likelihood = TVAE_LIKELIHOOD_GAUSSIAN;
    options.gaussian_scale = scale;
    options.learn_scale = learn_scale;
    return options;
}

static void create(fixture *f, fixture_kind kind, double scale, int32_t learn_scale)
{
    const tvae_model_options options = frame_options(scale, learn_scale);
    tvae_prior *prior = fixture_prior(kind, 0);
    tvae_model *model = NULL;

    ASSERT_OK(tvae_model_create(&options, prior, &model));
    ASSERT_OK(tvae_model_initialise(model, 11));
    fixture_adopt(f, model);
    tvae_prior_destroy(&prior);
}

static tvae_tensor *create_scalar(float value)
{
    const size_t one = 1;
    tvae_tensor *tensor = NULL;

    ASSERT_OK(tvae_tensor_create(1, &one, &tensor));
    tvae_tensor_data(tensor)[0] = value;
    return tensor;
}

static float get_log_scale(const tvae_model *model)
{
    tvae_tensor *value = create_scalar(0.0f);
    float log_scale;

    ASSERT_OK(tvae_model_get_parameter(model, parameter_name, value));
    log_scale = tvae_tensor_data(value)[0];
    tvae_tensor_destroy(&value);
    return log_scale;
}

static void set_log_scale(tvae_model *model, float log_scale)
{
    tvae_tensor *value = create_scalar(log_scale);

    ASSERT_OK(tvae_model_set_parameter(model, parameter_name, value));
    tvae_tensor_destroy(&value);
}

START_TEST(scale_starts_at_the_option)
{
    fixture f;

    create(&f, FIXTURE_TVAE_ODD, 0.25, 1);
    ck_assert(get_log_scale(f.model) == (float)log(0.25));
    set_log_scale(f.model, 3.0f);
    ASSERT_OK(tvae_model_initialise(f.model, 1));
    ck_assert(get_log_scale(f.model) == (float)log(0.25));
    fixture_destroy(&f);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(create_refuses_scales_that_cannot_be_learnt)
{
    tvae_prior *prior = fixture_prior(FIXTURE_VAE, 0);
    tvae_model_options bernoulli = frame_options(1.0, 1), two = frame_options(1.0, 2);
    tvae_model_options old = frame_options(1.0, 1);
    tvae_model *model = NULL;
    tvae_tensor *value = create_scalar(0.0f);

    bernoulli.likelihood = TVAE_LIKELIHOOD_BERNOULLI;
    ASSERT_STATUS(tvae_model_create(&bernoulli, prior, &model), TVAE_E_INVALID);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "learn_scale"));
    ASSERT_STATUS(tvae_model_create(&two, prior, &model), TVAE_E_INVALID);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "learn_scale"));
    old.size = 48; /* of a program that does not know learn_scale */
    ASSERT_OK(tvae_model_create(&old, prior, &model));
    ASSERT_STATUS(tvae_model_get_parameter(model, parameter_name, value),
                  TVAE_E_NOT_FOUND);
    tvae_model_destroy(&model);
    tvae_tensor_destroy(&value);
    tvae_prior_destroy(&prior);
}
END_TEST

static void estimate(const fixture *f, double *terms, float *log_likelihood)
{
    const size_t shape[2] = {2, 5};
    tvae_tensor *estimates = NULL;

    ASSERT_OK(tvae_tensor_create(2, shape, &estimates));
    ASSERT_OK(tvae_model_elbo_gradient(f->model, f->work, f->x, f->noise_z, f->noise_u,
                                       terms, TVAE_N_TERMS));
    ASSERT_OK(tvae_model_log_likelihood(f->model, f->work, f->x, 3, 9, estimates, NULL));
    memcpy(log_likelihood, tvae_tensor_data(estimates), 10 * sizeof(float));
    tvae_tensor_destroy(&estimates);
}

static void compare_gradients(const tvae_model *got, const tvae_model *want)
{
    for (size_t i = 0; i < tvae_model_parameter_count(want); i++) {
        char name[128];
        int32_t rank;
        size_t shape[TVAE_MAX_RANK];
        tvae_tensor *a = NULL, *b = NULL;

        ASSERT_OK(tvae_model_parameter_info(want, i, name, sizeof name, &rank, shape));
        ASSERT_OK(tvae_tensor_create(rank, shape, &a));
        ASSERT_OK(tvae_tensor_create(rank, shape, &b));
        ASSERT_OK(tvae_model_get_gradient(got, name, a));
        ASSERT_OK(tvae_model_get_gradient(want, name, b));
        ck_assert_msg(memcmp(tvae_tensor_data(a), tvae_tensor_data(b),
                             tvae_tensor_count(a) * sizeof(float)) == 0,
                      "the gradient of %s differs", name);
        tvae_tensor_destroy(&a);
        tvae_tensor_destroy(&b);
    }
}

START_TEST(learnt_scale_counts_like_a_fixed_one)
{
    const fixture_kind kind = _i ? FIXTURE_VAE : FIXTURE_TVAE_ODD;
    double learnt_terms[TVAE_N_TERMS], fixed_terms[TVAE_N_TERMS];
    float learnt_estimates[10], fixed_estimates[10];
    fixture learnt, fixed;

    create(&learnt, kind, 1.0, 1);
    create(&fixed, kind, exp((double)-1.25f), 0);
    set_log_scale(learnt.model, -1.25f);
    estimate(&learnt, learnt_terms, learnt_estimates);
    estimate(&fixed, fixed_terms, fixed_estimates);
    ck_assert(memcmp(learnt_terms, fixed_terms, sizeof fixed_terms) == 0);
    ck_assert(memcmp(learnt_estimates, fixed_estimates, sizeof fixed_estimates) == 0);
    compare_gradients(learnt.model, fixed.model);
    fixture_destroy(&learnt);
    fixture_destroy(&fixed);
}
END_TEST

typedef struct probe {
    fixture *f;
    const float *log_scale;
} probe;

static double evaluate_loss(void *context)
{
    const probe *p = context;
    double loss = 0.0;

    set_log_scale(p->f->model, *p->log_scale);
    ASSERT_OK(tvae_model_elbo(p->f->model, p->f->work, p->f->x, p->f->noise_z,
                              p->f->noise_u, &loss, 1));
    return loss;
}

START_TEST(scale_gradient_equals_central_differences)
{
    static const float places[] = {-2.0f, -0.5f, 0.0f, 1.5f};
    float log_scale = places[_i];
    tvae_tensor *gradient = create_scalar(0.0f);
    double terms[TVAE_N_TERMS];
    probe p = {NULL, &log_scale};
    fixture f;

    create(&f, FIXTURE_TVAE_ODD, 1.0, 1);
    p.f = &f;
    set_log_scale(f.model, log_scale);
    ASSERT_OK(tvae_model_elbo_gradient(f.model, f.work, f.x, f.noise_z, f.noise_u, terms,
                                       TVAE_N_TERMS));
    ASSERT_OK(tvae_model_get_gradient(f.model, parameter_name, gradient));
    assert_gradient(parameter_name, &log_scale, tvae_tensor_data(gradient), 1, 1, 1e-3,
                    1e-4, 1e-4, evaluate_loss, &p);
    tvae_tensor_destroy(&gradient);
    fixture_destroy(&f);
}
END_TEST

/* From a scale far too large the steps find one at which the gradient vanishes: the root
 * of the mean square of what the decoder leaves over. */
START_TEST(training_finds_the_scale)
{
    tvae_train_options options;
    tvae_trainer *trainer = NULL;
    double terms[TVAE_N_TERMS], variance, s;
    fixture f;

    create(&f, FIXTURE_TVAE_ODD, 5.0, 1);
    ASSERT_OK(tvae_train_options_init(&options, sizeof options));
    options.optimizer = TVAE_OPTIMIZER_ADAM;
    options.learning_rate = 0.01;
    ASSERT_OK(tvae_trainer_create(f.model, &options, &trainer));
    for (int step = 0; step < 800; step++)
        ASSERT_OK(tvae_trainer_step(trainer, f.x, terms, TVAE_N_TERMS));
    s = exp((double)get_log_scale(f.model));
    variance = (terms[TVAE_TERM_NEG_LOG_PX] / 24.0 - log(s) - 0.918938533204672742) *
               2.0 * s * s;
    assert_near("scale", s, sqrt(variance), 0.05, 0.0);
    ck_assert_msg(s < 0.4, "the scale is still %g", s);
    tvae_trainer_destroy(&trainer);
    fixture_destroy(&f);
}
END_TEST

START_TEST(saved_scale_comes_back)
{
    char path[256];
    fixture f;
    tvae_model *loaded = NULL;
    double want = 0.0, got = 0.0;

    create(&f, FIXTURE_TVAE_EVEN, 0.7, 1);
    set_log_scale(f.model, -0.123456789f);
    (void)fixture_path("scale.safetensors", path);
    ASSERT_OK(tvae_model_save(f.model, path));
    ASSERT_OK(tvae_model_load(path, &loaded));
    (void)unlink(path);
    ck_assert(get_log_scale(loaded) == -0.123456789f);
    ASSERT_OK(tvae_model_elbo(f.model, f.work, f.x, f.noise_z, f.noise_u, &want, 1));
    ASSERT_OK(tvae_model_elbo(loaded, f.work, f.x, f.noise_z, f.noise_u, &got, 1));
    ck_assert(got == want);
    tvae_model_destroy(&loaded);
    fixture_destroy(&f);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model scale");
    TCase *tc = tcase_create("unit");

    tcase_add_test(tc, scale_starts_at_the_option);
    tcase_add_test(tc, create_refuses_scales_that_cannot_be_learnt);
    tcase_add_loop_test(tc, learnt_scale_counts_like_a_fixed_one, 0, 2);
    tcase_add_loop_test(tc, scale_gradient_equals_central_differences, 0, 4);
    tcase_add_test(tc, training_finds_the_scale);
    tcase_add_test(tc, saved_scale_comes_back);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
