/* SPDX-License-Identifier: MIT */
#ifndef TVI_DATA_MNIST_SEQUENCE_H
#define TVI_DATA_MNIST_SEQUENCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"

/* The reference's sequences of MNIST digits: of rotation, scale and hue one or two run
 * through their 18 values, the others stay fixed (golden/sequences.md, section 1). */

enum {
    TVI_MNIST_ROTATION = 0, /* TVAE_TRANSFORM_PERSPECTIVE: the angle of the perspective */
    TVI_MNIST_SCALE = 1,
    TVI_MNIST_HUE = 2,
    TVI_MNIST_N_FACTORS = 3,
    TVI_MNIST_N_FRAMES = 18, /* as many as each factor has values */
    TVI_MNIST_N_CHANNELS = 3
};

/* What happens in one sequence. TVAE_TRANSFORM_DUAL and TVAE_TRANSFORM_PERSPECTIVE leave
 * the size as it is; their scale is the index of the list's value nearest to 1. */
typedef struct tvi_mnist_choice {
    int32_t transform;                    /* a TVAE_TRANSFORM other than NONE */
    uint32_t running;                     /* bit f set: factor f runs */
    uint32_t values[TVI_MNIST_N_FACTORS]; /* each factor's index in frame 0 */
} tvi_mnist_choice;

/* Value `index` of each list: degrees, enlargement, degrees added to the hue of red. */
double tvi_mnist_rotation(uint32_t index);
double tvi_mnist_scale(uint32_t index);
double tvi_mnist_hue(uint32_t index);

/* A uniformly random choice among the transform's. */
void tvi_mnist_draw(tvi_rng *rng, int32_t transform, tvi_mnist_choice *choice);

/* The factors' indices in a frame: those that run move on by one a frame and wrap. */
void tvi_mnist_frame_values(const tvi_mnist_choice *choice, uint32_t frame,
                            uint32_t values[TVI_MNIST_N_FACTORS]);

/* The name of a factor under a transform, NULL if the transform does not have it. */
const char *tvi_mnist_factor_name(int32_t transform, size_t factor);

/* Draw all frames, x [18, 3, height, width], of a digit that is given with its border as
 * tvi_warp() wants it; `plane` is scratch of [height, width]. */
void tvi_mnist_render(const tvi_mnist_choice *choice, size_t height, size_t width,
                      const float *padded_digit, float *plane, float *x);

#endif
