/* SPDX-License-Identifier: MIT */
#include "io/safetensors.h"

#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "io/archive.h"
#include "io/file.h"

/* Texts and names of an archive are UTF-8, so Jansson fails for want of memory alone. */
static tvae_status fail_memory(const char *path)
{
    return tvi_fail(TVAE_E_NOMEM, "archive_save: %s: no memory for the header", path);
}

/* Jansson writes members in the order they were added. */
static json_t *make_metadata(const tvae_archive *archive)
{
    json_t *metadata = json_object();

    for (size_t i = 0; metadata && i < archive->metadata.count; i++)
        if (json_object_set_new(metadata, archive->metadata.names[i],
                                json_string(archive->metadata.values[i])) != 0) {
            json_decref(metadata);
            return NULL;
        }
    return metadata;
}

static json_t *make_description(const tvae_tensor *tensor, uint64_t begin, uint64_t end)
{
    json_t *shape = json_array();

    for (int32_t axis = 0; axis < tvae_tensor_rank(tensor); axis++)
        if (json_array_append_new(
                shape, json_integer((json_int_t)tvae_tensor_extent(tensor, axis))) != 0) {
            json_decref(shape);
            return NULL;
        }
    return json_pack("{s:s, s:o, s:[I, I]}", "dtype", "F32", "shape", shape,
                     "data_offsets", (json_int_t)begin, (json_int_t)end);
}

static json_t *make_header(const tvae_archive *archive)
{
    json_t *header = json_object();
    uint64_t begin = 0;
    int failed = 0;

    if (header && archive->metadata.count)
        failed =
            json_object_set_new(header, TVI_SAFETENSORS_METADATA, make_metadata(archive));
    for (size_t i = 0; header && !failed && i < archive->tensors.count; i++) {
        const tvae_tensor *tensor = archive->tensors.values[i];
        const uint64_t end = begin + tvae_tensor_count(tensor) * sizeof(float);

        failed = json_object_set_new(header, archive->tensors.names[i],
                                     make_description(tensor, begin, end));
        begin = end;
    }
    if (failed) {
        json_decref(header);
        return NULL;
    }
    return header;
}

/* The length and the padded text of the header, in one block. */
static tvae_status format_header(const json_t *header, const char *path, char **bytes,
                                 size_t *n_bytes)
{
    const size_t n_text = json_dumpb(header, NULL, 0, JSON_COMPACT);
    const size_t n_blocks =
        (n_text + TVI_SAFETENSORS_ALIGNMENT - 1) / TVI_SAFETENSORS_ALIGNMENT;
    const uint64_t length = n_blocks * TVI_SAFETENSORS_ALIGNMENT;

    if (n_text == 0)
        return fail_memory(path);
    if (length > TVI_SAFETENSORS_MOST_HEADER)
        return tvi_fail(TVAE_E_UNSUPPORTED,
                        "archive_save: %s: names and metadata take %llu bytes, want at "
                        "most %d",
                        path, (unsigned long long)length, TVI_SAFETENSORS_MOST_HEADER);
    *n_bytes = TVI_SAFETENSORS_LENGTH_BYTES + (size_t)length;
    *bytes = tvi_alloc_array(*n_bytes, 1);
    if (!*bytes)
        return TVAE_E_NOMEM;
    memcpy(*bytes, &length, sizeof length);
    memset(*bytes + sizeof length, ' ', (size_t)length);
    if (json_dumpb(header, *bytes + sizeof length, (size_t)length, JSON_COMPACT) ==
        n_text)
        return TVAE_OK;
    tvi_free(*bytes);
    *bytes = NULL;
    return fail_memory(path);
}

static tvae_status write_file(const tvae_archive *archive, const char *path,
                              const char *header, size_t n_header)
{
    tvi_file_writer writer;
    tvae_status st = tvi_file_begin(&writer, path);

    if (st != TVAE_OK)
        return st;
    st = tvi_file_append(&writer, header, n_header);
    for (size_t i = 0; i < archive->tensors.count && st == TVAE_OK; i++) {
        const tvae_tensor *tensor = archive->tensors.values[i];

        st = tvi_file_append(&writer, tvae_tensor_data_const(tensor),
                             tvae_tensor_count(tensor) * sizeof(float));
    }
    if (st == TVAE_OK)
        return tvi_file_commit(&writer);
    tvi_file_abandon(&writer);
    return st;
}

tvae_status tvi_safetensors_save(const tvae_archive *archive, const char *path)
{
    json_t *header;
    char *bytes = NULL;
    size_t n_bytes = 0;
    tvae_status st;

    if (tvi_name_map_find(&archive->tensors, TVI_SAFETENSORS_METADATA) != SIZE_MAX)
        return tvi_fail(TVAE_E_INVALID,
                        "archive_save: %s: the name \"%s\" is taken by the format", path,
                        TVI_SAFETENSORS_METADATA);
    header = make_header(archive);
    if (!header)
        return fail_memory(path);
    st = format_header(header, path, &bytes, &n_bytes);
    json_decref(header);
    if (st == TVAE_OK)
        st = write_file(archive, path, bytes, n_bytes);
    tvi_free(bytes);
    return st;
}
