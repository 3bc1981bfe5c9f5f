/* SPDX-License-Identifier: MIT */
#include "model/config.h"

#include <inttypes.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"

/* A configuration is hostile until shown otherwise: every entry is checked, and whatever
 * would be allocated is paid from a budget of the numbers that the file really holds. */

enum { MAX_OFFSET = 4096, MAX_CHILDREN = 1024 };

/* Each offset of a neighbourhood costs up to 24 bytes for every place of a capsule, and
 * so many of these pairs may a model have: some in any case, and more with its
 * parameters. */
enum { FREE_PAIRS = 1 << 16, PAIRS_AN_ELEMENT = 16 };

static tvae_status bad_entry(const char *key, const char *wanted)
{
    return tvi_fail(TVAE_E_FORMAT,
                    "the model's configuration has no good entry \"%s\", want %s", key,
                    wanted);
}

static tvae_status spend(size_t *budget, size_t n)
{
    if (n > *budget)
        return tvi_fail(TVAE_E_FORMAT,
                        "the model's configuration asks for more parameters than the "
                        "file holds");
    *budget -= n;
    return TVAE_OK;
}

static tvae_status read_integer(const json_t *object, const char *key, int64_t low,
                                int64_t high, int64_t *value)
{
    const json_t *entry = json_object_get(object, key);
    char wanted[80];

    if (json_is_integer(entry)) {
        *value = (int64_t)json_integer_value(entry);
        if (*value >= low && *value <= high)
            return TVAE_OK;
    }
    (void)snprintf(wanted, sizeof wanted, "a whole number from %" PRId64 " to %" PRId64,
                   low, high);
    return bad_entry(key, wanted);
}

static tvae_status read_real(const json_t *object, const char *key, double *value)
{
    const json_t *entry = json_object_get(object, key);

    if (!json_is_number(entry))
        return bad_entry(key, "a number");
    *value = json_number_value(entry);
    return TVAE_OK;
}

static tvae_status read_flag(const json_t *object, const char *key, int32_t *value)
{
    const json_t *entry = json_object_get(object, key);

    if (!json_is_boolean(entry))
        return bad_entry(key, "true or false");
    *value = json_is_true(entry);
    return TVAE_OK;
}

static tvae_status read_choice(const json_t *object, const char *key,
                               const tvi_choice *choice, int32_t *value)
{
    const char *text = json_string_value(json_object_get(object, key));
    char wanted[80];

    for (int32_t i = 0; text && i < 2; i++)
        if (strcmp(text, choice->names[i]) == 0) {
            *value = i;
            return TVAE_OK;
        }
    (void)snprintf(wanted, sizeof wanted, "\"%s\" or \"%s\"", choice->names[0],
                   choice->names[1]);
    return bad_entry(key, wanted);
}

/* ---- layers ---- */

static tvae_status read_field(const json_t *object, const tvi_layer_field *field,
                              void *options)
{
    void *const place = (char *)options + field->offset;

    switch (field->type) {
    case TVI_FIELD_INTEGER:
        return read_integer(object, field->name, INT64_MIN, INT64_MAX, place);
    case TVI_FIELD_FLAG:
        return read_flag(object, field->name, place);
    case TVI_FIELD_WEIGHT_ORDER:
        return read_choice(object, field->name, &tvi_weight_order_names, place);
    case TVI_FIELD_REAL:
        return read_real(object, field->name, place);
    }
    return bad_entry(field->name, "an entry that this library knows");
}

/* A layer of the library's own, from its options; paid for before it is created. */
static tvae_status rebuild_layer(const json_t *object, const tvi_layer_class *kind,
                                 size_t *budget, tvae_layer **out)
{
    const tvi_layer_recipe *recipe = &kind->recipe;
    void *options = tvi_alloc_array(1, recipe->options_bytes);
    tvae_status st = TVAE_OK;

    if (!options)
        return TVAE_E_NOMEM;
    recipe->set_defaults(options);
    for (size_t i = 0; st == TVAE_OK && i < recipe->n_fields; i++)
        st = read_field(object, &recipe->fields[i], options);
    if (st == TVAE_OK)
        st = tvi_layer_check_fields(kind, options);
    if (st == TVAE_OK && recipe->parameter_floats)
        st = spend(budget, recipe->parameter_floats(options));
    if (st == TVAE_OK)
        st = recipe->rebuild(kind, options, out);
    tvi_free(options);
    return st;
}

static tvae_status read_layer(const json_t *object, int depth, size_t *budget,
                              tvae_layer **out);

static tvae_status read_children(const json_t *list, int depth, size_t *budget,
                                 tvae_layer **out)
{
    const size_t n = json_array_size(list);
    tvae_layer **children;
    tvae_status st = TVAE_OK;

    if (n == 0 || n > MAX_CHILDREN || depth >= TVI_MAX_LAYER_DEPTH)
        return bad_entry("layers", "1 to 1024 layers, not nested too deep");
    children = tvi_alloc_array(n, sizeof *children);
    if (!children)
        return TVAE_E_NOMEM;
    for (size_t i = 0; st == TVAE_OK && i < n; i++)
        st = read_layer(json_array_get(list, i), depth + 1, budget, &children[i]);
    if (st == TVAE_OK)
        st = tvae_layer_create_sequential(children, n, out);
    for (size_t i = 0; i < n; i++)
        tvae_layer_destroy(&children[i]);
    tvi_free(children);
    return st;
}

static tvae_status read_layer(const json_t *object, int depth, size_t *budget,
                              tvae_layer **out)
{
    const char *name = json_string_value(json_object_get(object, "kind"));
    const tvi_layer_class *kind = name ? tvi_layer_kind(name) : NULL;

    *out = NULL;
    if (kind)
        return rebuild_layer(object, kind, budget, out);
    if (name && strcmp(name, "sequential") == 0)
        return read_children(json_object_get(object, "layers"), depth, budget, out);
    return bad_entry("kind", "the name of one of the library's layers");
}

/* ---- prior ---- */

static tvae_status read_prior_options(const json_t *object, tvae_prior_options *o)
{
    const json_t *dims = json_object_get(object, "capsule_dims");
    tvae_status st = tvae_prior_options_init(o, sizeof *o);

    if (st == TVAE_OK)
        st = read_integer(object, "n_capsules", 1, INT32_MAX, &o->n_capsules);
    if (st == TVAE_OK)
        st = read_real(object, "mu_init", &o->mu_init);
    if (st == TVAE_OK)
        st = read_real(object, "epsilon", &o->epsilon);
    if (st == TVAE_OK)
        st = read_flag(object, "learn_mu", &o->learn_mu);
    if (st == TVAE_OK)
        st = read_flag(object, "learn_weights", &o->learn_weights);
    if (st == TVAE_OK)
        st = read_choice(object, "frame_boundary", &tvi_boundary_names,
                         &o->frame_boundary);
    if (st == TVAE_OK)
        st = read_choice(object, "capsule_boundary", &tvi_boundary_names,
                         &o->capsule_boundary);
    if (st != TVAE_OK)
        return st;
    if (json_array_size(dims) != 3)
        return bad_entry("capsule_dims", "three extents");
    for (size_t axis = 0; axis < 3; axis++) {
        const json_t *extent = json_array_get(dims, axis);

        o->capsule_dims[axis] = (int64_t)json_integer_value(extent);
        if (!json_is_integer(extent) || o->capsule_dims[axis] < 1)
            return bad_entry("capsule_dims", "three extents of at least 1");
    }
    return TVAE_OK;
}

/* The weights of the window that holds the offsets, paid from the budget. */
static tvae_status spend_window(size_t n, const int64_t *offsets, size_t *budget)
{
    size_t n_weights = 1;

    for (size_t axis = 0; axis < TVAE_OFFSET_AXES; axis++) {
        int64_t low = 0, high = 0, extent;

        for (size_t i = 0; i < n; i++) {
            const int64_t step = offsets[i * TVAE_OFFSET_AXES + axis];

            low = step < low ? step : low;
            high = step > high ? step : high;
        }
        extent = -low >= high ? 1 - 2 * low : 2 * high;
        if (!tvi_multiply(n_weights, (size_t)extent, &n_weights))
            n_weights = SIZE_MAX;
    }
    return spend(budget, n_weights);
}

static tvae_status read_offset(const json_t *entry, int64_t *offset)
{
    if (json_array_size(entry) != TVAE_OFFSET_AXES)
        return bad_entry("neighbourhoods", "four numbers an offset");
    for (size_t axis = 0; axis < TVAE_OFFSET_AXES; axis++) {
        const json_t *step = json_array_get(entry, axis);

        offset[axis] = (int64_t)json_integer_value(step);
        if (!json_is_integer(step) || offset[axis] < -MAX_OFFSET ||
            offset[axis] > MAX_OFFSET)
            return bad_entry("neighbourhoods", "whole numbers from -4096 to 4096");
    }
    return TVAE_OK;
}

static tvae_status read_neighbourhood(const json_t *list, size_t n_places,
                                      size_t *n_pairs, size_t *budget,
                                      tvae_neighbourhood **out)
{
    const size_t n = json_array_size(list);
    int64_t *offsets;
    tvae_status st = TVAE_OK;

    if (n == 0 || n > *n_pairs / n_places)
        return bad_entry("neighbourhoods",
                         "lists of offsets, no more than the file's parameters allow");
    *n_pairs -= n * n_places;
    offsets = tvi_alloc_array(n, TVAE_OFFSET_AXES * sizeof *offsets);
    if (!offsets)
        return TVAE_E_NOMEM;
    for (size_t i = 0; st == TVAE_OK && i < n; i++)
        st = read_offset(json_array_get(list, i), offsets + i * TVAE_OFFSET_AXES);
    if (st == TVAE_OK)
        st = spend_window(n, offsets, budget);
    if (st == TVAE_OK)
        st = tvae_neighbourhood_create_offsets(n, offsets, NULL, out);
    tvi_free(offsets);
    return st;
}

/* The places of a capsule, when all latents could have weights in the file. */
static tvae_status count_places(const tvae_prior_options *o, size_t budget,
                                size_t *n_places)
{
    size_t n = 1, n_latents;

    for (size_t axis = 0; axis < 3; axis++)
        if (!tvi_multiply(n, (size_t)o->capsule_dims[axis], &n))
            n = SIZE_MAX;
    if (!tvi_multiply(n, (size_t)o->n_capsules, &n_latents))
        n_latents = SIZE_MAX;
    *n_places = n;
    return spend(&budget, n_latents);
}

static tvae_status read_prior(const json_t *config, size_t *budget, tvae_prior **out)
{
    enum { MAX_NEIGHBOURHOODS = 8 };
    const json_t *list = json_object_get(config, "neighbourhoods");
    const size_t n = json_array_size(list);
    tvae_neighbourhood *neighbourhoods[MAX_NEIGHBOURHOODS] = {NULL};
    tvae_prior_options options;
    size_t n_places = 0, n_pairs = FREE_PAIRS;
    tvae_status st = read_prior_options(json_object_get(config, "prior"), &options);

    if (st == TVAE_OK)
        st = count_places(&options, *budget, &n_places);
    if (*budget <= (SIZE_MAX - n_pairs) / PAIRS_AN_ELEMENT)
        n_pairs += PAIRS_AN_ELEMENT * *budget;
    if (st == TVAE_OK && (!json_is_array(list) || n > MAX_NEIGHBOURHOODS))
        st = bad_entry("neighbourhoods", "at most 8 lists of offsets");
    for (size_t i = 0; st == TVAE_OK && i < n; i++)
        st = read_neighbourhood(json_array_get(list, i), n_places, &n_pairs, budget,
                                &neighbourhoods[i]);
    if (st == TVAE_OK)
        st = tvae_prior_create(&options, n ? neighbourhoods : NULL, n, out);
    for (size_t i = 0; i < MAX_NEIGHBOURHOODS; i++)
        tvae_neighbourhood_destroy(&neighbourhoods[i]);
    return st;
}

/* ---- model ---- */

static tvae_status read_options(const json_t *object, tvae_model_options *o)
{
    tvae_status st = tvae_model_options_init(o, sizeof *o);

    if (st == TVAE_OK)
        st = read_integer(object, "channels", 1, INT32_MAX, &o->channels);
    if (st == TVAE_OK)
        st = read_integer(object, "height", 1, INT32_MAX, &o->height);
    if (st == TVAE_OK)
        st = read_integer(object, "width", 1, INT32_MAX, &o->width);
    if (st == TVAE_OK)
        st = read_choice(object, "likelihood", &tvi_likelihood_names, &o->likelihood);
    if (st == TVAE_OK)
        st = read_real(object, "gaussian_scale", &o->gaussian_scale);
    if (st == TVAE_OK)
        st = read_flag(object, "bias_per_pixel", &o->bias_per_pixel);
    if (st == TVAE_OK && json_object_get(object, "learn_scale"))
        st = read_flag(object, "learn_scale", &o->learn_scale);
    if (st == TVAE_OK && json_object_get(object, "predict_steps")) {
        int64_t steps = 0;

        st = read_integer(object, "predict_steps", 0, INT32_MAX, &steps);
        o->predict_steps = (int32_t)steps;
    }
    return st;
}

static tvae_status read_model(const json_t *config, size_t budget, tvae_model **out)
{
    const json_t *u = json_object_get(config, "u_encoder");
    tvae_layer *z_encoder = NULL, *u_encoder = NULL, *decoder = NULL;
    tvae_prior *prior = NULL;
    tvae_model_options options;
    tvae_status st = read_options(json_object_get(config, "model"), &options);

    if (st == TVAE_OK)
        st = read_prior(config, &budget, &prior);
    if (st == TVAE_OK)
        st = read_layer(json_object_get(config, "z_encoder"), 0, &budget, &z_encoder);
    if (st == TVAE_OK && u && !json_is_null(u))
        st = read_layer(u, 0, &budget, &u_encoder);
    if (st == TVAE_OK)
        st = read_layer(json_object_get(config, "decoder"), 0, &budget, &decoder);
    if (st == TVAE_OK)
        st = tvae_model_compose(&options, z_encoder, u_encoder, prior, decoder, out);
    tvae_layer_destroy(&z_encoder);
    tvae_layer_destroy(&u_encoder);
    tvae_layer_destroy(&decoder);
    tvae_prior_destroy(&prior);
    return st;
}

tvae_status tvi_config_read(const char *text, size_t n_elements, tvae_model **out)
{
    json_error_t where;
    json_t *config = json_loads(text, JSON_REJECT_DUPLICATES, &where);
    int64_t format = 0;
    tvae_status st;

    if (!json_is_object(config)) {
        st = tvi_fail(TVAE_E_FORMAT,
                      "the model's configuration is not a JSON object: %s at byte %d",
                      config ? "another value" : where.text, config ? 0 : where.position);
        json_decref(config);
        return st;
    }
    st = read_integer(config, "format", 1, INT32_MAX, &format);
    if (st == TVAE_OK && format > TVI_CONFIG_FORMAT)
        st = tvi_fail(TVAE_E_UNSUPPORTED,
                      "the model's configuration is of format %" PRId64
                      ", but this library (%s) knows up to %d",
                      format, TVAE_VERSION_STRING, TVI_CONFIG_FORMAT);
    if (st == TVAE_OK)
        st = read_model(config, n_elements, out);
    json_decref(config);
    return st;
}
