/* SPDX-License-Identifier: MIT */
#ifndef TVI_BASE_TEXT_H
#define TVI_BASE_TEXT_H

#include <tvae/base.h>

/* The one rule for texts that the caller has room for: check @capacity against @n_bytes
 * (the ending zero included), empty @text if it is too small, and tell @needed (may be
 * NULL). NULL with a capacity of 0 only asks: TVAE_OK, and nothing is to be written. */
tvae_status tvi_text_room(const char *call, size_t n_bytes, char *text, size_t capacity,
                          size_t *needed);

#endif
