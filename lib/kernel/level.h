/* SPDX-License-Identifier: MIT */
#ifndef TVI_KERNEL_LEVEL_H
#define TVI_KERNEL_LEVEL_H

#include "kernel/kernel.h"

/* Each file of vector kernels is compiled once per level, with TVI_ISA its name, and
 * offers one function that enters its kernels into that level's table. */
#define TVI_LEVEL_PASTE(name, isa) name##_##isa
#define TVI_LEVEL_NAME(name, isa) TVI_LEVEL_PASTE(name, isa)

#define TVI_DECLARE_LEVEL(isa)                                      \
    void TVI_LEVEL_PASTE(tvi_set_activation, isa)(tvi_kernels * t); \
    void TVI_LEVEL_PASTE(tvi_set_bernoulli, isa)(tvi_kernels * t);  \
    void TVI_LEVEL_PASTE(tvi_set_bfloat16, isa)(tvi_kernels * t);   \
    void TVI_LEVEL_PASTE(tvi_set_gather, isa)(tvi_kernels * t);     \
    void TVI_LEVEL_PASTE(tvi_set_gaussian, isa)(tvi_kernels * t);   \
    void TVI_LEVEL_PASTE(tvi_set_momentum, isa)(tvi_kernels * t);   \
    void TVI_LEVEL_PASTE(tvi_set_optimiser, isa)(tvi_kernels * t);  \
    void TVI_LEVEL_PASTE(tvi_set_reduction, isa)(tvi_kernels * t)

TVI_DECLARE_LEVEL(portable);
#if defined(__x86_64__) || defined(__i386__)
TVI_DECLARE_LEVEL(avx2);
TVI_DECLARE_LEVEL(avx512);
/* Without vectors of some width BLAS multiplies faster than tiles do. */
void tvi_set_tile_avx2(tvi_kernels *t);
void tvi_set_tile_avx512(tvi_kernels *t);
#endif

#endif
