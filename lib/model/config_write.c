/* SPDX-License-Identifier: MIT */
#include "model/config.h"

#include <stdlib.h>

#include <jansson.h>

#include "base/memory.h"

const tvi_choice tvi_likelihood_names = {{"bernoulli", "gaussian"}};
const tvi_choice tvi_boundary_names = {{"circular", "zero"}};
const tvi_choice tvi_weight_order_names = {{"out_in", "in_out"}};

static tvae_status no_memory(void)
{
    return tvi_fail(TVAE_E_NOMEM, "model_save: out of memory for the configuration");
}

static json_t *describe_field(const tvi_layer_field *field, const void *options)
{
    const void *const place = (const char *)options + field->offset;

    switch (field->type) {
    case TVI_FIELD_INTEGER:
        return json_integer(*(const int64_t *)place);
    case TVI_FIELD_FLAG:
        return json_boolean(*(const int32_t *)place);
    case TVI_FIELD_WEIGHT_ORDER:
        return json_string(tvi_weight_order_names.names[*(const int32_t *)place != 0]);
    case TVI_FIELD_REAL:
        return json_real(*(const double *)place);
    }
    return NULL;
}

/* A layer of the library's own, by the options it was created from. */
static json_t *describe_options_of(const tvae_layer *layer)
{
    const tvi_layer_recipe *recipe = &layer->kind->recipe;
    json_t *object = json_pack("{s:s}", "kind", layer->kind->name);

    for (size_t i = 0; object && i < recipe->n_fields; i++) {
        const tvi_layer_field *field = &recipe->fields[i];

        if (json_object_set_new(object, field->name,
                                describe_field(field, tvi_layer_options(layer)))) {
            json_decref(object);
            return NULL;
        }
    }
    return object;
}

static tvae_status describe_layer(const tvae_layer *layer, int depth, json_t **out);

static tvae_status describe_children(const tvae_layer *layer, int depth, json_t **out)
{
    json_t *children = json_array(), *child;
    tvae_status st = children ? TVAE_OK : no_memory();

    for (size_t i = 0; st == TVAE_OK && tvi_layer_child(layer, i); i++) {
        st = describe_layer(tvi_layer_child(layer, i), depth + 1, &child);
        if (st == TVAE_OK && json_array_append_new(children, child))
            st = no_memory();
    }
    if (st != TVAE_OK) {
        json_decref(children);
        return st;
    }
    *out = json_pack("{s:s, s:o}", "kind", "sequential", "layers", children);
    return *out ? TVAE_OK : no_memory();
}

static tvae_status describe_layer(const tvae_layer *layer, int depth, json_t **out)
{
    if (tvi_layer_child(layer, 0) && depth < TVI_MAX_LAYER_DEPTH)
        return describe_children(layer, depth, out);
    if (!layer->kind->recipe.rebuild)
        return tvi_fail(TVAE_E_UNSUPPORTED,
                        "model_save: a layer is of kind \"%s\" at depth %d, want the "
                        "library's own kinds, or sequential up to depth %d: save such a "
                        "model's parameters by name instead",
                        layer->kind->name, depth, TVI_MAX_LAYER_DEPTH);
    *out = describe_options_of(layer);
    return *out ? TVAE_OK : no_memory();
}

static json_t *describe_neighbourhood(const tvae_neighbourhood *neighbourhood)
{
    json_t *offsets = json_array();
    int64_t o[TVAE_OFFSET_AXES];

    for (size_t i = 0; offsets && i < tvae_neighbourhood_count(neighbourhood); i++) {
        (void)tvae_neighbourhood_offset(neighbourhood, i, o, NULL);
        if (json_array_append_new(offsets, json_pack("[I, I, I, I]", (json_int_t)o[0],
                                                     (json_int_t)o[1], (json_int_t)o[2],
                                                     (json_int_t)o[3]))) {
            json_decref(offsets);
            return NULL;
        }
    }
    return offsets;
}

static json_t *describe_neighbourhoods(const tvae_prior *prior)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < tvi_prior_n_neighbourhoods(prior); i++)
        if (json_array_append_new(
                list, describe_neighbourhood(tvi_prior_neighbourhood(prior, i)))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *describe_prior(const tvae_prior_options *o)
{
    return json_pack("{s:I, s:[I, I, I], s:f, s:f, s:b, s:b, s:s, s:s}", "n_capsules",
                     (json_int_t)o->n_capsules, "capsule_dims",
                     (json_int_t)o->capsule_dims[0], (json_int_t)o->capsule_dims[1],
                     (json_int_t)o->capsule_dims[2], "mu_init", o->mu_init, "epsilon",
                     o->epsilon, "learn_mu", (int)o->learn_mu, "learn_weights",
                     (int)o->learn_weights, "frame_boundary",
                     tvi_boundary_names.names[o->frame_boundary != 0], "capsule_boundary",
                     tvi_boundary_names.names[o->capsule_boundary != 0]);
}

static json_t *describe_options(const tvae_model_options *o)
{
    json_t *object = json_pack(
        "{s:I, s:I, s:I, s:s, s:f, s:b}", "channels", (json_int_t)o->channels, "height",
        (json_int_t)o->height, "width", (json_int_t)o->width, "likelihood",
        tvi_likelihood_names.names[o->likelihood != 0], "gaussian_scale",
        o->gaussian_scale, "bias_per_pixel", (int)o->bias_per_pixel);

    if (object &&
        ((o->learn_scale && json_object_set_new(object, "learn_scale", json_true())) ||
         (o->predict_steps && json_object_set_new(object, "predict_steps",
                                                  json_integer(o->predict_steps))))) {
        json_decref(object);
        return NULL;
    }
    return object;
}

static tvae_status describe_model(const tvae_model *model, json_t *config)
{
    const struct {
        const char *name;
        const tvae_layer *layer;
    } layers[] = {{"z_encoder", model->z_encoder},
                  {"u_encoder", model->u_encoder},
                  {"decoder", model->decoder}};
    tvae_status st = TVAE_OK;

    if (!config ||
        json_object_set_new(config, "format", json_integer(TVI_CONFIG_FORMAT)) ||
        json_object_set_new(config, "model", describe_options(&model->options)) ||
        json_object_set_new(config, "prior",
                            describe_prior(tvi_prior_options_of(model->prior))) ||
        json_object_set_new(config, "neighbourhoods",
                            describe_neighbourhoods(model->prior)))
        return no_memory();
    for (size_t i = 0; st == TVAE_OK && i < sizeof layers / sizeof *layers; i++) {
        json_t *described = NULL;

        if (layers[i].layer)
            st = describe_layer(layers[i].layer, 0, &described);
        else
            described = json_null();
        if (st == TVAE_OK && json_object_set_new(config, layers[i].name, described))
            st = no_memory();
    }
    return st;
}

tvae_status tvi_config_write(const tvae_model *model, char **text)
{
    json_t *config = json_object();
    char *dumped = NULL;
    tvae_status st = describe_model(model, config);

    if (st == TVAE_OK)
        dumped = json_dumps(config, JSON_COMPACT | JSON_REAL_PRECISION(17));
    json_decref(config);
    if (st != TVAE_OK)
        return st;
    if (!dumped)
        return no_memory();
    *text = tvi_copy_string(dumped);
    free(dumped);
    return *text ? TVAE_OK : TVAE_E_NOMEM;
}
