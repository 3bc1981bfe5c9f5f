/* SPDX-License-Identifier: MIT */
#ifndef TVI_BASE_OPTIONS_H
#define TVI_BASE_OPTIONS_H

#include "base/error.h"

/* The rule by which every sized struct of a caller is read: `known` already holds the
 * defaults; the caller's first min(source size, known_size) bytes replace them. A size
 * below `v1_size` (sizeof the struct in the first release) or above 4096 is invalid, and
 * non-zero bytes past what this build knows are unsupported. `source` NULL keeps the
 * defaults. */
tvae_status tvi_options_import(void *known, size_t known_size, size_t v1_size,
                               const void *source, const char *call);

/* The other direction, for `_options_init`: copy the defaults into a caller's struct of
 * `size` bytes, zero any tail this build does not know, and set its size member. */
tvae_status tvi_options_export(void *target, size_t size, size_t v1_size,
                               const void *known, size_t known_size, const char *call);

#endif
