/* SPDX-License-Identifier: MIT */
#include "io/safetensors.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "base/memory.h"
#include "io/archive.h"
#include "io/element.h"
#include "io/file.h"

/* A tensor as the header describes it. */
typedef struct described_tensor {
    const char *name;
    tvi_element type;
    int32_t rank;
    size_t shape[TVAE_MAX_RANK];
    size_t count;
    uint64_t begin; /* of the data, from their start */
    uint64_t end;
} described_tensor;

/* A file that is being read. */
typedef struct open_file {
    tvi_reader reader;
    int file;
    uint64_t n_data;     /* bytes after the header */
    uint64_t data_start; /* of the file */
    json_t *header;      /* the tensors' names are its */
    described_tensor *tensors;
    size_t n_tensors;
} open_file;

static tvae_status read_length(open_file *from, size_t *n_header)
{
    unsigned char bytes[TVI_SAFETENSORS_LENGTH_BYTES];
    uint64_t length;
    tvae_status st = tvi_reader_read(&from->reader, bytes, sizeof bytes);

    if (st != TVAE_OK)
        return st;
    memcpy(&length, bytes, sizeof length);
    if (length > TVI_SAFETENSORS_MOST_HEADER || length > from->reader.n_left)
        return tvi_reader_fail(
            &from->reader, TVAE_E_FORMAT,
            "a header of %llu bytes is stated where %llu follow (and %d "
            "are allowed); this is no safetensors file, or a part of one",
            (unsigned long long)length, (unsigned long long)from->reader.n_left,
            TVI_SAFETENSORS_MOST_HEADER);
    *n_header = (size_t)length;
    return TVAE_OK;
}

static tvae_status read_header(open_file *from)
{
    size_t n_header = 0;
    json_error_t error;
    char *text;
    tvae_status st = read_length(from, &n_header);

    if (st != TVAE_OK)
        return st;
    text = tvi_alloc_array(n_header, 1);
    if (!text)
        return TVAE_E_NOMEM;
    st = tvi_reader_read(&from->reader, text, n_header);
    if (st == TVAE_OK) {
        from->header = json_loadb(text, n_header, JSON_REJECT_DUPLICATES, &error);
        if (!from->header && json_error_code(&error) == json_error_out_of_memory)
            st = tvi_reader_fail(&from->reader, TVAE_E_NOMEM, "no memory for the header");
        else if (!json_is_object(from->header))
            st = tvi_reader_fail(&from->reader, TVAE_E_FORMAT,
                                 "the header is not a JSON object: %s",
                                 from->header ? "another value" : error.text);
    }
    tvi_free(text);
    from->n_data = from->reader.n_left;
    from->data_start = TVI_SAFETENSORS_LENGTH_BYTES + n_header;
    return st;
}

static tvae_status read_metadata(tvae_archive *archive, const open_file *from)
{
    json_t *metadata = json_object_get(from->header, TVI_SAFETENSORS_METADATA), *text;
    const char *key;
    tvae_status st;

    if (!metadata)
        return TVAE_OK;
    if (!json_is_object(metadata))
        return tvi_reader_fail(&from->reader, TVAE_E_FORMAT,
                               "the metadata is not a JSON object");
    json_object_foreach(metadata, key, text)
    {
        if (!json_is_string(text))
            return tvi_reader_fail(&from->reader, TVAE_E_FORMAT,
                                   "metadata \"%.100s\" is not a text", key);
        if (!*key)
            return tvi_reader_fail(&from->reader, TVAE_E_FORMAT,
                                   "a key of the metadata is empty");
        st = tvae_archive_set_metadata(archive, key, json_string_value(text));
        if (st != TVAE_OK)
            return st;
    }
    return TVAE_OK;
}

static tvae_status find_type(tvi_reader *reader, const json_t *dtype, tvi_element *type)
{
    static const struct {
        const char *name;
        tvi_element type;
    } known[] = {
        {"F32", TVI_ELEMENT_F32},   {"F16", TVI_ELEMENT_F16}, {"BF16", TVI_ELEMENT_BF16},
        {"F64", TVI_ELEMENT_F64},   {"I8", TVI_ELEMENT_I8},   {"U8", TVI_ELEMENT_U8},
        {"I16", TVI_ELEMENT_I16},   {"U16", TVI_ELEMENT_U16}, {"I32", TVI_ELEMENT_I32},
        {"U32", TVI_ELEMENT_U32},   {"I64", TVI_ELEMENT_I64}, {"U64", TVI_ELEMENT_U64},
        {"BOOL", TVI_ELEMENT_BOOL},
    };
    const char *name = json_string_value(dtype);

    if (!name)
        return tvi_reader_fail(reader, TVAE_E_FORMAT, "it has no dtype");
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(name, known[i].name) == 0) {
            *type = known[i].type;
            return TVAE_OK;
        }
    return tvi_reader_fail(
        reader, TVAE_E_UNSUPPORTED,
        "dtype \"%.20s\", want F16, BF16, F32, F64, BOOL or an integer", name);
}

static tvae_status read_shape(tvi_reader *reader, const json_t *shape,
                              described_tensor *tensor)
{
    if (!json_is_array(shape))
        return tvi_reader_fail(reader, TVAE_E_FORMAT, "it has no shape");
    if (json_array_size(shape) > TVAE_MAX_RANK)
        return tvi_reader_fail(reader, TVAE_E_UNSUPPORTED,
                               "it has %zu axes, want 0 to %d", json_array_size(shape),
                               TVAE_MAX_RANK);
    tensor->rank = (int32_t)json_array_size(shape);
    tensor->count = 1;
    for (int32_t axis = 0; axis < tensor->rank; axis++) {
        const json_t *extent = json_array_get(shape, (size_t)axis);

        if (!json_is_integer(extent) || json_integer_value(extent) < 0)
            return tvi_reader_fail(reader, TVAE_E_FORMAT,
                                   "an extent of its shape is not a natural number");
        tensor->shape[axis] = (size_t)json_integer_value(extent);
        if (!tvi_multiply(tensor->count, tensor->shape[axis], &tensor->count))
            return tvi_reader_fail(reader, TVAE_E_FORMAT, "its shape overflows");
    }
    if (tensor->count == 0)
        return tvi_reader_fail(reader, TVAE_E_UNSUPPORTED,
                               "it has no elements, want at least one");
    return TVAE_OK;
}

/* The range of its bytes lies within the data and has the size of the shape. */
static tvae_status read_offsets(tvi_reader *reader, const json_t *offsets,
                                uint64_t n_data, described_tensor *tensor)
{
    const json_t *begin = json_array_get(offsets, 0), *end = json_array_get(offsets, 1);
    size_t n_bytes;

    if (json_array_size(offsets) != 2 || !json_is_integer(begin) ||
        !json_is_integer(end) || json_integer_value(begin) < 0 ||
        json_integer_value(end) < json_integer_value(begin))
        return tvi_reader_fail(reader, TVAE_E_FORMAT,
                               "its data_offsets are not two rising natural numbers");
    tensor->begin = (uint64_t)json_integer_value(begin);
    tensor->end = (uint64_t)json_integer_value(end);
    if (tensor->end > n_data)
        return tvi_reader_fail(reader, TVAE_E_FORMAT,
                               "its data end at byte %llu of %llu; the file is truncated",
                               (unsigned long long)tensor->end,
                               (unsigned long long)n_data);
    if (!tvi_multiply(tensor->count, tvi_element_bytes(tensor->type), &n_bytes) ||
        n_bytes != tensor->end - tensor->begin)
        return tvi_reader_fail(reader, TVAE_E_FORMAT,
                               "%zu elements of %zu bytes do not fill its %llu bytes",
                               tensor->count, tvi_element_bytes(tensor->type),
                               (unsigned long long)(tensor->end - tensor->begin));
    return TVAE_OK;
}

static tvae_status describe_tensors(open_file *from)
{
    json_t *value;
    const char *name;
    tvae_status st;

    if (json_object_size(from->header) > TVI_ARCHIVE_MOST_TENSORS)
        return tvi_reader_fail(&from->reader, TVAE_E_FORMAT, "more than %d tensors",
                               TVI_ARCHIVE_MOST_TENSORS);
    from->tensors =
        tvi_alloc_array(json_object_size(from->header), sizeof *from->tensors);
    if (!from->tensors)
        return TVAE_E_NOMEM;
    json_object_foreach(from->header, name, value)
    {
        described_tensor *tensor = &from->tensors[from->n_tensors];

        if (strcmp(name, TVI_SAFETENSORS_METADATA) == 0)
            continue;
        from->n_tensors++;
        from->reader.member = tensor->name = name;
        st = find_type(&from->reader, json_object_get(value, "dtype"), &tensor->type);
        if (st == TVAE_OK)
            st = read_shape(&from->reader, json_object_get(value, "shape"), tensor);
        if (st == TVAE_OK)
            st = read_offsets(&from->reader, json_object_get(value, "data_offsets"),
                              from->n_data, tensor);
        if (st != TVAE_OK)
            return st;
    }
    from->reader.member = NULL;
    return TVAE_OK;
}

static int compare_begins(const void *a, const void *b)
{
    const described_tensor *const *left = a, *const *right = b;

    return ((*left)->begin > (*right)->begin) - ((*left)->begin < (*right)->begin);
}

/* The ranges cover the data without overlap or gap, so that no byte is hidden or read
 * twice. */
static tvae_status check_tiling(const open_file *from)
{
    const described_tensor **sorted = tvi_alloc_array(from->n_tensors, sizeof *sorted);
    uint64_t reached = 0;
    tvae_status st = TVAE_OK;

    if (!sorted)
        return TVAE_E_NOMEM;
    for (size_t i = 0; i < from->n_tensors; i++)
        sorted[i] = &from->tensors[i];
    qsort(sorted, from->n_tensors, sizeof *sorted, compare_begins);
    for (size_t i = 0; i < from->n_tensors && st == TVAE_OK; i++) {
        if (sorted[i]->begin != reached)
            st = tvi_reader_fail(
                &from->reader, TVAE_E_FORMAT,
                "the data of \"%.255s\" begin at byte %llu, want %llu: %s",
                sorted[i]->name, (unsigned long long)sorted[i]->begin,
                (unsigned long long)reached,
                sorted[i]->begin < reached ? "they overlap others"
                                           : "there is a gap before them");
        reached = sorted[i]->end;
    }
    if (st == TVAE_OK && reached != from->n_data)
        st = tvi_reader_fail(&from->reader, TVAE_E_FORMAT,
                             "%llu bytes follow the last tensor's data",
                             (unsigned long long)(from->n_data - reached));
    tvi_free(sorted);
    return st;
}

static tvae_status read_tensor(tvae_archive *archive, open_file *from,
                               const described_tensor *described)
{
    tvae_tensor *tensor = NULL;
    tvae_status st;

    if (lseek(from->file, (off_t)(from->data_start + described->begin), SEEK_SET) < 0)
        return tvi_reader_fail(&from->reader, TVAE_E_IO, "seeking failed");
    st = tvae_tensor_create(described->rank, described->shape, &tensor);
    if (st != TVAE_OK)
        return st;
    from->reader.member = described->name;
    from->reader.n_left = described->end - described->begin;
    st = tvi_element_read(&from->reader, described->type, described->count,
                          tvae_tensor_data(tensor));
    from->reader.member = NULL;
    if (st == TVAE_OK)
        st = tvi_archive_take(archive, &from->reader, described->name, tensor);
    tvae_tensor_destroy(&tensor);
    return st;
}

static tvae_status read_file(tvae_archive *archive, open_file *from)
{
    tvae_status st = read_header(from);

    if (st == TVAE_OK)
        st = read_metadata(archive, from);
    if (st == TVAE_OK)
        st = describe_tensors(from);
    if (st == TVAE_OK)
        st = check_tiling(from);
    for (size_t i = 0; i < from->n_tensors && st == TVAE_OK; i++)
        st = read_tensor(archive, from, &from->tensors[i]);
    return st;
}

tvae_status tvi_safetensors_load(tvae_archive *archive, const char *path)
{
    open_file from = {.file = -1};
    uint64_t n_bytes = 0;
    tvae_status st = tvi_file_open("archive_load", path, &from.file, &n_bytes);

    if (st != TVAE_OK)
        return st;
    tvi_reader_of_file(&from.reader, &from.file, n_bytes, "archive_load", path);
    st = read_file(archive, &from);
    json_decref(from.header);
    tvi_free(from.tensors);
    (void)close(from.file);
    return st;
}
