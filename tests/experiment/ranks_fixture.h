/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_RANKS_FIXTURE_H
#define TVAE_TESTS_RANKS_FIXTURE_H

#include "run_fixture.h"

/* Runs of several ranks, which are threads of the test. */

enum { MOST_RANKS = 3 };

typedef struct rank_job {
    const tvae_exchange *exchange; /* with its rank and n_ranks */
    void *context;                 /* the same for all */
    tvae_status status;            /* what its work returned */
    char message[600];             /* of the library, where that is a failure */
} rank_job;

/* Call `work` on all ranks at once and wait for all; a rank that has failed is dead to
 * the others only when it has returned, so that none may hang. */
void run_ranks(int32_t n_ranks, tvae_status (*work)(rank_job *job), void *context,
               rank_job jobs[MOST_RANKS]);

/* All have that status; what those say who did not fail themselves contains `part`. */
void assert_all_fail(const rank_job *jobs, int32_t n_ranks, tvae_status wanted,
                     const char *part);
void assert_all_ok(const rank_job *jobs, int32_t n_ranks);

/* The same JSON values, one or several after another, but for rounding of numbers and
 * for times and memory. */
void assert_close_json(const char *path, const char *wanted, double relative);

/* A file of n vectors with two classes, for own_vectors. */
void write_vectors(const char *path, size_t n);

#endif
