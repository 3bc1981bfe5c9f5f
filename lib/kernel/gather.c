/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "kernel/level.h"

/* Sums of listed rows. Vectors are written as the compilers' vector types: the panel's
 * sums must stay in registers, which no compiler finds out by itself. */

#if defined(__AVX512F__)
enum { LANES = 16 };
#elif defined(__AVX__)
enum { LANES = 8 };
#else
enum { LANES = 4 };
#endif
enum { PANEL_VECTORS = 8, PANEL = PANEL_VECTORS * LANES };

typedef float vector __attribute__((vector_size(LANES * sizeof(float))));

static inline vector load(const float *from)
{
    vector v;

    memcpy(&v, from, sizeof v);
    return v;
}

static inline void store(float *to, vector v)
{
    memcpy(to, &v, sizeof v);
}

/* One list's sums over `width` columns in `n_vectors` vectors. The last vector ends with
 * the last column, and so may overlap the one before it: both hold the same sums. */
static inline __attribute__((always_inline)) void gather_panel(const tvi_gather *g,
                                                               size_t list, size_t column,
                                                               size_t n_vectors,
                                                               size_t width)
{
    const size_t last = width - LANES;
    const float *const w = g->w + column;
    float *const y = g->y + list * g->ld_y + column;
    vector sums[PANEL_VECTORS] = {{0}};

    for (size_t p = 0; g->start && p < n_vectors; p++)
        sums[p] = load(g->start + list * g->ld_start + column +
                       (p + 1 < n_vectors ? p * LANES : last));
    for (uint32_t k = g->begin[list]; k < g->end[list]; k++) {
        const float *row = w + g->index[k] * g->ld_w;
        const float value = g->value[k];

        for (size_t p = 0; p + 1 < n_vectors; p++)
            sums[p] += value * load(row + p * LANES);
        sums[n_vectors - 1] += value * load(row + last);
    }
    for (size_t p = 0; p + 1 < n_vectors; p++)
        store(y + p * LANES, sums[p]);
    store(y + last, sums[n_vectors - 1]);
}

/* Fewer columns than a vector has lanes, added up as those of any panel. */
static void gather_narrow(const tvi_gather *g, size_t list, size_t column, size_t width)
{
    const size_t bytes = width * sizeof(float);
    vector sum = {0};

    if (g->start)
        memcpy(&sum, g->start + list * g->ld_start + column, bytes);
    for (uint32_t k = g->begin[list]; k < g->end[list]; k++) {
        vector row = {0};

        memcpy(&row, g->w + g->index[k] * g->ld_w + column, bytes);
        sum += g->value[k] * row;
    }
    memcpy(g->y + list * g->ld_y + column, &sum, bytes);
}

/* The last panel, narrower than the others. */
static void gather_rest(const tvi_gather *g, size_t list, size_t column, size_t width)
{
    switch (width < LANES ? 0 : (width + LANES - 1) / LANES) {
    case 0:
        gather_narrow(g, list, column, width);
        break;
    case 1:
        gather_panel(g, list, column, 1, width);
        break;
    case 2:
        gather_panel(g, list, column, 2, width);
        break;
    case 3:
        gather_panel(g, list, column, 3, width);
        break;
    case 4:
        gather_panel(g, list, column, 4, width);
        break;
    case 5:
        gather_panel(g, list, column, 5, width);
        break;
    case 6:
        gather_panel(g, list, column, 6, width);
        break;
    case 7:
        gather_panel(g, list, column, 7, width);
        break;
    default:
        gather_panel(g, list, column, PANEL_VECTORS, width);
    }
}

static void gather(const tvi_gather *g)
{
    const size_t whole = g->n / PANEL * PANEL;

    for (size_t column = 0; column < whole; column += PANEL)
        for (size_t list = 0; list < g->n_lists; list++)
            gather_panel(g, list, column, PANEL_VECTORS, PANEL);
    for (size_t list = 0; whole < g->n && list < g->n_lists; list++)
        gather_rest(g, list, whole, g->n - whole);
}

void TVI_LEVEL_NAME(tvi_set_gather, TVI_ISA)(tvi_kernels *t)
{
    t->gather = gather;
}
