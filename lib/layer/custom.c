/* SPDX-License-Identifier: MIT */
#include "layer/layer.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "base/rng.h"
#include "tensor/tensor.h"

/* The callbacks see arrays of pointers, one a parameter, made when the layer is created.
 * `block` is room for the gradients of all parameters at once: the backward callback
 * writes them together, while a sink that takes gradients has room for one only. */
typedef struct custom_layer {
    tvae_layer base;
    tvae_custom_layer table;
    tvi_parameter *parameters;
    float **values;
    float **gradients; /* what the backward callback adds to */
    float *block;
    size_t n_block;
} custom_layer;

/* A callback's answer: negative statuses are handed on, positive ones are none. */
static tvae_status check_answer(tvae_status answer, const char *callback)
{
    if (answer == TVAE_OK)
        return TVAE_OK;
    return tvi_fail(answer < 0 ? answer : TVAE_E_INVALID,
                    "custom layer: its %s function returned %d (%s), want %d", callback,
                    (int)answer, tvae_status_name(answer), TVAE_OK);
}

static size_t output_width(const tvae_layer *layer, size_t n_inputs)
{
    const custom_layer *custom = (const custom_layer *)layer;

    return n_inputs ? custom->table.output_width(custom->table.user, n_inputs) : 0;
}

static tvae_status forward(const tvae_layer *layer, const tvi_rows *x, float *y,
                           float *saved)
{
    const custom_layer *custom = (const custom_layer *)layer;

    (void)saved;
    return check_answer(custom->table.forward(custom->table.user,
                                              (const float *const *)custom->values,
                                              x->n_rows, x->width, x->values, y),
                        "forward");
}

/* Point the callback at the stored gradients, or at the zeroed block. */
static void place_gradients(custom_layer *custom, const tvi_gradient_sink *sink)
{
    size_t offset = 0;

    if (sink->take)
        memset(custom->block, 0, custom->n_block * sizeof *custom->block);
    for (size_t i = 0; i < custom->table.n_parameters; i++) {
        tvi_parameter *parameter = &custom->parameters[i];

        custom->gradients[i] = sink->take ? custom->block + offset : parameter->gradient;
        offset += parameter->count;
    }
}

static tvae_status backward(tvae_layer *layer, const tvi_rows *x, const float *y,
                            const float *dy, float *dx, const float *saved,
                            float *scratch, tvi_gradient_sink *sink)
{
    custom_layer *custom = (custom_layer *)layer;
    tvae_status st;

    (void)saved;
    (void)scratch;
    place_gradients(custom, sink);
    st = check_answer(custom->table.backward(
                          custom->table.user, (const float *const *)custom->values,
                          x->n_rows, x->width, x->values, y, dy, dx, custom->gradients),
                      "backward");
    for (size_t i = 0; sink->take && i < custom->table.n_parameters; i++) {
        if (st != TVAE_OK)
            return st;
        st = sink->take(sink, &custom->parameters[i], custom->gradients[i]);
    }
    return st;
}

/* The host gets a seed of its own for each custom layer of a chain. */
static tvae_status initialise(tvae_layer *layer, uint64_t seed, uint64_t *stream)
{
    custom_layer *custom = (custom_layer *)layer;
    uint64_t own_seed;
    tvi_rng rng;
    tvae_status st;

    tvi_rng_init(&rng, seed, TVI_RNG_PARAMETERS, *stream);
    own_seed = (uint64_t)tvi_rng_word(&rng) << 32;
    own_seed |= tvi_rng_word(&rng);
    *stream += custom->table.n_parameters;
    for (size_t i = 0; i < custom->table.n_parameters; i++)
        memset(custom->values[i], 0, custom->parameters[i].count * sizeof(float));
    if (!custom->table.initialise || !custom->table.n_parameters)
        return TVAE_OK;
    st = check_answer(
        custom->table.initialise(custom->table.user, own_seed, custom->values),
        "initialise");
    for (size_t i = 0; st == TVAE_OK && i < custom->table.n_parameters; i++)
        if (tvi_first_non_finite(custom->values[i], custom->parameters[i].count) <
            custom->parameters[i].count)
            st = tvi_fail(TVAE_E_NUMERIC,
                          "custom layer: its initialise function left a value of \"%s\" "
                          "that is not finite, want finite values",
                          layer->parameters.items[i].name);
    return st;
}

static void release(tvae_layer *layer)
{
    custom_layer *custom = (custom_layer *)layer;

    if (custom->table.release)
        custom->table.release(custom->table.user);
    for (size_t i = 0; custom->parameters && i < custom->table.n_parameters; i++)
        tvi_parameter_release(&custom->parameters[i]);
    tvi_free(custom->parameters);
    tvi_free(custom->values);
    tvi_free(custom->gradients);
    tvi_free(custom->block);
}

static const tvi_layer_class custom_class = {
    .name = "custom",
    .output_width = output_width,
    .forward = forward,
    .backward = backward,
    .initialise = initialise,
    .release = release,
};

static tvae_status check_table(const tvae_custom_layer *table)
{
    static const char call[] = "layer_create_custom";

    if (!table->output_width || !table->forward || !table->backward)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: output_width, forward or backward is NULL, want all three",
                        call);
    if (table->n_parameters && (!table->parameter_names || !table->parameter_counts))
        return tvi_fail(TVAE_E_INVALID,
                        "%s: parameter_names or parameter_counts is NULL, want %zu "
                        "entries in both",
                        call, table->n_parameters);
    for (size_t i = 0; i < table->n_parameters; i++) {
        const char *name = table->parameter_names[i];

        if (!name || !*name)
            return tvi_fail(TVAE_E_INVALID, "%s: parameter_names[%zu] is %s, want a name",
                            call, i, name ? "empty" : "NULL");
        if (!table->parameter_counts[i])
            return tvi_fail(TVAE_E_INVALID,
                            "%s: parameter_counts[%zu] is 0, want at least 1", call, i);
        for (size_t k = 0; k < i; k++)
            if (strcmp(table->parameter_names[k], name) == 0)
                return tvi_fail(TVAE_E_INVALID,
                                "%s: parameters %zu and %zu are both called \"%s\", want "
                                "different names",
                                call, k, i, name);
    }
    return TVAE_OK;
}

static tvae_status create_parameters(custom_layer *custom, const tvae_custom_layer *table)
{
    const size_t n = table->n_parameters;
    tvae_status st = TVAE_OK;

    custom->parameters = tvi_alloc_array(n, sizeof *custom->parameters);
    if (!custom->parameters)
        return TVAE_E_NOMEM;
    custom->table.n_parameters = n;
    custom->values = tvi_alloc_array(n, sizeof *custom->values);
    custom->gradients = tvi_alloc_array(n, sizeof *custom->gradients);
    if (!custom->values || !custom->gradients)
        return TVAE_E_NOMEM;
    for (size_t i = 0; i < n && st == TVAE_OK; i++) {
        tvi_parameter *parameter = &custom->parameters[i];

        st = tvi_parameter_init(parameter, 1, &table->parameter_counts[i], false);
        custom->values[i] = parameter->value;
        custom->n_block = tvi_floats_sum(custom->n_block, parameter->count);
        if (st == TVAE_OK)
            st = tvi_parameter_list_add(&custom->base.parameters, "",
                                        table->parameter_names[i], parameter);
    }
    if (st != TVAE_OK)
        return st;
    custom->block = tvi_alloc_array(custom->n_block, sizeof *custom->block);
    return custom->block ? TVAE_OK : TVAE_E_NOMEM;
}

tvae_status tvae_layer_create_custom(const tvae_custom_layer *callbacks, tvae_layer **out)
{
    static const char call[] = "layer_create_custom";
    tvae_custom_layer table = {.size = sizeof table};
    custom_layer *custom;
    tvae_layer *made;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "%s: out is NULL", call);
    *out = NULL;
    if (!callbacks)
        return tvi_fail(TVAE_E_INVALID, "%s: callbacks is NULL", call);
    st = tvi_options_import(&table, sizeof table, sizeof table, callbacks, call);
    if (st == TVAE_OK)
        st = check_table(&table);
    if (st != TVAE_OK)
        return st;
    custom = tvi_layer_allocate(sizeof *custom, &custom_class);
    if (!custom)
        return TVAE_E_NOMEM;
    made = &custom->base;
    st = create_parameters(custom, &table);
    if (st != TVAE_OK) {
        tvae_layer_destroy(&made);
        return st;
    }
    custom->table = table;
    custom->table.parameter_names = NULL; /* the host's arrays are not kept */
    custom->table.parameter_counts = NULL;
    *out = made;
    return TVAE_OK;
}
