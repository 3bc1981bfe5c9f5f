/* SPDX-License-Identifier: MIT */
#include "harness.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_archive(".npy", data, size);
    return 0;
}
