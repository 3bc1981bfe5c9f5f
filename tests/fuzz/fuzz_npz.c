/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include "io/io.h"

/* Read the member that the corpus calls "x" as a stream, in pieces of odd length. */
static void read_stream(const char *path)
{
    tvi_npz_stream *stream = NULL;
    unsigned char piece[1021];
    size_t n_left;

    if (tvi_npz_open(path, "x", &stream) != TVAE_OK)
        return;
    n_left = tvi_npz_element_bytes(stream);
    for (int32_t axis = 0; axis < tvi_npz_rank(stream); axis++)
        n_left *= tvi_npz_shape(stream)[axis];
    while (n_left > 0) {
        const size_t n = n_left < sizeof piece ? n_left : sizeof piece;

        if (tvi_npz_read(stream, piece, n) != TVAE_OK)
            break;
        fuzz_touch(piece, n);
        n_left -= n;
    }
    tvi_npz_close(&stream);
}

/* The same file as a user's own sequences, and as a stream of bytes or integers. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const tvae_status allowed[] = {TVAE_E_FORMAT,  TVAE_E_UNSUPPORTED, TVAE_E_SHAPE,
                                   TVAE_E_NUMERIC, TVAE_E_INVALID,     TVAE_OK};
    tvae_dataset *dataset = NULL;
    const char *path;
    tvae_status st;

    fuzz_archive(".npz", data, size);
    fuzz_begin_reading(size);
    path = fuzz_file("input.npz", data, size);
    read_stream(path);
    st = tvae_dataset_create_npz(path, NULL, &dataset);
    fuzz_expect_status(st, allowed);
    if (st == TVAE_OK) {
        fuzz_begin_using(FUZZ_USE_BYTES);
        fuzz_use_dataset(dataset);
    }
    tvae_dataset_destroy(&dataset);
    fuzz_end();
    return 0;
}
