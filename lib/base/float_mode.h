/* SPDX-License-Identifier: MIT */
#ifndef TVI_BASE_FLOAT_MODE_H
#define TVI_BASE_FLOAT_MODE_H

#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

/* Numbers below the smallest normal float (momenta that die away, activations far from
 * any data) cost a hundred times as much as others on common CPUs. The library's loops
 * take them for zero: they run between begin and end, which set and restore the calling
 * thread's mode. A host's own mode is so neither used nor changed. Elsewhere than on
 * x86-64 and AArch64 nothing is done. */
typedef struct tvi_float_mode {
    unsigned long long kept;
} tvi_float_mode;

static inline tvi_float_mode tvi_float_mode_begin(void)
{
    tvi_float_mode mode = {0};
#if defined(__SSE2__)
    const unsigned flush_to_zero = 0x8000, denormals_are_zero = 0x0040;

    mode.kept = _mm_getcsr();
    _mm_setcsr((unsigned)mode.kept | flush_to_zero | denormals_are_zero);
#elif defined(__aarch64__)
    const unsigned long long flush_to_zero = 1ull << 24;

    __asm__ volatile("mrs %0, fpcr" : "=r"(mode.kept));
    __asm__ volatile("msr fpcr, %0" : : "r"(mode.kept | flush_to_zero));
#endif
    return mode;
}

static inline void tvi_float_mode_end(tvi_float_mode mode)
{
#if defined(__SSE2__)
    _mm_setcsr((unsigned)mode.kept);
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"(mode.kept));
#else
    (void)mode;
#endif
}

#endif
