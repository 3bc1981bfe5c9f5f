/* SPDX-License-Identifier: MIT */
#ifndef TVI_LAYER_CONVOLUTION_H
#define TVI_LAYER_CONVOLUTION_H

#include <stddef.h>

/* A convolution between a fine image F [fine_channels, fine_height, fine_width] and a
 * coarse one C [coarse_channels, coarse_height, coarse_width]; the coarse pixel (y, x)
 * sees the fine pixels (y stride + i - padding, x stride + j - padding), those outside of
 * F being zero. As a product, C = W U(F): row (channel, i, j) of U(F) [fine_channels *
 * kernel_height * kernel_width, coarse pixels] is what each coarse pixel sees there. The
 * transposed convolution is F = U'(W' C), with the same weight W [coarse_channels,
 * fine_channels, kernel_height, kernel_width]. */
typedef struct tvi_convolution {
    size_t fine_channels, fine_height, fine_width;
    size_t coarse_channels, coarse_height, coarse_width;
    size_t kernel_height, kernel_width, stride, padding;
} tvi_convolution;

/* Extents of the unfolded image [rows, pixels]: numbers of what one coarse pixel sees,
 * and of coarse pixels. None exceeds INT32_MAX in a convolution that was checked. */
size_t tvi_unfolded_rows(const tvi_convolution *c);
size_t tvi_unfolded_pixels(const tvi_convolution *c);

/* unfolded = U(fine); fine = U'(unfolded), the sum of what each pixel was unfolded to.
 * They work on the calling thread alone. */
void tvi_unfold(const tvi_convolution *c, const float *fine, float *unfolded);
void tvi_fold(const tvi_convolution *c, const float *unfolded, float *fine);

/* coarse = W unfolded; unfolded = W' coarse; gradient of W += coarse unfolded'. */
void tvi_coarse_product(const tvi_convolution *c, const float *weight,
                        const float *unfolded, float *coarse);
void tvi_unfolded_product(const tvi_convolution *c, const float *weight,
                          const float *coarse, float *unfolded);
void tvi_weight_product(const tvi_convolution *c, const float *coarse,
                        const float *unfolded, float *gradient);

#endif
