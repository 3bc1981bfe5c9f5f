/* SPDX-License-Identifier: MIT */
#include "topography/neighbourhood.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"

enum { MAX_WINDOW = 4096, MAX_OFFSETS = 1 << 20 };

/* First and last offset of a window: GOLDEN section 1.1, one step further ahead when
 * even. */
static int64_t first_offset(int64_t window)
{
    return -((window - 1) / 2);
}

static int64_t last_offset(int64_t window)
{
    return window / 2;
}

/* Room for that many offsets, all weights 1. */
static tvae_status create_empty(size_t n_offsets, const char *call,
                                tvae_neighbourhood **out)
{
    tvae_neighbourhood *created;

    if (n_offsets > MAX_OFFSETS)
        return tvi_fail(TVAE_E_INVALID, "%s: %zu offsets, want at most %d", call,
                        n_offsets, MAX_OFFSETS);
    created = tvi_alloc_array(1, sizeof *created);
    if (!created)
        return TVAE_E_NOMEM;
    tvi_refcount_init(&created->references);
    created->n_offsets = n_offsets;
    created->offsets =
        tvi_alloc_array(n_offsets, TVAE_OFFSET_AXES * sizeof *created->offsets);
    created->weights = tvi_alloc_array(n_offsets, sizeof *created->weights);
    if (!created->offsets || !created->weights) {
        tvae_neighbourhood_destroy(&created);
        return TVAE_E_NOMEM;
    }
    for (size_t i = 0; i < n_offsets; i++)
        created->weights[i] = 1.0f;
    *out = created;
    return TVAE_OK;
}

static tvae_status check_window(int64_t window, const char *call, const char *axis)
{
    if (window < 1 || window > MAX_WINDOW)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: the window spans %" PRId64 " %s, want 1 to %d", call, window,
                        axis, MAX_WINDOW);
    return TVAE_OK;
}

/* Offsets (a, d) with |a - d| <= off_diagonal, a and d each within bounds of its own. */
typedef struct band {
    int64_t frames[2], places[2]; /* first and last */
    int64_t off_diagonal;
} band;

/* The offsets along the capsule that the band leaves for a frame offset. */
static void clip_band(const band *b, int64_t frame, int64_t *low, int64_t *high)
{
    *low = b->places[0];
    *high = b->places[1];
    if (*low < frame - b->off_diagonal)
        *low = frame - b->off_diagonal;
    if (*high > frame + b->off_diagonal)
        *high = frame + b->off_diagonal;
}

static tvae_status create_band(const band *b, const char *call, tvae_neighbourhood **out)
{
    int64_t low, high, *offset;
    size_t n_offsets = 0;
    tvae_status st;

    for (int64_t a = b->frames[0]; a <= b->frames[1]; a++) {
        clip_band(b, a, &low, &high);
        if (high >= low)
            n_offsets += (size_t)(high - low + 1);
    }
    st = create_empty(n_offsets, call, out);
    if (st != TVAE_OK)
        return st;
    offset = (*out)->offsets;
    for (int64_t a = b->frames[0]; a <= b->frames[1]; a++) {
        clip_band(b, a, &low, &high);
        for (int64_t d = low; d <= high; d++, offset += TVAE_OFFSET_AXES) {
            offset[0] = a;
            offset[1] = d;
        }
    }
    return TVAE_OK;
}

static tvae_status check_off_diagonal(int64_t off_diagonal, const char *call)
{
    if (off_diagonal < 0 || off_diagonal > MAX_WINDOW)
        return tvi_fail(TVAE_E_INVALID, "%s: off_diagonal is %" PRId64 ", want 0 to %d",
                        call, off_diagonal, MAX_WINDOW);
    return TVAE_OK;
}

tvae_status tvae_neighbourhood_create_shifting(int64_t window_frames,
                                               int64_t window_capsule,
                                               int64_t off_diagonal,
                                               tvae_neighbourhood **out)
{
    static const char call[] = "neighbourhood_create_shifting";
    band b;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "%s: out is NULL", call);
    *out = NULL;
    st = check_window(window_frames, call, "frames");
    if (st == TVAE_OK)
        st = check_window(window_capsule, call, "places of the capsule");
    if (st == TVAE_OK)
        st = check_off_diagonal(off_diagonal, call);
    if (st != TVAE_OK)
        return st;
    b = (band){{first_offset(window_frames), last_offset(window_frames)},
               {first_offset(window_capsule), last_offset(window_capsule)},
               off_diagonal};
    return create_band(&b, call, out);
}

tvae_status tvae_neighbourhood_create_shifting_range(int64_t first_frame,
                                                     int64_t last_frame,
                                                     int64_t off_diagonal,
                                                     tvae_neighbourhood **out)
{
    static const char call[] = "neighbourhood_create_shifting_range";
    band b;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "%s: out is NULL", call);
    *out = NULL;
    st = check_off_diagonal(off_diagonal, call);
    if (st != TVAE_OK)
        return st;
    if (first_frame > last_frame || first_frame < off_diagonal - MAX_WINDOW ||
        last_frame > MAX_WINDOW - off_diagonal)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: the frames are %" PRId64 " to %" PRId64
                        ", want them in order and the band's places within -%d to %d",
                        call, first_frame, last_frame, MAX_WINDOW, MAX_WINDOW);
    b = (band){{first_frame, last_frame}, {-MAX_WINDOW, MAX_WINDOW}, off_diagonal};
    return create_band(&b, call, out);
}

/* Step to the next offset of the box, last axis fastest. */
static void advance(const int64_t *window, int64_t *offset)
{
    for (int axis = TVAE_OFFSET_AXES - 1; axis >= 0; axis--) {
        if (offset[axis] < last_offset(window[axis])) {
            offset[axis]++;
            return;
        }
        offset[axis] = first_offset(window[axis]);
    }
}

tvae_status tvae_neighbourhood_create_stationary(const int64_t *window,
                                                 tvae_neighbourhood **out)
{
    static const char call[] = "neighbourhood_create_stationary";
    int64_t next[TVAE_OFFSET_AXES];
    size_t n_offsets = 1;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "%s: out is NULL", call);
    *out = NULL;
    if (!window)
        return tvi_fail(TVAE_E_INVALID, "%s: window is NULL, want %d extents", call,
                        TVAE_OFFSET_AXES);
    for (int axis = 0; axis < TVAE_OFFSET_AXES; axis++) {
        st = check_window(window[axis], call, axis ? "places of the capsule" : "frames");
        if (st != TVAE_OK)
            return st;
        n_offsets *= (size_t)window[axis]; /* at most 2^48 */
        next[axis] = first_offset(window[axis]);
    }
    st = create_empty(n_offsets, call, out);
    if (st != TVAE_OK)
        return st;
    for (size_t i = 0; i < n_offsets; i++) {
        memcpy((*out)->offsets + i * TVAE_OFFSET_AXES, next, sizeof next);
        advance(window, next);
    }
    return TVAE_OK;
}

/* One number for each offset within +-MAX_WINDOW, never 0. */
static uint64_t offset_key(const int64_t *offset)
{
    uint64_t key = 0;

    for (int axis = 0; axis < TVAE_OFFSET_AXES; axis++)
        key = key << 14 | (uint64_t)(offset[axis] + MAX_WINDOW + 1);
    return key;
}

/* Does an offset repeat? Open addressing in a table of at least twice as many slots. */
static tvae_status check_distinct(size_t n_offsets, const int64_t *offsets,
                                  const char *call)
{
    size_t n_slots = 2;
    uint64_t *slots;
    tvae_status st = TVAE_OK;

    while (n_slots < 2 * n_offsets)
        n_slots *= 2;
    slots = tvi_alloc_array(n_slots, sizeof *slots);
    if (!slots)
        return TVAE_E_NOMEM;
    for (size_t i = 0; i < n_offsets && st == TVAE_OK; i++) {
        const uint64_t key = offset_key(offsets + i * TVAE_OFFSET_AXES);
        size_t slot = (size_t)(key * 0x9e3779b97f4a7c15u >> 24) & (n_slots - 1);

        while (slots[slot] && slots[slot] != key)
            slot = (slot + 1) & (n_slots - 1);
        if (slots[slot])
            st = tvi_fail(TVAE_E_INVALID, "%s: offset %zu repeats an earlier one", call,
                          i);
        slots[slot] = key;
    }
    tvi_free(slots);
    return st;
}

static tvae_status check_explicit(size_t n_offsets, const int64_t *offsets,
                                  const float *weights, const char *call)
{
    if (!offsets || n_offsets == 0 || n_offsets > MAX_OFFSETS)
        return tvi_fail(TVAE_E_INVALID, "%s: %zu offsets%s, want a list of 1 to %d", call,
                        n_offsets, offsets ? "" : " in a NULL list", MAX_OFFSETS);
    for (size_t i = 0; i < n_offsets * TVAE_OFFSET_AXES; i++)
        if (offsets[i] < -MAX_WINDOW || offsets[i] > MAX_WINDOW)
            return tvi_fail(TVAE_E_INVALID,
                            "%s: offset %zu has a step of %" PRId64 ", want -%d to %d",
                            call, i / TVAE_OFFSET_AXES, offsets[i], MAX_WINDOW,
                            MAX_WINDOW);
    for (size_t i = 0; weights && i < n_offsets; i++)
        if (!(weights[i] >= 0.0f && isfinite(weights[i])))
            return tvi_fail(TVAE_E_INVALID,
                            "%s: weight %zu is %g, want it finite and 0 or more", call, i,
                            (double)weights[i]);
    return check_distinct(n_offsets, offsets, call);
}

tvae_status tvae_neighbourhood_create_offsets(size_t n_offsets, const int64_t *offsets,
                                              const float *weights,
                                              tvae_neighbourhood **out)
{
    static const char call[] = "neighbourhood_create_offsets";
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "%s: out is NULL", call);
    *out = NULL;
    st = check_explicit(n_offsets, offsets, weights, call);
    if (st == TVAE_OK)
        st = create_empty(n_offsets, call, out);
    if (st != TVAE_OK)
        return st;
    memcpy((*out)->offsets, offsets, n_offsets * TVAE_OFFSET_AXES * sizeof *offsets);
    if (weights)
        memcpy((*out)->weights, weights, n_offsets * sizeof *weights);
    return TVAE_OK;
}

tvae_neighbourhood *tvae_neighbourhood_retain(tvae_neighbourhood *neighbourhood)
{
    if (neighbourhood)
        tvi_refcount_retain(&neighbourhood->references);
    return neighbourhood;
}

void tvae_neighbourhood_destroy(tvae_neighbourhood **neighbourhood)
{
    tvae_neighbourhood *gone;

    if (!neighbourhood || !*neighbourhood)
        return;
    gone = *neighbourhood;
    *neighbourhood = NULL;
    if (!tvi_refcount_release(&gone->references))
        return;
    tvi_free(gone->offsets);
    tvi_free(gone->weights);
    tvi_free(gone);
}

size_t tvae_neighbourhood_count(const tvae_neighbourhood *neighbourhood)
{
    return neighbourhood ? neighbourhood->n_offsets : 0;
}

tvae_status tvae_neighbourhood_offset(const tvae_neighbourhood *neighbourhood,
                                      size_t index, int64_t *offset, float *weight)
{
    if (!neighbourhood)
        return tvi_fail(TVAE_E_INVALID, "neighbourhood_offset: neighbourhood is NULL");
    if (index >= neighbourhood->n_offsets)
        return tvi_fail(TVAE_E_NOT_FOUND,
                        "neighbourhood_offset: index is %zu, want less than %zu", index,
                        neighbourhood->n_offsets);
    if (offset)
        memcpy(offset, neighbourhood->offsets + index * TVAE_OFFSET_AXES,
               TVAE_OFFSET_AXES * sizeof *offset);
    if (weight)
        *weight = neighbourhood->weights[index];
    return TVAE_OK;
}
