/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "trainer_model.h"

static tvae_train_options default_options(void)
{
    tvae_train_options options;

    ASSERT_OK(tvae_train_options_init(&options, sizeof options));
    options.learning_rate = 0.02;
    return options;
}

/* A trainer at every step count from 0, asked for its rate and KL weight. */
static void record(const tvae_train_options *options, size_t n, double *rates,
                   double *kl_weights)
{
    tvae_model *model = build_small_model(true, 1);
    tvae_tensor *x = build_batch(1, 1);
    tvae_trainer *trainer = NULL;

    ASSERT_OK(tvae_trainer_create(model, options, &trainer));
    for (size_t i = 0; i < n; i++) {
        rates[i] = tvae_trainer_learning_rate(trainer);
        kl_weights[i] = tvae_trainer_kl_weight(trainer);
        ASSERT_OK(tvae_trainer_step(trainer, x, NULL, 0));
    }
    tvae_trainer_destroy(&trainer);
    tvae_tensor_destroy(&x);
    tvae_model_destroy(&model);
}

enum { N = 12 };

START_TEST(schedule_defaults_change_nothing)
{
    const tvae_train_options options = default_options();
    double rates[N], kl_weights[N];

    record(&options, N, rates, kl_weights);
    for (size_t i = 0; i < N; i++)
        ck_assert(rates[i] == 0.02 && kl_weights[i] == 1.0);
}
END_TEST

START_TEST(step_schedule_drops_by_gamma)
{
    static const double want[N] = {0.02, 0.02, 0.02,  0.02,  0.01,  0.01,
                                   0.01, 0.01, 0.006, 0.006, 0.006, 0.006};
    tvae_train_options options = default_options();
    double rates[N], kl_weights[N];

    options.schedule = TVAE_SCHEDULE_STEP;
    options.schedule_steps = 4;
    options.schedule_gamma = 0.5;
    options.min_learning_rate = 0.006;
    record(&options, N, rates, kl_weights);
    for (size_t i = 0; i < N; i++)
        assert_near("rate", rates[i], want[i], 1e-15, 0.0);
}
END_TEST

/* PyTorch's CosineAnnealingLR(T_max = 8, eta_min = 0.004) up to its end. */
START_TEST(cosine_schedule_ends_at_the_floor)
{
    tvae_train_options options = default_options();
    double rates[N], kl_weights[N];

    options.schedule = TVAE_SCHEDULE_COSINE;
    options.schedule_steps = 8;
    options.min_learning_rate = 0.004;
    record(&options, N, rates, kl_weights);
    ck_assert(rates[0] == 0.02);
    assert_near("rate at a quarter", rates[2], 0.004 + 0.008 * (1.0 + sqrt(0.5)), 1e-14,
                0.0);
    assert_near("rate at half", rates[4], 0.012, 1e-14, 0.0);
    assert_near("rate at three quarters", rates[6], 0.004 + 0.008 * (1.0 - sqrt(0.5)),
                1e-14, 0.0);
    for (size_t i = 8; i < N; i++)
        ck_assert(rates[i] == 0.004);
}
END_TEST

START_TEST(kl_weight_grows_from_zero)
{
    tvae_train_options options = default_options();
    double rates[N], kl_weights[N];

    options.kl_weight = 3.0;
    options.kl_warmup_steps = 6;
    record(&options, N, rates, kl_weights);
    for (size_t i = 0; i < N; i++)
        assert_near("kl weight", kl_weights[i], i < 6 ? 0.5 * (double)i : 3.0, 1e-15,
                    0.0);
}
END_TEST

/* SGD without momentum: each step moves by its own rate times its own gradient. */
START_TEST(step_uses_the_rate_of_the_schedule)
{
    tvae_train_options scheduled = default_options(), constant = default_options();
    tvae_model *model = build_small_model(true, 3), *other = build_small_model(true, 3);
    tvae_trainer *a = NULL, *b = NULL;
    tvae_tensor *x = build_batch(2, 4);

    scheduled.schedule = TVAE_SCHEDULE_STEP;
    scheduled.schedule_steps = 1;
    scheduled.schedule_gamma = 0.25;
    ASSERT_OK(tvae_trainer_create(model, &scheduled, &a));
    ASSERT_OK(tvae_trainer_create(other, &constant, &b));
    for (int step = 0; step < 3; step++) {
        ASSERT_OK(tvae_trainer_set_learning_rate(b, 0.02 * pow(0.25, step)));
        ASSERT_OK(tvae_trainer_step(a, x, NULL, 0));
        ASSERT_OK(tvae_trainer_step(b, x, NULL, 0));
    }
    assert_models_close(model, other, 0.0);
    tvae_trainer_destroy(&b);
    tvae_trainer_destroy(&a);
    tvae_tensor_destroy(&x);
    tvae_model_destroy(&other);
    tvae_model_destroy(&model);
}
END_TEST

START_TEST(create_rejects_bad_schedules_by_name)
{
    const double nan = (double)NAN, infinite = HUGE_VAL;
    tvae_train_options bad[16];
    const char *names[16];
    tvae_model *model = build_small_model(true, 1);
    tvae_trainer *trainer = NULL;
    size_t n = 0;

#define BAD(field, value) \
    (bad[n] = default_options(), bad[n].field = (value), names[n++] = #field)
    BAD(schedule, -1);
    BAD(schedule, 3);
    BAD(schedule_steps, 0);
    BAD(schedule_gamma, 0.0);
    BAD(schedule_gamma, 1.5);
    BAD(schedule_gamma, nan);
    BAD(min_learning_rate, -1e-9);
    BAD(min_learning_rate, 0.03);
    BAD(min_learning_rate, nan);
    BAD(max_gradient_norm, -1.0);
    BAD(max_gradient_norm, infinite);
    BAD(max_gradient_norm, nan);
    BAD(kl_weight, -0.5);
    BAD(kl_weight, nan);
    BAD(kl_warmup_steps, -1);
#undef BAD
    for (size_t i = 0; i < n; i++) {
        ASSERT_STATUS(tvae_trainer_create(model, &bad[i], &trainer), TVAE_E_INVALID);
        ck_assert_msg(strstr(tvae_last_error(), names[i]) != NULL, "%s: %s", names[i],
                      tvae_last_error());
    }
    ck_assert(tvae_trainer_learning_rate(NULL) == -1.0);
    ck_assert(tvae_trainer_kl_weight(NULL) == -1.0);
    tvae_model_destroy(&model);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* A program built before schedules passes the first 72 bytes. */
START_TEST(create_takes_options_of_the_first_layout)
{
    tvae_train_options options = default_options();
    tvae_model *model = build_small_model(true, 1);
    tvae_trainer *trainer = NULL;

    options.size = 72;
    options.kl_weight = -1.0; /* past what it passes */
    ASSERT_OK(tvae_trainer_create(model, &options, &trainer));
    ck_assert(tvae_trainer_kl_weight(trainer) == 1.0);
    tvae_trainer_destroy(&trainer);
    tvae_model_destroy(&model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schedule");
    TCase *tcase = tcase_create("unit");

    tcase_add_test(tcase, schedule_defaults_change_nothing);
    tcase_add_test(tcase, step_schedule_drops_by_gamma);
    tcase_add_test(tcase, cosine_schedule_ends_at_the_floor);
    tcase_add_test(tcase, kl_weight_grows_from_zero);
    tcase_add_test(tcase, step_uses_the_rate_of_the_schedule);
    tcase_add_test(tcase, create_rejects_bad_schedules_by_name);
    tcase_add_test(tcase, create_takes_options_of_the_first_layout);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
