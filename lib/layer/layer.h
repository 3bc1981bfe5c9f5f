/* SPDX-License-Identifier: MIT */
#ifndef TVI_LAYER_LAYER_H
#define TVI_LAYER_LAYER_H

#include <stdbool.h>

#include <tvae/layer.h>

#include "base/refcount.h"
#include "layer/parameter.h"

/* Rows as a layer sees them. A struct, so that a batch may one day also carry its
 * non-zeros (sparse inputs) without changing any layer that does not care. */
typedef struct tvi_rows {
    size_t n_rows;
    size_t width;
    const float *values; /* [n_rows, width] */
} tvi_rows;

/* What a kind of layer does. `saved` holds what forward leaves for backward, `scratch` is
 * free space; their sizes are asked for first. No function allocates. */
typedef struct tvi_layer_class {
    const char *name; /* "linear", "relu", ...: also its name in model files */
    /* Outputs a row, 0 if rows of that width are refused. */
    size_t (*output_width)(const tvae_layer *layer, size_t n_inputs);
    /* Floats that forward saves for backward, and that backward needs as scratch; NULL:
     * none. */
    size_t (*saved_floats)(const tvae_layer *layer, size_t n_rows, size_t n_inputs);
    size_t (*scratch_floats)(const tvae_layer *layer, size_t n_rows, size_t n_inputs);
    tvae_status (*forward)(const tvae_layer *layer, const tvi_rows *x, float *y,
                           float *saved);
    /* dx may be NULL. Parameter gradients go to the sink: see tvi_gradient_sink. Input
     * gradients are computed before a sink may change a parameter. */
    tvae_status (*backward)(tvae_layer *layer, const tvi_rows *x, const float *y,
                            const float *dy, float *dx, const float *saved,
                            float *scratch, tvi_gradient_sink *sink);
    tvae_status (*initialise)(tvae_layer *layer, uint64_t seed, uint64_t *stream);
    /* Frees all but the head and the handle itself; NULL: nothing. */
    void (*release)(tvae_layer *layer);
} tvi_layer_class;

/* The head of every layer; each class's own struct begins with it. */
struct tvae_layer {
    tvi_refcount references;
    const tvi_layer_class *kind;
    tvi_parameter_list parameters; /* filled when the layer is created, then constant */
};

/* A zeroed layer of `bytes` with one reference, or NULL as tvi_alloc_array(). */
void *tvi_layer_allocate(size_t bytes, const tvi_layer_class *kind);

/* a b and a + b for sizes of memory: SIZE_MAX, which no allocation grants, on overflow.
 */
size_t tvi_floats_product(size_t a, size_t b);
size_t tvi_floats_sum(size_t a, size_t b);

/* The forms below accept kinds whose functions are NULL. */
size_t tvi_layer_output_width(const tvae_layer *layer, size_t n_inputs);
size_t tvi_layer_saved_floats(const tvae_layer *layer, size_t n_rows, size_t n_inputs);
size_t tvi_layer_scratch_floats(const tvae_layer *layer, size_t n_rows, size_t n_inputs);
tvae_status tvi_layer_forward(const tvae_layer *layer, const tvi_rows *x, float *y,
                              float *saved);
tvae_status tvi_layer_backward(tvae_layer *layer, const tvi_rows *x, const float *y,
                               const float *dy, float *dx, const float *saved,
                               float *scratch, tvi_gradient_sink *sink);
/* Append the layer's parameters to the list, names prefixed. */
tvae_status tvi_layer_collect(const tvae_layer *layer, const char *prefix,
                              tvi_parameter_list *list);
/* Each parameter takes stream *stream of the seed and adds one to it. */
tvae_status tvi_layer_initialise(tvae_layer *layer, uint64_t seed, uint64_t *stream);

/* For model files: the children of a sequential layer (NULL past the end or for other
 * kinds), and the options a linear layer was made from (NULL for other kinds). */
tvae_layer *tvi_layer_child(const tvae_layer *layer, size_t index);
const tvae_linear_options *tvi_layer_linear_options(const tvae_layer *layer);

#endif
