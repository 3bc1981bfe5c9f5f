/* SPDX-License-Identifier: MIT */
#include "layer/layer.h"

#include "base/memory.h"
#include "layer/workspace.h"
#include "tensor/tensor.h"

enum { SLOT_SAVED, SLOT_SCRATCH };

void *tvi_layer_allocate(size_t bytes, const tvi_layer_class *kind)
{
    tvae_layer *layer = tvi_alloc_array(1, bytes);

    if (!layer)
        return NULL;
    tvi_refcount_init(&layer->references);
    layer->kind = kind;
    return layer;
}

size_t tvi_floats_product(size_t a, size_t b)
{
    size_t product;

    return tvi_multiply(a, b, &product) ? product : SIZE_MAX;
}

size_t tvi_floats_sum(size_t a, size_t b)
{
    size_t sum;

    return tvi_add(a, b, &sum) ? sum : SIZE_MAX;
}

size_t tvi_floats_in_lines(size_t a)
{
    enum { LINE_FLOATS = 16 };
    const size_t padded = tvi_floats_sum(a, LINE_FLOATS - 1);

    return padded == SIZE_MAX ? padded : padded / LINE_FLOATS * LINE_FLOATS;
}

tvae_layer *tvae_layer_retain(tvae_layer *layer)
{
    if (layer)
        tvi_refcount_retain(&layer->references);
    return layer;
}

void tvae_layer_destroy(tvae_layer **layer)
{
    tvae_layer *gone;

    if (!layer || !*layer)
        return;
    gone = *layer;
    *layer = NULL;
    if (!tvi_refcount_release(&gone->references))
        return;
    if (gone->kind->release)
        gone->kind->release(gone);
    tvi_parameter_list_release(&gone->parameters);
    tvi_free(gone);
}

size_t tvi_layer_output_width(const tvae_layer *layer, size_t n_inputs)
{
    return layer->kind->output_width(layer, n_inputs);
}

size_t tvi_layer_saved_floats(const tvae_layer *layer, size_t n_rows, size_t n_inputs)
{
    return layer->kind->saved_floats ? layer->kind->saved_floats(layer, n_rows, n_inputs)
                                     : 0;
}

size_t tvi_layer_scratch_floats(const tvae_layer *layer, size_t n_rows, size_t n_inputs)
{
    return layer->kind->scratch_floats
               ? layer->kind->scratch_floats(layer, n_rows, n_inputs)
               : 0;
}

tvae_status tvi_layer_forward(const tvae_layer *layer, const tvi_rows *x, float *y,
                              float *saved)
{
    return layer->kind->forward(layer, x, y, saved);
}

tvae_status tvi_layer_backward(tvae_layer *layer, const tvi_rows *x, const float *y,
                               const float *dy, float *dx, const float *saved,
                               float *scratch, tvi_gradient_sink *sink)
{
    return layer->kind->backward(layer, x, y, dy, dx, saved, scratch, sink);
}

tvae_status tvi_layer_collect(const tvae_layer *layer, const char *prefix,
                              tvi_parameter_list *list)
{
    for (size_t i = 0; i < layer->parameters.n_items; i++) {
        const tvi_named_parameter *item = &layer->parameters.items[i];
        const tvae_status st =
            tvi_parameter_list_add(list, prefix, item->name, item->parameter);

        if (st != TVAE_OK)
            return st;
    }
    return TVAE_OK;
}

tvae_status tvi_layer_initialise(tvae_layer *layer, uint64_t seed, uint64_t *stream)
{
    return layer->kind->initialise ? layer->kind->initialise(layer, seed, stream)
                                   : TVAE_OK;
}

tvae_status tvae_layer_initialise(tvae_layer *layer, uint64_t seed)
{
    uint64_t stream = 0;

    if (!layer)
        return tvi_fail(TVAE_E_INVALID, "layer_initialise: layer is NULL");
    return tvi_layer_initialise(layer, seed, &stream);
}

/* The width of the outputs, or TVAE_E_SHAPE. */
static tvae_status check_width(const tvae_layer *layer, size_t n_inputs, const char *call,
                               size_t *n_outputs)
{
    *n_outputs = tvi_layer_output_width(layer, n_inputs);
    if (*n_outputs)
        return TVAE_OK;
    return tvi_fail(TVAE_E_SHAPE,
                    "%s: rows have %zu values, which the %s layer does not take", call,
                    n_inputs, layer->kind->name);
}

tvae_status tvae_layer_output_width(const tvae_layer *layer, size_t n_inputs,
                                    size_t *n_outputs)
{
    size_t width = 0;
    tvae_status st;

    if (!layer || !n_outputs)
        return tvi_fail(TVAE_E_INVALID, "layer_output_width: %s is NULL",
                        layer ? "n_outputs" : "layer");
    st = check_width(layer, n_inputs, "layer_output_width", &width);
    if (st == TVAE_OK)
        *n_outputs = width;
    return st;
}

size_t tvae_layer_parameter_count(const tvae_layer *layer)
{
    return layer ? layer->parameters.n_items : 0;
}

tvae_status tvae_layer_parameter_info(const tvae_layer *layer, size_t index, char *name,
                                      size_t capacity, int32_t *rank, size_t *shape)
{
    static const char call[] = "layer_parameter_info";

    if (!layer)
        return tvi_fail(TVAE_E_INVALID, "%s: layer is NULL", call);
    return tvi_parameter_list_info(&layer->parameters, index, name, capacity, rank, shape,
                                   call);
}

tvae_status tvae_layer_get_parameter(const tvae_layer *layer, const char *name,
                                     tvae_tensor *value)
{
    static const char call[] = "layer_get_parameter";

    if (!layer)
        return tvi_fail(TVAE_E_INVALID, "%s: layer is NULL", call);
    return tvi_parameter_list_get(&layer->parameters, name, value, call);
}

tvae_status tvae_layer_set_parameter(tvae_layer *layer, const char *name,
                                     const tvae_tensor *value)
{
    static const char call[] = "layer_set_parameter";

    if (!layer)
        return tvi_fail(TVAE_E_INVALID, "%s: layer is NULL", call);
    return tvi_parameter_list_set(&layer->parameters, name, value, call);
}

tvae_status tvae_layer_get_gradient(const tvae_layer *layer, const char *name,
                                    tvae_tensor *gradient)
{
    static const char call[] = "layer_get_gradient";

    if (!layer)
        return tvi_fail(TVAE_E_INVALID, "%s: layer is NULL", call);
    return tvi_parameter_list_get_gradient(&layer->parameters, name, gradient, call);
}

tvae_status tvae_layer_zero_gradient(tvae_layer *layer)
{
    if (!layer)
        return tvi_fail(TVAE_E_INVALID, "layer_zero_gradient: layer is NULL");
    tvi_parameter_list_zero_gradients(&layer->parameters);
    return TVAE_OK;
}

static bool overlap(const tvae_tensor *a, const tvae_tensor *b)
{
    const uintptr_t a_begin = (uintptr_t)a->data, b_begin = (uintptr_t)b->data;

    return a_begin < b_begin + b->count * sizeof(float) &&
           b_begin < a_begin + a->count * sizeof(float);
}

/* What both passes check: `x` is rows this layer takes and `y` its rows of outputs. */
static tvae_status check_rows(const tvae_layer *layer, const tvae_tensor *x,
                              const tvae_tensor *y, const char *call)
{
    char text[TVI_SHAPE_TEXT];
    size_t want[2];
    tvae_status st;

    if (!x || !y)
        return tvi_fail(TVAE_E_INVALID, "%s: %s is NULL", call, x ? "y" : "x");
    if (x->rank != 2)
        return tvi_fail(TVAE_E_SHAPE, "%s: x is %s, want [rows, inputs]", call,
                        tvi_shape_text(x->rank, x->shape, text));
    want[0] = x->shape[0];
    st = check_width(layer, x->shape[1], call, &want[1]);
    if (st == TVAE_OK)
        st = tvi_tensor_check(y, 2, want, call, "y");
    return st;
}

tvae_status tvae_layer_forward(const tvae_layer *layer, tvae_workspace *work,
                               const tvae_tensor *x, tvae_tensor *y)
{
    static const char call[] = "layer_forward";
    float *saved = NULL;
    tvi_rows rows;
    tvae_status st;

    if (!layer || !work)
        return tvi_fail(TVAE_E_INVALID, "%s: %s is NULL", call, layer ? "work" : "layer");
    st = check_rows(layer, x, y, call);
    if (st != TVAE_OK)
        return st;
    if (overlap(x, y))
        return tvi_fail(TVAE_E_INVALID, "%s: y overlaps x, want memory of its own", call);
    rows = (tvi_rows){x->shape[0], x->shape[1], x->data, NULL};
    tvi_workspace_forget(work);
    st = tvi_workspace_get(
        work, SLOT_SAVED, tvi_layer_saved_floats(layer, rows.n_rows, rows.width), &saved);
    if (st == TVAE_OK)
        st = tvi_layer_forward(layer, &rows, y->data, saved);
    if (st != TVAE_OK)
        return st;
    work->layer = layer;
    work->n_rows = rows.n_rows;
    work->n_inputs = rows.width;
    return TVAE_OK;
}

static tvae_status check_backward(const tvae_layer *layer, const tvae_workspace *work,
                                  const tvae_tensor *x, const tvae_tensor *y,
                                  const tvae_tensor *dy, const tvae_tensor *dx,
                                  const char *call)
{
    tvae_status st = check_rows(layer, x, y, call);

    if (st == TVAE_OK)
        st = tvi_tensor_check(dy, y->rank, y->shape, call, "dy");
    if (st == TVAE_OK && dx)
        st = tvi_tensor_check(dx, x->rank, x->shape, call, "dx");
    if (st != TVAE_OK)
        return st;
    if (dx && (overlap(dx, x) || overlap(dx, y) || overlap(dx, dy)))
        return tvi_fail(TVAE_E_INVALID,
                        "%s: dx overlaps x, y or dy, want memory of its own", call);
    if (work->layer != layer || work->n_rows != x->shape[0] ||
        work->n_inputs != x->shape[1])
        return tvi_fail(TVAE_E_STATE,
                        "%s: the workspace does not hold this layer's forward pass of "
                        "%zu rows of %zu: call tvae_layer_forward() with it first",
                        call, x->shape[0], x->shape[1]);
    return TVAE_OK;
}

tvae_status tvae_layer_backward(tvae_layer *layer, tvae_workspace *work,
                                const tvae_tensor *x, const tvae_tensor *y,
                                const tvae_tensor *dy, tvae_tensor *dx)
{
    static const char call[] = "layer_backward";
    tvi_gradient_sink store = {0};
    float *saved = NULL, *scratch = NULL;
    tvi_rows rows;
    tvae_status st;

    if (!layer || !work)
        return tvi_fail(TVAE_E_INVALID, "%s: %s is NULL", call, layer ? "work" : "layer");
    st = check_backward(layer, work, x, y, dy, dx, call);
    if (st != TVAE_OK)
        return st;
    rows = (tvi_rows){x->shape[0], x->shape[1], x->data, NULL};
    st = tvi_workspace_get(
        work, SLOT_SAVED, tvi_layer_saved_floats(layer, rows.n_rows, rows.width), &saved);
    if (st == TVAE_OK)
        st = tvi_workspace_get(work, SLOT_SCRATCH,
                               tvi_layer_scratch_floats(layer, rows.n_rows, rows.width),
                               &scratch);
    if (st == TVAE_OK)
        st = tvi_parameter_list_allocate_gradients(&layer->parameters);
    if (st != TVAE_OK)
        return st;
    return tvi_layer_backward(layer, &rows, y->data, dy->data, dx ? dx->data : NULL,
                              saved, scratch, &store);
}
