/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_TRAINER_MODEL_H
#define TVAE_TESTS_TRAINER_MODEL_H

#include "support.h"

/* A model small enough to train in a blink, and batches for it. */
enum { SIDE = 5, FRAMES = 4, CAPSULES = 3, WIDTH = 4 };

/* A TVAE, or a plain VAE, with parameters drawn from `seed`. */
tvae_model *build_small_model(bool topographic, uint64_t seed);

/* [n_sequences, FRAMES, 1, SIDE, SIDE] of zeros and ones: a bar that moves. */
tvae_tensor *build_batch(size_t n_sequences, uint64_t seed);

/* Parameter `index` minus `rate` times its accumulated gradient, unless it has none. */
void descend_parameter(tvae_model *model, size_t index, double rate);

/* Every parameter within `relative` of the largest of its tensor; 0: equal bits. */
void assert_models_close(const tvae_model *got, const tvae_model *want, double relative);

#endif
