/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "failing_allocation.h"
#include "harness.h"

/* A slow function allocates so often that not each allocation can have its turn. */
static long next_turn(const public_function *function, long k)
{
    return function->is_slow ? k + k / 20 + 1 : k + 1;
}

static void check(const public_function *function, const outcome *result, size_t n_before,
                  bool has_output)
{
    if (!result->has_status)
        return;
    if (result->status != TVAE_E_NOMEM && result->status != function->valid_status)
        complain("want TVAE_E_NOMEM", result);
    if (result->output_is_wrong)
        complain("the output is not NULL after a failure, or NULL after a success",
                 result);
    if ((has_output || result->status != TVAE_OK) && tvi_live_blocks() != n_before)
        complain("blocks were left behind", result);
}

void refuse_allocations(const public_function *function, const choices *parameters)
{
    const bool has_output = function->has_output;
    argument valid[MAX_PARAMETERS];
    bool was_reached = true;

    for (size_t i = 0; i < function->n_parameters; i++)
        valid[i] = parameters[i].values[0];
    for (long k = 1; was_reached; k = next_turn(function, k)) {
        const size_t n_before = tvi_live_blocks();
        outcome result;

        (void)snprintf(shared->call, sizeof shared->call, "%s, allocation %ld failing",
                       function->name, k);
        fail_allocation(k);
        result = function->call(valid);
        was_reached = count_allocations() >= k;
        fail_allocation(0);
        shared->n_calls++;
        shared->n_refused += was_reached;
        check(function, &result, n_before, has_output);
    }
}
