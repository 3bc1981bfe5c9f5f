/* SPDX-License-Identifier: MIT */
#ifndef TVI_LAYER_PARAMETER_H
#define TVI_LAYER_PARAMETER_H

#include <stdbool.h>

#include <tvae/layer.h>

#include "layer/product.h"

enum { TVI_NAME_BYTES = 128 };

typedef struct tvi_backlog tvi_backlog; /* layer/backlog.h */

/* A parameter as its layer holds it. Outside its layer and the optimiser it is reached
 * only through export and import below, in its exposed shape: so the layout can change
 * (panels), an update can wait (deferred momentum) and a gradient need not be stored, and
 * nobody notices. */
typedef struct tvi_parameter {
    int32_t rank;                /* of the exposed shape */
    size_t shape[TVAE_MAX_RANK]; /* exposed */
    bool transposed; /* stored as [shape[1] * shape[2].., shape[0]], exposed the other way
                      */
    size_t n_rows, n_columns; /* as stored */
    size_t pitch;   /* floats from row to row; what lies between rows is and stays zero */
    size_t count;   /* n_rows * pitch */
    bool trainable; /* false: the optimiser leaves it alone */
    float *value;   /* [count] as stored */
    float *gradient;      /* [count] as stored; NULL until a backward pass stores one */
    tvi_backlog *backlog; /* of updates that wait; NULL: none does */
} tvi_parameter;

typedef struct tvi_named_parameter {
    char name[TVI_NAME_BYTES];
    tvi_parameter *parameter;
} tvi_named_parameter;

/* All parameters of a layer or model, in a fixed order. */
typedef struct tvi_parameter_list {
    tvi_named_parameter *items;
    size_t n_items, capacity;
} tvi_parameter_list;

/* Where a backward pass delivers the gradient of each parameter, exactly once a pass.
 *
 * With `take` NULL gradients are added to parameter->gradient, which must have been
 * allocated (tvi_parameter_list_allocate_gradients). Otherwise a layer writes the
 * gradient, in the stored layout, into `scratch` (at least `n_scratch` floats: the
 * largest parameter) and calls take, which may update the value at once: the gradient is
 * never stored. A user-defined layer passes gradients of its own block instead.
 *
 * With `take_product`, too, the weight of a linear layer comes through it instead, as the
 * product that its gradient is; its input gradient has been taken by then. */
typedef struct tvi_gradient_sink {
    tvae_status (*take)(struct tvi_gradient_sink *sink, tvi_parameter *parameter,
                        float *gradient);
    tvae_status (*take_product)(struct tvi_gradient_sink *sink, tvi_parameter *parameter,
                                const tvi_outer_product *product);
    float *scratch;
    size_t n_scratch;
} tvi_gradient_sink;

/* Set shape and layout and allocate the value, zeroed. `parameter` must be all zero. Rows
 * of a matrix of n_columns, as stored, begin at whole cache lines: vectors of them would
 * cross lines otherwise, which takes three times as long. */
tvae_status tvi_parameter_init(tvi_parameter *parameter, int32_t rank,
                               const size_t *shape, bool transposed);
tvae_status tvi_parameter_init_matrix(tvi_parameter *parameter, int32_t rank,
                                      const size_t *shape, bool transposed,
                                      size_t n_columns);
void tvi_parameter_release(tvi_parameter *parameter);

/* Where the layer puts a gradient (zeroed or to be overwritten as `*accumulate` tells),
 * and what it calls once it is there. */
float *tvi_sink_begin(tvi_gradient_sink *sink, tvi_parameter *parameter,
                      bool *accumulate);
tvae_status tvi_sink_end(tvi_gradient_sink *sink, tvi_parameter *parameter);

/* Copy all values between the stored and the exposed layout, once no update waits. */
void tvi_parameter_export(const tvi_parameter *p, const float *stored, float *exposed);
void tvi_parameter_import(const tvi_parameter *p, const float *exposed, float *stored);

/* Uniform in +-bound from that stream of the seed, in the exposed order: the numbers do
 * not depend on the stored layout. */
tvae_status tvi_parameter_draw(tvi_parameter *parameter, float bound, uint64_t seed,
                               uint64_t stream);

/* Append; the name is prefix + name. Fails for names too long or out of memory. */
tvae_status tvi_parameter_list_add(tvi_parameter_list *list, const char *prefix,
                                   const char *name, tvi_parameter *parameter);
/* The entry of that name, NULL without one (no error is set). */
const tvi_named_parameter *tvi_parameter_list_find(const tvi_parameter_list *list,
                                                   const char *name);
tvae_status tvi_parameter_list_allocate_gradients(const tvi_parameter_list *list);
void tvi_parameter_list_zero_gradients(const tvi_parameter_list *list);
/* Frees the list, not the parameters. */
void tvi_parameter_list_release(tvi_parameter_list *list);

/* The bodies of the public by-name functions, for layers and models alike; `call` begins
 * the error sentence. */
tvae_status tvi_parameter_list_info(const tvi_parameter_list *list, size_t index,
                                    char *name, size_t capacity, int32_t *rank,
                                    size_t *shape, const char *call);
tvae_status tvi_parameter_list_get(const tvi_parameter_list *list, const char *name,
                                   tvae_tensor *value, const char *call);
tvae_status tvi_parameter_list_set(const tvi_parameter_list *list, const char *name,
                                   const tvae_tensor *value, const char *call);
tvae_status tvi_parameter_list_get_gradient(const tvi_parameter_list *list,
                                            const char *name, tvae_tensor *gradient,
                                            const char *call);

#endif
