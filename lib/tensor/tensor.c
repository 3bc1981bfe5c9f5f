/* SPDX-License-Identifier: MIT */
#include "tensor/tensor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"

const char *tvi_shape_text(int32_t rank, const size_t *shape, char text[TVI_SHAPE_TEXT])
{
    size_t used = 0;

    text[used++] = '[';
    for (int32_t axis = 0; axis < rank; axis++)
        used += (size_t)snprintf(text + used, TVI_SHAPE_TEXT - used, "%s%zu",
                                 axis ? ", " : "", shape[axis]);
    text[used++] = ']';
    text[used] = '\0';
    return text;
}

/* The number of elements, checked: no extent is zero and the bytes fit size_t. */
static tvae_status count_elements(const char *call, int32_t rank, const size_t *shape,
                                  size_t *count)
{
    size_t n = 1, bytes;

    if (rank < 0 || rank > TVAE_MAX_RANK)
        return tvi_fail(TVAE_E_INVALID, "%s: rank is %d, want 0 to %d", call, (int)rank,
                        TVAE_MAX_RANK);
    if (rank > 0 && !shape)
        return tvi_fail(TVAE_E_INVALID, "%s: shape is NULL, want %d extents", call,
                        (int)rank);
    for (int32_t axis = 0; axis < rank; axis++)
        if (shape[axis] == 0 || !tvi_multiply(n, shape[axis], &n) ||
            !tvi_multiply(n, sizeof(float), &bytes))
            return tvi_fail(
                TVAE_E_SHAPE,
                "%s: extent %zu of axis %d is zero or makes the size overflow", call,
                shape[axis], (int)axis);
    *count = n;
    return TVAE_OK;
}

static tvae_status create_handle(const char *call, int32_t rank, const size_t *shape,
                                 tvae_tensor **out)
{
    tvae_tensor *tensor;
    size_t count = 0;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "%s: out is NULL", call);
    *out = NULL;
    st = count_elements(call, rank, shape, &count);
    if (st != TVAE_OK)
        return st;
    tensor = tvi_alloc_array(1, sizeof *tensor);
    if (!tensor)
        return TVAE_E_NOMEM;
    tvi_refcount_init(&tensor->references);
    tensor->rank = rank;
    for (int32_t axis = 0; axis < rank; axis++)
        tensor->shape[axis] = shape[axis];
    tensor->count = count;
    *out = tensor;
    return TVAE_OK;
}

tvae_status tvae_tensor_create(int32_t rank, const size_t *shape, tvae_tensor **out)
{
    tvae_status st = create_handle("tensor_create", rank, shape, out);

    if (st != TVAE_OK)
        return st;
    (*out)->owned = tvi_alloc_array((*out)->count, sizeof(float));
    if (!(*out)->owned) {
        tvae_tensor_destroy(out);
        return TVAE_E_NOMEM;
    }
    (*out)->data = (*out)->owned;
    return TVAE_OK;
}

tvae_status tvae_tensor_wrap(float *data, int32_t rank, const size_t *shape,
                             tvae_tensor **out)
{
    tvae_status st = create_handle("tensor_wrap", rank, shape, out);

    if (st != TVAE_OK)
        return st;
    if (!data) {
        tvae_tensor_destroy(out);
        return tvi_fail(TVAE_E_INVALID, "tensor_wrap: data is NULL");
    }
    (*out)->data = data;
    return TVAE_OK;
}

tvae_status tvae_tensor_view(tvae_tensor *base, size_t offset, int32_t rank,
                             const size_t *shape, tvae_tensor **out)
{
    tvae_status st = create_handle("tensor_view", rank, shape, out);

    if (st != TVAE_OK)
        return st;
    if (!base) {
        tvae_tensor_destroy(out);
        return tvi_fail(TVAE_E_INVALID, "tensor_view: base is NULL");
    }
    if (offset > base->count || (*out)->count > base->count - offset) {
        st = tvi_fail(
            TVAE_E_SHAPE,
            "tensor_view: %zu elements from element %zu on, but the base has %zu",
            (*out)->count, offset, base->count);
        tvae_tensor_destroy(out);
        return st;
    }
    (*out)->base = tvae_tensor_retain(base);
    (*out)->data = base->data + offset;
    return TVAE_OK;
}

tvae_tensor *tvae_tensor_retain(tvae_tensor *tensor)
{
    if (tensor)
        tvi_refcount_retain(&tensor->references);
    return tensor;
}

void tvae_tensor_destroy(tvae_tensor **tensor)
{
    tvae_tensor *gone;

    if (!tensor || !*tensor)
        return;
    gone = *tensor;
    *tensor = NULL;
    if (!tvi_refcount_release(&gone->references))
        return;
    tvae_tensor_destroy(&gone->base);
    tvi_free(gone->owned);
    tvi_free(gone);
}

int32_t tvae_tensor_rank(const tvae_tensor *tensor)
{
    return tensor ? tensor->rank : -1;
}

size_t tvae_tensor_extent(const tvae_tensor *tensor, int32_t axis)
{
    return tensor && axis >= 0 && axis < tensor->rank ? tensor->shape[axis] : 0;
}

size_t tvae_tensor_count(const tvae_tensor *tensor)
{
    return tensor ? tensor->count : 0;
}

float *tvae_tensor_data(tvae_tensor *tensor)
{
    return tensor ? tensor->data : NULL;
}

const float *tvae_tensor_data_const(const tvae_tensor *tensor)
{
    return tensor ? tensor->data : NULL;
}

tvae_status tvae_tensor_fill_normal(tvae_tensor *tensor, uint64_t seed, uint64_t stream)
{
    if (!tensor)
        return tvi_fail(TVAE_E_INVALID, "tensor_fill_normal: tensor is NULL");
    tvi_rng_fill_normal(seed, TVI_RNG_USER, stream, 0, tensor->count, tensor->data);
    return TVAE_OK;
}

bool tvi_tensor_has_shape(const tvae_tensor *tensor, int32_t rank, const size_t *shape)
{
    return tensor->rank == rank &&
           (rank == 0 || memcmp(tensor->shape, shape, (size_t)rank * sizeof *shape) == 0);
}

tvae_status tvi_tensor_check(const tvae_tensor *tensor, int32_t rank, const size_t *shape,
                             const char *call, const char *name)
{
    char got[TVI_SHAPE_TEXT], want[TVI_SHAPE_TEXT];

    if (!tensor)
        return tvi_fail(TVAE_E_INVALID, "%s: %s is NULL", call, name);
    if (tvi_tensor_has_shape(tensor, rank, shape))
        return TVAE_OK;
    return tvi_fail(TVAE_E_SHAPE, "%s: %s is %s, want %s", call, name,
                    tvi_shape_text(tensor->rank, tensor->shape, got),
                    tvi_shape_text(rank, shape, want));
}

size_t tvi_first_non_finite(const float *values, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return i;
    return count;
}
