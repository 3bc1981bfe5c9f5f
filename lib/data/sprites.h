/* SPDX-License-Identifier: MIT */
#ifndef TVI_DATA_SPRITES_H
#define TVI_DATA_SPRITES_H

#include "data/data.h"

/* What the procedural sprites and the dSprites file share: which values of the factors
 * are kept, which starting images belong to the split, and how a sequence runs. An image
 * is known by its reduced indices, `labels`, or by their row-major number among the kept
 * ones. */

typedef struct tvi_sprites tvi_sprites;

struct tvi_sprites {
    tvae_dataset head;
    size_t start[TVAE_N_SPRITE_FACTORS];
    size_t stride[TVAE_N_SPRITE_FACTORS];
    size_t n_kept; /* images: the product of head.factor_values */
    size_t varying[TVAE_N_SPRITE_FACTORS];
    size_t n_varying; /* factors that may run; 0: every frame is the starting image */
    uint32_t *items;  /* [head.n_items] numbers of the split's starting images */
    /* Write one image [height, width] of 0 and 1. */
    void (*draw)(const tvi_sprites *sprites, const size_t *labels, float *image);
};

/* Values of each factor of dSprites. */
extern const size_t tvi_sprite_totals[TVAE_N_SPRITE_FACTORS];

/* The caller's options over the defaults, with the ranges that need no other knowledge
 * checked. */
tvae_status tvi_sprites_options_import(tvae_sprites_options *options,
                                       const tvae_sprites_options *source,
                                       const char *call);

/* Fill a zeroed tvi_sprites from checked options, for data with `totals` values of each
 * factor. tvi_sprites_release() frees what it holds, half-built or not. */
tvae_status tvi_sprites_setup(tvi_sprites *sprites, const tvae_sprites_options *options,
                              const size_t totals[TVAE_N_SPRITE_FACTORS],
                              const char *call);
void tvi_sprites_release(tvi_sprites *sprites);

/* The get() of both datasets: frame t has the value (f0 + t) mod n of one factor, drawn
 * among those that may vary; the others stay. */
tvae_status tvi_sprites_get(const tvae_dataset *dataset, size_t item, tvi_rng *rng,
                            float *x, float *factors);

/* The number of an image among the kept ones, and the way back. */
size_t tvi_sprites_number(const tvi_sprites *sprites, const size_t *labels);
void tvi_sprites_labels(const tvi_sprites *sprites, size_t number, size_t *labels);

/* tvae_dataset_create_dsprites() of a file with other numbers of values. */
tvae_status tvi_dsprites_create(const char *path, const tvae_sprites_options *options,
                                const size_t totals[TVAE_N_SPRITE_FACTORS],
                                tvae_dataset **out);

#endif
