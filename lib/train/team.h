/* SPDX-License-Identifier: MIT */
#ifndef TVI_TRAIN_TEAM_H
#define TVI_TRAIN_TEAM_H

#include "exchange/exchange.h"
#include "train/trainer.h"

/* The ranks that train together (tvae_trainer_set_exchange()). In each step they meet
 * once after the forward pass, where all learn the terms of the whole batch, which rows
 * are lit, and whether any of them cannot go on; from then on gradients flow. */
typedef struct tvi_team tvi_team;

/* Forget the others; nothing happens without any. */
void tvi_team_leave(tvae_trainer *trainer);

void tvi_team_size(const tvae_trainer *trainer, size_t *rank, size_t *n_ranks);

/* One step with a part of the batch; `terms` become those of the whole. */
tvae_status tvi_team_step(tvae_trainer *trainer, const tvi_batch *batch, double *terms);

/* Sequences for a rank that has none: they count for nothing. */
tvae_status tvi_team_idle_batch(tvae_trainer *trainer, tvi_batch *batch);

/* Meet the others without a batch, as this rank cannot take the step: returns `st`. */
tvae_status tvi_team_decline(tvae_trainer *trainer, tvae_status st);

/* Forget that anyone has asked to stop; nothing happens without a team. */
void tvi_team_go_on(tvae_trainer *trainer);

/* In the steps to come this rank asks to stop; whether one has, after the latest step:
 * the same answer on all ranks. */
void tvi_team_ask_to_stop(tvae_trainer *trainer);
bool tvi_team_stops(const tvae_trainer *trainer);

/* The exchange, for what a run does beside its steps; NULL: nobody else. */
tvi_exchange *tvi_team_exchange(const tvae_trainer *trainer);

#endif
