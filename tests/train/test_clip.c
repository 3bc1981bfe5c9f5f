/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "train/clip.h"
#include "trainer_model.h"

enum { FIRST = 40001, SECOND = 77, MAX_BLOCKS = 8 };

typedef struct fixture {
    tvi_parameter parameters[3]; /* the last is not trainable */
    tvi_parameter_list list;
    double norm; /* in double precision */
} fixture;

static void set_up(fixture *f)
{
    static const size_t counts[3] = {FIRST, SECOND, 1};
    static const char *const names[3] = {"first", "second", "frozen"};
    double sum = 0.0;

    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < 3; i++) {
        ASSERT_OK(tvi_parameter_init(&f->parameters[i], 1, &counts[i], false));
        ASSERT_OK(tvi_parameter_list_add(&f->list, "", names[i], &f->parameters[i]));
    }
    f->parameters[2].trainable = false;
    ASSERT_OK(tvi_parameter_list_allocate_gradients(&f->list));
    for (size_t i = 0; i < 3; i++) {
        float *gradient = f->parameters[i].gradient;

        fill_uniform(gradient, counts[i], -3.0, 3.0, 5 + i);
        for (size_t k = 0; i < 2 && k < counts[i]; k++)
            sum += (double)gradient[k] * (double)gradient[k];
    }
    f->parameters[2].gradient[0] = 1e9f;
    f->norm = sqrt(sum);
}

static void tear_down(fixture *f)
{
    tvi_parameter_list_release(&f->list);
    for (size_t i = 0; i < 3; i++)
        tvi_parameter_release(&f->parameters[i]);
}

START_TEST(norm_is_that_of_all_trainable_gradients)
{
    double sums[MAX_BLOCKS], first;
    fixture f;

    set_up(&f);
    ck_assert_uint_le(tvi_gradient_norm_blocks(&f.list), MAX_BLOCKS);
    first = tvi_gradient_norm(&f.list, sums);
    assert_near("norm", first, f.norm, 1e-6, 0.0);
    ASSERT_OK(tvae_set_threads(3));
    ck_assert(tvi_gradient_norm(&f.list, sums) == first);
    ASSERT_OK(tvae_set_threads(1));
    f.parameters[1].gradient[SECOND - 1] = NAN;
    ck_assert(!isfinite(tvi_gradient_norm(&f.list, sums)));
    f.parameters[1].gradient[SECOND - 1] = INFINITY;
    ck_assert(!isfinite(tvi_gradient_norm(&f.list, sums)));
    tear_down(&f);
}
END_TEST

START_TEST(scale_leaves_frozen_gradients_alone)
{
    double sums[MAX_BLOCKS];
    fixture f;

    set_up(&f);
    tvi_gradient_scale(&f.list, 0.25f);
    assert_near("norm", tvi_gradient_norm(&f.list, sums), 0.25 * f.norm, 1e-6, 0.0);
    ck_assert(f.parameters[2].gradient[0] == 1e9f);
    tear_down(&f);
}
END_TEST

static tvae_train_options sgd_options(double max_gradient_norm)
{
    tvae_train_options options;

    ASSERT_OK(tvae_train_options_init(&options, sizeof options));
    options.learning_rate = 0.05;
    options.momentum = 0.0;
    options.max_gradient_norm = max_gradient_norm;
    return options;
}

/* Length of the difference of two models' trained parameters, in double precision. */
static double distance(const tvae_model *a, const tvae_model *b)
{
    double sum = 0.0;

    for (size_t i = 0; i < tvae_model_parameter_count(a); i++) {
        char name[128];
        int32_t rank;
        size_t shape[TVAE_MAX_RANK];
        tvae_tensor *x = NULL, *y = NULL;

        ASSERT_OK(tvae_model_parameter_info(a, i, name, sizeof name, &rank, shape));
        ASSERT_OK(tvae_tensor_create(rank, shape, &x));
        ASSERT_OK(tvae_tensor_create(rank, shape, &y));
        ASSERT_OK(tvae_model_get_parameter(a, name, x));
        ASSERT_OK(tvae_model_get_parameter(b, name, y));
        for (size_t k = 0; k < tvae_tensor_count(x); k++) {
            const double difference =
                (double)tvae_tensor_data(x)[k] - (double)tvae_tensor_data(y)[k];

            sum += difference * difference;
        }
        tvae_tensor_destroy(&x);
        tvae_tensor_destroy(&y);
    }
    return sqrt(sum);
}

/* A model after one step, with that limit. */
static tvae_model *step_once(double max_gradient_norm)
{
    const tvae_train_options options = sgd_options(max_gradient_norm);
    tvae_model *model = build_small_model(true, 3);
    tvae_tensor *x = build_batch(2, 4);
    tvae_trainer *trainer = NULL;

    ASSERT_OK(tvae_trainer_create(model, &options, &trainer));
    ASSERT_OK(tvae_trainer_step(trainer, x, NULL, 0));
    tvae_trainer_destroy(&trainer);
    tvae_tensor_destroy(&x);
    return model;
}

START_TEST(step_moves_no_further_than_the_limit_in_the_same_direction)
{
    tvae_model *start = build_small_model(true, 3), *whole = step_once(0.0);
    tvae_model *loose = step_once(1e6), *clipped = step_once(0.5);
    const double far = distance(whole, start);

    ck_assert_msg(far > 2.0 * 0.05 * 0.5, "the unclipped step is only %g long", far);
    assert_models_close(loose, whole, 1e-6);
    assert_near("clipped step", distance(clipped, start), 0.05 * 0.5, 1e-4, 0.0);
    assert_near("rest of the step", distance(clipped, whole), far - 0.05 * 0.5, 1e-4,
                0.0);
    tvae_model_destroy(&clipped);
    tvae_model_destroy(&loose);
    tvae_model_destroy(&whole);
    tvae_model_destroy(&start);
}
END_TEST

START_TEST(clipped_step_allocates_nothing_after_the_first)
{
    const tvae_train_options options = sgd_options(0.5);
    tvae_model *model = build_small_model(true, 3);
    tvae_tensor *x = build_batch(2, 4);
    tvae_trainer *trainer = NULL;
    size_t before;

    ASSERT_OK(tvae_trainer_create(model, &options, &trainer));
    ASSERT_OK(tvae_trainer_step(trainer, x, NULL, 0));
    before = tvi_blocks_allocated();
    ASSERT_OK(tvae_trainer_step(trainer, x, NULL, 0));
    ck_assert_uint_eq(tvi_blocks_allocated(), before);
    tvae_trainer_destroy(&trainer);
    tvae_tensor_destroy(&x);
    tvae_model_destroy(&model);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* Encoders that see nothing. */
static void blind_encoders(tvae_model *model)
{
    static const char *const names[] = {"z_encoder.model.0.weight",
                                        "u_encoder.model.0.weight"};
    const size_t shape[4] = {3 * CAPSULES * WIDTH, 1, SIDE, SIDE};
    tvae_tensor *zeros = NULL;

    ASSERT_OK(tvae_tensor_create(4, shape, &zeros));
    for (size_t i = 0; i < 2; i++)
        ASSERT_OK(tvae_model_set_parameter(model, names[i], zeros));
    tvae_tensor_destroy(&zeros);
}

/* First a loss that is not finite, then a finite one whose gradient is too long: a target
 * of 1e25 that only the likelihood sees. */
START_TEST(clipped_step_refuses_what_is_not_finite_whole)
{
    const tvae_train_options options = sgd_options(0.5);
    tvae_model *model = build_small_model(true, 3), *same = build_small_model(true, 3);
    tvae_tensor *x = build_batch(2, 4);
    tvae_trainer *trainer = NULL;
    double terms[TVAE_N_TERMS];

    blind_encoders(model);
    blind_encoders(same);
    ASSERT_OK(tvae_trainer_create(model, &options, &trainer));
    tvae_tensor_data(x)[3] = NAN;
    ASSERT_STATUS(tvae_trainer_step(trainer, x, terms, TVAE_N_TERMS), TVAE_E_NUMERIC);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "neg_log_px"));
    ck_assert_int_eq(tvae_trainer_step_count(trainer), 0);
    assert_models_close(model, same, 0.0);
    tvae_tensor_data(x)[3] = 1e25f;
    ASSERT_STATUS(tvae_trainer_step(trainer, x, terms, TVAE_N_TERMS), TVAE_E_NUMERIC);
    ck_assert(isfinite(terms[TVAE_TERM_LOSS]));
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "gradient's norm"));
    ck_assert_int_eq(tvae_trainer_step_count(trainer), 0);
    assert_models_close(model, same, 0.0);
    tvae_trainer_destroy(&trainer);
    tvae_tensor_destroy(&x);
    tvae_model_destroy(&same);
    tvae_model_destroy(&model);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("clip");
    TCase *tcase = tcase_create("unit");

    tcase_add_test(tcase, norm_is_that_of_all_trainable_gradients);
    tcase_add_test(tcase, scale_leaves_frozen_gradients_alone);
    tcase_add_test(tcase, step_moves_no_further_than_the_limit_in_the_same_direction);
    tcase_add_test(tcase, clipped_step_allocates_nothing_after_the_first);
    tcase_add_test(tcase, clipped_step_refuses_what_is_not_finite_whole);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
