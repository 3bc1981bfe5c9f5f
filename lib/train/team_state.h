/* SPDX-License-Identifier: MIT */
#ifndef TVI_TRAIN_TEAM_STATE_H
#define TVI_TRAIN_TEAM_STATE_H

#include "train/buckets.h"
#include "train/factors.h"
#include "train/lit_rows.h"
#include "train/team.h"

/* What join.c makes and team.c steps with. */

/* What a rank brings to a meeting, followed by the set of its lit rows. */
typedef struct tvi_part {
    double terms[TVAE_N_TERMS]; /* means over its sequences */
    double n_sequences;
    int32_t status; /* why it cannot go on */
    int32_t stops;  /* it asks to stop after the step */
} tvi_part;

struct tvi_team {
    tvi_exchange exchange;
    tvae_exchange_options options;
    tvi_buckets buckets;
    tvi_factors factors;
    bool uses_factors;
    size_t n_dense; /* values of gradients whose factors were sent */
    tvi_sparse_rows lit;
    size_t n_lit_bytes, part_bytes;
    unsigned char *own, *parts; /* a part, and [n_ranks] of them */
    float *idle;                /* frames of nothing; NULL until they are wanted */
    size_t n_idle;
    bool is_idle, asks_to_stop, stops;
    tvae_exchange_facts facts;
};

#endif
