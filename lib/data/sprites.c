/* SPDX-License-Identifier: MIT */
#include "data/sprites.h"

#include <math.h>

#include "base/error.h"
#include "data/sprite_draw.h"

/* Sprites drawn from their factors. */
typedef struct drawn_sprites {
    tvi_sprites base;
    tvi_sprite_point heart[TVI_HEART_POINTS];
} drawn_sprites;

/* The geometry of SPEC section 3 for the original values of the factors. */
static void draw_image(const tvi_sprites *sprites, const size_t *labels, float *image)
{
    const drawn_sprites *drawn = (const drawn_sprites *)sprites;
    const double turn = 2.0 * acos(-1.0);
    double value[TVAE_N_SPRITE_FACTORS];
    tvi_sprite sprite;

    for (size_t f = 0; f < TVAE_N_SPRITE_FACTORS; f++)
        value[f] = (double)(sprites->start[f] + sprites->stride[f] * labels[f]);
    sprite.shape = (int)value[TVAE_FACTOR_SHAPE];
    sprite.scale = 0.5 + 0.1 * value[TVAE_FACTOR_SCALE];
    sprite.angle = -turn * value[TVAE_FACTOR_ORIENTATION] / 39.0;
    sprite.center_x = 15.5 + 32.0 * value[TVAE_FACTOR_POS_X] / 31.0;
    sprite.center_y = 15.5 + 32.0 * value[TVAE_FACTOR_POS_Y] / 31.0;
    tvi_sprite_draw(&sprite, drawn->heart, sprites->head.shape[2], image);
}

static void release_drawn(tvae_dataset *dataset)
{
    tvi_sprites_release((tvi_sprites *)dataset);
}

static const tvi_dataset_class drawn_class = {.get = tvi_sprites_get,
                                              .release = release_drawn};

tvae_status tvae_dataset_create_sprites(const tvae_sprites_options *options,
                                        tvae_dataset **out)
{
    const char *call = "dataset_create_sprites";
    tvae_sprites_options checked;
    drawn_sprites *drawn;
    tvae_dataset *dataset;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "%s: out is NULL", call);
    *out = NULL;
    st = tvi_sprites_options_import(&checked, options, call);
    if (st != TVAE_OK)
        return st;
    dataset = tvi_dataset_alloc(sizeof *drawn, &drawn_class);
    if (!dataset)
        return TVAE_E_NOMEM;
    drawn = (drawn_sprites *)dataset;
    drawn->base.draw = draw_image;
    tvi_heart_outline(drawn->heart);
    st = tvi_sprites_setup(&drawn->base, &checked, tvi_sprite_totals, call);
    if (st != TVAE_OK)
        tvae_dataset_destroy(&dataset);
    *out = dataset;
    return st;
}
