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

static void read_first_item(const tvae_dataset *dataset)
{
    const size_t n_factors = tvae_dataset_factor_count(dataset);
    tvae_tensor *x = NULL, *factors = NULL;
    size_t shape[4];

    fuzz_expect(tvae_dataset_shape(dataset, shape) == TVAE_OK, "a dataset has no shape");
    fuzz_expect(tvae_dataset_count(dataset) > 0, "a dataset has no items");
    if (tvae_tensor_create(4, shape, &x) != TVAE_OK)
        return;
    if (n_factors > 0)
        (void)tvae_tensor_create(2, (const size_t[]){shape[0], n_factors}, &factors);
    fuzz_expect(tvae_dataset_get(dataset, 0, 0, 0, x, factors) == TVAE_OK,
                "the first item cannot be read");
    tvae_tensor_destroy(&factors);
    tvae_tensor_destroy(&x);
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
        read_first_item(dataset);
    }
    tvae_dataset_destroy(&dataset);
    fuzz_end();
    return 0;
}
