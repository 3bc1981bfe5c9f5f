/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <string.h>

#include "train/optimiser.h"

enum { COUNT = 1003, STEPS = 5 };

typedef struct fixture {
    tvi_parameter weight, frozen;
    tvi_parameter_list list;
    tvi_optimiser optimiser;
    float gradients[STEPS][COUNT];
    float start[COUNT];
} fixture;

static void set_up(fixture *f, const tvae_train_options *options)
{
    const size_t shape[] = {COUNT}, one[] = {1};

    memset(f, 0, sizeof *f);
    ASSERT_OK(tvi_parameter_init(&f->weight, 1, shape, false));
    ASSERT_OK(tvi_parameter_init(&f->frozen, 1, one, false));
    f->weight.trainable = true;
    f->frozen.trainable = false;
    f->frozen.value[0] = 3.0f;
    ASSERT_OK(tvi_parameter_list_add(&f->list, "", "weight", &f->weight));
    ASSERT_OK(tvi_parameter_list_add(&f->list, "", "frozen", &f->frozen));
    ASSERT_OK(tvi_optimiser_init(&f->optimiser, options, &f->list));
    fill_uniform(f->start, COUNT, -1.0, 1.0, 7);
    memcpy(f->weight.value, f->start, sizeof f->start);
    for (size_t step = 0; step < STEPS; step++)
        fill_uniform(f->gradients[step], COUNT, -2.0, 2.0, 20 + step);
}

static void run_steps(fixture *f, int64_t n_steps)
{
    for (int64_t step = 1; step <= n_steps; step++)
        ASSERT_OK(tvi_optimiser_update(&f->optimiser, step, &f->weight,
                                       f->gradients[step - 1]));
}

static void tear_down(fixture *f)
{
    tvi_optimiser_release(&f->optimiser);
    tvi_parameter_list_release(&f->list);
    tvi_parameter_release(&f->weight);
    tvi_parameter_release(&f->frozen);
}

static tvae_train_options default_options(int32_t optimizer, double rate)
{
    tvae_train_options options;

    ASSERT_OK(tvae_train_options_init(&options, sizeof options));
    options.optimizer = optimizer;
    options.learning_rate = rate;
    return options;
}

START_TEST(sgd_follows_the_momentum_rule)
{
    const tvae_train_options options = default_options(TVAE_OPTIMIZER_SGD, 0.01);
    fixture f;
    float want[COUNT];

    set_up(&f, &options);
    run_steps(&f, 1);
    ck_assert(memcmp(f.optimiser.slots[0].buffers[0], f.gradients[0],
                     sizeof f.gradients[0]) == 0);
    memcpy(f.weight.value, f.start, sizeof f.start);
    memset(f.optimiser.slots[0].buffers[0], 0, COUNT * sizeof(float));
    run_steps(&f, STEPS);
    for (size_t i = 0; i < COUNT; i++) {
        double value = (double)f.start[i], buffer = 0.0;

        for (size_t step = 0; step < STEPS; step++) {
            buffer = 0.9 * buffer + (double)f.gradients[step][i];
            value -= 0.01 * buffer;
        }
        want[i] = (float)value;
    }
    assert_close("sgd", f.weight.value, want, COUNT, 1e-6, 0.0);
    tear_down(&f);
}
END_TEST

/* torch.optim.Adam and AdamW, in double precision. */
static void check_adam(int32_t optimizer, double decay)
{
    tvae_train_options options = default_options(optimizer, 0.01);
    fixture f;
    float want[COUNT];

    options.weight_decay = 0.1;
    set_up(&f, &options);
    run_steps(&f, STEPS);
    for (size_t i = 0; i < COUNT; i++) {
        double value = (double)f.start[i], mean = 0.0, square = 0.0;

        for (int step = 1; step <= STEPS; step++) {
            const double g = (double)f.gradients[step - 1][i];

            value *= 1.0 - 0.01 * decay;
            mean = 0.9 * mean + 0.1 * g;
            square = 0.999 * square + 0.001 * g * g;
            value -= 0.01 / (1.0 - pow(0.9, step)) * mean /
                     (sqrt(square) / sqrt(1.0 - pow(0.999, step)) + 1e-8);
        }
        want[i] = (float)value;
    }
    assert_close("adam", f.weight.value, want, COUNT, 2e-6, 0.0);
    tear_down(&f);
}

START_TEST(adam_follows_pytorch_and_ignores_decay)
{
    check_adam(TVAE_OPTIMIZER_ADAM, 0.0);
}
END_TEST

START_TEST(adamw_decays_weights_apart)
{
    check_adam(TVAE_OPTIMIZER_ADAMW, 0.1);
}
END_TEST

START_TEST(update_leaves_frozen_parameters_alone)
{
    const tvae_train_options options = default_options(TVAE_OPTIMIZER_SGD, 0.01);
    const float gradient[1] = {1.0f};
    fixture f;

    set_up(&f, &options);
    ck_assert_ptr_null(f.optimiser.slots[1].buffers[0]);
    ASSERT_OK(tvi_optimiser_update(&f.optimiser, 1, &f.frozen, gradient));
    ck_assert(f.frozen.value[0] == 3.0f);
    tear_down(&f);
}
END_TEST

START_TEST(update_refuses_a_foreign_parameter)
{
    const tvae_train_options options = default_options(TVAE_OPTIMIZER_SGD, 0.01);
    const float gradient[1] = {1.0f};
    tvi_parameter other = {.count = 1};
    fixture f;

    set_up(&f, &options);
    ASSERT_STATUS(tvi_optimiser_update(&f.optimiser, 1, &other, gradient), TVAE_E_STATE);
    tear_down(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("optimiser");
    TCase *tcase = tcase_create("unit");

    tcase_add_test(tcase, sgd_follows_the_momentum_rule);
    tcase_add_test(tcase, adam_follows_pytorch_and_ignores_decay);
    tcase_add_test(tcase, adamw_decays_weights_apart);
    tcase_add_test(tcase, update_leaves_frozen_parameters_alone);
    tcase_add_test(tcase, update_refuses_a_foreign_parameter);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
