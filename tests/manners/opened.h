/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_OPENED_H
#define TVAE_TESTS_OPENED_H

#include <stddef.h>

/* opened.c stands in for open() and fopen() in the test program, for the library and
 * those it uses, and keeps count. */
typedef struct opened {
    size_t n_files, n_inherited; /* opened; of these without O_CLOEXEC or "e" */
    char path[256];              /* of the first such */
} opened;

extern opened opened_files;

#endif
