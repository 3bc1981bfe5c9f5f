/* SPDX-License-Identifier: MIT */
#include "model/create.h"

#include <math.h>
#include <stddef.h>

#include "base/memory.h"
#include "base/options.h"

static const tvae_model_options default_options = {.size = sizeof default_options,
                                                   .gaussian_scale = 1.0,
                                                   .likelihood =
                                                       TVAE_LIKELIHOOD_BERNOULLI};

enum { V1_SIZE = offsetof(tvae_model_options, learn_scale), MAX_PREDICT_STEPS = 4096 };

_Static_assert(V1_SIZE == 48, "frozen layout of release 0.1");
_Static_assert(sizeof(tvae_model_options) == 56, "free of padding");

tvae_status tvae_model_options_init(tvae_model_options *options, size_t size)
{
    return tvi_options_export(options, size, V1_SIZE, &default_options,
                              sizeof default_options, "model_options_init");
}

static tvae_status check_extent(const char *call, const char *name, int64_t extent)
{
    if (extent >= 1 && (uint64_t)extent <= SIZE_MAX)
        return TVAE_OK;
    return tvi_fail(TVAE_E_INVALID, "%s: options.%s is %lld, want at least 1", call, name,
                    (long long)extent);
}

static tvae_status check_likelihood(const tvae_model_options *options, const char *call)
{
    if (!(options->gaussian_scale > 0.0) || !isfinite(options->gaussian_scale))
        return tvi_fail(TVAE_E_INVALID,
                        "%s: options.gaussian_scale is %g, want a finite number above 0",
                        call, options->gaussian_scale);
    if (options->likelihood != TVAE_LIKELIHOOD_BERNOULLI &&
        options->likelihood != TVAE_LIKELIHOOD_GAUSSIAN)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: options.likelihood is %d, want %d (Bernoulli) or %d "
                        "(Gaussian)",
                        call, (int)options->likelihood, TVAE_LIKELIHOOD_BERNOULLI,
                        TVAE_LIKELIHOOD_GAUSSIAN);
    if (options->learn_scale != 0 && options->learn_scale != 1)
        return tvi_fail(TVAE_E_INVALID, "%s: options.learn_scale is %d, want 0 or 1",
                        call, (int)options->learn_scale);
    if (options->learn_scale && options->likelihood != TVAE_LIKELIHOOD_GAUSSIAN)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: options.learn_scale is 1, want 0: only the Gaussian "
                        "likelihood has a scale",
                        call);
    return TVAE_OK;
}

tvae_status tvi_model_options_import(tvae_model_options *options,
                                     const tvae_model_options *source, const char *call)
{
    tvae_status st;

    *options = default_options;
    if (!source)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: options is NULL, want the frame's extents in it", call);
    st = tvi_options_import(options, sizeof *options, V1_SIZE, source, call);
    if (st == TVAE_OK)
        st = check_extent(call, "channels", options->channels);
    if (st == TVAE_OK)
        st = check_extent(call, "height", options->height);
    if (st == TVAE_OK)
        st = check_extent(call, "width", options->width);
    if (st != TVAE_OK)
        return st;
    st = check_likelihood(options, call);
    if (st != TVAE_OK)
        return st;
    if (options->bias_per_pixel != 0 && options->bias_per_pixel != 1)
        return tvi_fail(TVAE_E_INVALID, "%s: options.bias_per_pixel is %d, want 0 or 1",
                        call, (int)options->bias_per_pixel);
    if (options->predict_steps < 0 || options->predict_steps > MAX_PREDICT_STEPS)
        return tvi_fail(TVAE_E_INVALID, "%s: options.predict_steps is %d, want 0 to %d",
                        call, (int)options->predict_steps, MAX_PREDICT_STEPS);
    return TVAE_OK;
}

tvae_status tvi_model_count_pixels(const tvae_model_options *options, const char *call,
                                   size_t *n_pixels)
{
    size_t n = (size_t)options->channels;

    if (!tvi_multiply(n, (size_t)options->height, &n) ||
        !tvi_multiply(n, (size_t)options->width, &n) || n > SIZE_MAX / 64)
        return tvi_fail(TVAE_E_SHAPE,
                        "%s: a frame of %lld x %lld x %lld overflows, want a smaller one",
                        call, (long long)options->channels, (long long)options->height,
                        (long long)options->width);
    *n_pixels = n;
    return TVAE_OK;
}

static tvae_status check_width(const tvae_layer *layer, const char *name, size_t n_inputs,
                               size_t n_outputs)
{
    const size_t got = tvi_layer_output_width(layer, n_inputs);

    if (got == n_outputs)
        return TVAE_OK;
    if (got == 0)
        return tvi_fail(TVAE_E_SHAPE,
                        "model_compose: %s does not take rows of %zu values, want a "
                        "layer from %zu to %zu",
                        name, n_inputs, n_inputs, n_outputs);
    return tvi_fail(TVAE_E_SHAPE, "model_compose: %s gives %zu values a row, want %zu",
                    name, got, n_outputs);
}

static tvae_status check_parts(const tvae_layer *z_encoder, const tvae_layer *u_encoder,
                               const tvae_prior *prior, const tvae_layer *decoder)
{
    const bool has_u = prior && tvi_prior_n_neighbourhoods(prior) > 0;

    if (!z_encoder || !prior || !decoder)
        return tvi_fail(TVAE_E_INVALID, "model_compose: %s is NULL",
                        !z_encoder ? "z_encoder"
                        : !prior   ? "prior"
                                   : "decoder");
    if (has_u && !u_encoder)
        return tvi_fail(TVAE_E_INVALID,
                        "model_compose: u_encoder is NULL, want one: the prior has "
                        "neighbourhoods");
    if (!has_u && u_encoder)
        return tvi_fail(TVAE_E_INVALID,
                        "model_compose: u_encoder is given, want NULL: the prior has no "
                        "neighbourhoods");
    if (z_encoder == u_encoder || z_encoder == decoder || u_encoder == decoder)
        return tvi_fail(TVAE_E_INVALID,
                        "model_compose: one layer is used twice, want a layer each");
    return TVAE_OK;
}

/* A frame that is to be predicted must not be seen. */
static tvae_status check_prediction(const tvae_model_options *options,
                                    const tvae_prior *prior)
{
    if (options->predict_steps == 0 || tvi_prior_is_causal(prior, NULL))
        return TVAE_OK;
    return tvi_fail(TVAE_E_INVALID,
                    "model_compose: options.predict_steps is %d, but the prior looks at "
                    "later frames, want neighbourhoods of frames up to 0 and "
                    "frame_boundary %d (zero)",
                    (int)options->predict_steps, TVAE_BOUNDARY_ZERO);
}

static tvae_status check_widths(const tvae_model *model)
{
    const size_t n_code = 2 * model->n_latents;
    tvae_status st = check_width(model->z_encoder, "z_encoder", model->n_pixels, n_code);

    if (st == TVAE_OK && model->u_encoder)
        st = check_width(model->u_encoder, "u_encoder", model->n_pixels, n_code);
    if (st == TVAE_OK)
        st = check_width(model->decoder, "decoder", model->n_latents, model->n_pixels);
    return st;
}

/* List the parameters, and refuse a layer that is reached on two ways. */
static tvae_status collect_parameters(tvae_model *model)
{
    tvi_parameter_list *list = &model->parameters;
    tvae_status st = tvi_layer_collect(model->z_encoder, "z_encoder.model.", list);

    if (st == TVAE_OK && model->u_encoder)
        st = tvi_layer_collect(model->u_encoder, "u_encoder.model.", list);
    if (st == TVAE_OK)
        st = tvi_layer_collect(model->decoder, "decoder.model.", list);
    if (st == TVAE_OK)
        st = tvi_prior_collect(model->prior, "grouper.", list);
    if (st == TVAE_OK && model->options.learn_scale)
        st = tvi_parameter_list_add(list, "likelihood.", "log_scale", &model->log_scale);
    if (st != TVAE_OK)
        return st;
    for (size_t i = 0; i < list->n_items; i++)
        for (size_t k = 0; k < i; k++)
            if (list->items[i].parameter == list->items[k].parameter)
                return tvi_fail(TVAE_E_INVALID,
                                "model_compose: %s and %s are one parameter, want a "
                                "layer each",
                                list->items[k].name, list->items[i].name);
    return TVAE_OK;
}

static void reset_scale(tvae_model *model)
{
    if (model->log_scale.value)
        model->log_scale.value[0] = (float)log(model->options.gaussian_scale);
}

tvae_status tvae_model_compose(const tvae_model_options *options, tvae_layer *z_encoder,
                               tvae_layer *u_encoder, tvae_prior *prior,
                               tvae_layer *decoder, tvae_model **out)
{
    const size_t one = 1;
    tvae_model_options imported;
    tvae_model *model;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "model_compose: out is NULL");
    *out = NULL;
    st = tvi_model_options_import(&imported, options, "model_compose");
    if (st == TVAE_OK)
        st = check_parts(z_encoder, u_encoder, prior, decoder);
    if (st == TVAE_OK)
        st = check_prediction(&imported, prior);
    if (st != TVAE_OK)
        return st;
    model = tvi_alloc_array(1, sizeof *model);
    if (!model)
        return TVAE_E_NOMEM;
    tvi_refcount_init(&model->references);
    model->options = imported;
    model->prior = tvae_prior_retain(prior);
    model->z_encoder = tvae_layer_retain(z_encoder);
    model->u_encoder = tvae_layer_retain(u_encoder);
    model->decoder = tvae_layer_retain(decoder);
    model->n_latents = tvae_prior_n_latents(prior);
    st = tvi_model_count_pixels(&imported, "model_compose", &model->n_pixels);
    if (st == TVAE_OK && imported.learn_scale)
        st = tvi_parameter_init(&model->log_scale, 1, &one, false);
    if (st == TVAE_OK)
        reset_scale(model);
    if (st == TVAE_OK)
        st = check_widths(model);
    if (st == TVAE_OK)
        st = collect_parameters(model);
    if (st == TVAE_OK)
        *out = model;
    else
        tvae_model_destroy(&model);
    return st;
}

tvae_model *tvae_model_retain(tvae_model *model)
{
    if (model)
        tvi_refcount_retain(&model->references);
    return model;
}

void tvae_model_destroy(tvae_model **model)
{
    tvae_model *gone;

    if (!model || !*model)
        return;
    gone = *model;
    *model = NULL;
    if (!tvi_refcount_release(&gone->references))
        return;
    tvi_parameter_list_release(&gone->parameters);
    tvi_parameter_release(&gone->log_scale);
    tvae_layer_destroy(&gone->z_encoder);
    tvae_layer_destroy(&gone->u_encoder);
    tvae_layer_destroy(&gone->decoder);
    tvae_prior_destroy(&gone->prior);
    tvi_free(gone);
}

tvae_status tvae_model_initialise(tvae_model *model, uint64_t seed)
{
    uint64_t stream = 0;
    tvae_status st;

    if (!model)
        return tvi_fail(TVAE_E_INVALID, "model_initialise: model is NULL");
    st = tvi_layer_initialise(model->z_encoder, seed, &stream);
    if (st == TVAE_OK && model->u_encoder)
        st = tvi_layer_initialise(model->u_encoder, seed, &stream);
    if (st == TVAE_OK)
        st = tvi_layer_initialise(model->decoder, seed, &stream);
    if (st == TVAE_OK && model->u_encoder)
        st = tvae_prior_set_mu(model->prior, tvi_prior_options_of(model->prior)->mu_init);
    if (st == TVAE_OK)
        reset_scale(model);
    return st;
}

tvae_status tvae_model_frame_shape(const tvae_model *model, size_t *shape)
{
    if (!model || !shape)
        return tvi_fail(TVAE_E_INVALID, "model_frame_shape: %s is NULL",
                        model ? "shape" : "model");
    shape[0] = (size_t)model->options.channels;
    shape[1] = (size_t)model->options.height;
    shape[2] = (size_t)model->options.width;
    return TVAE_OK;
}

tvae_status tvae_model_latent_shape(const tvae_model *model, size_t *shape)
{
    const tvae_prior_options *options;

    if (!model || !shape)
        return tvi_fail(TVAE_E_INVALID, "model_latent_shape: %s is NULL",
                        model ? "shape" : "model");
    options = tvi_prior_options_of(model->prior);
    shape[0] = (size_t)options->n_capsules;
    for (size_t axis = 0; axis < 3; axis++)
        shape[1 + axis] = (size_t)options->capsule_dims[axis];
    return TVAE_OK;
}

tvae_status tvae_model_prior(const tvae_model *model, tvae_prior **out)
{
    if (!out)
        return tvi_fail(TVAE_E_INVALID, "model_prior: out is NULL");
    *out = NULL;
    if (!model)
        return tvi_fail(TVAE_E_INVALID, "model_prior: model is NULL");
    *out = tvae_prior_retain(model->prior);
    return TVAE_OK;
}
