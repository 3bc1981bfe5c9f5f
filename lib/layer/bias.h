/* SPDX-License-Identifier: MIT */
#ifndef TVI_LAYER_BIAS_H
#define TVI_LAYER_BIAS_H

#include "layer/parameter.h"

/* Biases that each serve a run of neighbouring outputs: of rows of n_outputs, output o
 * takes bias o / (n_outputs / biases). */

/* Add them to the rows y [n_rows, n_outputs]. */
void tvi_bias_add(const tvi_parameter *bias, size_t n_rows, size_t n_outputs, float *y);

/* Deliver their gradient, summed in double, to the sink. */
tvae_status tvi_bias_gradient(tvi_parameter *bias, size_t n_rows, size_t n_outputs,
                              const float *dy, tvi_gradient_sink *sink);

#endif
