/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_GOLDEN_MODEL_H
#define TVAE_TESTS_GOLDEN_MODEL_H

#include <tvae/tvae.h>

#include "golden.h"

/* A model of model.npz or likelihood.npz, with the stored initial parameters. */
typedef struct golden_model {
    const tvae_archive *archive;
    const char *name;
    tvae_model *model;
    tvae_workspace *work;
    tvae_tensor *frames; /* [sequences, frames, channels, height, width] */
    size_t n_sequences, n_frames, n_rows, n_latents;
} golden_model;

void golden_model_load(golden_model *g, const tvae_archive *archive, const char *name);
void golden_model_release(golden_model *g);

/* The tensor "<case>.<prefix><parameter>" in the shape of the model's own parameter;
 * fails if the shapes differ in more than how the neighbourhood's window is laid out. */
tvae_tensor *golden_parameter(const golden_model *g, const char *prefix, size_t index);

/* Compare `got` with all of a stored array, relative to its largest element. */
void golden_compare(const golden_model *g, const char *suffix, const float *got,
                    double relative);

/* Noise of step or sample `index`, as [sequences, frames, latents]; NULL if the case has
 * no such noise. */
tvae_tensor *golden_noise(const golden_model *g, const char *suffix, size_t index);

#endif
