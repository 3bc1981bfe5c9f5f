/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "base/rng.h"
#include "trainer_model.h"

static tvae_train_options default_options(int32_t optimizer, double rate)
{
    tvae_train_options options;

    ASSERT_OK(tvae_train_options_init(&options, sizeof options));
    options.optimizer = optimizer;
    options.learning_rate = rate;
    options.seed = 11;
    return options;
}

START_TEST(options_init_gives_the_paper)
{
    tvae_train_options options;

    ASSERT_OK(tvae_train_options_init(&options, sizeof options));
    ck_assert_int_eq(options.optimizer, TVAE_OPTIMIZER_SGD);
    ck_assert(options.learning_rate == 1e-4 && options.momentum == 0.9);
    ck_assert(options.beta1 == 0.9 && options.beta2 == 0.999);
    ck_assert(options.epsilon == 1e-8 && options.weight_decay == 0.01);
    ASSERT_STATUS(tvae_train_options_init(NULL, sizeof options), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_train_options_init(&options, 8), TVAE_E_INVALID);
}
END_TEST

START_TEST(create_rejects_bad_arguments)
{
    tvae_model *model = build_small_model(true, 1);
    tvae_trainer *trainer = NULL;
    const struct {
        const char *name;
        tvae_train_options options;
    } bad[] = {{"learning_rate", default_options(0, 0.0)},
               {"learning_rate", default_options(0, (double)NAN)},
               {"optimizer", default_options(3, 0.1)},
               {"optimizer", default_options(-1, 0.1)}};
    tvae_train_options o = default_options(0, 0.1);

    ASSERT_STATUS(tvae_trainer_create(NULL, NULL, &trainer), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_trainer_create(model, NULL, NULL), TVAE_E_INVALID);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        ASSERT_STATUS(tvae_trainer_create(model, &bad[i].options, &trainer),
                      TVAE_E_INVALID);
        ck_assert_ptr_nonnull(strstr(tvae_last_error(), bad[i].name));
        ck_assert_ptr_null(trainer);
    }
    o.momentum = 1.0;
    ASSERT_STATUS(tvae_trainer_create(model, &o, &trainer), TVAE_E_INVALID);
    o = default_options(1, 0.1);
    o.beta2 = -0.1;
    ASSERT_STATUS(tvae_trainer_create(model, &o, &trainer), TVAE_E_INVALID);
    tvae_trainer_destroy(&trainer);
    tvae_trainer_destroy(NULL);
    ck_assert_int_eq(tvae_trainer_step_count(NULL), -1);
    tvae_model_destroy(&model);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(step_rejects_shapes_and_null)
{
    const size_t wrong[5] = {2, FRAMES, 1, SIDE, SIDE + 1}, flat[2] = {2, SIDE};
    tvae_model *model = build_small_model(true, 1);
    tvae_trainer *trainer = NULL;
    tvae_tensor *x = NULL;
    double terms[TVAE_N_TERMS];

    ASSERT_OK(tvae_trainer_create(model, NULL, &trainer));
    ASSERT_OK(tvae_tensor_create(5, wrong, &x));
    ASSERT_STATUS(tvae_trainer_step(trainer, x, terms, TVAE_N_TERMS), TVAE_E_SHAPE);
    tvae_tensor_destroy(&x);
    ASSERT_OK(tvae_tensor_create(2, flat, &x));
    ASSERT_STATUS(tvae_trainer_step(trainer, x, terms, TVAE_N_TERMS), TVAE_E_SHAPE);
    tvae_tensor_destroy(&x);
    x = build_batch(2, 1);
    ASSERT_STATUS(tvae_trainer_step(trainer, NULL, terms, 1), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_trainer_step(NULL, x, terms, 1), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_trainer_step(trainer, x, NULL, 1), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_trainer_step(trainer, x, terms, 99), TVAE_E_INVALID);
    ck_assert_int_eq(tvae_trainer_step_count(trainer), 0);
    ASSERT_OK(tvae_trainer_step(trainer, x, NULL, 0));
    ck_assert_int_eq(tvae_trainer_step_count(trainer), 1);
    tvae_tensor_destroy(&x);
    tvae_trainer_destroy(&trainer);
    tvae_model_destroy(&model);
}
END_TEST

/* A step by hand: the noise of step 0, the accumulated gradient, w -= rate * gradient. */
static void step_by_hand(tvae_model *model, const tvae_tensor *x, uint64_t seed,
                         double rate, double *terms)
{
    const size_t n = tvae_tensor_extent(x, 0);
    const size_t shape[3] = {n, FRAMES, CAPSULES * WIDTH};
    tvae_tensor *z = NULL, *u = NULL, *t = NULL, *capsules = NULL;
    const size_t capsule_shape[4] = {n, FRAMES, CAPSULES, WIDTH};
    tvae_workspace *work = NULL;

    ASSERT_OK(tvae_workspace_create(&work));
    ASSERT_OK(tvae_tensor_create(3, shape, &z));
    ASSERT_OK(tvae_tensor_create(3, shape, &u));
    ASSERT_OK(tvae_tensor_create(3, shape, &t));
    tvi_rng_fill_normal(seed, TVI_RNG_NOISE_Z, 0, 0, tvae_tensor_count(z),
                        tvae_tensor_data(z));
    tvi_rng_fill_normal(seed, TVI_RNG_NOISE_U, 0, 0, tvae_tensor_count(u),
                        tvae_tensor_data(u));
    ASSERT_OK(tvae_model_sample(model, work, x, z, u, t));
    ASSERT_OK(tvae_model_elbo_gradient(model, work, x, z, u, terms, TVAE_TERM_KL_U + 1));
    ASSERT_OK(tvae_tensor_view(t, 0, 4, capsule_shape, &capsules));
    ASSERT_OK(tvae_equivariance_error(capsules, &terms[TVAE_TERM_EQUIVARIANCE_ERROR]));
    for (size_t i = 0; i < tvae_model_parameter_count(model); i++)
        descend_parameter(model, i, rate);
    tvae_tensor_destroy(&capsules);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&u);
    tvae_tensor_destroy(&z);
    tvae_workspace_destroy(&work);
}

START_TEST(step_equals_gradient_and_update_by_hand)
{
    const tvae_train_options options = default_options(TVAE_OPTIMIZER_SGD, 0.05);
    tvae_model *by_hand = build_small_model(true, 5), *model = build_small_model(true, 5);
    tvae_tensor *x = build_batch(3, 2);
    tvae_trainer *trainer = NULL;
    double want[TVAE_N_TERMS], got[TVAE_N_TERMS];

    step_by_hand(by_hand, x, options.seed, options.learning_rate, want);
    ASSERT_OK(tvae_trainer_create(model, &options, &trainer));
    ASSERT_OK(tvae_trainer_step(trainer, x, got, TVAE_N_TERMS));
    for (size_t i = 0; i < TVAE_N_TERMS; i++)
        assert_near("term", got[i], want[i], 1e-6, 0.0);
    ck_assert(got[TVAE_TERM_EQUIVARIANCE_ERROR] > 0.0);
    assert_models_close(model, by_hand, 1e-6);
    tvae_trainer_destroy(&trainer);
    tvae_tensor_destroy(&x);
    tvae_model_destroy(&model);
    tvae_model_destroy(&by_hand);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* Mean loss of steps first .. first + n - 1 on one batch. */
static double mean_loss(tvae_trainer *trainer, const tvae_tensor *x, size_t n)
{
    double sum = 0.0, loss;

    for (size_t i = 0; i < n; i++) {
        ASSERT_OK(tvae_trainer_step(trainer, x, &loss, 1));
        sum += loss;
    }
    return sum / (double)n;
}

START_TEST(steps_lower_the_loss)
{
    const double rates[] = {0.005, 0.005, 0.005};

    for (int32_t optimizer = 0; optimizer <= TVAE_OPTIMIZER_ADAMW; optimizer++) {
        const tvae_train_options options = default_options(optimizer, rates[optimizer]);

        for (int topographic = 0; topographic < 2; topographic++) {
            tvae_model *model = build_small_model(topographic != 0, 3);
            tvae_tensor *x = build_batch(4, 4);
            tvae_trainer *trainer = NULL;
            double first, last;

            ASSERT_OK(tvae_trainer_create(model, &options, &trainer));
            first = mean_loss(trainer, x, 10);
            (void)mean_loss(trainer, x, 180);
            last = mean_loss(trainer, x, 10);
            ck_assert_msg(last < first - 0.3, "optimizer %d: loss from %g to %g",
                          optimizer, first, last);
            tvae_trainer_destroy(&trainer);
            tvae_tensor_destroy(&x);
            tvae_model_destroy(&model);
        }
    }
}
END_TEST

START_TEST(step_allocates_nothing_after_the_first)
{
    const tvae_train_options options = default_options(TVAE_OPTIMIZER_ADAM, 0.001);
    tvae_model *model = build_small_model(true, 3);
    tvae_tensor *x = build_batch(4, 4), *fewer = build_batch(2, 4);
    tvae_trainer *trainer = NULL;
    size_t before;

    ASSERT_OK(tvae_trainer_create(model, &options, &trainer));
    (void)mean_loss(trainer, x, 1);
    before = tvi_blocks_allocated();
    (void)mean_loss(trainer, x, 5);
    (void)mean_loss(trainer, fewer, 5);
    ck_assert_uint_eq(tvi_blocks_allocated(), before);
    tvae_trainer_destroy(&trainer);
    tvae_tensor_destroy(&fewer);
    tvae_tensor_destroy(&x);
    tvae_model_destroy(&model);
}
END_TEST

static double sum_of_parts(const tvae_trainer *trainer)
{
    double seconds[TVAE_N_PARTS], sum = 0.0;

    ASSERT_OK(tvae_trainer_part_seconds(trainer, seconds, TVAE_N_PARTS));
    for (size_t part = 0; part < TVAE_N_PARTS; part++) {
        ck_assert(seconds[part] >= 0.0);
        sum += seconds[part];
    }
    return sum;
}

static double seconds_now(void)
{
    struct timespec now;

    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* With the gradient stored (clipping) and without. */
START_TEST(parts_are_those_of_the_latest_step)
{
    tvae_train_options options = default_options(TVAE_OPTIMIZER_SGD, 0.001);
    tvae_model *model = build_small_model(true, 3);
    tvae_tensor *x = build_batch(4, 4);
    tvae_trainer *trainer = NULL;

    options.max_gradient_norm = _i ? 1.0 : 0.0;
    ASSERT_OK(tvae_trainer_create(model, &options, &trainer));
    ck_assert(sum_of_parts(trainer) == 0.0);
    for (int step = 0; step < 3; step++) {
        const double start = seconds_now();

        ASSERT_OK(tvae_trainer_step(trainer, x, NULL, 0));
        ck_assert(sum_of_parts(trainer) > 0.0);
        ck_assert(sum_of_parts(trainer) <= seconds_now() - start + 1e-6);
    }
    tvae_trainer_destroy(&trainer);
    tvae_tensor_destroy(&x);
    tvae_model_destroy(&model);
}
END_TEST

START_TEST(part_seconds_rejects_bad_arguments)
{
    double seconds[TVAE_N_PARTS] = {7.0};
    tvae_model *model = build_small_model(true, 3);
    tvae_trainer *trainer = NULL;

    ASSERT_OK(tvae_trainer_create(model, NULL, &trainer));
    ASSERT_STATUS(tvae_trainer_part_seconds(NULL, seconds, 1), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_trainer_part_seconds(trainer, NULL, 1), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_trainer_part_seconds(trainer, seconds, TVAE_N_PARTS + 1),
                  TVAE_E_INVALID);
    ASSERT_OK(tvae_trainer_part_seconds(trainer, seconds, 0));
    ck_assert(seconds[0] == 7.0);
    tvae_trainer_destroy(&trainer);
    tvae_model_destroy(&model);
}
END_TEST

START_TEST(step_refuses_a_loss_that_is_not_finite)
{
    const tvae_train_options options = default_options(TVAE_OPTIMIZER_SGD, 0.001);
    tvae_model *model = build_small_model(true, 3), *before = build_small_model(true, 3);
    tvae_tensor *x = build_batch(2, 4);
    tvae_trainer *trainer = NULL, *twin = NULL;
    double terms[TVAE_N_TERMS];

    ASSERT_OK(tvae_trainer_create(model, &options, &trainer));
    ASSERT_OK(tvae_trainer_create(before, &options, &twin));
    ASSERT_OK(tvae_trainer_step(trainer, x, terms, 1));
    ASSERT_OK(tvae_trainer_step(twin, x, terms, 1));
    tvae_tensor_data(x)[3] = NAN;
    ASSERT_STATUS(tvae_trainer_step(trainer, x, terms, TVAE_N_TERMS), TVAE_E_NUMERIC);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "at step 2"));
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "neg_log_px"));
    ck_assert_int_eq(tvae_trainer_step_count(trainer), 1);
    assert_models_close(model, before, 0.0);
    tvae_tensor_data(x)[3] = 0.5f;
    ASSERT_OK(tvae_trainer_step(trainer, x, terms, 1));
    ck_assert_int_eq(tvae_trainer_step_count(trainer), 2);
    tvae_trainer_destroy(&twin);
    tvae_trainer_destroy(&trainer);
    tvae_tensor_destroy(&x);
    tvae_model_destroy(&before);
    tvae_model_destroy(&model);
}
END_TEST

START_TEST(seeds_decide_the_noise)
{
    tvae_train_options options = default_options(TVAE_OPTIMIZER_SGD, 0.001);
    double losses[3][2];

    for (int run = 0; run < 3; run++) {
        tvae_model *model = build_small_model(true, 3);
        tvae_tensor *x = build_batch(2, 4);
        tvae_trainer *trainer = NULL;

        options.seed = run == 2 ? 12 : 11;
        ASSERT_OK(tvae_trainer_create(model, &options, &trainer));
        for (int step = 0; step < 2; step++)
            ASSERT_OK(tvae_trainer_step(trainer, x, &losses[run][step], 1));
        tvae_trainer_destroy(&trainer);
        tvae_tensor_destroy(&x);
        tvae_model_destroy(&model);
    }
    ck_assert(losses[0][0] == losses[1][0] && losses[0][1] == losses[1][1]);
    ck_assert(losses[0][0] != losses[2][0]);
    ck_assert(losses[0][0] != losses[0][1]);
}
END_TEST

START_TEST(set_learning_rate_changes_the_next_step)
{
    const tvae_train_options options = default_options(TVAE_OPTIMIZER_SGD, 0.001);
    tvae_model *model = build_small_model(true, 3), *other = build_small_model(true, 3);
    tvae_tensor *x = build_batch(2, 4);
    tvae_train_options faster = options;
    tvae_trainer *a = NULL, *b = NULL;
    double loss;

    faster.learning_rate = 0.01;
    ASSERT_OK(tvae_trainer_create(model, &options, &a));
    ASSERT_OK(tvae_trainer_create(other, &faster, &b));
    ASSERT_STATUS(tvae_trainer_set_learning_rate(a, 0.0), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_trainer_set_learning_rate(a, (double)NAN), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_trainer_set_learning_rate(NULL, 1.0), TVAE_E_INVALID);
    ASSERT_OK(tvae_trainer_set_learning_rate(a, 0.01));
    ASSERT_OK(tvae_trainer_step(a, x, &loss, 1));
    ASSERT_OK(tvae_trainer_step(b, x, &loss, 1));
    assert_models_close(model, other, 0.0);
    tvae_trainer_destroy(&a);
    tvae_trainer_destroy(&b);
    tvae_tensor_destroy(&x);
    tvae_model_destroy(&other);
    tvae_model_destroy(&model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("trainer");
    TCase *tcase = tcase_create("unit");

    tcase_add_test(tcase, options_init_gives_the_paper);
    tcase_add_test(tcase, create_rejects_bad_arguments);
    tcase_add_test(tcase, step_rejects_shapes_and_null);
    tcase_add_test(tcase, step_equals_gradient_and_update_by_hand);
    tcase_add_test(tcase, steps_lower_the_loss);
    tcase_add_test(tcase, step_allocates_nothing_after_the_first);
    tcase_add_loop_test(tcase, parts_are_those_of_the_latest_step, 0, 2);
    tcase_add_test(tcase, part_seconds_rejects_bad_arguments);
    tcase_add_test(tcase, step_refuses_a_loss_that_is_not_finite);
    tcase_add_test(tcase, seeds_decide_the_noise);
    tcase_add_test(tcase, set_learning_rate_changes_the_next_step);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
