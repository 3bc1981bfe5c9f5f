/* SPDX-License-Identifier: MIT */
#ifndef TVI_TRAIN_CLIP_H
#define TVI_TRAIN_CLIP_H

#include "layer/parameter.h"

/* Clipping by the global norm (Pascanu, Mikolov & Bengio 2013, algorithm 1), over the
 * stored gradients of a list's trainable parameters. */

/* Blocks of which the norm is summed: room for as many doubles is the caller's. */
size_t tvi_gradient_norm_blocks(const tvi_parameter_list *list);

/* The Euclidean norm of all gradients together; not finite if one of them is not. Equal
 * bits for any number of threads. */
double tvi_gradient_norm(const tvi_parameter_list *list, double *block_sums);

/* Multiply all gradients by `factor`. */
void tvi_gradient_scale(const tvi_parameter_list *list, float factor);

#endif
