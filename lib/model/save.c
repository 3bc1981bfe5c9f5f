/* SPDX-License-Identifier: MIT */
#include "model/config.h"

#include <string.h>

#include "base/memory.h"
#include "io/io.h"
#include "tensor/tensor.h"

/* Model files: parameters in the exposed layout, and the configuration as metadata. */

static const char metadata_key[] = "tvae";
static const char file_ending[] = ".safetensors";

static tvae_status check_ending(const char *path)
{
    const size_t length = strlen(path), n = sizeof file_ending - 1;

    if (length > n && strcmp(path + length - n, file_ending) == 0)
        return TVAE_OK;
    return tvi_fail(TVAE_E_INVALID, "model_save: path is \"%s\", want it to end in %s",
                    path, file_ending);
}

static tvae_status put_parameter(const tvi_named_parameter *named, tvae_archive *archive)
{
    const tvi_parameter *parameter = named->parameter;
    tvae_tensor *value = NULL;
    tvae_status st = tvae_tensor_create(parameter->rank, parameter->shape, &value);

    if (st != TVAE_OK)
        return st;
    tvi_parameter_export(parameter, parameter->value, value->data);
    st = tvae_archive_put(archive, named->name, value);
    tvae_tensor_destroy(&value);
    return st;
}

tvae_status tvae_model_save(const tvae_model *model, const char *path)
{
    tvae_archive *archive = NULL;
    char *text = NULL;
    tvae_status st;

    if (!model || !path)
        return tvi_fail(TVAE_E_INVALID, "model_save: %s is NULL",
                        model ? "path" : "model");
    st = check_ending(path);
    if (st == TVAE_OK)
        st = tvi_config_write(model, &text);
    if (st == TVAE_OK)
        st = tvae_archive_create(&archive);
    for (size_t i = 0; st == TVAE_OK && i < model->parameters.n_items; i++)
        st = put_parameter(&model->parameters.items[i], archive);
    if (st == TVAE_OK)
        st = tvae_archive_set_metadata(archive, metadata_key, text);
    if (st == TVAE_OK)
        st = tvae_archive_save(archive, path);
    tvae_archive_destroy(&archive);
    tvi_free(text);
    return st;
}

static tvae_status count_elements(const tvae_archive *archive, size_t *n_elements)
{
    tvae_tensor *tensor = NULL;
    tvae_status st = TVAE_OK;
    size_t n = 0;

    for (size_t i = 0; st == TVAE_OK && i < tvae_archive_count(archive); i++) {
        st = tvae_archive_get(archive, tvae_archive_name(archive, i), &tensor);
        n += tvae_tensor_count(tensor);
        tvae_tensor_destroy(&tensor);
    }
    *n_elements = n;
    return st;
}

static tvae_status set_parameter(const tvi_named_parameter *named,
                                 const tvae_archive *archive)
{
    tvi_parameter *parameter = named->parameter;
    tvae_tensor *value = NULL;
    size_t place;
    tvae_status st = tvae_archive_get(archive, named->name, &value);

    if (st != TVAE_OK)
        return st;
    st = tvi_tensor_check(value, parameter->rank, parameter->shape, "model_load",
                          named->name);
    place = tvi_first_non_finite(value->data, value->count);
    if (st == TVAE_OK && place < value->count)
        st = tvi_fail(TVAE_E_NUMERIC, "element %zu of %s is %g, want a finite number",
                      place, named->name, (double)value->data[place]);
    if (st == TVAE_OK)
        tvi_parameter_import(parameter, value->data, parameter->value);
    tvae_tensor_destroy(&value);
    return st;
}

static tvae_status set_parameters(tvae_model *model, const tvae_archive *archive)
{
    const tvi_parameter_list *list = &model->parameters;
    tvae_status st = TVAE_OK;

    for (size_t i = 0; st == TVAE_OK && i < list->n_items; i++)
        st = set_parameter(&list->items[i], archive);
    for (size_t i = 0; st == TVAE_OK && i < tvae_archive_count(archive); i++)
        if (!tvi_parameter_list_find(list, tvae_archive_name(archive, i)))
            st = tvi_fail(TVAE_E_FORMAT,
                          "tensor \"%s\" is no parameter of the model that "
                          "the configuration describes",
                          tvae_archive_name(archive, i));
    return st;
}

static tvae_status build_model(const tvae_archive *archive, tvae_model **out)
{
    const char *text = tvae_archive_metadata(archive, metadata_key);
    size_t n_elements = 0;
    tvae_model *model = NULL;
    tvae_status st;

    if (!text)
        return tvi_fail(TVAE_E_FORMAT,
                        "the metadata has no entry \"%s\", want a file written by "
                        "tvae_model_save()",
                        metadata_key);
    st = count_elements(archive, &n_elements);
    if (st == TVAE_OK)
        st = tvi_config_read(text, n_elements, &model);
    if (st == TVAE_OK)
        st = set_parameters(model, archive);
    if (st == TVAE_OK)
        *out = model;
    else
        tvae_model_destroy(&model);
    return st;
}

/* Say which file, and call what does not fit together a matter of its format. */
static tvae_status blame_file(tvae_status st, const char *path)
{
    char reason[TVI_SENTENCE_BYTES] = "";
    const bool keeps_status =
        st == TVAE_E_NOMEM || st == TVAE_E_NUMERIC || st == TVAE_E_UNSUPPORTED;

    strncat(reason, tvae_last_error(), sizeof reason - 1);
    return tvi_fail(keeps_status ? st : TVAE_E_FORMAT, "model_load: %s: %s", path,
                    reason);
}

tvae_status tvae_model_load(const char *path, tvae_model **out)
{
    tvae_archive *archive = NULL;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "model_load: out is NULL");
    *out = NULL;
    if (!path)
        return tvi_fail(TVAE_E_INVALID, "model_load: path is NULL");
    st = tvae_archive_load(path, &archive);
    if (st != TVAE_OK)
        return st;
    st = build_model(archive, out);
    if (st != TVAE_OK)
        st = blame_file(st, path);
    tvae_archive_destroy(&archive);
    return st;
}
