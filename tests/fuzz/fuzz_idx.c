/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include "io/io.h"

/* As images and as labels; the content tells whether it is gzipped. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const tvae_status allowed[] = {TVAE_E_FORMAT, TVAE_OK};
    const int32_t ranks[] = {1, 3};
    const char *path;
    tvi_idx idx;

    fuzz_begin_reading(size);
    path = fuzz_file("input", data, size);
    for (size_t i = 0; i < sizeof ranks / sizeof *ranks; i++) {
        const tvae_status st = tvi_idx_read(path, ranks[i], &idx);

        fuzz_expect_status(st, allowed);
        if (st == TVAE_OK) {
            size_t count = 1;

            for (int32_t axis = 0; axis < idx.rank; axis++)
                count *= idx.shape[axis];
            fuzz_expect(idx.rank == ranks[i] && idx.count == count && count > 0,
                        "an IDX file's count is not its shape's");
            fuzz_touch(idx.values, count);
            tvi_idx_release(&idx);
        }
    }
    fuzz_end();
    return 0;
}
