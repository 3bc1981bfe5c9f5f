/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "support.h"

/* Extreme models and frames: results are finite, or the call says what is not. */

typedef struct extents {
    int64_t n_capsules, width, n_frames, side;
} extents;

static const extents ordinary = {3, 4, 4, 5};

static tvae_prior *build_prior(const extents *e, int32_t learn_weights)
{
    tvae_neighbourhood *neighbourhood = NULL;
    tvae_prior_options options;
    tvae_prior *prior = NULL;

    ASSERT_OK(tvae_neighbourhood_create_shifting(3, 3, 1, &neighbourhood));
    ASSERT_OK(tvae_prior_options_init(&options, sizeof options));
    options.n_capsules = e->n_capsules;
    options.capsule_dims[0] = e->width;
    options.mu_init = 5.0;
    options.learn_weights = learn_weights;
    ASSERT_OK(tvae_prior_create(&options, &neighbourhood, 1, &prior));
    tvae_neighbourhood_destroy(&neighbourhood);
    return prior;
}

/* Its parameters are zero but mu and the neighbourhood's weights. */
static tvae_model *build_blank_model(const extents *e)
{
    tvae_prior *prior = build_prior(e, 1);
    tvae_model_options options;
    tvae_model *model = NULL;

    ASSERT_OK(tvae_model_options_init(&options, sizeof options));
    options.channels = 1;
    options.height = options.width = e->side;
    ASSERT_OK(tvae_model_create(&options, prior, &model));
    tvae_prior_destroy(&prior);
    return model;
}

static tvae_model *build_model(const extents *e)
{
    tvae_model *model = build_blank_model(e);

    ASSERT_OK(tvae_model_initialise(model, 1));
    return model;
}

static tvae_tensor *filled(int32_t rank, const size_t *shape, float value)
{
    tvae_tensor *tensor = NULL;

    ASSERT_OK(tvae_tensor_create(rank, shape, &tensor));
    for (size_t i = 0; i < tvae_tensor_count(tensor); i++)
        tvae_tensor_data(tensor)[i] = value;
    return tensor;
}

static tvae_tensor *build_frames(const extents *e, float value)
{
    const size_t shape[] = {2, (size_t)e->n_frames, 1, (size_t)e->side, (size_t)e->side};

    return filled(5, shape, value);
}

static void assert_finite(const char *what, const tvae_tensor *tensor)
{
    for (size_t i = 0; i < tvae_tensor_count(tensor); i++)
        ck_assert_msg(isfinite(tvae_tensor_data_const(tensor)[i]),
                      "%s: element %zu is %g", what, i,
                      (double)tvae_tensor_data_const(tensor)[i]);
}

/* Train on frames of one value: every loss is finite, and so are all parameters. */
static void train_on(const extents *e, float value)
{
    tvae_model *model = build_model(e);
    tvae_tensor *x = build_frames(e, value);
    tvae_trainer *trainer = NULL;

    ASSERT_OK(tvae_trainer_create(model, NULL, &trainer));
    for (int i = 0; i < 20; i++) {
        double terms[TVAE_N_TERMS];

        ASSERT_OK(tvae_trainer_step(trainer, x, terms, TVAE_N_TERMS));
        for (size_t k = 0; k < TVAE_N_TERMS; k++)
            ck_assert_msg(isfinite(terms[k]), "term %zu is %g at step %d", k, terms[k],
                          i);
    }
    tvae_trainer_destroy(&trainer);
    tvae_tensor_destroy(&x);
    tvae_model_destroy(&model);
}

START_TEST(frames_of_one_value_are_learnt)
{
    const float values[] = {0.0f, 1.0f, 0.5f, 1e-42f};

    train_on(&ordinary, values[_i]);
}
END_TEST

START_TEST(least_extents_are_learnt)
{
    const extents cases[] = {
        {1, 4, 4, 5}, {3, 1, 4, 5}, {3, 4, 1, 5}, {3, 4, 4, 1}, {1, 1, 1, 1}};

    train_on(&cases[_i], 0.5f);
}
END_TEST

START_TEST(exploding_learning_rate_is_told)
{
    tvae_model *model = build_model(&ordinary);
    tvae_tensor *x = build_frames(&ordinary, 0.5f);
    tvae_train_options options;
    tvae_trainer *trainer = NULL;
    tvae_status st = TVAE_OK;

    ASSERT_OK(tvae_train_options_init(&options, sizeof options));
    options.learning_rate = 1e6;
    ASSERT_OK(tvae_trainer_create(model, &options, &trainer));
    for (int i = 0; i < 200 && st == TVAE_OK; i++) {
        double terms[TVAE_N_TERMS] = {0};

        st = tvae_trainer_step(trainer, x, terms, TVAE_N_TERMS);
        ck_assert_msg(st != TVAE_OK || isfinite(terms[TVAE_TERM_LOSS]),
                      "step %d is fine with a loss of %g", i, terms[TVAE_TERM_LOSS]);
    }
    ASSERT_STATUS(st, TVAE_E_NUMERIC);
    tvae_trainer_destroy(&trainer);
    tvae_tensor_destroy(&x);
    tvae_model_destroy(&model);
}
END_TEST

START_TEST(frames_that_are_not_finite_are_refused)
{
    const float values[] = {NAN, INFINITY, -INFINITY};
    tvae_model *model = build_model(&ordinary);
    tvae_tensor *x = build_frames(&ordinary, 0.5f), *t;
    tvae_workspace *work = NULL;
    double terms[TVAE_N_TERMS];
    const size_t shape[] = {2, 4, 12};

    t = filled(3, shape, 0.0f);
    tvae_tensor_data(x)[7] = values[_i]; /* one pixel is enough */
    ASSERT_OK(tvae_workspace_create(&work));
    ASSERT_STATUS(tvae_model_encode(model, work, x, t), TVAE_E_NUMERIC);
    ASSERT_STATUS(tvae_model_elbo(model, work, x, NULL, NULL, terms, TVAE_N_TERMS),
                  TVAE_E_NUMERIC);
    tvae_workspace_destroy(&work);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&x);
    tvae_model_destroy(&model);
}
END_TEST

/* u of this size everywhere: t and the gradients stay finite while u^2 does. */
START_TEST(zero_and_huge_u_give_finite_latents)
{
    const float values[] = {0.0f, 1e-42f, 1e-20f, 1e9f, 1e18f};
    const size_t shape[] = {2, 4, 12};
    tvae_prior *prior = build_prior(&ordinary, 0);
    tvae_tensor *z = filled(3, shape, 1.0f), *u = filled(3, shape, values[_i]);
    tvae_tensor *dt = filled(3, shape, 1.0f), *t = filled(3, shape, NAN);
    tvae_tensor *dz = filled(3, shape, NAN), *du = filled(3, shape, NAN);
    double dmu = (double)NAN;

    ASSERT_OK(tvae_prior_apply(prior, z, u, t));
    ASSERT_OK(tvae_prior_gradient(prior, z, u, dt, dz, du, &dmu, NULL));
    assert_finite("t", t);
    assert_finite("dz", dz);
    assert_finite("du", du);
    ck_assert(isfinite(dmu));
    tvae_tensor_destroy(&z);
    tvae_tensor_destroy(&u);
    tvae_tensor_destroy(&dt);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&dz);
    tvae_tensor_destroy(&du);
    tvae_prior_destroy(&prior);
}
END_TEST

enum { CENTRE = 3 }; /* of the seven offsets of a window of 3 x 3 with a band of 1 */

/* Set the weight of the offset (0, 0), in the exposed window [frames, places]. */
static void set_centre(tvae_model *model, float weight)
{
    const char *name = "grouper.model.weight";
    tvae_tensor *window = filled(5, (size_t[]){1, 1, 3, 3, 1}, 0.0f);

    ASSERT_OK(tvae_model_get_parameter(model, name, window));
    tvae_tensor_data(window)[4] = weight;
    ASSERT_OK(tvae_model_set_parameter(model, name, window));
    tvae_tensor_destroy(&window);
}

/* Sum of t, and its gradient by the weights. */
static double sum_latents(tvae_model *model, float weight, tvae_tensor *dweights)
{
    const size_t shape[] = {2, 4, 12};
    tvae_tensor *z = filled(3, shape, 0.3f), *u = filled(3, shape, 0.0f);
    tvae_tensor *dt = filled(3, shape, 1.0f), *t = filled(3, shape, 0.0f);
    tvae_tensor *dz = filled(3, shape, 0.0f), *du = filled(3, shape, 0.0f);
    tvae_prior *prior = NULL;
    double sum = 0.0;

    fill_uniform(tvae_tensor_data(u), tvae_tensor_count(u), 0.5, 2.0, 3);
    set_centre(model, weight);
    ASSERT_OK(tvae_model_prior(model, &prior));
    ASSERT_OK(tvae_prior_apply(prior, z, u, t));
    ASSERT_OK(tvae_prior_gradient(prior, z, u, dt, dz, du, NULL, dweights));
    for (size_t i = 0; i < tvae_tensor_count(t); i++)
        sum += (double)tvae_tensor_data(t)[i];
    tvae_tensor_destroy(&z);
    tvae_tensor_destroy(&u);
    tvae_tensor_destroy(&dt);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&dz);
    tvae_tensor_destroy(&du);
    tvae_prior_destroy(&prior);
    return sum;
}

/* A weight below 0 counts as 0, with the gradient that it has at 0. */
START_TEST(weight_gradient_is_right_at_its_clamp)
{
    const size_t n_weights = 7;
    const float step = 1.0f / 128.0f;
    tvae_model *model = build_blank_model(&ordinary);
    tvae_tensor *gradient = filled(1, &n_weights, 0.0f);
    double above, at, below, slope, slope_below;

    above = sum_latents(model, step, gradient);
    below = sum_latents(model, -0.5f, gradient);
    slope_below = (double)tvae_tensor_data(gradient)[CENTRE];
    at = sum_latents(model, 0.0f, gradient);
    slope = (double)tvae_tensor_data(gradient)[CENTRE];
    assert_near("sum below 0", below, at, 1e-12, 0.0);
    assert_near("gradient below 0", slope_below, slope, 1e-6, 0.0);
    assert_near("gradient at 0", slope, (above - at) / (double)step, 2e-2, 0.0);
    ck_assert(slope < -0.1);
    tvae_tensor_destroy(&gradient);
    tvae_model_destroy(&model);
}
END_TEST

/* The name of the decoder's last bias, which alone is the logits of a blank model. */
static void find_last_bias(const tvae_model *model, char name[128])
{
    char next[128];

    name[0] = '\0';
    for (size_t i = 0; i < tvae_model_parameter_count(model); i++) {
        ASSERT_OK(tvae_model_parameter_info(model, i, next, sizeof next, NULL, NULL));
        if (strncmp(next, "decoder.", 8) == 0 && strstr(next, ".bias"))
            memcpy(name, next, sizeof next);
    }
    ck_assert_uint_gt(strlen(name), 0);
}

/* Of a logit l and a pixel of 1/2: -log p = log(1 + exp(l)) - l / 2, which is |l| / 2
 * where the sigmoid is 0 or 1 to the bit. */
START_TEST(saturated_logits_keep_loss_and_gradient)
{
    const float logits[] = {-1e6f, -200.0f, 200.0f, 1e6f};
    const double n_pixels = 25.0, logit = (double)logits[_i];
    const size_t one = 1;
    tvae_model *model = build_blank_model(&ordinary);
    tvae_tensor *x = build_frames(&ordinary, 0.5f), *bias = filled(1, &one, logits[_i]);
    tvae_workspace *work = NULL;
    double terms[TVAE_N_TERMS];
    char name[128];

    find_last_bias(model, name);
    ASSERT_OK(tvae_model_set_parameter(model, name, bias));
    ASSERT_OK(tvae_workspace_create(&work));
    ASSERT_OK(tvae_model_elbo_gradient(model, work, x, NULL, NULL, terms, TVAE_N_TERMS));
    assert_near("-log p", terms[TVAE_TERM_NEG_LOG_PX], n_pixels * fabs(logit) / 2.0, 1e-6,
                0.0);
    ASSERT_OK(tvae_model_get_gradient(model, name, bias));
    assert_near("gradient", (double)tvae_tensor_data(bias)[0],
                logit > 0.0 ? n_pixels / 2.0 : -n_pixels / 2.0, 1e-6, 0.0);
    tvae_workspace_destroy(&work);
    tvae_tensor_destroy(&bias);
    tvae_tensor_destroy(&x);
    tvae_model_destroy(&model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("extremes");
    TCase *tcase = tcase_create("numerics");

    tcase_add_loop_test(tcase, frames_of_one_value_are_learnt, 0, 4);
    tcase_add_loop_test(tcase, least_extents_are_learnt, 0, 5);
    tcase_add_test(tcase, exploding_learning_rate_is_told);
    tcase_add_loop_test(tcase, frames_that_are_not_finite_are_refused, 0, 3);
    tcase_add_loop_test(tcase, zero_and_huge_u_give_finite_latents, 0, 5);
    tcase_add_test(tcase, weight_gradient_is_right_at_its_clamp);
    tcase_add_loop_test(tcase, saturated_logits_keep_loss_and_gradient, 0, 4);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
