/* SPDX-License-Identifier: MIT */
#include "report/page.h"

#include <string.h>

#include "base/memory.h"
#include "report/png.h"

/* The capsule explorer's frames, decoded beforehand: for each of a few test sequences one
 * sheet of frames without gaps. Rows: the true sequence; its reconstruction; frame 0
 * decoded with all capsules rolled by 0, 1, ...; then the same with one capsule rolled,
 * one row each. */

enum {
    MOST_SEQUENCES = 4,
    N_CANDIDATES = 200,
    MOST_DECODED = 1024,   /* frames of one sheet */
    MOST_PIXELS = 1 << 22, /* of one sheet */
    FIRST_ROLLED_ROW = 2
};

/* One sheet while it is made. */
typedef struct sheet {
    tvi_figures *set;
    tvi_canvas canvas;
    size_t places;     /* of a roll: d1 */
    size_t n_capsules; /* rows with one capsule rolled; 0 if they were too many */
    size_t frame;      /* values a frame */
    float *start;      /* [latents] frame 0's */
} sheet;

static void draw_cell(sheet *s, size_t row, size_t column, const float *frame)
{
    const size_t *shape = s->set->sequence;

    tvi_canvas_frame(&s->canvas, (int)(column * shape[3]), (int)(row * shape[2]), 1,
                     frame, shape[1], shape[2], shape[3]);
}

/* out = the start with capsule `row - 1` rolled, or all of them for row 0. */
static void roll_start(const sheet *s, size_t row, size_t shift, float *out)
{
    const size_t *latent = s->set->latent;
    const size_t inner = latent[2] * latent[3], width = s->places * inner;

    memcpy(out, s->start, latent[0] * width * sizeof *out);
    for (size_t c = 0; c < latent[0]; c++)
        for (size_t i = 0; i < width && (row == 0 || c == row - 1); i++)
            out[c * width + (i + shift * inner) % width] = s->start[c * width + i];
}

/* Decode the cells `first` .. of the rolled rows, as many as a sequence has frames. */
static tvae_status decode_cells(sheet *s, size_t first, size_t n_cells)
{
    tvi_figures *set = s->set;
    const size_t n_latents = tvae_tensor_count(set->t) / set->sequence[0];
    const size_t n =
        n_cells - first < set->sequence[0] ? n_cells - first : set->sequence[0];
    tvae_status st;

    for (size_t i = 0; i < n; i++)
        roll_start(s, (first + i) / s->places, (first + i) % s->places,
                   tvae_tensor_data(set->rolled) + i * n_latents);
    st = tvae_model_decode(set->model, set->work, set->rolled, set->decoded);
    for (size_t i = 0; st == TVAE_OK && i < n; i++)
        draw_cell(s, FIRST_ROLLED_ROW + (first + i) / s->places, (first + i) % s->places,
                  tvae_tensor_data_const(set->decoded) + i * s->frame);
    return st;
}

/* Draw the sequence that is in the set. */
static tvae_status draw_sheet(sheet *s, size_t item)
{
    tvi_figures *set = s->set;
    const size_t n_cells = (1 + s->n_capsules) * s->places;
    tvae_status st = tvi_figures_encode(set, item);

    if (st == TVAE_OK)
        st = tvae_model_decode(set->model, set->work, set->t, set->decoded);
    for (size_t l = 0; st == TVAE_OK && l < set->sequence[0]; l++) {
        draw_cell(s, 0, l, tvae_tensor_data_const(set->x) + l * s->frame);
        draw_cell(s, 1, l, tvae_tensor_data_const(set->decoded) + l * s->frame);
    }
    memcpy(s->start, tvae_tensor_data_const(set->t),
           tvae_tensor_count(set->t) / set->sequence[0] * sizeof *s->start);
    for (size_t i = 0; st == TVAE_OK && i < n_cells; i += set->sequence[0])
        st = decode_cells(s, i, n_cells);
    return st;
}

static json_t *sheet_json(const sheet *s, size_t item, const char *factor)
{
    json_t *object = json_object();
    unsigned char *bytes = NULL;
    size_t n_bytes = 0;

    if (tvi_png_encode(s->canvas.pixels, (size_t)s->canvas.width,
                       (size_t)s->canvas.height, "report_html", &bytes,
                       &n_bytes) != TVAE_OK ||
        !tvi_json_add(object, "item", json_integer((json_int_t)item)) ||
        !tvi_json_add(object, "factor", tvi_json_text(factor)) ||
        !tvi_json_add(object, "frames", json_integer((json_int_t)s->set->sequence[0])) ||
        !tvi_json_add(object, "capsules", json_integer((json_int_t)s->n_capsules)) ||
        !tvi_json_add(object, "sheet", tvi_json_picture(bytes, n_bytes))) {
        json_decref(object);
        object = NULL;
    }
    tvi_free(bytes);
    return object;
}

static tvae_status add_sheet(tvi_figures *set, size_t item, const char *factor,
                             json_t *explorers)
{
    const size_t *shape = set->sequence;
    sheet s = {.set = set, .places = set->latent[1], .n_capsules = set->latent[0]};
    const size_t n_columns = s.places > shape[0] ? s.places : shape[0];
    tvae_status st;

    if ((1 + s.n_capsules) * s.places > MOST_DECODED ||
        (3 + s.n_capsules) * n_columns * shape[2] * shape[3] > MOST_PIXELS)
        s.n_capsules = 0;
    s.frame = shape[1] * shape[2] * shape[3];
    s.start = tvi_alloc_array(tvae_tensor_count(set->t) / shape[0], sizeof *s.start);
    if (!s.start)
        return TVAE_E_NOMEM;
    st = tvi_canvas_create((int)(n_columns * shape[3]),
                           (int)((3 + s.n_capsules) * shape[2]), (tvi_colour){0},
                           &s.canvas);
    if (st == TVAE_OK)
        st = draw_sheet(&s, item);
    if (st == TVAE_OK &&
        json_array_append_new(explorers, sheet_json(&s, item, factor)) != 0)
        st = tvi_fail_json();
    tvi_canvas_release(&s.canvas);
    tvi_free(s.start);
    return st;
}

/* A sequence for each factor that varies in the first ones, then the first others. */
static tvae_status add_sheets(tvi_figures *set, json_t *explorers)
{
    const size_t n_items = tvae_dataset_count(set->dataset);
    const size_t n_factors = tvae_dataset_factor_count(set->dataset);
    const size_t n_looked_at =
        n_factors == 0 || set->sequence[0] < 2 ? MOST_SEQUENCES : N_CANDIDATES;
    uint64_t drawn = 0; /* bit f: factor f has its sequence */
    tvae_status st = TVAE_OK;

    for (size_t item = 0; st == TVAE_OK && item < n_items && item < n_looked_at &&
                          json_array_size(explorers) < MOST_SEQUENCES;
         item++) {
        size_t factor;
        const char *name;

        st = tvi_figures_read(set, item);
        factor = tvi_figures_varying_factor(set);
        if (st != TVAE_OK || (factor < n_factors && factor < 64 && drawn >> factor & 1))
            continue;
        if (factor < 64)
            drawn |= UINT64_C(1) << factor;
        name = factor < n_factors ? tvae_dataset_factor_name(set->dataset, factor) : "";
        st = add_sheet(set, item, name ? name : "", explorers);
    }
    return st;
}

static bool add_sizes(const tvi_figures *set, json_t *object)
{
    return tvi_json_add(object, "places", json_integer((json_int_t)set->latent[1])) &&
           tvi_json_add(object, "frame",
                        json_pack("{s:I, s:I}", "width", (json_int_t)set->sequence[3],
                                  "height", (json_int_t)set->sequence[2]));
}

tvae_status tvi_page_explorers(tvae_run *run, const char *data, json_t *object)
{
    const size_t most_side = 512;
    json_t *explorers = json_object_get(object, "explorers");
    tvi_figures set = {0};
    tvae_status st = tvi_figures_open(&set, run, data, NULL);

    if (st == TVAE_OK && !add_sizes(&set, object))
        st = tvi_fail_json();
    if (st == TVAE_OK && set.are_images && set.latent[1] > 1 && set.latent[1] <= 256 &&
        set.sequence[0] <= 256 && set.sequence[2] <= most_side &&
        set.sequence[3] <= most_side)
        st = add_sheets(&set, explorers);
    tvi_figures_close(&set);
    return st;
}
