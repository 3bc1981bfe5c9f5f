/* SPDX-License-Identifier: MIT */
#include <math.h>

#include "data/sprite_draw.h"

/* The heart of dSprites is the plane curve
 *
 *     a = WIDTH * 16 sin(t)^3
 *     b = CENTER - HEIGHT * (13 cos(t) - 5 cos(2t) - 2 cos(3t) - cos(4t)),  0 <= t < 2 pi
 *
 * (b points down). The three constants were found from real frames: every pixel of 123
 * heart frames of all scales and 29 orientations was mapped to (a, b), and the number of
 * pixels on the wrong side of the curve was made least by a random search. 2 of the
 * frames' 27,081 lit pixels stay wrong; a change of 0.001 in WIDTH makes that 30. */
#define WIDTH 0.59957
#define HEIGHT 0.66228
#define CENTER (-1.43586)

void tvi_heart_outline(tvi_sprite_point outline[TVI_HEART_POINTS])
{
    const double step = 2.0 * acos(-1.0) / TVI_HEART_POINTS;

    for (int k = 0; k < TVI_HEART_POINTS; k++) {
        const double t = k * step, sine = sin(t);

        outline[k].a = WIDTH * 16.0 * sine * sine * sine;
        outline[k].b = CENTER - HEIGHT * (13.0 * cos(t) - 5.0 * cos(2.0 * t) -
                                          2.0 * cos(3.0 * t) - cos(4.0 * t));
    }
}
