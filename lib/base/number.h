/* SPDX-License-Identifier: MIT */
#ifndef TVI_BASE_NUMBER_H
#define TVI_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Numbers as text, in the C locale whatever the host's. */

enum { TVI_NUMBER_TEXT = 32 };

/* The shortest decimal text that reads back as exactly `value`; returns `text`. */
const char *tvi_format_real(double value, char text[TVI_NUMBER_TEXT]);

/* The whole of `text` as a finite decimal number, or as a decimal integer; false, with
 * the value untouched, for anything else (spaces, NaN, hexadecimal, out of range). */
bool tvi_parse_real(const char *text, double *value);
bool tvi_parse_integer(const char *text, int64_t *value);
bool tvi_parse_unsigned(const char *text, uint64_t *value);

#endif
