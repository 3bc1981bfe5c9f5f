/* SPDX-License-Identifier: MIT */
#ifndef TVI_DATA_HUE_H
#define TVI_DATA_HUE_H

#include <stddef.h>

/* Turn the hue of every pixel by `degrees`, through HSV and back, GOLDEN section 5.2.
 * Both images are planar, [3, n_pixels]; they may be the same one. The reference's
 * overwriting of channels that come out as exactly 1 in the first sector is a bug, and
 * not done. */
void tvi_hue_shift(size_t n_pixels, const float *rgb, double degrees, float *shifted);

/* The colour that pure red becomes. An image whose green and blue are zero is, after the
 * shift, its red channel times this colour. Exact where `degrees` is a multiple of 60. */
void tvi_hue_of_red(double degrees, float colour[3]);

#endif
