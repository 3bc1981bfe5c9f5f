/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_LAYER_SUPPORT_H
#define TVAE_TESTS_LAYER_SUPPORT_H

#include "support.h"

/* A matrix of zeros; the caller destroys it. */
tvae_tensor *create_matrix(size_t n_rows, size_t n_cols);

/* A linear layer of those options' sizes, and with everything else as by default. */
tvae_layer *create_linear(int64_t n_inputs, int64_t n_outputs);
tvae_layer *create_linear_with(int64_t n_inputs, int64_t n_outputs, int64_t n_biases,
                               int32_t weight_order, int64_t kernel);

/* Options of a convolution of images [in_channels, height, width] and square kernels,
 * with everything else as by default; and the layer, transposed or not. */
tvae_conv2d_options conv2d_options(int64_t in_channels, int64_t height, int64_t width,
                                   int64_t out_channels, int64_t kernel, int64_t stride,
                                   int64_t padding);
tvae_layer *create_conv2d(const tvae_conv2d_options *options, bool transposed);

/* A chain that owns its children alone. */
tvae_layer *create_chain(tvae_layer **children, size_t n_children);

/* A user-defined layer with parameters "a" [1] and "shift" [3]:
 * y[r, i] = a x[r, i] x[r, i + 1] + shift[i % 3], one output less than inputs. Its
 * initialise function sets a = 2 and shift = 0.5; `released` counts releases. */
void fill_product_table(tvae_custom_layer *table, int *released);
tvae_layer *create_product(void);

/* A parameter of that name as a new tensor of its exposed shape, filled from it. */
tvae_tensor *copy_parameter(const tvae_layer *layer, const char *name);

/* Set every parameter to uniform numbers in [low, high). */
void randomise_parameters(tvae_layer *layer, double low, double high, uint64_t seed);

#endif
