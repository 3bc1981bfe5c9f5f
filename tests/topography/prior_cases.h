/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_PRIOR_CASES_H
#define TVAE_TESTS_PRIOR_CASES_H

#include "support.h"

enum { N_PRIOR_CASES = 11, MAX_CASE_VALUES = 4096, MAX_CASE_WEIGHTS = 64 };

/* One kind of prior with a batch for it: 21 capsules or so, so that they do not fill a
 * whole number of vectors. */
typedef struct prior_case {
    const char *name;
    tvae_prior_options options;
    size_t n_sequences, n_frames;
    size_t n_neighbourhoods;
    tvae_neighbourhood *neighbourhoods[2];
    tvae_prior *prior;
    size_t n_values;
    float z[MAX_CASE_VALUES], u[MAX_CASE_VALUES], dt[MAX_CASE_VALUES];
    float mu;
    size_t n_weights;
    float weights[MAX_CASE_WEIGHTS]; /* of all neighbourhoods, in order */
    int64_t offsets[MAX_CASE_WEIGHTS][TVAE_OFFSET_AXES];
} prior_case;

void prior_case_create(prior_case *c, int kind);
void prior_case_destroy(prior_case *c);

/* A tensor [sequences, frames, latents] over `data`. */
tvae_tensor *prior_case_wrap(const prior_case *c, float *data);

/* t by the definition, one place at a time, in double. */
void prior_case_define(const prior_case *c, double *t);

#endif
