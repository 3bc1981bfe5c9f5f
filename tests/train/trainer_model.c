/* SPDX-License-Identifier: MIT */
#include "trainer_model.h"

#include <string.h>

tvae_model *build_small_model(bool topographic, uint64_t seed)
{
    tvae_neighbourhood *neighbourhood = NULL;
    tvae_prior_options prior_options;
    tvae_model_options options;
    tvae_prior *prior = NULL;
    tvae_model *model = NULL;

    ASSERT_OK(tvae_prior_options_init(&prior_options, sizeof prior_options));
    prior_options.n_capsules = CAPSULES;
    prior_options.capsule_dims[0] = WIDTH;
    prior_options.mu_init = 5.0;
    ASSERT_OK(tvae_neighbourhood_create_shifting(3, 3, 0, &neighbourhood));
    ASSERT_OK(tvae_prior_create(&prior_options, topographic ? &neighbourhood : NULL,
                                topographic ? 1 : 0, &prior));
    ASSERT_OK(tvae_model_options_init(&options, sizeof options));
    options.channels = 1;
    options.height = SIDE;
    options.width = SIDE;
    ASSERT_OK(tvae_model_create(&options, prior, &model));
    ASSERT_OK(tvae_model_initialise(model, seed));
    tvae_prior_destroy(&prior);
    tvae_neighbourhood_destroy(&neighbourhood);
    return model;
}

tvae_tensor *build_batch(size_t n_sequences, uint64_t seed)
{
    const size_t shape[5] = {n_sequences, FRAMES, 1, SIDE, SIDE};
    tvae_tensor *x = NULL;
    float *values;

    ASSERT_OK(tvae_tensor_create(5, shape, &x));
    values = tvae_tensor_data(x);
    for (size_t row = 0; row < n_sequences * FRAMES; row++)
        for (size_t i = 0; i < SIDE; i++)
            values[row * SIDE * SIDE + i * SIDE +
                   (row % FRAMES + row / FRAMES + seed) % SIDE] = 1.0f;
    return x;
}

void descend_parameter(tvae_model *model, size_t index, double rate)
{
    char name[128];
    int32_t rank;
    size_t shape[TVAE_MAX_RANK];
    tvae_tensor *value = NULL, *gradient = NULL;

    ASSERT_OK(tvae_model_parameter_info(model, index, name, sizeof name, &rank, shape));
    if (strcmp(name, "grouper.model.weight") == 0)
        return;
    ASSERT_OK(tvae_tensor_create(rank, shape, &value));
    ASSERT_OK(tvae_tensor_create(rank, shape, &gradient));
    ASSERT_OK(tvae_model_get_parameter(model, name, value));
    ASSERT_OK(tvae_model_get_gradient(model, name, gradient));
    for (size_t i = 0; i < tvae_tensor_count(value); i++)
        tvae_tensor_data(value)[i] -= (float)rate * tvae_tensor_data(gradient)[i];
    ASSERT_OK(tvae_model_set_parameter(model, name, value));
    tvae_tensor_destroy(&value);
    tvae_tensor_destroy(&gradient);
}

static void compare_parameter(const tvae_model *got, const tvae_model *want, size_t index,
                              double relative)
{
    char name[128];
    int32_t rank;
    size_t shape[TVAE_MAX_RANK];
    tvae_tensor *a = NULL, *b = NULL;

    ASSERT_OK(tvae_model_parameter_info(want, index, name, sizeof name, &rank, shape));
    ASSERT_OK(tvae_tensor_create(rank, shape, &a));
    ASSERT_OK(tvae_tensor_create(rank, shape, &b));
    ASSERT_OK(tvae_model_get_parameter(got, name, a));
    ASSERT_OK(tvae_model_get_parameter(want, name, b));
    if (relative > 0.0)
        assert_close(name, tvae_tensor_data(a), tvae_tensor_data(b), tvae_tensor_count(a),
                     relative, 0.0);
    else
        ck_assert_msg(memcmp(tvae_tensor_data(a), tvae_tensor_data(b),
                             tvae_tensor_count(a) * sizeof(float)) == 0,
                      "%s differs", name);
    tvae_tensor_destroy(&a);
    tvae_tensor_destroy(&b);
}

void assert_models_close(const tvae_model *got, const tvae_model *want, double relative)
{
    ck_assert_uint_eq(tvae_model_parameter_count(got), tvae_model_parameter_count(want));
    for (size_t i = 0; i < tvae_model_parameter_count(want); i++)
        compare_parameter(got, want, i, relative);
}
