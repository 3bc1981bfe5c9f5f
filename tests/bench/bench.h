/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_BENCH_H
#define TVAE_TESTS_BENCH_H

#include <stddef.h>
#include <stdint.h>

#include <tvae/tvae.h>

/* A model's sizes, and the fraction of input values that are not zero. */
typedef struct bench_config {
    const char *name;
    int64_t channels, side, capsules, frames, window, off_diagonal;
    double density;
} bench_config;

/* Seconds of a clock that only goes forward. */
double bench_now(void);

/* The dense floor of one training step of a model made by tvae_model_create(): the
 * products of all its linear layers (forward, weight gradient, and the input gradient
 * where a step needs it), and one pass of momentum SGD over as many parameters. */
typedef struct bench_floor bench_floor;

/* NULL when there is no memory. */
bench_floor *bench_floor_create(const tvae_model *model, size_t n_rows);
/* Before each run, outside of what is timed. */
void bench_floor_reset(bench_floor *dense);
tvae_status bench_floor_run(bench_floor *dense);
void bench_floor_destroy(bench_floor **dense);

#endif
