/* SPDX-License-Identifier: MIT */
#include "base/parallel.h"

void tvi_parallel_for(size_t n_items, size_t grain, tvi_range_body body, void *context)
{
    (void)grain;
    body(context, 0, n_items);
}

size_t tvi_thread_count(void)
{
    return 1;
}
