/* SPDX-License-Identifier: MIT */
#include "base/options.h"
#include "data/split.h"
#include "data/sprites.h"

enum {
    DEFAULT_VARYING = 0x1e, /* all but the shape */
    ALL_FACTORS = 0x1f,
    MAX_FRAMES = 4096,
    MAX_IMAGE_SIZE = 4096
};

const size_t tvi_sprite_totals[TVAE_N_SPRITE_FACTORS] = {3, 6, 40, 32, 32};

/* The paper's dSprites: 50,625 starting images. */
static const tvae_sprites_options defaults = {.size = sizeof(tvae_sprites_options),
                                              .image_size = 64,
                                              .n_frames = 15,
                                              .start = {0, 1, 0, 0, 0},
                                              .stride = {1, 1, 2, 2, 2},
                                              .max_values = {30, 30, 30, 30, 30},
                                              .split_seed = 1,
                                              .test_fraction = 0.1,
                                              .varying = DEFAULT_VARYING,
                                              .split = TVAE_SPLIT_TRAIN};

tvae_status tvae_sprites_options_init(tvae_sprites_options *options, size_t size)
{
    return tvi_options_export(options, size, sizeof defaults, &defaults, sizeof defaults,
                              "sprites_options_init");
}

static tvae_status check_range(const char *call, const char *name, int64_t value,
                               int64_t low, int64_t high)
{
    if (value >= low && value <= high)
        return TVAE_OK;
    return tvi_fail(TVAE_E_INVALID, "%s: %s is %lld, want %lld to %lld", call, name,
                    (long long)value, (long long)low, (long long)high);
}

tvae_status tvi_sprites_options_import(tvae_sprites_options *options,
                                       const tvae_sprites_options *source,
                                       const char *call)
{
    tvae_status st;

    *options = defaults;
    st = tvi_options_import(options, sizeof *options, sizeof defaults, source, call);
    if (st == TVAE_OK)
        st = check_range(call, "image_size", options->image_size, 1, MAX_IMAGE_SIZE);
    if (st == TVAE_OK)
        st = check_range(call, "n_frames", options->n_frames, 1, MAX_FRAMES);
    if (st == TVAE_OK)
        st = check_range(call, "varying", options->varying, 0, ALL_FACTORS);
    if (st == TVAE_OK)
        st = tvi_split_check(options->split, options->test_fraction, call);
    return st;
}
