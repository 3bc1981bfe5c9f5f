/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_FUZZ_TINY_MODEL_H
#define TVAE_TESTS_FUZZ_TINY_MODEL_H

#include <tvae/tvae.h>

/* A topographic model whose file is a kilobyte or two, initialised: of 1 x 2 x 2 pixels
 * and one capsule of two places, with linear encoders and decoder. */
tvae_model *build_tiny_model(void);

/* The same topography with a convolution, an activation and a linear layer in each
 * encoder, and the way back in the decoder; of 1 x 4 x 4 Gaussian pixels, causal. */
tvae_model *build_tiny_conv_model(void);

/* Adam's state is the richest: a trainer of that model; and a batch for it. */
tvae_trainer *build_tiny_trainer(void);
tvae_tensor *build_tiny_batch(void);

#endif
