/* SPDX-License-Identifier: MIT */
#include "data/mnist_sequence.h"

#include <stdbool.h>
#include <string.h>

#include <tvae/data.h>

#include "data/hue.h"
#include "data/perspective.h"
#include "data/warp.h"

enum { NEAREST_TO_FULL_SCALE = 10 }; /* index of 0.99 */

double tvi_mnist_rotation(uint32_t index)
{
    return 20.0 * (double)index;
}

double tvi_mnist_scale(uint32_t index)
{
    /* The reference's list, rounded by hand: even steps from 0.60 to 1.26 differ. */
    static const double scales[TVI_MNIST_N_FRAMES] = {0.60, 0.64, 0.68, 0.72, 0.76, 0.79,
                                                      0.83, 0.87, 0.91, 0.95, 0.99, 1.03,
                                                      1.07, 1.11, 1.14, 1.18, 1.22, 1.26};

    return scales[index];
}

double tvi_mnist_hue(uint32_t index)
{
    return 20.0 * (double)index - 180.0;
}

const char *tvi_mnist_factor_name(int32_t transform, size_t factor)
{
    static const char *const names[TVI_MNIST_N_FACTORS] = {"rotation", "scale", "hue"};

    if (transform != TVAE_TRANSFORM_PERSPECTIVE)
        return names[factor];
    return factor == TVI_MNIST_ROTATION ? "perspective"
           : factor == TVI_MNIST_SCALE  ? NULL
                                        : names[factor];
}

static bool scales(int32_t transform)
{
    return transform == TVAE_TRANSFORM_RANDOM || transform == TVAE_TRANSFORM_ROTATION;
}

void tvi_mnist_draw(tvi_rng *rng, int32_t transform, tvi_mnist_choice *choice)
{
    choice->transform = transform;
    choice->running = 1u << TVI_MNIST_ROTATION | 1u << TVI_MNIST_HUE;
    if (transform == TVAE_TRANSFORM_RANDOM)
        choice->running = 1u << tvi_rng_below(rng, TVI_MNIST_N_FACTORS);
    if (transform == TVAE_TRANSFORM_ROTATION)
        choice->running = 1u << TVI_MNIST_ROTATION;
    for (size_t factor = 0; factor < TVI_MNIST_N_FACTORS; factor++)
        choice->values[factor] = tvi_rng_below(rng, TVI_MNIST_N_FRAMES);
    if (!scales(transform))
        choice->values[TVI_MNIST_SCALE] = NEAREST_TO_FULL_SCALE;
}

void tvi_mnist_frame_values(const tvi_mnist_choice *choice, uint32_t frame,
                            uint32_t values[TVI_MNIST_N_FACTORS])
{
    memcpy(values, choice->values, sizeof choice->values);
    for (size_t factor = 0; factor < TVI_MNIST_N_FACTORS; factor++)
        if (choice->running >> factor & 1u)
            values[factor] = (values[factor] + frame) % TVI_MNIST_N_FRAMES;
}

static void warp_digit(int32_t transform, const uint32_t values[TVI_MNIST_N_FACTORS],
                       size_t height, size_t width, const float *padded_digit,
                       float *plane)
{
    const double degrees = tvi_mnist_rotation(values[TVI_MNIST_ROTATION]);

    if (transform == TVAE_TRANSFORM_PERSPECTIVE)
        tvi_perspective_warp(height, width, padded_digit, degrees, plane);
    else if (transform == TVAE_TRANSFORM_DUAL)
        tvi_warp(height, width, padded_digit, degrees, 1.0, plane);
    else
        tvi_warp(height, width, padded_digit, degrees,
                 tvi_mnist_scale(values[TVI_MNIST_SCALE]), plane);
}

/* One frame: the warped digit times a colour. Green and blue of the digit are zero, so
 * this is the reference's warp of three channels and shift of the hue. */
static void paint_frame(size_t n_pixels, const float *plane, const float colour[3],
                        float *frame)
{
    for (size_t channel = 0; channel < TVI_MNIST_N_CHANNELS; channel++) {
        float *target = frame + channel * n_pixels;
        const float strength = colour[channel];

        if (strength > 0.0f)
            for (size_t i = 0; i < n_pixels; i++)
                target[i] = strength * plane[i];
        else
            memset(target, 0, n_pixels * sizeof *target);
    }
}

void tvi_mnist_render(const tvi_mnist_choice *choice, size_t height, size_t width,
                      const float *padded_digit, float *plane, float *x)
{
    const size_t n_pixels = height * width;

    for (uint32_t frame = 0; frame < TVI_MNIST_N_FRAMES; frame++) {
        uint32_t values[TVI_MNIST_N_FACTORS];
        float colour[3];

        tvi_mnist_frame_values(choice, frame, values);
        if (frame == 0 || choice->running != 1u << TVI_MNIST_HUE)
            warp_digit(choice->transform, values, height, width, padded_digit, plane);
        tvi_hue_of_red(tvi_mnist_hue(values[TVI_MNIST_HUE]), colour);
        paint_frame(n_pixels, plane, colour, x + frame * TVI_MNIST_N_CHANNELS * n_pixels);
    }
}
