/* SPDX-License-Identifier: MIT */
#include "layer/layer.h"

#include <stdio.h>

#include "base/memory.h"

typedef struct sequential_layer {
    tvae_layer base;
    size_t n_layers;
    tvae_layer **layers;
} sequential_layer;

/* What one child sees, and where its part of the chain's `saved` lies: first what the
 * child itself saves, then, for every child but the last, its outputs; each block begins
 * at a whole cache line. */
typedef struct child_place {
    size_t n_inputs, n_outputs;
    size_t saved, outputs, end; /* offsets in floats */
} child_place;

/* Steps from one child's place to the next one's; `index` is that of the next. */
static void step_place(const sequential_layer *chain, size_t n_rows, size_t index,
                       child_place *place)
{
    const tvae_layer *child = chain->layers[index];

    place->n_inputs = place->n_outputs;
    place->n_outputs = tvi_layer_output_width(child, place->n_inputs);
    place->saved = place->end;
    place->outputs = tvi_floats_sum(
        place->saved,
        tvi_floats_in_lines(tvi_layer_saved_floats(child, n_rows, place->n_inputs)));
    place->end = place->outputs;
    if (index + 1 < chain->n_layers)
        place->end = tvi_floats_sum(
            place->outputs,
            tvi_floats_in_lines(tvi_floats_product(n_rows, place->n_outputs)));
}

static child_place locate_child(const sequential_layer *chain, size_t n_rows,
                                size_t n_inputs, size_t index)
{
    child_place place = {.n_outputs = n_inputs};

    for (size_t i = 0; i <= index; i++)
        step_place(chain, n_rows, i, &place);
    return place;
}

static size_t output_width(const tvae_layer *layer, size_t n_inputs)
{
    const sequential_layer *chain = (const sequential_layer *)layer;
    size_t width = n_inputs;

    for (size_t i = 0; width && i < chain->n_layers; i++)
        width = tvi_layer_output_width(chain->layers[i], width);
    return width;
}

static size_t saved_floats(const tvae_layer *layer, size_t n_rows, size_t n_inputs)
{
    const sequential_layer *chain = (const sequential_layer *)layer;

    return locate_child(chain, n_rows, n_inputs, chain->n_layers - 1).end;
}

/* One of the two buffers through which gradients travel back, in turn. */
static size_t gradient_floats(const sequential_layer *chain, size_t n_rows,
                              size_t n_inputs)
{
    size_t width = n_inputs, widest = 0;

    for (size_t i = 0; i + 1 < chain->n_layers; i++) {
        width = tvi_layer_output_width(chain->layers[i], width);
        widest = width > widest ? width : widest;
    }
    return tvi_floats_in_lines(tvi_floats_product(n_rows, widest));
}

static size_t scratch_floats(const tvae_layer *layer, size_t n_rows, size_t n_inputs)
{
    const sequential_layer *chain = (const sequential_layer *)layer;
    const size_t buffer = gradient_floats(chain, n_rows, n_inputs);
    size_t width = n_inputs, largest = 0;

    for (size_t i = 0; i < chain->n_layers; i++) {
        const size_t floats = tvi_layer_scratch_floats(chain->layers[i], n_rows, width);

        largest = floats > largest ? floats : largest;
        width = tvi_layer_output_width(chain->layers[i], width);
    }
    return tvi_floats_sum(tvi_floats_product(2, buffer), largest);
}

static tvae_status forward(const tvae_layer *layer, const tvi_rows *x, float *y,
                           float *saved)
{
    const sequential_layer *chain = (const sequential_layer *)layer;
    child_place place = {.n_outputs = x->width};
    tvi_rows rows = *x;
    tvae_status st = TVAE_OK;

    for (size_t i = 0; i < chain->n_layers && st == TVAE_OK; i++) {
        float *outputs;

        step_place(chain, x->n_rows, i, &place);
        outputs = i + 1 < chain->n_layers ? saved + place.outputs : y;
        st = tvi_layer_forward(chain->layers[i], &rows, outputs, saved + place.saved);
        rows = (tvi_rows){x->n_rows, place.n_outputs, outputs, NULL};
    }
    return st;
}

static tvae_status backward(tvae_layer *layer, const tvi_rows *x, const float *y,
                            const float *dy, float *dx, const float *saved,
                            float *scratch, tvi_gradient_sink *sink)
{
    const sequential_layer *chain = (const sequential_layer *)layer;
    const size_t buffer = gradient_floats(chain, x->n_rows, x->width);
    const float *outputs = y, *d_outputs = dy;
    tvae_status st = TVAE_OK;

    for (size_t i = chain->n_layers; i-- > 0 && st == TVAE_OK;) {
        const child_place place = locate_child(chain, x->n_rows, x->width, i);
        float *d_inputs = i ? scratch + i % 2 * buffer : dx;
        tvi_rows rows = *x;

        if (i)
            rows = (tvi_rows){
                x->n_rows, place.n_inputs,
                saved + locate_child(chain, x->n_rows, x->width, i - 1).outputs, NULL};
        st = tvi_layer_backward(chain->layers[i], &rows, outputs, d_outputs, d_inputs,
                                saved + place.saved, scratch + 2 * buffer, sink);
        outputs = rows.values;
        d_outputs = d_inputs;
    }
    return st;
}

static tvae_status initialise(tvae_layer *layer, uint64_t seed, uint64_t *stream)
{
    const sequential_layer *chain = (const sequential_layer *)layer;
    tvae_status st = TVAE_OK;

    for (size_t i = 0; i < chain->n_layers && st == TVAE_OK; i++)
        st = tvi_layer_initialise(chain->layers[i], seed, stream);
    return st;
}

static void release(tvae_layer *layer)
{
    sequential_layer *chain = (sequential_layer *)layer;

    for (size_t i = 0; i < chain->n_layers; i++)
        tvae_layer_destroy(&chain->layers[i]);
    tvi_free(chain->layers);
}

static const tvi_layer_class sequential_class = {
    .name = "sequential",
    .output_width = output_width,
    .saved_floats = saved_floats,
    .scratch_floats = scratch_floats,
    .forward = forward,
    .backward = backward,
    .initialise = initialise,
    .release = release,
};

static tvae_status check_layers(tvae_layer *const *layers, size_t n_layers)
{
    static const char call[] = "layer_create_sequential";

    if (!layers || !n_layers)
        return tvi_fail(TVAE_E_INVALID, "%s: %s, want at least one layer", call,
                        layers ? "n_layers is 0" : "layers is NULL");
    for (size_t i = 0; i < n_layers; i++) {
        if (!layers[i])
            return tvi_fail(TVAE_E_INVALID, "%s: layers[%zu] is NULL", call, i);
        for (size_t k = 0; k < i; k++)
            if (layers[k] == layers[i])
                return tvi_fail(TVAE_E_INVALID,
                                "%s: layers[%zu] and layers[%zu] are the same handle, "
                                "want a layer of its own in each place",
                                call, k, i);
    }
    return TVAE_OK;
}

/* A layer reached twice through nested chains would deliver its gradients twice. */
static tvae_status check_parameters_differ(const tvi_parameter_list *list)
{
    for (size_t i = 0; i < list->n_items; i++)
        for (size_t k = 0; k < i; k++)
            if (list->items[k].parameter == list->items[i].parameter)
                return tvi_fail(TVAE_E_INVALID,
                                "layer_create_sequential: \"%s\" and \"%s\" are the same "
                                "parameter, want a layer of its own in each place",
                                list->items[k].name, list->items[i].name);
    return TVAE_OK;
}

static tvae_status adopt_children(sequential_layer *chain, tvae_layer *const *layers,
                                  size_t n_layers)
{
    char prefix[32];
    tvae_status st = TVAE_OK;

    chain->layers = tvi_alloc_array(n_layers, sizeof(tvae_layer *));
    if (!chain->layers)
        return TVAE_E_NOMEM;
    for (size_t i = 0; i < n_layers && st == TVAE_OK; i++) {
        chain->layers[i] = tvae_layer_retain(layers[i]);
        chain->n_layers++;
        (void)snprintf(prefix, sizeof prefix, "%zu.", i);
        st = tvi_layer_collect(layers[i], prefix, &chain->base.parameters);
    }
    return st == TVAE_OK ? check_parameters_differ(&chain->base.parameters) : st;
}

tvae_status tvae_layer_create_sequential(tvae_layer *const *layers, size_t n_layers,
                                         tvae_layer **out)
{
    sequential_layer *chain;
    tvae_layer *made;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "layer_create_sequential: out is NULL");
    *out = NULL;
    st = check_layers(layers, n_layers);
    if (st != TVAE_OK)
        return st;
    chain = tvi_layer_allocate(sizeof *chain, &sequential_class);
    if (!chain)
        return TVAE_E_NOMEM;
    made = &chain->base;
    st = adopt_children(chain, layers, n_layers);
    if (st != TVAE_OK)
        tvae_layer_destroy(&made);
    *out = made;
    return st;
}

tvae_layer *tvi_layer_child(const tvae_layer *layer, size_t index)
{
    const sequential_layer *chain = (const sequential_layer *)layer;

    if (layer->kind != &sequential_class || index >= chain->n_layers)
        return NULL;
    return chain->layers[index];
}
