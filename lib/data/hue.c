/* SPDX-License-Identifier: MIT */
#include "data/hue.h"

#include <math.h>

/* Hues are counted in sixths of a turn ("sectors"): red 0, yellow 1, green 2, ... Then
 * the corners of the colour hexagon are whole numbers, and shifts by 60 degrees are
 * exact. */

/* Hue and saturation of a colour. Red wins ties for the largest channel, then green. */
static double hue_of(double r, double g, double b, double *saturation)
{
    const double value = fmax(r, fmax(g, b)), range = value - fmin(r, fmin(g, b));

    *saturation = value > 0.0 ? range / value : 0.0;
    if (range == 0.0)
        return 0.0;
    if (r == value)
        return (g - b) / range;
    if (g == value)
        return 2.0 + (b - r) / range;
    return 4.0 + (r - g) / range;
}

static void colour_of(double hue, double saturation, double value, double rgb[3])
{
    const double turned = hue - 6.0 * floor(hue / 6.0);
    const double sector = floor(turned), f = turned - sector;
    const double p = value * (1.0 - saturation);
    const double q = value * (1.0 - f * saturation);
    const double t = value * (1.0 - (1.0 - f) * saturation);
    const double table[6][3] = {{value, t, p}, {q, value, p}, {p, value, t},
                                {p, q, value}, {t, p, value}, {value, p, q}};
    const size_t row = (size_t)sector % 6; /* rounding can make `turned` 6 */

    for (size_t channel = 0; channel < 3; channel++)
        rgb[channel] = table[row][channel];
}

void tvi_hue_shift(size_t n_pixels, const float *rgb, double degrees, float *shifted)
{
    const double shift = degrees / 60.0;

    for (size_t i = 0; i < n_pixels; i++) {
        const double r = (double)rgb[i], g = (double)rgb[n_pixels + i],
                     b = (double)rgb[2 * n_pixels + i];
        double saturation, result[3];
        const double hue = hue_of(r, g, b, &saturation);

        colour_of(hue + shift, saturation, fmax(r, fmax(g, b)), result);
        for (size_t channel = 0; channel < 3; channel++)
            shifted[channel * n_pixels + i] = (float)result[channel];
    }
}

void tvi_hue_of_red(double degrees, float colour[3])
{
    double exact[3];

    colour_of(degrees / 60.0, 1.0, 1.0, exact);
    for (size_t channel = 0; channel < 3; channel++)
        colour[channel] = (float)exact[channel];
}
