/* SPDX-License-Identifier: MIT */
#include "metric/metric.h"

#include <math.h>

#include "base/memory.h"
#include "tensor/tensor.h"

/* The sample with each unit's largest |t|: Plot_MaxActImg of the reference (GOLDEN
 * section 4). */

struct tvae_max_activation {
    size_t n_units;
    uint64_t n_samples;
    uint64_t *samples; /* [n_units] */
    float *values;     /* [n_units] */
};

tvae_status tvae_max_activation_create(size_t n_units, tvae_max_activation **out)
{
    tvae_max_activation *created;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "max_activation_create: out is NULL");
    *out = NULL;
    if (n_units == 0 || n_units > TVI_MAX_PAIRS)
        return tvi_fail(TVAE_E_INVALID,
                        "max_activation_create: n_units is %zu, want 1 to %d", n_units,
                        TVI_MAX_PAIRS);
    created = tvi_alloc_array(1, sizeof *created);
    if (!created)
        return TVAE_E_NOMEM;
    created->n_units = n_units;
    created->samples = tvi_alloc_array(n_units, sizeof *created->samples);
    created->values = tvi_alloc_array(n_units, sizeof *created->values);
    if (!created->samples || !created->values) {
        tvae_max_activation_destroy(&created);
        return TVAE_E_NOMEM;
    }
    *out = created;
    return TVAE_OK;
}

void tvae_max_activation_destroy(tvae_max_activation **max_activation)
{
    tvae_max_activation *gone;

    if (!max_activation || !*max_activation)
        return;
    gone = *max_activation;
    *max_activation = NULL;
    tvi_free(gone->samples);
    tvi_free(gone->values);
    tvi_free(gone);
}

tvae_status tvae_max_activation_add(tvae_max_activation *max_activation,
                                    const tvae_tensor *t)
{
    size_t n_samples, n_units;
    tvae_status st;

    if (!max_activation)
        return tvi_fail(TVAE_E_INVALID, "max_activation_add: max_activation is NULL");
    n_units = max_activation->n_units;
    st = tvi_sample_count(t, n_units, "max_activation_add", "t", &n_samples);
    if (st != TVAE_OK)
        return st;
    for (size_t s = 0; s < n_samples; s++, max_activation->n_samples++)
        for (size_t i = 0; i < n_units; i++) {
            const float value = t->data[s * n_units + i];

            if (max_activation->n_samples > 0 &&
                !(fabsf(value) > fabsf(max_activation->values[i])))
                continue;
            max_activation->values[i] = value;
            max_activation->samples[i] = max_activation->n_samples;
        }
    return TVAE_OK;
}

tvae_status tvae_max_activation_find(const tvae_max_activation *max_activation,
                                     size_t unit, uint64_t *sample, double *value)
{
    if (!max_activation || !sample)
        return tvi_fail(TVAE_E_INVALID, "max_activation_find: %s is NULL",
                        max_activation ? "sample" : "max_activation");
    if (unit >= max_activation->n_units)
        return tvi_fail(TVAE_E_INVALID,
                        "max_activation_find: unit is %zu, want less than %zu", unit,
                        max_activation->n_units);
    if (max_activation->n_samples == 0)
        return tvi_fail(TVAE_E_STATE, "max_activation_find: no sample was added, want at "
                                      "least one; call max_activation_add first");
    *sample = max_activation->samples[unit];
    if (value)
        *value = (double)max_activation->values[unit];
    return TVAE_OK;
}
