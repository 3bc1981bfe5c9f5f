/* SPDX-License-Identifier: MIT */
#ifndef TVI_IO_TEXT_H
#define TVI_IO_TEXT_H

#include "io/name_map.h"

/* Is the text well-formed UTF-8 (no overlong form, surrogate or number past U+10FFFF)? */
bool tvi_is_utf8(const char *text);

/* Does the text end so? */
bool tvi_ends_with(const char *text, const char *ending);

/* Room for any list of near names. */
enum { TVI_NEAR_TEXT = 400 };

/* A clause that lists up to three of the map's names that resemble `name` ("near ones: a,
 * b"), else its first ones ("it has: a, b"), into `text`; returns `text`. */
const char *tvi_near_names(const tvi_name_map *map, const char *name,
                           char text[TVI_NEAR_TEXT]);

#endif
