/* SPDX-License-Identifier: MIT */
#include "kernel/level.h"
#include "kernel/momentum.h"

/* Sums of listed rows. */

enum {
    LANES = TVI_LANES,
    PANEL_VECTORS = 8,
    PANEL = PANEL_VECTORS * LANES,
    LINE_FLOATS = 16,
    LISTS_AHEAD = 8,
    STAGE_ROWS = 16384 / PANEL
};

/* Columns column .. column + width - 1 of a gather, their weights at hand. */
typedef struct panel {
    const tvi_gather *g;
    const float *w; /* the panel's first column of row index_base */
    size_t ld_w, index_base;
    size_t column, width;
} panel;

/* Every loop over the vectors of a panel: not unrolled, it would keep its sums in memory.
 */
#define UNROLL _Pragma("GCC unroll 8")

/* Where vector v of n_vectors begins: the last one ends with the last column, and so may
 * overlap the one before it. Both hold the same sums. */
TVI_INLINE size_t place(const panel *p, size_t v, size_t n_vectors)
{
    return v + 1 < n_vectors ? v * LANES : p->width - LANES;
}

/* One vector of a weight updated by its gradient. */
TVI_INLINE void update_vector(const tvi_momentum *m, size_t at, tvi_vector gradient)
{
    tvi_vector buffer = tvi_load(m->buffer + at), value = tvi_load(m->value + at);

    tvi_momentum_step(m->rate, m->momentum, gradient, &buffer, &value);
    tvi_store(m->buffer + at, buffer);
    tvi_store(m->value + at, value);
}

/* Whether the list has no sums, and what it would update stays as it is. */
TVI_INLINE bool is_left(const tvi_gather *g, size_t list)
{
    return g->update && g->update->leaves_empty && g->begin[list] == g->end[list];
}

/* One list's sums in `n_vectors` vectors. */
TVI_INLINE void gather_list(const panel *p, size_t list, size_t n_vectors)
{
    const tvi_gather *g = p->g;
    const size_t ld_w = p->ld_w, base = p->index_base;
    const float *const w = p->w, *const value = g->value;
    const uint32_t *const index = g->index, end = g->end[list];
    tvi_vector sums[PANEL_VECTORS];

    if (is_left(g, list))
        return;
    UNROLL
    for (size_t v = 0; v < n_vectors; v++)
        sums[v] = (tvi_vector){0};
    if (g->start) {
        const float *start = g->start + list * g->ld_start + p->column;

        UNROLL
        for (size_t v = 0; v < n_vectors; v++)
            sums[v] = tvi_load(start + place(p, v, n_vectors));
    }
    for (uint32_t k = g->begin[list]; k < end; k++) {
        const float *row = w + (index[k] - base) * ld_w;
        const float factor = value[k];

        UNROLL
        for (size_t v = 0; v < n_vectors; v++)
            sums[v] += factor * tvi_load(row + place(p, v, n_vectors));
    }
    if (g->update) {
        UNROLL
        for (size_t v = 0; v < n_vectors; v++)
            update_vector(g->update,
                          list * g->update->ld + p->column + place(p, v, n_vectors),
                          sums[v]);
        return;
    }
    UNROLL
    for (size_t v = 0; v < n_vectors; v++)
        tvi_store(g->y + list * g->ld_y + p->column + place(p, v, n_vectors), sums[v]);
}

/* Fewer columns than a vector has lanes, added up as those of any panel. */
static void gather_narrow(const panel *p, size_t list)
{
    const tvi_gather *g = p->g;
    const size_t bytes = p->width * sizeof(float);
    tvi_vector sum = {0};

    if (g->start)
        memcpy(&sum, g->start + list * g->ld_start + p->column, bytes);
    for (uint32_t k = g->begin[list]; k < g->end[list]; k++) {
        tvi_vector row = {0};

        memcpy(&row, p->w + (g->index[k] - p->index_base) * p->ld_w, bytes);
        sum += g->value[k] * row;
    }
    memcpy(g->y + list * g->ld_y + p->column, &sum, bytes);
}

/* The beginning of a list that comes soon: lists do not follow one another in memory. */
static void fetch_list(const tvi_gather *g, size_t list)
{
    if (list >= g->n_lists)
        return;
    for (uint32_t k = g->begin[list]; k < g->end[list]; k += LINE_FLOATS) {
        __builtin_prefetch(g->index + k);
        __builtin_prefetch(g->value + k);
    }
}

/* What will be wanted soon: of the arrays beside y, and a share of the weights of the
 * panel after this one. */
static void fetch_near(const panel *p, size_t list)
{
    const tvi_gather *g = p->g;
    const size_t soon = list + LISTS_AHEAD;
    const size_t share = (g->n_staged + g->n_lists - 1) / g->n_lists;
    const size_t next = p->column + PANEL;

    for (size_t i = list * share; i < (list + 1) * share && i < g->n_staged; i++)
        for (size_t c = next; c < next + PANEL && c < g->n; c += LINE_FLOATS)
            __builtin_prefetch(g->w + (g->first_staged + i) * g->ld_w + c);
    if (soon >= g->n_lists || is_left(g, soon))
        return;
    for (size_t i = 0; i < TVI_NEAR && g->near.at[i]; i++)
        for (size_t c = 0; c < p->width; c += LINE_FLOATS)
            __builtin_prefetch(g->near.at[i] + soon * g->near.ld + p->column + c, 1);
}

#define GATHER_LISTS(n_vectors)                               \
    do {                                                      \
        for (size_t list = 0; list < p->g->n_lists; list++) { \
            fetch_near(p, list);                              \
            fetch_list(p->g, list + LISTS_AHEAD);             \
            gather_list(p, list, n_vectors);                  \
        }                                                     \
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

/* The weights of the panel in whole lines, one after another: as they lie, the rows of a
 * wide matrix would meet in few places of the cache, and vectors across two lines. */
static void gather_staged(panel *p)
{
    float stage[STAGE_ROWS * PANEL] __attribute__((aligned(64)));
    const tvi_gather *g = p->g;

    for (size_t row = 0; row < g->n_staged; row++)
        memcpy(stage + row * PANEL, p->w + (g->first_staged + row) * g->ld_w,
               p->width * sizeof *stage);
    p->w = stage;
    p->ld_w = PANEL;
    p->index_base = g->first_staged;
    gather_panel(p);
}

static void gather(const tvi_gather *g)
{
    for (size_t column = 0; column < g->n; column += PANEL) {
        const size_t width = g->n - column < PANEL ? g->n - column : PANEL;
        panel p = {.g = g, .ld_w = g->ld_w, .column = column, .width = width};

        p.w = g->panel_stride ? g->w + column / PANEL * g->panel_stride : g->w + column;
        if (g->n_staged)
            gather_staged(&p);
        else
            gather_panel(&p);
    }
}

void TVI_LEVEL_NAME(tvi_set_gather, TVI_ISA)(tvi_kernels *t)
{
    t->gather_columns = PANEL;
    t->gather_stage_rows = STAGE_ROWS;
    t->gather = gather;
}
