/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_CODE_PATH_H
#define TVAE_TESTS_CODE_PATH_H

#include <stdbool.h>
#include <stdint.h>

enum { EXIT_SKIPPED = 77 }; /* a program's status, as Meson understands it */

/* The code path that a test program takes, forced by the environment: TVAE_TEST_LEVEL
 * (portable, avx2 or avx512), TVAE_TEST_INPUTS (sparse or dense: how a first layer
 * multiplies, whatever its inputs hold), TVAE_TEST_THREADS, and TVAE_TEST_UPDATES
 * (deferred or eager: whether updates without a gradient may wait). What is not set is
 * left to the library. */
typedef struct code_path {
    int32_t level;     /* TVAE_KERNEL_..., -1: not set */
    int32_t n_threads; /* 0: not set */
    bool is_sparse, is_dense, is_eager;
} code_path;

/* What the environment says; a word that is none of the above ends the program. */
code_path code_path_wanted(void);

/* Take that path, before anything else of the library is called. False, with a line on
 * stdout that begins with SKIP, if this machine lacks the level. */
bool code_path_force(void);

/* Whether TVAE_TEST_EMULATED is set: qemu runs the tests, whose emulation of a single
 * program loses its way in a child of a process with threads, and limits no memory. The
 * second prints a line on stdout that begins with SKIP, too. */
bool is_emulated(void);
bool skip_emulated(const char *what);

#endif
