/* SPDX-License-Identifier: MIT */
#include "layer/layer.h"

#include <string.h>

#include "base/error.h"

const tvi_layer_class *tvi_layer_kind(const char *name)
{
    static const tvi_layer_class *const kinds[] = {&tvi_linear_kind, &tvi_conv2d_kind,
                                                   &tvi_conv_transpose2d_kind};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return tvi_activation_kind(name);
}

const void *tvi_layer_options(const tvae_layer *layer)
{
    const tvi_layer_recipe *recipe = &layer->kind->recipe;

    return recipe->rebuild ? (const char *)layer + recipe->options_offset : NULL;
}

static double field_value(const tvi_layer_field *field, const void *options)
{
    const char *place = (const char *)options + field->offset;

    if (field->type == TVI_FIELD_INTEGER)
        return (double)*(const int64_t *)(const void *)place;
    if (field->type == TVI_FIELD_REAL)
        return *(const double *)(const void *)place;
    return *(const int32_t *)(const void *)place;
}

tvae_status tvi_layer_check_fields(const tvi_layer_class *kind, const void *options)
{
    for (size_t i = 0; i < kind->recipe.n_fields; i++) {
        const tvi_layer_field *field = &kind->recipe.fields[i];
        const double got = field_value(field, options);

        if (!(got >= field->low && got <= field->high))
            return tvi_fail(TVAE_E_INVALID,
                            "layer_create_%s: %s is %.15g, want %.15g to %.15g",
                            kind->name, field->name, got, field->low, field->high);
    }
    return TVAE_OK;
}
