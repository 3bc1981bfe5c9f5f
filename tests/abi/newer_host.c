/* SPDX-License-Identifier: MIT */
/* A program that was compiled when option structs will have grown: what it does not set
 * is served, what it sets and this library cannot know is refused. */
#include <string.h>

#include <tvae/experiment.h>

#include "hosts.h"

enum { MORE_BYTES = 16 };

/* A struct of today with two members of tomorrow. */
typedef union newer_options {
    size_t size;
    tvae_linear_options linear;
    tvae_conv2d_options conv2d;
    tvae_prior_options prior;
    tvae_model_options model;
    tvae_train_options train;
    tvae_sprites_options sprites;
    tvae_loader_options loader;
    unsigned char bytes[sizeof(tvae_sprites_options) + MORE_BYTES];
} newer_options;

static tvae_status init_linear(newer_options *o, size_t size)
{
    const tvae_status status = tvae_linear_options_init(&o->linear, size);

    o->linear.n_inputs = o->linear.n_outputs = 2;
    return status;
}

static tvae_status create_linear(const newer_options *o)
{
    tvae_layer *layer = NULL;
    const tvae_status status = tvae_layer_create_linear(&o->linear, &layer);

    tvae_layer_destroy(&layer);
    return status;
}

static tvae_status init_conv2d(newer_options *o, size_t size)
{
    const tvae_status status = tvae_conv2d_options_init(&o->conv2d, size);

    o->conv2d.in_channels = o->conv2d.out_channels = 1;
    o->conv2d.input_height = o->conv2d.input_width = 4;
    o->conv2d.kernel_height = o->conv2d.kernel_width = 2;
    return status;
}

static tvae_status create_conv2d(const newer_options *o)
{
    tvae_layer *layer = NULL;
    const tvae_status status = tvae_layer_create_conv2d(&o->conv2d, &layer);

    tvae_layer_destroy(&layer);
    return status;
}

static tvae_status init_prior(newer_options *o, size_t size)
{
    const tvae_status status = tvae_prior_options_init(&o->prior, size);

    o->prior.n_capsules = o->prior.capsule_dims[0] = 2;
    return status;
}

static tvae_status create_prior(const newer_options *o)
{
    tvae_prior *prior = NULL;
    const tvae_status status = tvae_prior_create(&o->prior, NULL, 0, &prior);

    tvae_prior_destroy(&prior);
    return status;
}

/* A plain VAE of the given options, NULL for small ones of today. */
static tvae_status create_plain(const tvae_model_options *wanted, tvae_model **model)
{
    tvae_model_options today;
    newer_options grid;
    tvae_prior *prior = NULL;
    tvae_status status = init_prior(&grid, sizeof grid.prior);

    if (status == TVAE_OK)
        status = tvae_prior_create(&grid.prior, NULL, 0, &prior);
    if (status == TVAE_OK)
        status = tvae_model_options_init(&today, sizeof today);
    today.channels = today.height = today.width = 1;
    if (status == TVAE_OK)
        status = tvae_model_create(wanted ? wanted : &today, prior, model);
    tvae_prior_destroy(&prior);
    return status;
}

static tvae_status init_model(newer_options *o, size_t size)
{
    const tvae_status status = tvae_model_options_init(&o->model, size);

    o->model.channels = o->model.height = o->model.width = 1;
    return status;
}

static tvae_status create_model(const newer_options *o)
{
    tvae_model *model = NULL;
    const tvae_status status = create_plain(&o->model, &model);

    tvae_model_destroy(&model);
    return status;
}

static tvae_status init_train(newer_options *o, size_t size)
{
    return tvae_train_options_init(&o->train, size);
}

static tvae_status create_trainer(const newer_options *o)
{
    tvae_model *model = NULL;
    tvae_trainer *trainer = NULL;
    tvae_status status = create_plain(NULL, &model);

    if (status == TVAE_OK)
        status = tvae_trainer_create(model, &o->train, &trainer);
    tvae_trainer_destroy(&trainer);
    tvae_model_destroy(&model);
    return status;
}

static tvae_status init_sprites(newer_options *o, size_t size)
{
    return tvae_sprites_options_init(&o->sprites, size);
}

static tvae_status create_sprites(const newer_options *o)
{
    tvae_dataset *data = NULL;
    const tvae_status status = tvae_dataset_create_sprites(&o->sprites, &data);

    tvae_dataset_destroy(&data);
    return status;
}

static tvae_status init_loader(newer_options *o, size_t size)
{
    return tvae_loader_options_init(&o->loader, size);
}

static tvae_status create_loader(const newer_options *o)
{
    tvae_dataset *data = NULL;
    tvae_loader *loader = NULL;
    tvae_status status = tvae_dataset_create_sprites(NULL, &data);

    if (status == TVAE_OK)
        status = tvae_loader_create(data, &o->loader, &loader);
    tvae_loader_destroy(&loader);
    tvae_dataset_destroy(&data);
    return status;
}

static const struct {
    size_t size;
    tvae_status (*init)(newer_options *options, size_t size);
    tvae_status (*create)(const newer_options *options);
} structs[] = {
    {sizeof(tvae_linear_options), init_linear, create_linear},
    {sizeof(tvae_conv2d_options), init_conv2d, create_conv2d},
    {sizeof(tvae_prior_options), init_prior, create_prior},
    {sizeof(tvae_model_options), init_model, create_model},
    {sizeof(tvae_train_options), init_train, create_trainer},
    {sizeof(tvae_sprites_options), init_sprites, create_sprites},
    {sizeof(tvae_loader_options), init_loader, create_loader},
};

int newer_host(void)
{
    static const unsigned char zeros[MORE_BYTES];
    int failed = 0;

    for (size_t i = 0; i < sizeof structs / sizeof structs[0]; i++) {
        const size_t size = structs[i].size;
        newer_options options;

        memset(&options, 0x5a, sizeof options);
        failed += EXPECT(structs[i].init(&options, size + MORE_BYTES) == TVAE_OK);
        failed += EXPECT(options.size == size + MORE_BYTES);
        failed += EXPECT(memcmp(options.bytes + size, zeros, MORE_BYTES) == 0);
        failed += EXPECT(structs[i].create(&options) == TVAE_OK);
        options.bytes[size + MORE_BYTES - 1] = 1;
        failed += EXPECT(structs[i].create(&options) == TVAE_E_UNSUPPORTED);
        options.bytes[size + MORE_BYTES - 1] = 0;
        options.size = sizeof(size_t);
        failed += EXPECT(structs[i].create(&options) == TVAE_E_INVALID);
    }
    return failed;
}
