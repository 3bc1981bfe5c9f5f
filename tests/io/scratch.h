/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_SCRATCH_H
#define TVAE_TESTS_SCRATCH_H

#include <stddef.h>
#include <stdint.h>

#include <tvae/tvae.h>

/* A folder for the files of one test: a checked fixture makes and removes it. */
void scratch_begin(void);
void scratch_end(void);

/* The path of a name in it; one of four buffers in turn. */
const char *scratch_path(const char *name);

/* Whole files. read_bytes() gives a block of malloc(). */
void write_bytes(const char *path, const void *bytes, size_t n_bytes);
unsigned char *read_bytes(const char *path, size_t *n_bytes);

/* How many entries the folder has, `.` and `..` apart. */
size_t count_scratch_entries(void);

/* Calls `act` with an allocator that refuses the first, then the second, ... allocation
 * until it succeeds: each refusal must give TVAE_E_NOMEM and leave no block behind. `act`
 * must leave none either. Returns how many allocations were refused. */
size_t sweep_allocation_failures(tvae_status (*act)(void *context), void *context);

/* Load a file whose bytes are cut at every length from 0 to n_bytes - 1: each must give a
 * failure with a sentence. */
void assert_no_prefix_loads(const char *path, const unsigned char *bytes, size_t n_bytes,
                            tvae_status (*load)(const char *path));

/* Load a file with each byte in turn replaced by others: whatever comes, it must be a
 * status. Returns how many of the variants were refused. */
size_t load_all_mutations(const char *path, const unsigned char *bytes, size_t n_bytes,
                          tvae_status (*load)(const char *path));

#endif
