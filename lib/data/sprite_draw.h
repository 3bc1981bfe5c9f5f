/* SPDX-License-Identifier: MIT */
#ifndef TVI_DATA_SPRITE_DRAW_H
#define TVI_DATA_SPRITE_DRAW_H

#include <stddef.h>

/* Coordinates of dSprites (SPEC section 3): pixels of the 64 x 64 original, x the column
 * and y the row, both of a pixel's centre integers. A shape's own coordinates (a, b) are
 * those at scale 1, orientation 0, around its centre. */

enum { TVI_SPRITE_SQUARE = 0, TVI_SPRITE_ELLIPSE = 1, TVI_SPRITE_HEART = 2 };
enum { TVI_SPRITE_PIXELS = 64, TVI_HEART_POINTS = 512 };

typedef struct tvi_sprite_point {
    double a;
    double b;
} tvi_sprite_point;

/* One shape at its place. */
typedef struct tvi_sprite {
    int shape;       /* TVI_SPRITE_SQUARE, _ELLIPSE or _HEART */
    double scale;    /* > 0 */
    double angle;    /* radians; a = cos(angle) dx + sin(angle) dy */
    double center_x; /* column */
    double center_y; /* row */
} tvi_sprite;

/* The heart's outline as a closed polygon. */
void tvi_heart_outline(tvi_sprite_point outline[TVI_HEART_POINTS]);

/* Draw white (1) on black (0) into image [image_size, image_size]; of a size other than
 * 64, a pixel stands for the centre of the block of original pixels that it covers.
 * `heart` is tvi_heart_outline()'s, so that it is computed once. */
void tvi_sprite_draw(const tvi_sprite *sprite, const tvi_sprite_point *heart,
                     size_t image_size, float *image);

#endif
