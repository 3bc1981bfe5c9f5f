/* SPDX-License-Identifier: MIT */
#ifndef TVI_BASE_STOPWATCH_H
#define TVI_BASE_STOPWATCH_H

#include <stddef.h>

enum { TVI_STOPWATCH_PARTS = 9 };

/* Where the time of some work went. Each lap gives the time since the one before it to
 * one part, so that the parts add up to the whole. */
typedef struct tvi_stopwatch {
    double seconds[TVI_STOPWATCH_PARTS];
    double latest; /* the clock at the latest lap */
} tvi_stopwatch;

/* Seconds of a clock that never goes back. */
double tvi_seconds_now(void);

/* Set all parts to zero and begin. */
void tvi_stopwatch_start(tvi_stopwatch *watch);

/* What was done since the latest lap was of `part`; nothing happens for NULL. */
void tvi_stopwatch_lap(tvi_stopwatch *watch, size_t part);

#endif
