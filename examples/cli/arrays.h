/* SPDX-License-Identifier: MIT */
#ifndef TVAE_CLI_ARRAYS_H
#define TVAE_CLI_ARRAYS_H

#include "cli.h"

/* What the commands on array files share. Those that return bool print why they fail. */

/* A model with room to work, and its shapes. */
typedef struct pipeline {
    tvae_model *model;
    tvae_workspace *work;
    size_t frame[3];   /* channels, height, width */
    size_t latents[4]; /* capsules, d1, d2, d3 */
    size_t n_latents;
    bool has_u; /* not a plain VAE */
} pipeline;

/* The model of a run folder, or of a model file. */
bool open_pipeline(const char *path, pipeline *p);
void close_pipeline(pipeline *p);

/* Noise from N(0, 1) of that shape for z and, unless the model is a plain VAE, for u. */
tvae_status draw_noise(const pipeline *p, const size_t shape[3], uint64_t seed,
                       tvae_tensor *noise[2]);

/* The axes of a frame's capsules as the commands write them: capsules, d1, and d2, d3 up
 * to the last that is not 1; returns how many. */
int32_t capsule_axes(const pipeline *p, size_t *axes);

/* The array `name` of a file; without a name the file's only array, or its `usual` one.
 */
bool load_array(const char *path, const char *name, const char *usual, tvae_tensor **out);

/* Files end in something that can be written; `command` begins the sentence. */
bool check_ending(const char *command, const char *path);

/* n sequences from the first on, as a view of all. */
tvae_status view_sequences(tvae_tensor *all, size_t first, size_t n, tvae_tensor **view);

/* A view of the same numbers with other axes. */
tvae_status reshape(tvae_tensor *tensor, int32_t rank, const size_t *shape,
                    tvae_tensor **view);

/* Sequences to work on at once: enough to be fast, few enough to need little memory. */
size_t sequences_at_once(size_t n_sequences, size_t n_frames);

/* Frames [N, S, channels, height, width] of latents [N, S, latents], a part at a time
 * (decode.c). */
tvae_status decode_sequences(const pipeline *p, tvae_tensor *t, tvae_tensor *x);

/* Write tensors under their names, whole or not at all, and name the file on stdout; a
 * .npy file takes the first only. Returns the exit status. */
int save_arrays(const char *path, size_t n, const char *const *names,
                tvae_tensor *const *tensors);

#endif
