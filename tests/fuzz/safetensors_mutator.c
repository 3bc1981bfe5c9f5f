/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "harness.h"

/* libFuzzer's own mutations, applied to one part of a safetensors file: to the header,
 * whose length is then set right, to the data behind it, or to the whole. Otherwise
 * nearly every change of a header's length is refused before its JSON is looked at. */

enum { LENGTH_BYTES = 8 };

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned int seed);

static size_t mutate_header(uint8_t *data, size_t size, size_t max_size, size_t n_header)
{
    const size_t n_behind = size - LENGTH_BYTES - n_header;
    const size_t n_room = max_size - LENGTH_BYTES - n_behind;
    uint8_t *behind = malloc(n_behind + 1);
    uint64_t length;

    if (!behind)
        abort();
    memcpy(behind, data + LENGTH_BYTES + n_header, n_behind);
    n_header = LLVMFuzzerMutate(data + LENGTH_BYTES, n_header, n_room);
    memcpy(data + LENGTH_BYTES + n_header, behind, n_behind);
    free(behind);
    length = n_header;
    memcpy(data, &length, sizeof length);
    return LENGTH_BYTES + n_header + n_behind;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size,
                               unsigned int seed)
{
    uint64_t n_header;
    size_t n_before;

    if (size <= LENGTH_BYTES || size > max_size || seed % 8 == 0)
        return LLVMFuzzerMutate(data, size, max_size);
    memcpy(&n_header, data, sizeof n_header);
    if (n_header > size - LENGTH_BYTES)
        n_header = size - LENGTH_BYTES;
    if (seed % 8 != 1)
        return mutate_header(data, size, max_size, (size_t)n_header);
    n_before = LENGTH_BYTES + (size_t)n_header;
    return n_before +
           LLVMFuzzerMutate(data + n_before, size - n_before, max_size - n_before);
}
