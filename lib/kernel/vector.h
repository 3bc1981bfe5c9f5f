/* SPDX-License-Identifier: MIT */
#ifndef TVI_KERNEL_VECTOR_H
#define TVI_KERNEL_VECTOR_H

#include <string.h>

/* The widest vectors of the level that a file is compiled for, as the compilers' vector
 * types: for loops whose sums must stay in registers, which no compiler finds out by
 * itself. */
#if defined(__AVX512F__)
enum { TVI_LANES = 16 };
#elif defined(__AVX__)
enum { TVI_LANES = 8 };
#else
enum { TVI_LANES = 4 };
#endif

typedef float tvi_vector __attribute__((vector_size(TVI_LANES * sizeof(float))));

/* For functions whose arguments decide how many registers a loop takes. */
#define TVI_INLINE static inline __attribute__((always_inline))

TVI_INLINE tvi_vector tvi_load(const float *from)
{
    tvi_vector v;

    memcpy(&v, from, sizeof v);
    return v;
}

TVI_INLINE void tvi_store(float *to, tvi_vector v)
{
    memcpy(to, &v, sizeof v);
}

#endif
