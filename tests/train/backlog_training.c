/* SPDX-License-Identifier: MIT */
#include "backlog_training.h"

#include <string.h>

#include "code_path.h"
#include "layer/backlog.h"
#include "model/model.h"

tvae_train_options sgd_options(void)
{
    tvae_train_options options;

    ASSERT_OK(tvae_train_options_init(&options, sizeof options));
    options.learning_rate = 0.03; /* weights change their exponents */
    options.seed = 5;
    return options;
}

static training create_training(const tvae_train_options *options, bool waits)
{
    const tvae_train_options usual = sgd_options();
    training t = {.model = build_small_model(true, 7), .waits = waits};

    ASSERT_OK(tvae_trainer_create(t.model, options ? options : &usual, &t.trainer));
    return t;
}

twins create_twins(const tvae_train_options *options)
{
    return (twins){create_training(options, true), create_training(options, false)};
}

void destroy_twins(twins *t)
{
    tvae_trainer_destroy(&t->waiting.trainer);
    tvae_trainer_destroy(&t->eager.trainer);
    tvae_model_destroy(&t->waiting.model);
    tvae_model_destroy(&t->eager.model);
}

static bool may_be_lit(size_t pixel, size_t step)
{
    if (step == 0)
        return true;
    switch (pixel % SIDE) {
    case 0:
        return false;
    case 1:
        return step % N_RARE == 0;
    case 2:
        return (step + pixel) % 7 == 0;
    default:
        return true;
    }
}

tvae_tensor *build_sparse_batch(size_t step)
{
    const size_t shape[5] = {N_SEQUENCES, FRAMES, 1, SIDE, SIDE};
    tvae_tensor *x = NULL;
    float *values;

    ASSERT_OK(tvae_tensor_create(5, shape, &x));
    values = tvae_tensor_data(x);
    fill_uniform(values, tvae_tensor_count(x), 0.0, 1.0, step);
    for (size_t i = 0; i < tvae_tensor_count(x); i++)
        if (!may_be_lit(i % (SIDE * SIDE), step) || values[i] > 0.4f)
            values[i] = 0.0f;
    return x;
}

void train_one(const training *t, size_t first, size_t end)
{
    tvi_backlog_allow(t->waits);
    for (size_t step = first; step < end; step++) {
        tvae_tensor *x = build_sparse_batch(step);

        ASSERT_OK(tvae_trainer_step(t->trainer, x, NULL, 0));
        tvae_tensor_destroy(&x);
    }
}

void train_twins(const twins *t, size_t first, size_t end)
{
    train_one(&t->waiting, first, end);
    train_one(&t->eager, first, end);
}

static const tvi_parameter *first_weight(const training *t)
{
    const tvi_named_parameter *found =
        tvi_parameter_list_find(&t->model->parameters, "z_encoder.model.0.weight");

    ck_assert_ptr_nonnull(found);
    return found->parameter;
}

bool is_behind(const twins *t)
{
    const tvi_parameter *a = first_weight(&t->waiting), *b = first_weight(&t->eager);

    return memcmp(a->value, b->value, a->count * sizeof(float)) != 0;
}

bool should_wait(void)
{
    return !code_path_wanted().is_dense;
}
