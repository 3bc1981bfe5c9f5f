/* SPDX-License-Identifier: MIT */
#ifndef TVI_LAYER_LAYER_H
#define TVI_LAYER_LAYER_H

#include <stdbool.h>

#include <tvae/layer.h>

#include "base/refcount.h"
#include "kernel/sparse.h"
#include "layer/parameter.h"

/* Rows as a layer sees them; a batch of mostly zeros also carries its non-zeros, which a
 * layer may use instead of the values. */
typedef struct tvi_rows {
    size_t n_rows;
    size_t width;
    const float *values;           /* [n_rows, width] */
    const tvi_sparse_rows *sparse; /* the same by its non-zeros, or NULL */
} tvi_rows;

typedef struct tvi_layer_class tvi_layer_class;

/* One option of a kind of layer, as model files hold it. */
typedef enum tvi_field_type {
    TVI_FIELD_INTEGER,      /* int64_t */
    TVI_FIELD_FLAG,         /* int32_t: 0 or 1 */
    TVI_FIELD_WEIGHT_ORDER, /* int32_t: a TVAE_WEIGHT */
    TVI_FIELD_REAL          /* double */
} tvi_field_type;

typedef struct tvi_layer_field {
    const char *name;
    tvi_field_type type;
    size_t offset;    /* into the kind's options */
    double low, high; /* of all types */
} tvi_layer_field;

#define TVI_LAYER_FIELD(options, member, form, least, most)                   \
    {                                                                         \
        .name = #member, .type = (form), .offset = offsetof(options, member), \
        .low = (least), .high = (most)                                        \
    }

/* How a kind of layer is described and made again: by the options it was created from,
 * which lie in the layer's own struct. */
typedef struct tvi_layer_recipe {
    const tvi_layer_field *fields;
    size_t n_fields;
    size_t options_bytes, options_offset;
    void (*set_defaults)(void *options);
    /* Numbers in all parameters of a layer of these options, SIZE_MAX for more than fit:
     * known before anything is allocated. NULL: none. */
    size_t (*parameter_floats)(const void *options);
    tvae_status (*rebuild)(const tvi_layer_class *kind, const void *options,
                           tvae_layer **out);
} tvi_layer_recipe;

/* What a kind of layer does. `saved` holds what forward leaves for backward, `scratch` is
 * free space; their sizes are asked for first. No function allocates. */
struct tvi_layer_class {
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
    /* For model files; `rebuild` NULL: they cannot hold such a layer by its options. */
    tvi_layer_recipe recipe;
};

/* The head of every layer; each class's own struct begins with it. */
struct tvae_layer {
    tvi_refcount references;
    const tvi_layer_class *kind;
    tvi_parameter_list parameters; /* filled when the layer is created, then constant */
};

/* A zeroed layer of `bytes` with one reference, or NULL as tvi_alloc_array(). */
void *tvi_layer_allocate(size_t bytes, const tvi_layer_class *kind);

/* a b, a + b, and a rounded up to whole cache lines, for sizes of memory: SIZE_MAX, which
 * no allocation grants, on overflow. */
size_t tvi_floats_product(size_t a, size_t b);
size_t tvi_floats_sum(size_t a, size_t b);
size_t tvi_floats_in_lines(size_t a);

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
 * kinds); the kind of that name if it has a recipe, else NULL; and the options that such
 * a layer was created from (NULL for other kinds). */
tvae_layer *tvi_layer_child(const tvae_layer *layer, size_t index);
const tvi_layer_class *tvi_layer_kind(const char *name);
const void *tvi_layer_options(const tvae_layer *layer);
/* TVAE_E_INVALID, naming kind and field, unless each of its fields is in range. */
tvae_status tvi_layer_check_fields(const tvi_layer_class *kind, const void *options);

/* The kinds, for tvi_layer_kind(); the activation of that name, or NULL. */
extern const tvi_layer_class tvi_linear_kind;
extern const tvi_layer_class tvi_conv2d_kind;
extern const tvi_layer_class tvi_conv_transpose2d_kind;
const tvi_layer_class *tvi_activation_kind(const char *name);

#endif
