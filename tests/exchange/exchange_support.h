/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_EXCHANGE_SUPPORT_H
#define TVAE_TESTS_EXCHANGE_SUPPORT_H

#include "exchange_checks.h"

/* ---- what went wrong; both return whether nothing did ---- */

bool fail_check(exchange_check *check, const char *what, double got, double want);
bool expect_status(exchange_check *check, const char *what, tvae_status got,
                   tvae_status want);

/* ---- arrays of any type of values ---- */

size_t bytes_of(int32_t type);

/* `value` has to be exact in bfloat16 where the type is that, and a byte where it is. */
void put_value(void *values, size_t i, int32_t type, float value);
double take_value(const void *values, size_t i, int32_t type);

/* A small whole number, other ones on each rank: sums of them are exact. */
float value_of(int32_t rank, size_t i);

/* Room for n values, those of `rank`, with a byte behind them that has to stay. */
void *create_values(size_t n, int32_t type, int32_t rank);
bool is_guarded(exchange_check *check, const void *values, size_t n, int32_t type);

/* Is each the sum of all ranks' values, and the byte behind them as it was? */
bool are_sums(exchange_check *check, const void *values, size_t n, int32_t type);

/* ---- time ---- */

void sleep_for(double seconds);
double seconds_now(void);

#endif
