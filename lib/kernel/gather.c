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

/* Columns column .. column + width - 1 of a gather, their weights at hand. */
typedef struct panel {
    const tvi_gather *g;
    const float *w; /* the panel's first column */
    size_t column, width;
} panel;

/* One list's sums in `n_vectors` vectors. The last vector ends with the last column, and
 * so may overlap the one before it: both hold the same sums. */
static inline __attribute__((always_inline)) void gather_list(const panel *p, size_t list,
                                                              size_t n_vectors)
{
    const tvi_gather *g = p->g;
    const size_t last = p->width - LANES, ld_w = g->ld_w;
    const float *const w = p->w, *const value = g->value;
    const uint32_t *const index = g->index, end = g->end[list];
    float *const y = g->y + list * g->ld_y + p->column;
    vector sums[PANEL_VECTORS] = {{0}};

    for (size_t v = 0; g->start && v < n_vectors; v++)
        sums[v] = load(g->start + list * g->ld_start + p->column +
                       (v + 1 < n_vectors ? v * LANES : last));
    for (uint32_t k = g->begin[list]; k < end; k++) {
        const float *row = w + index[k] * ld_w;
        const float factor = value[k];

        for (size_t v = 0; v + 1 < n_vectors; v++)
            sums[v] += factor * load(row + v * LANES);
        sums[n_vectors - 1] += factor * load(row + last);
    }
    for (size_t v = 0; v + 1 < n_vectors; v++)
        store(y + v * LANES, sums[v]);
    store(y + last, sums[n_vectors - 1]);
}

/* Fewer columns than a vector has lanes, added up as those of any panel. */
static void gather_narrow(const panel *p, size_t list)
{
    const tvi_gather *g = p->g;
    const size_t bytes = p->width * sizeof(float);
    vector sum = {0};

    if (g->start)
        memcpy(&sum, g->start + list * g->ld_start + p->column, bytes);
    for (uint32_t k = g->begin[list]; k < g->end[list]; k++) {
        vector row = {0};

        memcpy(&row, p->w + g->index[k] * g->ld_w, bytes);
        sum += g->value[k] * row;
    }
    memcpy(g->y + list * g->ld_y + p->column, &sum, bytes);
}

#define GATHER_LISTS(n_vectors)                             \
    do {                                                    \
        for (size_t list = 0; list < p->g->n_lists; list++) \
            gather_list(p, list, n_vectors);                \
    } while (0)

static void gather_panel(const panel *p)
{
    switch (p->width < LANES ? 0 : (p->width + LANES - 1) / LANES) {
    case 0:
        for (size_t list = 0; list < p->g->n_lists; list++)
            gather_narrow(p, list);
        break;
    case 1:
        GATHER_LISTS(1);
        break;
    case 2:
        GATHER_LISTS(2);
        break;
    case 3:
        GATHER_LISTS(3);
        break;
    case 4:
        GATHER_LISTS(4);
        break;
    case 5:
        GATHER_LISTS(5);
        break;
    case 6:
        GATHER_LISTS(6);
        break;
    case 7:
        GATHER_LISTS(7);
        break;
    default:
        GATHER_LISTS(PANEL_VECTORS);
    }
}

static void gather(const tvi_gather *g)
{
    for (size_t column = 0; column < g->n; column += PANEL) {
        const size_t width = g->n - column < PANEL ? g->n - column : PANEL;
        panel p = {.g = g, .column = column, .width = width};

        p.w = g->w + column;
        if (g->panel_stride)
            p.w = g->w + column / TVI_GATHER_PANEL * g->panel_stride +
                  column % TVI_GATHER_PANEL;
        gather_panel(&p);
    }
}

void TVI_LEVEL_NAME(tvi_set_gather, TVI_ISA)(tvi_kernels *t)
{
    t->gather = gather;
}
