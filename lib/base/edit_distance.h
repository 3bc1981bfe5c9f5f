/* SPDX-License-Identifier: MIT */
#ifndef TVI_BASE_EDIT_DISTANCE_H
#define TVI_BASE_EDIT_DISTANCE_H

#include <stddef.h>

/* Levenshtein's distance of the first 64 bytes of two names, upper and lower case alike: which
 * names an error sentence should offer for one that does not exist. */
size_t tvi_edit_distance(const char *a, const char *b);

#endif
