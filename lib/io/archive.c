/* SPDX-License-Identifier: MIT */
#include "io/archive.h"

#include <string.h>

#include "base/memory.h"
#include "io/text.h"

tvae_status tvae_archive_create(tvae_archive **out)
{
    if (!out)
        return tvi_fail(TVAE_E_INVALID, "archive_create: out is NULL");
    *out = tvi_alloc_array(1, sizeof **out);
    if (!*out)
        return TVAE_E_NOMEM;
    tvi_refcount_init(&(*out)->references);
    return TVAE_OK;
}

tvae_archive *tvae_archive_retain(tvae_archive *archive)
{
    if (archive)
        tvi_refcount_retain(&archive->references);
    return archive;
}

static void release_tensor(void *value)
{
    tvae_tensor *tensor = value;

    tvae_tensor_destroy(&tensor);
}

void tvae_archive_destroy(tvae_archive **archive)
{
    tvae_archive *gone;

    if (!archive || !*archive)
        return;
    gone = *archive;
    *archive = NULL;
    if (!tvi_refcount_release(&gone->references))
        return;
    tvi_name_map_release(&gone->tensors, release_tensor);
    tvi_name_map_release(&gone->metadata, tvi_free);
    tvi_free(gone);
}

size_t tvae_archive_count(const tvae_archive *archive)
{
    return archive ? archive->tensors.count : 0;
}

const char *tvae_archive_name(const tvae_archive *archive, size_t index)
{
    return index < tvae_archive_count(archive) ? archive->tensors.names[index] : NULL;
}

tvae_status tvae_archive_get(const tvae_archive *archive, const char *name,
                             tvae_tensor **out)
{
    char near_names[TVI_NEAR_TEXT];
    size_t index;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "archive_get: out is NULL");
    *out = NULL;
    if (!archive || !name)
        return tvi_fail(TVAE_E_INVALID, "archive_get: %s is NULL",
                        archive ? "name" : "archive");
    index = tvi_name_map_find(&archive->tensors, name);
    if (index == SIZE_MAX)
        return tvi_fail(TVAE_E_NOT_FOUND,
                        "archive_get: no tensor \"%.255s\" among the archive's %zu; %s",
                        name, archive->tensors.count,
                        tvi_near_names(&archive->tensors, name, near_names));
    *out = tvae_tensor_retain(archive->tensors.values[index]);
    return TVAE_OK;
}

/* What is wrong with a tensor's name, or NULL. */
static const char *find_name_fault(const char *name)
{
    const size_t length = strnlen(name, TVI_ARCHIVE_NAME_BYTES + 1);

    if (length == 0)
        return "is empty";
    if (length > TVI_ARCHIVE_NAME_BYTES)
        return "is longer than 255 bytes";
    return tvi_is_utf8(name) ? NULL : "is not UTF-8";
}

tvae_status tvae_archive_put(tvae_archive *archive, const char *name, tvae_tensor *tensor)
{
    const char *fault;
    void *replaced;
    tvae_status st;

    if (!archive || !name || !tensor)
        return tvi_fail(TVAE_E_INVALID, "archive_put: %s is NULL",
                        !archive ? "archive"
                        : !name  ? "name"
                                 : "tensor");
    fault = find_name_fault(name);
    if (fault)
        return tvi_fail(TVAE_E_INVALID,
                        "archive_put: name %s, want 1 to 255 bytes of UTF-8", fault);
    st = tvi_name_map_put(&archive->tensors, name, tensor, &replaced);
    if (st != TVAE_OK)
        return st;
    (void)tvae_tensor_retain(tensor);
    release_tensor(replaced);
    return TVAE_OK;
}

tvae_status tvi_archive_take(tvae_archive *archive, const tvi_reader *reader,
                             const char *name, tvae_tensor *tensor)
{
    const char *fault = find_name_fault(name);

    if (fault)
        return tvi_reader_fail(reader, TVAE_E_FORMAT, "a name %s", fault);
    if (tvi_name_map_find(&archive->tensors, name) != SIZE_MAX)
        return tvi_reader_fail(reader, TVAE_E_FORMAT, "the name \"%s\" occurs twice",
                               name);
    return tvae_archive_put(archive, name, tensor);
}

const char *tvae_archive_metadata(const tvae_archive *archive, const char *key)
{
    size_t index;

    if (!archive || !key)
        return NULL;
    index = tvi_name_map_find(&archive->metadata, key);
    return index == SIZE_MAX ? NULL : archive->metadata.values[index];
}

tvae_status tvae_archive_set_metadata(tvae_archive *archive, const char *key,
                                      const char *text)
{
    char *copy;
    void *replaced;
    tvae_status st;

    if (!archive || !key || !text)
        return tvi_fail(TVAE_E_INVALID, "archive_set_metadata: %s is NULL",
                        !archive ? "archive"
                        : !key   ? "key"
                                 : "text");
    if (!*key || !tvi_is_utf8(key) || !tvi_is_utf8(text))
        return tvi_fail(TVAE_E_INVALID, "archive_set_metadata: %s, want UTF-8",
                        !*key               ? "key is empty"
                        : !tvi_is_utf8(key) ? "key is not UTF-8"
                                            : "text is not UTF-8");
    copy = tvi_copy_string(text);
    if (!copy)
        return TVAE_E_NOMEM;
    st = tvi_name_map_put(&archive->metadata, key, copy, &replaced);
    if (st != TVAE_OK)
        replaced = copy;
    tvi_free(replaced);
    return st;
}
