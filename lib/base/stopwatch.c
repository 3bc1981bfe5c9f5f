/* SPDX-License-Identifier: MIT */
#include "base/stopwatch.h"

#include <time.h>

double tvi_seconds_now(void)
{
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void tvi_stopwatch_start(tvi_stopwatch *watch)
{
    *watch = (tvi_stopwatch){.latest = tvi_seconds_now()};
}

void tvi_stopwatch_lap(tvi_stopwatch *watch, size_t part)
{
    double now;

    if (!watch)
        return;
    now = tvi_seconds_now();
    watch->seconds[part] += now - watch->latest;
    watch->latest = now;
}
