/* SPDX-License-Identifier: MIT */
#include "topography/neighbourhood.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* Neighbourhoods as text. Every cell and line has a fixed width, so that the place of an
 * offset in the text can be computed. */

enum { CELL = 6, ROW_LABEL = 6 };

static const char legend[] = "# weight 1, + another weight, . none\n";

/* Grids of rows x columns, one for each offset along the two axes left. */
typedef struct layout {
    int rows, columns, outer, inner; /* axes of the offsets */
    int64_t low[TVAE_OFFSET_AXES];
    size_t extent[TVAE_OFFSET_AXES];
    const char *title; /* of a grid, for its offsets along outer and inner */
    size_t title_bytes, line_bytes, grid_bytes, n_bytes;
} layout;

static void find_extents(const tvae_neighbourhood *neighbourhood, layout *l)
{
    for (size_t axis = 0; axis < TVAE_OFFSET_AXES; axis++) {
        int64_t low = 0, high = 0;

        for (size_t i = 0; i < neighbourhood->n_offsets; i++) {
            const int64_t step = neighbourhood->offsets[i * TVAE_OFFSET_AXES + axis];

            low = step < low ? step : low;
            high = step > high ? step : high;
        }
        l->low[axis] = low;
        l->extent[axis] = (size_t)(high - low + 1);
    }
}

static void write_title(const layout *l, size_t outer, size_t inner, char *text,
                        size_t capacity)
{
    (void)snprintf(text, capacity, l->title, (long)(l->low[l->outer] + (int64_t)outer),
                   (long)(l->low[l->inner] + (int64_t)inner));
}

/* False when the sizes overflow. */
static bool measure(const tvae_neighbourhood *neighbourhood, layout *l)
{
    char title[96];
    size_t n = 0;
    bool fits;

    *l = (layout){.rows = 0, .columns = 1, .outer = 2, .inner = 3};
    find_extents(neighbourhood, l);
    l->title = "frames down, places along d1 across\n";
    if (l->extent[2] > 1 || l->extent[3] > 1) {
        l->rows = 1;
        l->columns = 2;
        l->outer = 0;
        l->title = "frame %+5ld, d3 %+5ld: d1 down, d2 across\n";
    }
    write_title(l, 0, 0, title, sizeof title);
    l->title_bytes = strlen(title);
    l->line_bytes = ROW_LABEL + l->extent[l->columns] * CELL + 1;
    fits = tvi_multiply(l->line_bytes, l->extent[l->rows] + 1, &n);
    l->grid_bytes = n + l->title_bytes;
    fits = fits && tvi_multiply(l->extent[l->outer], l->extent[l->inner], &n) &&
           tvi_multiply(n, l->grid_bytes, &n);
    l->n_bytes = n + sizeof legend;
    return fits;
}

/* The offsets of an axis as labels, or empty cells, then the line's end. */
static void write_line(const layout *l, const char *label, bool labels, char *text)
{
    char cell[CELL + 16];

    memcpy(text, label, ROW_LABEL);
    text += ROW_LABEL;
    for (size_t i = 0; i < l->extent[l->columns]; i++, text += CELL) {
        if (labels)
            (void)snprintf(cell, sizeof cell, "%+6ld",
                           (long)(l->low[l->columns] + (int64_t)i));
        memcpy(text, labels ? cell : "     .", CELL);
    }
    *text = '\n';
}

static void write_grid(const layout *l, size_t outer, size_t inner, char *text)
{
    char label[96];

    write_title(l, outer, inner, label, sizeof label);
    memcpy(text, label, l->title_bytes);
    text += l->title_bytes;
    write_line(l, "      ", true, text);
    for (size_t row = 0; row < l->extent[l->rows]; row++) {
        text += l->line_bytes;
        (void)snprintf(label, sizeof label, "%+6ld",
                       (long)(l->low[l->rows] + (int64_t)row));
        write_line(l, label, false, text);
    }
}

static size_t place_on(const layout *l, const int64_t *offset, int axis)
{
    return (size_t)(offset[axis] - l->low[axis]);
}

static void write_offset(const layout *l, const int64_t *offset, float weight, char *text)
{
    const size_t grid = place_on(l, offset, l->outer) * l->extent[l->inner] +
                        place_on(l, offset, l->inner);
    const size_t line = 1 + place_on(l, offset, l->rows);
    const size_t cell = place_on(l, offset, l->columns);

    text[grid * l->grid_bytes + l->title_bytes + line * l->line_bytes + ROW_LABEL +
         (cell + 1) * CELL - 1] = weight == 1.0f ? '#' : '+';
}

static void write_text(const tvae_neighbourhood *neighbourhood, const layout *l,
                       char *text)
{
    const size_t n_inner = l->extent[l->inner];

    memcpy(text, legend, sizeof legend - 1);
    text[l->n_bytes - 1] = '\0';
    text += sizeof legend - 1;
    for (size_t i = 0; i < l->extent[l->outer] * n_inner; i++)
        write_grid(l, i / n_inner, i % n_inner, text + i * l->grid_bytes);
    for (size_t i = 0; i < neighbourhood->n_offsets; i++)
        write_offset(l, neighbourhood->offsets + i * TVAE_OFFSET_AXES,
                     neighbourhood->weights[i], text);
}

tvae_status tvae_neighbourhood_describe(const tvae_neighbourhood *neighbourhood,
                                        char *text, size_t capacity, size_t *needed)
{
    layout l;
    tvae_status st;

    if (text && capacity)
        text[0] = '\0';
    if (!neighbourhood)
        return tvi_fail(TVAE_E_INVALID, "neighbourhood_describe: neighbourhood is NULL");
    if (!measure(neighbourhood, &l))
        return tvi_fail(TVAE_E_INVALID,
                        "neighbourhood_describe: the offsets span too much for a text");
    st = tvi_text_room("neighbourhood_describe", l.n_bytes, text, capacity, needed);
    if (st == TVAE_OK && text)
        write_text(neighbourhood, &l, text);
    return st;
}
