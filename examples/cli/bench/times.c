/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <stdlib.h>
#include <time.h>

/* The clock, and medians. */

enum { WARM_UP_CALLS = 3 };

/* A row takes no longer than this, so that all of them fit into a minute. */
static const double most_seconds = 1.5;

double bench_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void bench_pause(double seconds)
{
    const struct timespec time = {.tv_sec = 0, .tv_nsec = (long)(seconds * 1e9)};

    (void)nanosleep(&time, NULL);
}

bool bench_is_late(const bench_session *session)
{
    return bench_now() > session->deadline;
}

void bench_times_add(bench_times *times, double seconds)
{
    if (times->n < BENCH_MOST_REPEATS)
        times->seconds[times->n++] = seconds;
}

static int compare_doubles(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

double bench_times_median(bench_times *times)
{
    qsort(times->seconds, times->n, sizeof times->seconds[0], compare_doubles);
    return times->n ? times->seconds[times->n / 2] : 0.0;
}

tvae_status bench_measure(const bench_session *session, bench_work work, void *context,
                          size_t repeats, bench_times *times)
{
    const double first = bench_now();

    times->n = 0;
    for (size_t call = 0; times->n < repeats; call++) {
        const double start = bench_now();
        const tvae_status status = work(context, call);

        if (status != TVAE_OK)
            return status;
        if (call >= WARM_UP_CALLS)
            bench_times_add(times, bench_now() - start);
        if (times->n && (bench_now() - first > most_seconds || bench_is_late(session)))
            break;
    }
    return TVAE_OK;
}
