/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "data/sprites.h"
#include "io/io.h"

enum { SIDE = 64, PIXELS = SIDE * SIDE, LATENTS = 1 + TVAE_N_SPRITE_FACTORS };

/* Images read from a file, those kept only, one bit a pixel. */
typedef struct stored_sprites {
    tvi_sprites base;
    uint64_t *rows; /* [n_kept, SIDE]; bit j of a row is column j */
} stored_sprites;

static void draw_stored(const tvi_sprites *sprites, const size_t *labels, float *image)
{
    const stored_sprites *stored = (const stored_sprites *)sprites;
    const uint64_t *rows = stored->rows + tvi_sprites_number(sprites, labels) * SIDE;

    memset(image, 0, PIXELS * sizeof *image);
    for (size_t i = 0; i < SIDE; i++)
        for (uint64_t left = rows[i], j = 0; left; left >>= 1, j++)
            image[i * SIDE + j] = (float)(left & 1);
}

static void release_stored(tvae_dataset *dataset)
{
    tvi_sprites_release((tvi_sprites *)dataset);
    tvi_free(((stored_sprites *)dataset)->rows);
}

static const tvi_dataset_class stored_class = {.get = tvi_sprites_get,
                                               .release = release_stored};

/* A member of the archive under way, and what its rows are numbered by. */
typedef struct member {
    const char *path;
    const char *name;
    const size_t *totals;
    size_t n_images;
    tvi_npz_stream *stream;
} member;

/* A missing file, or a file that lacks the member. */
static tvae_status fail_not_found(const member *file)
{
    if (tvi_file_exists(file->path))
        return tvi_fail(
            TVAE_E_FORMAT,
            "dataset_create_dsprites: %s holds no array %s, want the dSprites "
            "file",
            file->path, file->name);
    return tvi_fail(TVAE_E_NOT_FOUND,
                    "dataset_create_dsprites: there is no file %s: download dSprites "
                    "with \"sh examples/fetch-data.sh dsprites DIR\"",
                    file->path);
}

/* Open a member and demand its type and shape. */
static tvae_status open_member(member *file, size_t element_bytes, int32_t rank,
                               const size_t *shape)
{
    tvae_status st = tvi_npz_open(file->path, file->name, &file->stream);

    if (st == TVAE_E_NOT_FOUND)
        return fail_not_found(file);
    if (st != TVAE_OK)
        return st;
    if (tvi_npz_element_bytes(file->stream) == element_bytes &&
        tvi_npz_rank(file->stream) == rank &&
        !memcmp(tvi_npz_shape(file->stream), shape, (size_t)rank * sizeof *shape))
        return TVAE_OK;
    return tvi_fail(TVAE_E_FORMAT,
                    "dataset_create_dsprites: %s in %s has another type or shape than "
                    "dSprites, want %zu images of %d x %d bytes and %d int64 latents "
                    "each: is this the file dsprites_ndarray_co1sh3sc6or40x32y32_64x64"
                    ".npz?",
                    file->name, file->path, file->n_images, SIDE, SIDE, LATENTS);
}

/* Original indices of image `n` in the file's row-major order, colour first. */
static void expected_latents(const member *file, size_t n, int64_t latents[LATENTS])
{
    for (size_t factor = TVAE_N_SPRITE_FACTORS; factor-- > 0;) {
        latents[factor + 1] = (int64_t)(n % file->totals[factor]);
        n /= file->totals[factor];
    }
    latents[0] = 0;
}

static tvae_status check_latents(member *file)
{
    const size_t shape[] = {file->n_images, LATENTS};
    int64_t got[LATENTS], want[LATENTS];
    tvae_status st = open_member(file, sizeof *got, 2, shape);

    for (size_t n = 0; st == TVAE_OK && n < file->n_images; n++) {
        st = tvi_npz_read(file->stream, got, sizeof got);
        expected_latents(file, n, want);
        if (st == TVAE_OK && memcmp(got, want, sizeof got))
            st = tvi_fail(TVAE_E_FORMAT,
                          "dataset_create_dsprites: row %zu of %s in %s is not in "
                          "dSprites' order (colour, shape, scale, orientation, posX, "
                          "posY; row-major)",
                          n, file->name, file->path);
    }
    tvi_npz_close(&file->stream);
    return st;
}

/* Is image `n` of the file kept? Then its reduced indices. */
static bool is_kept(const tvi_sprites *sprites, const member *file, size_t n,
                    size_t labels[TVAE_N_SPRITE_FACTORS])
{
    int64_t latents[LATENTS];

    expected_latents(file, n, latents);
    for (size_t f = 0; f < TVAE_N_SPRITE_FACTORS; f++) {
        const size_t value = (size_t)latents[f + 1];

        if (value < sprites->start[f] || (value - sprites->start[f]) % sprites->stride[f])
            return false;
        labels[f] = (value - sprites->start[f]) / sprites->stride[f];
        if (labels[f] >= sprites->head.factor_values[f])
            return false;
    }
    return true;
}

/* Pack bytes of 0 and 1; false if there is any other. */
static bool pack_image(const unsigned char *pixels, uint64_t rows[SIDE])
{
    unsigned char seen = 0;

    for (size_t i = 0; i < SIDE; i++) {
        rows[i] = 0;
        for (size_t j = 0; j < SIDE; j++) {
            seen |= pixels[i * SIDE + j];
            rows[i] |= (uint64_t)(pixels[i * SIDE + j] & 1) << j;
        }
    }
    return seen <= 1;
}

static tvae_status read_images(stored_sprites *stored, member *file)
{
    const size_t shape[] = {file->n_images, SIDE, SIDE};
    unsigned char pixels[PIXELS];
    uint64_t rows[SIDE];
    size_t labels[TVAE_N_SPRITE_FACTORS];
    tvae_status st = open_member(file, 1, 3, shape);

    for (size_t n = 0; st == TVAE_OK && n < file->n_images; n++) {
        st = tvi_npz_read(file->stream, pixels, sizeof pixels);
        if (st == TVAE_OK && !pack_image(pixels, rows))
            st = tvi_fail(TVAE_E_FORMAT,
                          "dataset_create_dsprites: image %zu in %s has a pixel that is "
                          "neither 0 nor 1",
                          n, file->path);
        if (st == TVAE_OK && is_kept(&stored->base, file, n, labels))
            memcpy(stored->rows + tvi_sprites_number(&stored->base, labels) * SIDE, rows,
                   sizeof rows);
    }
    tvi_npz_close(&file->stream);
    return st;
}

static tvae_status fill_stored(stored_sprites *stored, const char *path,
                               const tvae_sprites_options *options,
                               const size_t totals[TVAE_N_SPRITE_FACTORS])
{
    member file = {.path = path, .name = "latents_classes", .totals = totals};
    tvae_status st =
        tvi_sprites_setup(&stored->base, options, totals, "dataset_create_dsprites");

    if (st != TVAE_OK)
        return st;
    file.n_images = 1;
    for (size_t factor = 0; factor < TVAE_N_SPRITE_FACTORS; factor++)
        file.n_images *= totals[factor];
    stored->rows = tvi_alloc_array(stored->base.n_kept, SIDE * sizeof *stored->rows);
    if (!stored->rows)
        return TVAE_E_NOMEM;
    st = check_latents(&file);
    file.name = "imgs";
    return st == TVAE_OK ? read_images(stored, &file) : st;
}

tvae_status tvi_dsprites_create(const char *path, const tvae_sprites_options *options,
                                const size_t totals[TVAE_N_SPRITE_FACTORS],
                                tvae_dataset **out)
{
    const char *call = "dataset_create_dsprites";
    tvae_sprites_options checked;
    tvae_dataset *dataset;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "%s: out is NULL", call);
    *out = NULL;
    if (!path)
        return tvi_fail(TVAE_E_INVALID, "%s: path is NULL", call);
    st = tvi_sprites_options_import(&checked, options, call);
    if (st != TVAE_OK)
        return st;
    if (checked.image_size != SIDE)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: image_size is %lld, want %d, the size of the file's images",
                        call, (long long)checked.image_size, SIDE);
    dataset = tvi_dataset_alloc(sizeof(stored_sprites), &stored_class);
    if (!dataset)
        return TVAE_E_NOMEM;
    ((tvi_sprites *)dataset)->draw = draw_stored;
    st = fill_stored((stored_sprites *)dataset, path, &checked, totals);
    if (st != TVAE_OK)
        tvae_dataset_destroy(&dataset);
    *out = dataset;
    return st;
}

tvae_status tvae_dataset_create_dsprites(const char *path,
                                         const tvae_sprites_options *options,
                                         tvae_dataset **out)
{
    return tvi_dsprites_create(path, options, tvi_sprite_totals, out);
}
