/* SPDX-License-Identifier: MIT */
#include "base/memory.h"
#include "data/split.h"
#include "data/sprites.h"

static const char *const factor_names[TVAE_N_SPRITE_FACTORS] = {
    "shape", "scale", "orientation", "posX", "posY"};

/* Keep the values start, start + stride, ... below min(total, max_values). */
static tvae_status keep_values(tvi_sprites *sprites, const tvae_sprites_options *options,
                               size_t factor, size_t total, const char *call)
{
    const char *name = factor_names[factor];
    const int64_t start = options->start[factor], stride = options->stride[factor];
    const int64_t most = options->max_values[factor];
    const int64_t end = most < (int64_t)total ? most : (int64_t)total;
    size_t n_values;

    if (!(stride >= 1 && most >= 1))
        return tvi_fail(TVAE_E_INVALID,
                        "%s: stride and max_values of %s are %lld and %lld, want at "
                        "least 1 each",
                        call, name, (long long)stride, (long long)most);
    if (!(start >= 0 && start < end))
        return tvi_fail(TVAE_E_INVALID,
                        "%s: start of %s is %lld, want 0 to %lld: the factor has %zu "
                        "values, of which max_values lets %lld be looked at",
                        call, name, (long long)start, (long long)(end - 1), total,
                        (long long)end);
    n_values = (size_t)((end - start - 1) / stride) + 1;
    sprites->start[factor] = (size_t)start;
    sprites->stride[factor] = (size_t)stride;
    sprites->n_kept *= n_values;
    if (n_values > 1 && (options->varying >> factor & 1))
        sprites->varying[sprites->n_varying++] = factor;
    tvi_dataset_add_factor(&sprites->head, name, n_values);
    return TVAE_OK;
}

tvae_status tvi_sprites_setup(tvi_sprites *sprites, const tvae_sprites_options *options,
                              const size_t totals[TVAE_N_SPRITE_FACTORS],
                              const char *call)
{
    const size_t size = (size_t)options->image_size;
    const tvi_split split = {.seed = options->split_seed,
                             .test_fraction = options->test_fraction,
                             .part = options->split};

    sprites->head.shape[0] = (size_t)options->n_frames;
    sprites->head.shape[1] = 1;
    sprites->head.shape[2] = size;
    sprites->head.shape[3] = size;
    sprites->n_kept = 1;
    for (size_t factor = 0; factor < TVAE_N_SPRITE_FACTORS; factor++) {
        const tvae_status st =
            keep_values(sprites, options, factor, totals[factor], call);

        if (st != TVAE_OK)
            return st;
    }
    return tvi_split_items(&split, sprites->n_kept, call, &sprites->items,
                           &sprites->head.n_items);
}

void tvi_sprites_release(tvi_sprites *sprites)
{
    tvi_free(sprites->items);
}

size_t tvi_sprites_number(const tvi_sprites *sprites, const size_t *labels)
{
    size_t number = 0;

    for (size_t factor = 0; factor < TVAE_N_SPRITE_FACTORS; factor++)
        number = number * sprites->head.factor_values[factor] + labels[factor];
    return number;
}

void tvi_sprites_labels(const tvi_sprites *sprites, size_t number, size_t *labels)
{
    for (size_t factor = TVAE_N_SPRITE_FACTORS; factor-- > 0;) {
        const size_t n_values = sprites->head.factor_values[factor];

        labels[factor] = number % n_values;
        number /= n_values;
    }
}

tvae_status tvi_sprites_get(const tvae_dataset *dataset, size_t item, tvi_rng *rng,
                            float *x, float *factors)
{
    const tvi_sprites *sprites = (const tvi_sprites *)dataset;
    const size_t n_pixels = dataset->shape[2] * dataset->shape[3];
    size_t labels[TVAE_N_SPRITE_FACTORS], running = 0, step = 0;

    tvi_sprites_labels(sprites, sprites->items[item], labels);
    if (sprites->n_varying) {
        running = sprites->varying[tvi_rng_below(rng, (uint32_t)sprites->n_varying)];
        step = 1;
    }
    for (size_t frame = 0; frame < dataset->shape[0]; frame++) {
        sprites->draw(sprites, labels, x + frame * n_pixels);
        for (size_t f = 0; factors && f < TVAE_N_SPRITE_FACTORS; f++)
            factors[frame * TVAE_N_SPRITE_FACTORS + f] = (float)labels[f];
        labels[running] = (labels[running] + step) % dataset->factor_values[running];
    }
    return TVAE_OK;
}
