/* SPDX-License-Identifier: MIT */
#include "topography/roll.h"

#include <inttypes.h>
#include <string.h>

#include "base/memory.h"
#include "tensor/tensor.h"
#include "topography/prior.h"

enum { MAX_PLACES = 1 << 20 };

static tvae_status check_dims(const int64_t *dims, int32_t axis, size_t *n_places)
{
    if (!dims)
        return tvi_fail(TVAE_E_INVALID, "roll_create: capsule_dims is NULL");
    if (axis < 0 || axis > 2)
        return tvi_fail(TVAE_E_INVALID, "roll_create: axis is %d, want 0 to 2",
                        (int)axis);
    *n_places = 1;
    for (int i = 0; i < 3; i++) {
        if (dims[i] < 1 || dims[i] > MAX_PLACES ||
            *n_places * (size_t)dims[i] > MAX_PLACES)
            return tvi_fail(TVAE_E_INVALID,
                            "roll_create: capsule_dims[%d] is %" PRId64
                            ", want at least 1 and at most %d places in all",
                            i, dims[i], MAX_PLACES);
        *n_places *= (size_t)dims[i];
    }
    return TVAE_OK;
}

tvae_status tvae_roll_create(const int64_t *capsule_dims, int32_t axis, tvae_roll **out)
{
    tvae_roll *roll;
    size_t n_places = 0;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "roll_create: out is NULL");
    *out = NULL;
    st = check_dims(capsule_dims, axis, &n_places);
    if (st != TVAE_OK)
        return st;
    roll = tvi_alloc_array(1, sizeof *roll);
    if (!roll)
        return TVAE_E_NOMEM;
    tvi_refcount_init(&roll->references);
    roll->n_places = n_places;
    roll->extent = (size_t)capsule_dims[axis];
    roll->inner = 1;
    for (int32_t i = axis + 1; i < 3; i++)
        roll->inner *= (size_t)capsule_dims[i];
    roll->outer = n_places / (roll->extent * roll->inner);
    *out = roll;
    return TVAE_OK;
}

tvae_roll *tvae_roll_retain(tvae_roll *roll)
{
    if (roll)
        tvi_refcount_retain(&roll->references);
    return roll;
}

void tvae_roll_destroy(tvae_roll **roll)
{
    tvae_roll *gone;

    if (!roll || !*roll)
        return;
    gone = *roll;
    *roll = NULL;
    if (tvi_refcount_release(&gone->references))
        tvi_free(gone);
}

/* Extents before the fewest last axes that hold whole capsules; 0 if there are none. */
static size_t count_rows(const tvae_roll *roll, const tvae_tensor *t)
{
    size_t width = 1;

    for (int32_t axis = t->rank; axis > 0 && width % roll->n_places; axis--)
        width *= t->shape[axis - 1];
    return width % roll->n_places ? 0 : t->count / width;
}

tvae_status tvi_roll_check(const tvae_roll *roll, const tvae_tensor *t,
                           const void *shifts, size_t n_shifts, const char *call)
{
    char got[TVI_SHAPE_TEXT];
    size_t n_rows;

    if (!roll || !t || !shifts || n_shifts == 0)
        return tvi_fail(TVAE_E_INVALID, "%s: %s", call,
                        !roll     ? "roll is NULL"
                        : !t      ? "t is NULL"
                        : !shifts ? "shifts is NULL"
                                  : "n_shifts is 0, want at least 1");
    n_rows = count_rows(roll, t);
    if (n_rows == 0)
        return tvi_fail(TVAE_E_SHAPE,
                        "%s: t is %s, want last axes that multiply to whole capsules of "
                        "%zu places",
                        call, tvi_shape_text(t->rank, t->shape, got), roll->n_places);
    if (n_rows % n_shifts)
        return tvi_fail(TVAE_E_SHAPE,
                        "%s: %zu shifts for t of %s, want a number that divides the %zu "
                        "rows before the capsules",
                        call, n_shifts, tvi_shape_text(t->rank, t->shape, got), n_rows);
    return TVAE_OK;
}

void tvi_roll_blocks(size_t extent, size_t inner, size_t n_blocks, int64_t shift,
                     const float *t, float *out)
{
    const int64_t n = (int64_t)extent;
    const size_t block = extent * inner;
    const size_t head = (size_t)((shift % n + n) % n) * inner, tail = block - head;

    for (size_t i = 0; i < n_blocks; i++, t += block, out += block) {
        memcpy(out, t + tail, head * sizeof *out);
        memcpy(out + head, t, tail * sizeof *out);
    }
}

tvae_status tvae_roll_apply(const tvae_roll *roll, const tvae_tensor *t,
                            const int64_t *shifts, size_t n_shifts, tvae_tensor *out)
{
    tvae_status st = tvi_roll_check(roll, t, shifts, n_shifts, "roll_apply");
    size_t part;

    if (st == TVAE_OK)
        st = tvi_tensor_check(out, t->rank, t->shape, "roll_apply", "out");
    if (st != TVAE_OK)
        return st;
    part = t->count / n_shifts;
    for (size_t i = 0; i < n_shifts; i++)
        tvi_roll_blocks(roll->extent, roll->inner, part / (roll->extent * roll->inner),
                        shifts[i], t->data + i * part, out->data + i * part);
    return TVAE_OK;
}

void tvi_roll_latents(const tvae_prior *prior, size_t n_rows, int64_t shift,
                      const float *t, float *out)
{
    const size_t extent = (size_t)prior->options.capsule_dims[0];

    tvi_roll_blocks(extent, prior->n_places / extent,
                    n_rows * (size_t)prior->options.n_capsules, shift, t, out);
}
