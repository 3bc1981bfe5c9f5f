/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "fixture.h"
#include "model/model.h"
#include "support.h"

/* The gradient of the loss by every parameter, against central differences of the loss at
 * fixed noise. The loss is a float32 computation, so differences carry about 1e-6 of its
 * value over the step. */

typedef struct probe {
    fixture *f;
    const char *name;
    tvae_tensor *value; /* the perturbed parameter */
    bool at_means;
    double kl_weight;
} probe;

static double evaluate_loss(void *context)
{
    const probe *p = context;
    double terms[TVAE_N_TERMS] = {0.0};

    ASSERT_OK(tvae_model_set_parameter(p->f->model, p->name, p->value));
    ASSERT_OK(tvae_model_elbo(p->f->model, p->f->work, p->f->x,
                              p->at_means ? NULL : p->f->noise_z,
                              p->at_means ? NULL : p->f->noise_u, terms, TVAE_N_TERMS));
    return terms[TVAE_TERM_NEG_LOG_PX] +
           p->kl_weight * (terms[TVAE_TERM_KL_Z] + terms[TVAE_TERM_KL_U]);
}

static void check_parameter(fixture *f, const char *label, size_t index, bool at_means,
                            double kl_weight)
{
    char name[128], what[256];
    int32_t rank;
    size_t shape[TVAE_MAX_RANK];
    tvae_tensor *value = NULL, *gradient = NULL, *kept = NULL;
    probe p = {f, name, NULL, at_means, kl_weight};

    ASSERT_OK(
        tvae_model_parameter_info(f->model, index, name, sizeof name, &rank, shape));
    ASSERT_OK(tvae_tensor_create(rank, shape, &value));
    ASSERT_OK(tvae_tensor_create(rank, shape, &kept));
    ASSERT_OK(tvae_tensor_create(rank, shape, &gradient));
    ASSERT_OK(tvae_model_get_parameter(f->model, name, value));
    ASSERT_OK(tvae_model_get_parameter(f->model, name, kept));
    ASSERT_OK(tvae_model_get_gradient(f->model, name, gradient));
    p.value = value;
    (void)snprintf(what, sizeof what, "%s: %s", label, name);
    assert_gradient(what, tvae_tensor_data(value), tvae_tensor_data(gradient),
                    tvae_tensor_count(value), tvae_tensor_count(value), 1e-2, 1e-2, 2e-4,
                    evaluate_loss, &p);
    ASSERT_OK(tvae_model_set_parameter(f->model, name, kept));
    tvae_tensor_destroy(&value);
    tvae_tensor_destroy(&kept);
    tvae_tensor_destroy(&gradient);
}

static void check_model(fixture *f, const char *label, bool at_means)
{
    double terms[TVAE_N_TERMS];

    ASSERT_OK(
        tvae_model_elbo_gradient(f->model, f->work, f->x, at_means ? NULL : f->noise_z,
                                 at_means ? NULL : f->noise_u, terms, TVAE_N_TERMS));
    for (size_t i = 0; i < tvae_model_parameter_count(f->model); i++) {
        char name[128];

        ASSERT_OK(tvae_model_parameter_info(f->model, i, name, sizeof name, NULL, NULL));
        check_parameter(f, label, i, at_means, 1.0);
    }
}

START_TEST(elbo_gradient_equals_central_differences)
{
    const fixture_kind kind = (fixture_kind)(_i / 2);
    const int32_t likelihood = _i % 2;
    fixture f;

    fixture_adopt(&f, fixture_smooth_model(kind, likelihood, kind != FIXTURE_VAE));
    check_model(&f, fixture_names[kind], false);
    fixture_destroy(&f);
}
END_TEST

START_TEST(elbo_gradient_at_the_means_equals_central_differences)
{
    fixture f;

    fixture_adopt(&f,
                  fixture_smooth_model(FIXTURE_TVAE_ODD, TVAE_LIKELIHOOD_BERNOULLI, 1));
    check_model(&f, "at the means", true);
    fixture_destroy(&f);
}
END_TEST

/* The terms stay those of the ELBO, the gradient is that of the weighted sum. */
START_TEST(weighted_gradient_equals_central_differences)
{
    const double weights[] = {0.0, 0.25, 4.0};
    const fixture_kind kind = _i % 2 ? FIXTURE_VAE : FIXTURE_TVAE_ODD;
    double weighted[TVAE_N_TERMS], plain[TVAE_N_TERMS];
    tvi_gradient_sink sink = {0};
    tvi_batch batch = {.n_sequences = 2, .n_frames = 5, .kl_weight = weights[_i / 2]};
    fixture f;

    fixture_adopt(&f, fixture_smooth_model(kind, TVAE_LIKELIHOOD_BERNOULLI, 0));
    batch.x = tvae_tensor_data(f.x);
    batch.noise_z = tvae_tensor_data(f.noise_z);
    batch.noise_u = f.noise_u ? tvae_tensor_data(f.noise_u) : NULL;
    ASSERT_OK(tvi_parameter_list_allocate_gradients(&f.model->parameters));
    ASSERT_OK(tvi_model_loss(f.model, f.work, &batch, weighted, &sink));
    ASSERT_OK(
        tvae_model_elbo(f.model, f.work, f.x, f.noise_z, f.noise_u, plain, TVAE_N_TERMS));
    for (size_t i = 0; i < TVAE_N_TERMS; i++)
        ck_assert(weighted[i] == plain[i]);
    for (size_t i = 0; i < tvae_model_parameter_count(f.model); i++) {
        if (f.model->parameters.items[i].parameter->trainable)
            check_parameter(&f, "weighted", i, false, batch.kl_weight);
    }
    fixture_destroy(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model gradient");
    TCase *tc = tcase_create("elbo");

    tcase_set_timeout(tc, 120.0);
    tcase_add_loop_test(tc, elbo_gradient_equals_central_differences, 0,
                        2 * FIXTURE_KINDS);
    tcase_add_test(tc, elbo_gradient_at_the_means_equals_central_differences);
    tcase_add_loop_test(tc, weighted_gradient_equals_central_differences, 0, 6);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
