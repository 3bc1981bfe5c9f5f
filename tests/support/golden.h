/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_GOLDEN_H
#define TVAE_TESTS_GOLDEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tvae/tvae.h>

/* The golden folder: TVAE_GOLDEN_DIR, else ../shared/golden beside the source tree; NULL,
 * with a line on stdout that says what is skipped, if it is not there. */
const char *golden_folder(const char *what_is_skipped);

/* A file of that folder as an archive, or NULL (and the line) without the folder. */
tvae_archive *golden_open(const char *file_name);

/* A tensor of the archive that must exist; the caller destroys it. */
tvae_tensor *golden_get(const tvae_archive *archive, const char *case_name,
                        const char *suffix);
bool golden_has(const tvae_archive *archive, const char *case_name, const char *suffix);

/* Entry i of "<case>.meta". */
int64_t golden_meta(const tvae_archive *archive, const char *case_name, size_t index);

/* Calls `check` for each case that has a "<case>.meta"; returns how many there were. */
size_t golden_each_case(const tvae_archive *archive,
                        void (*check)(const tvae_archive *archive,
                                      const char *case_name));

#endif
