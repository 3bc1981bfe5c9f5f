/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include "io/io.h"

/* As images and as labels; the content tells whether it is gzipped. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const int32_t ranks[] = {1, 3};
    const char *path;
    tvi_idx idx;

    fuzz_begin_reading(size);
    path = fuzz_file("input", data, size);
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++)
        if (tvi_idx_read(path, ranks[i], &idx) == TVAE_OK) {
            size_t count = 1;

            for (int32_t axis = 0; axis < idx.rank; axis++)
                count *= idx.shape[axis];
            fuzz_expect(idx.rank == ranks[i] && idx.count == count && count > 0,
                        "an IDX file's count is not its shape's");
            fuzz_touch(idx.values, count);
            tvi_idx_release(&idx);
        }
    fuzz_end();
    return 0;
}
