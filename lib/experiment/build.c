/* SPDX-License-Identifier: MIT */
#include "experiment/config.h"

#include <string.h>

#include "base/error.h"

/* From a configuration to its data and its model. */

enum { MNIST_SIZE = 28, MNIST_FRAMES = 18, SPRITE_SIZE = 64 };

static int64_t or_default(int64_t value, int64_t otherwise)
{
    return value ? value : otherwise;
}

static tvae_status open_mnist(const tvi_settings *s, int32_t split, tvae_dataset **out)
{
    tvae_mnist_options options;
    tvae_status st = tvae_mnist_options_init(&options, sizeof options);

    if (st != TVAE_OK)
        return st;
    if (!s->data[0])
        return tvi_fail(TVAE_E_INVALID,
                        "config_open_data: %s needs images, but data is empty: set it "
                        "(tvae train --data) to the folder of MNIST's four files; sh "
                        "examples/fetch-data.sh mnist FOLDER downloads them",
                        s->experiment);
    options.split_seed = (uint64_t)s->split_seed;
    options.validation_fraction = s->validation_fraction;
    options.split = split;
    options.transform = (int32_t)s->transform;
    if (split == TVAE_SPLIT_TEST && s->test_transform != TVI_TEST_TRANSFORM_SAME)
        options.transform = (int32_t)s->test_transform - 1;
    return tvae_dataset_create_mnist(s->data, &options, out);
}

static tvae_status open_sprites(const tvi_settings *s, int32_t split, tvae_dataset **out)
{
    tvae_sprites_options options;
    tvae_status st = tvae_sprites_options_init(&options, sizeof options);

    if (st != TVAE_OK)
        return st;
    if (s->image_width && s->image_width != or_default(s->image_size, SPRITE_SIZE))
        return tvi_fail(TVAE_E_INVALID,
                        "config_open_data: image_width is %lld, but sprites are square: "
                        "want image_size (%lld) or 0",
                        (long long)s->image_width,
                        (long long)or_default(s->image_size, SPRITE_SIZE));
    options.image_size = or_default(s->image_size, SPRITE_SIZE);
    options.n_frames = s->n_frames;
    memcpy(options.start, s->start, sizeof options.start);
    memcpy(options.stride, s->stride, sizeof options.stride);
    memcpy(options.max_values, s->max_values, sizeof options.max_values);
    options.split_seed = (uint64_t)s->split_seed;
    options.test_fraction = s->test_fraction;
    options.varying = (int32_t)s->varying;
    options.split = split;
    if (s->data[0])
        return tvae_dataset_create_dsprites(s->data, &options, out);
    return tvae_dataset_create_sprites(&options, out);
}

static tvae_status open_npz(const tvi_settings *s, int32_t split, tvae_dataset **out)
{
    tvae_npz_options options;
    tvae_status st = tvae_npz_options_init(&options, sizeof options);

    if (st != TVAE_OK)
        return st;
    if (!s->data[0])
        return tvi_fail(TVAE_E_INVALID,
                        "config_open_data: %s needs sequences, but data is empty: set it "
                        "(tvae train --data) to a .npz file with an array x of "
                        "[sequences, frames, channels, height, width]",
                        s->experiment);
    options.split_seed = (uint64_t)s->split_seed;
    options.test_fraction = s->test_fraction;
    options.random_split = (int32_t)s->random_split;
    options.split = split;
    return tvae_dataset_create_npz(s->data, &options, out);
}

tvae_status tvi_settings_open_data(const tvi_settings *s, int32_t split,
                                   tvae_dataset **out)
{
    switch (s->dataset) {
    case TVI_DATASET_MNIST:
        return open_mnist(s, split, out);
    case TVI_DATASET_NPZ:
        return open_npz(s, split, out);
    default:
        return open_sprites(s, split, out);
    }
}

tvae_status tvae_config_open_data(const tvae_config *config, int32_t split,
                                  tvae_dataset **out)
{
    if (!out)
        return tvi_fail(TVAE_E_INVALID, "config_open_data: out is NULL");
    *out = NULL;
    if (!config)
        return tvi_fail(TVAE_E_INVALID, "config_open_data: config is NULL");
    return tvi_settings_open_data(&config->settings, split, out);
}

bool tvi_settings_fit(const tvi_settings *s)
{
    return s->channels && s->image_size && s->image_width && s->capsule_dim;
}

tvae_status tvi_settings_fit_data(tvi_settings *s, const tvae_dataset *data,
                                  const char *call)
{
    size_t shape[4];
    tvae_status st = tvae_dataset_shape(data, shape);

    if (st != TVAE_OK)
        return st;
    if ((s->channels && (size_t)s->channels != shape[1]) ||
        (s->image_size && (size_t)s->image_size != shape[2]) ||
        (s->image_width && (size_t)s->image_width != shape[3]))
        return tvi_fail(TVAE_E_INVALID,
                        "%s: the data's frames have %zu channels of %zu x %zu, but "
                        "channels, image_size and image_width are %lld, %lld and %lld: "
                        "set them to 0 or to the data's",
                        call, shape[1], shape[2], shape[3], (long long)s->channels,
                        (long long)s->image_size, (long long)s->image_width);
    s->channels = (int64_t)shape[1];
    s->image_size = (int64_t)shape[2];
    s->image_width = (int64_t)shape[3];
    if (!s->capsule_dim)
        s->capsule_dim = (int64_t)shape[0];
    return TVAE_OK;
}

/* The sizes of the data that an experiment is made for, where none are at hand. */
static void fit_usual_data(tvi_settings *s)
{
    const bool mnist = s->dataset == TVI_DATASET_MNIST;
    const bool sequences = !mnist || s->transform != TVAE_TRANSFORM_NONE;
    const int64_t frames = mnist ? MNIST_FRAMES : s->n_frames;

    s->channels = or_default(s->channels, mnist && sequences ? 3 : 1);
    s->image_size = or_default(s->image_size, mnist ? MNIST_SIZE : SPRITE_SIZE);
    s->image_width = or_default(s->image_width, s->image_size);
    s->capsule_dim = or_default(s->capsule_dim, sequences ? frames : 1);
}

static tvae_status build_neighbourhood(const tvi_settings *s, tvae_neighbourhood **out)
{
    const int64_t window_capsule = or_default(s->window_capsule, s->window);
    const int64_t box[TVAE_OFFSET_AXES] = {
        s->window, window_capsule,
        or_default(s->window_capsule_2, s->capsule_dim_2 > 1 ? window_capsule : 1),
        or_default(s->window_capsule_3, s->capsule_dim_3 > 1 ? window_capsule : 1)};

    *out = NULL;
    if (s->prior == TVI_PRIOR_SHIFTING)
        return tvae_neighbourhood_create_shifting(s->window, window_capsule,
                                                  s->off_diagonal, out);
    if (s->prior == TVI_PRIOR_CAUSAL && s->frame_boundary != TVAE_BOUNDARY_ZERO)
        return tvi_fail(TVAE_E_INVALID,
                        "config_build_model: prior is causal, but frame_boundary is "
                        "circular, where the last frames lie before the first: set it to "
                        "zero");
    if (s->prior == TVI_PRIOR_CAUSAL)
        return tvae_neighbourhood_create_shifting_range(1 - s->window, 0, s->off_diagonal,
                                                        out);
    if (s->prior == TVI_PRIOR_STATIONARY)
        return tvae_neighbourhood_create_stationary(box, out);
    return TVAE_OK;
}

static tvae_status build_prior(const tvi_settings *s, tvae_prior **out)
{
    tvae_neighbourhood *neighbourhood = NULL;
    tvae_prior_options options;
    tvae_status st = tvae_prior_options_init(&options, sizeof options);

    if (st == TVAE_OK)
        st = build_neighbourhood(s, &neighbourhood);
    if (st != TVAE_OK)
        return st;
    options.n_capsules = s->n_capsules;
    options.capsule_dims[0] = s->capsule_dim;
    options.capsule_dims[1] = s->capsule_dim_2;
    options.capsule_dims[2] = s->capsule_dim_3;
    options.mu_init = s->mu_init;
    options.epsilon = s->epsilon;
    options.learn_mu = (int32_t)s->learn_mu;
    options.learn_weights = (int32_t)s->learn_weights;
    options.frame_boundary = (int32_t)s->frame_boundary;
    options.capsule_boundary = (int32_t)s->capsule_boundary;
    st = tvae_prior_create(&options, neighbourhood ? &neighbourhood : NULL,
                           neighbourhood ? 1 : 0, out);
    tvae_neighbourhood_destroy(&neighbourhood);
    return st;
}

static tvae_status build_model(const tvi_settings *s, tvae_model **out)
{
    tvae_prior *prior = NULL;
    tvae_model *model = NULL;
    tvae_model_options options;
    tvae_status st = tvae_model_options_init(&options, sizeof options);

    if (st == TVAE_OK)
        st = build_prior(s, &prior);
    if (st != TVAE_OK)
        return st;
    options.channels = s->channels;
    options.height = s->image_size;
    options.width = s->image_width;
    options.likelihood = (int32_t)s->likelihood;
    options.bias_per_pixel = (int32_t)s->bias_per_pixel;
    options.gaussian_scale = s->gaussian_scale;
    options.learn_scale =
        s->likelihood == TVAE_LIKELIHOOD_GAUSSIAN ? (int32_t)s->learn_scale : 0;
    options.predict_steps = (int32_t)s->predict_steps;
    st = tvae_model_create(&options, prior, &model);
    if (st == TVAE_OK)
        st = tvae_model_initialise(model, (uint64_t)s->seed);
    if (st != TVAE_OK)
        tvae_model_destroy(&model);
    tvae_prior_destroy(&prior);
    *out = model;
    return st;
}

/* What the data decide: from themselves where they are named, or those always are. */
static tvae_status fit(tvi_settings *s, const char *call)
{
    const bool drawn = s->dataset == TVI_DATASET_SPRITES ||
                       (s->dataset == TVI_DATASET_MNIST && !s->data[0]);
    tvae_dataset *data = NULL;
    tvae_status st = TVAE_OK;

    if (tvi_settings_fit(s))
        return TVAE_OK;
    if (!drawn)
        st = tvi_settings_open_data(s, TVAE_SPLIT_TRAIN, &data);
    if (st == TVAE_OK && data)
        st = tvi_settings_fit_data(s, data, call);
    tvae_dataset_destroy(&data);
    fit_usual_data(s);
    return st;
}

tvae_status tvae_config_build_model(const tvae_config *config, tvae_model **out)
{
    tvi_settings settings;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "config_build_model: out is NULL");
    *out = NULL;
    if (!config)
        return tvi_fail(TVAE_E_INVALID, "config_build_model: config is NULL");
    settings = config->settings;
    st = fit(&settings, "config_build_model");
    return st == TVAE_OK ? build_model(&settings, out) : st;
}
