/* SPDX-License-Identifier: MIT */
#include "metric/metric.h"

#include "tensor/tensor.h"

/* Tensors as samples of units, [..., n_units]. */

/* Do the last axes multiply to n_units? */
static bool holds_units(const tvae_tensor *tensor, size_t n_units)
{
    size_t product = 1;

    for (int32_t axis = tensor->rank; axis > 0 && product < n_units; axis--)
        product *= tensor->shape[axis - 1];
    return product == n_units;
}

tvae_status tvi_sample_count(const tvae_tensor *tensor, size_t n_units, const char *call,
                             const char *name, size_t *n_samples)
{
    char got[TVI_SHAPE_TEXT];
    size_t bad;

    if (!tensor)
        return tvi_fail(TVAE_E_INVALID, "%s: %s is NULL", call, name);
    if (!holds_units(tensor, n_units))
        return tvi_fail(TVAE_E_SHAPE, "%s: %s is %s, want last axes that hold %zu units",
                        call, name, tvi_shape_text(tensor->rank, tensor->shape, got),
                        n_units);
    bad = tvi_first_non_finite(tensor->data, tensor->count);
    if (bad < tensor->count)
        return tvi_fail(TVAE_E_NUMERIC,
                        "%s: element %zu of %s is %g, want all of them finite", call, bad,
                        name, (double)tensor->data[bad]);
    *n_samples = tensor->count / n_units;
    return TVAE_OK;
}

tvae_status tvi_check_pairs(size_t a, const char *name_a, size_t b, const char *name_b,
                            const char *call)
{
    if (a == 0 || b == 0 || a > TVI_MAX_PAIRS / b)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: %zu %s and %zu %s, want at least 1 of each and at most %d "
                        "pairs",
                        call, a, name_a, b, name_b, TVI_MAX_PAIRS);
    return TVAE_OK;
}
