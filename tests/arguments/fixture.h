/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_ARGUMENTS_FIXTURE_H
#define TVAE_TESTS_ARGUMENTS_FIXTURE_H

#include "arguments.h"

/* One handle of each kind, and arguments that fit them: 2 sequences of 4 frames of 1 x 5
 * x 5 values, 3 capsules of 4 latents. Arrays are longer than what the valid calls read.
 */
typedef struct fixture {
    tvae_activity *activity;
    tvae_archive *archive;
    tvae_capcorr *capcorr;
    tvae_config *config;
    tvae_covariance *covariance;
    tvae_dataset *dataset;
    tvae_layer *layer, *encoders[2], *decoder;
    tvae_loader *loader;
    tvae_max_activation *max_activation;
    tvae_model *model;
    tvae_neighbourhood *neighbourhood;
    tvae_prior *prior;
    tvae_roll *roll;
    tvae_run *run;
    tvae_selectivity *selectivity;
    tvae_stream *stream;
    tvae_trainer *trainer;
    tvae_workspace *workspace;
    tvae_layer *layers[16];
    tvae_neighbourhood *neighbourhoods[16];
    tvae_run *runs[16];

    tvae_tensor *spare, *x, *x_room, *item, *batch, *frame, *frames, *predicted;
    tvae_tensor *latents, *other_latents, *more_latents[3], *u, *one_latents, *capsules;
    tvae_tensor *factors, *factors_room, *item_factors, *labels;
    tvae_tensor *rows_x, *rows_y, *rows_dx, *rows_dy, *weight, *weight_room;
    tvae_tensor *parameter_value, *matrix, *d_prime, *map, *scores, *other_scores;
    char parameter[128]; /* a parameter of the model */

    float floats[64], weights[64];
    double real_shifts[64];
    int64_t shifts[64], offsets[64], window[64], capsule_dims[64];
    size_t shape[64], grid[64];

    tvae_conv2d_options conv2d_options;
    tvae_evaluate_options evaluate_options;
    tvae_exchange_options exchange_options;
    tvae_linear_options linear_options;
    tvae_loader_options loader_options;
    tvae_mnist_options mnist_options;
    tvae_model_options model_options;
    tvae_npz_options npz_options;
    tvae_prior_options prior_options;
    tvae_sprites_options sprites_options;
    tvae_train_options train_options;
    tvae_custom_layer custom;
    tvae_exchange exchange; /* of one rank */
    tvae_progress_hook progress_hook;
    tvae_log_hook log_hook;
    tvae_allocator allocator;

    void *rooms[MAX_PARAMETERS]; /* what the parameter of that place is written into */
} fixture;

extern fixture f;

/* Write the files that the calls read, and train a run, in the working folder. */
void fixture_make_files(void);

/* Create all handles. */
void fixture_begin(void);

/* Whether a handle is neither NULL after a failure nor set after a success; before the
 * call it is f.rooms[0]. */
bool output_is_wrong(tvae_status status, const void *room, const void *handle);

#endif
