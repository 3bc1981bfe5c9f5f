/* SPDX-License-Identifier: MIT */
#ifndef TVI_LAYER_CONV2D_H
#define TVI_LAYER_CONV2D_H

#include "layer/convolution.h"
#include "layer/layer.h"

/* conv2d goes from the fine image to the coarse one, the transposed layer back. */
typedef struct tvi_conv2d_layer {
    tvae_layer base;
    tvae_conv2d_options options;
    tvi_convolution shape;
    size_t n_inputs, n_outputs;
    tvi_parameter weight, bias; /* without biases, bias is all zero */
} tvi_conv2d_layer;

/* The options' defaults, and the numbers in the parameters they ask for. */
void tvi_conv2d_set_defaults(void *options);
size_t tvi_conv2d_parameter_floats(const void *options);

/* The body of the public functions of both kinds. */
tvae_status tvi_conv2d_create(const tvi_layer_class *kind, const void *options,
                              tvae_layer **out);

/* The fields of the options, for both kinds. */
enum { TVI_CONV2D_FIELDS = 11 };
extern const tvi_layer_field tvi_conv2d_fields[TVI_CONV2D_FIELDS];

#endif
