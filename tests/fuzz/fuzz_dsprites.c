/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zip.h>

#include "data/sprites.h"

/* dSprites of two images. An input is either such a file, or what is in one: a line with
 * the header of the images, one with that of the latents, then the latents and the
 * images, zeros where it ends. The latter is packed with checksums that are right, which
 * no fuzzer guesses. */

enum { N_IMAGES = 2, LATENT_BYTES = N_IMAGES * 6 * 8, IMAGE_BYTES = N_IMAGES * 64 * 64 };

static const size_t totals[TVAE_N_SPRITE_FACTORS] = {1, N_IMAGES, 1, 1, 1};

typedef struct remaining {
    const uint8_t *bytes;
    size_t size;
} remaining;

/* The next `most` bytes, or those before the next line. */
static remaining take(remaining *input, size_t most, bool is_line)
{
    const size_t n_bytes = input->size < most ? input->size : most;
    const uint8_t *end = is_line && n_bytes ? memchr(input->bytes, '\n', n_bytes) : NULL;
    const remaining taken = {input->bytes, end ? (size_t)(end - input->bytes) : n_bytes};

    input->bytes += taken.size + (end ? 1 : 0);
    input->size -= taken.size + (end ? 1 : 0);
    return taken;
}

/* A `.npy` of that header, whose data are [n_data] bytes, zeros from where `data` ends.
 */
static void add_member(zip_t *zip, const char *name, remaining header, remaining data,
                       size_t n_data)
{
    const size_t n_bytes = 10 + header.size + 1 + n_data;
    uint8_t *bytes = calloc(n_bytes, 1);
    zip_source_t *source = zip_source_buffer(zip, bytes, n_bytes, 1);
    zip_int64_t index;

    fuzz_expect(bytes && source, "no memory");
    memcpy(bytes, "\x93NUMPY\x01\x00", 8);
    bytes[8] = (uint8_t)((header.size + 1) & 0xff);
    bytes[9] = (uint8_t)((header.size + 1) >> 8);
    memcpy(bytes + 10, header.bytes, header.size);
    bytes[10 + header.size] = '\n';
    if (data.size)
        memcpy(bytes + 10 + header.size + 1, data.bytes, data.size);
    index = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
    fuzz_expect(index >= 0 && zip_set_file_compression(zip, (zip_uint64_t)index,
                                                       ZIP_CM_STORE, 0) == 0,
                "a member cannot be written");
}

static const char *pack(const uint8_t *data, size_t size)
{
    const char *path = fuzz_file("input.npz", NULL, 0);
    remaining input = {data, size};
    const remaining of_images = take(&input, 1000, true);
    const remaining of_latents = take(&input, 1000, true);
    const remaining latents = take(&input, LATENT_BYTES, false);
    const remaining images = take(&input, IMAGE_BYTES, false);
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);

    fuzz_expect(zip, "no archive can be made");
    add_member(zip, "imgs.npy", of_images, images, IMAGE_BYTES);
    add_member(zip, "latents_classes.npy", of_latents, latents, LATENT_BYTES);
    fuzz_expect(zip_close(zip) == 0, "the archive cannot be written");
    return path;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const tvae_status allowed[] = {TVAE_E_FORMAT, TVAE_E_UNSUPPORTED, TVAE_OK};
    const bool is_file = size >= 2 && data[0] == 'P' && data[1] == 'K';
    const char *path = is_file ? fuzz_file("input.npz", data, size) : pack(data, size);
    tvae_sprites_options options;
    tvae_dataset *dataset = NULL;
    tvae_status st;

    fuzz_begin_reading(size);
    fuzz_expect(tvae_sprites_options_init(&options, sizeof options) == TVAE_OK,
                "no options");
    options.start[TVAE_FACTOR_SCALE] = 0;
    options.test_fraction = 0.0;
    options.n_frames = N_IMAGES;
    st = tvi_dsprites_create(path, &options, totals, &dataset);
    fuzz_expect_status(st, allowed);
    if (st == TVAE_OK) {
        fuzz_begin_using(FUZZ_USE_BYTES);
        fuzz_use_dataset(dataset);
    }
    tvae_dataset_destroy(&dataset);
    fuzz_end();
    return 0;
}
