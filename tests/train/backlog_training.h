/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_BACKLOG_TRAINING_H
#define TVAE_TESTS_BACKLOG_TRAINING_H

#include "trainer_model.h"

/* Two trainings, equal but for one thing: in one of them updates may wait. Their batches
 * have pixels that are lit in the first one only, in one of N_RARE, in one of some, and
 * nearly always. */
enum { N_SEQUENCES = 3, N_RARE = 90 };

typedef struct training {
    tvae_model *model;
    tvae_trainer *trainer;
    bool waits;
} training;

typedef struct twins {
    training waiting, eager;
} twins;

tvae_train_options sgd_options(void);

/* From equal models and options; NULL: sgd_options(). */
twins create_twins(const tvae_train_options *options);
void destroy_twins(twins *t);

/* The batch of a step, always the same. */
tvae_tensor *build_sparse_batch(size_t step);

/* Steps first .. end - 1. */
void train_twins(const twins *t, size_t first, size_t end);
void train_one(const training *t, size_t first, size_t end);

/* Whether the weights of the z encoder's first layer, as they lie in memory, differ: a
 * row is behind. */
bool is_behind(const twins *t);

/* What is_behind() should say between steps on this code path. */
bool should_wait(void);

#endif
