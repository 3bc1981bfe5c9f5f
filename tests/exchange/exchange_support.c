/* SPDX-License-Identifier: MIT */
#include "exchange_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- what went wrong ---- */

bool fail_check(exchange_check *c, const char *what, double got, double want)
{
    if (!*c->failure)
        (void)snprintf(c->failure, sizeof c->failure,
                       "rank %d of %d: %s is %.9g, want %.9g", c->table->rank,
                       c->table->n_ranks, what, got, want);
    return false;
}

bool expect_status(exchange_check *c, const char *what, tvae_status got, tvae_status want)
{
    const char *const reason = c->table->last_error(c->table->user);

    if (got == want)
        return true;
    if (!*c->failure)
        (void)snprintf(c->failure, sizeof c->failure,
                       "rank %d of %d: %s gives %s (%s), want %s", c->table->rank,
                       c->table->n_ranks, what, tvae_status_name(got), reason,
                       tvae_status_name(want));
    return false;
}

/* ---- arrays of either type ---- */

size_t bytes_of(int32_t type)
{
    return type == TVAE_EXCHANGE_FLOAT32 ? 4 : type == TVAE_EXCHANGE_BFLOAT16 ? 2 : 1;
}

/* `value` has to be exact in bfloat16 where the type is that, and a byte where it is. */
void put_value(void *values, size_t i, int32_t type, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof bits);
    if (type == TVAE_EXCHANGE_FLOAT32)
        ((float *)values)[i] = value;
    else if (type == TVAE_EXCHANGE_BFLOAT16)
        ((uint16_t *)values)[i] = (uint16_t)(bits >> 16);
    else
        ((uint8_t *)values)[i] = (uint8_t)value;
}

double take_value(const void *values, size_t i, int32_t type)
{
    uint32_t bits;
    float value;

    if (type == TVAE_EXCHANGE_FLOAT32)
        return (double)((const float *)values)[i];
    if (type == TVAE_EXCHANGE_BYTE)
        return (double)((const uint8_t *)values)[i];
    bits = (uint32_t)((const uint16_t *)values)[i] << 16;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

/* A small whole number, other ones on each rank: sums of them are exact. */
float value_of(int32_t rank, size_t i)
{
    return (float)((i * 7 + (size_t)rank * 3 + 1) % 17);
}

static double sum_of(int32_t n_ranks, size_t i)
{
    double sum = 0.0;

    for (int32_t rank = 0; rank < n_ranks; rank++)
        sum += (double)value_of(rank, i);
    return sum;
}

/* Room for n values, with a byte behind them that has to stay; those of this rank. */
void *create_values(size_t n, int32_t type, int32_t rank)
{
    char *values = malloc(n * bytes_of(type) + 1);

    if (!values)
        abort();
    for (size_t i = 0; i < n; i++)
        put_value(values, i, type, value_of(rank, i));
    values[n * bytes_of(type)] = 0x5a;
    return values;
}

bool is_guarded(exchange_check *c, const void *values, size_t n, int32_t type)
{
    const char guard = ((const char *)values)[n * bytes_of(type)];

    return guard == 0x5a || fail_check(c, "the byte behind the values", guard, 0x5a);
}

bool are_sums(exchange_check *c, const void *values, size_t n, int32_t type)
{
    for (size_t i = 0; i < n; i++) {
        const double got = take_value(values, i, type),
                     want = sum_of(c->table->n_ranks, i);

        if (!(got >= want && got <= want))
            return fail_check(c, "a sum", got, want);
    }
    return is_guarded(c, values, n, type);
}

/* ---- time ---- */

void sleep_for(double seconds)
{
    const struct timespec t = {.tv_sec = (time_t)seconds,
                               .tv_nsec =
                                   (long)(1e9 * (seconds - (double)(long)seconds))};

    (void)nanosleep(&t, NULL);
}

double seconds_now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}
