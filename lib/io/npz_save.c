/* SPDX-License-Identifier: MIT */
#include "io/archive.h"

#include <stdio.h>
#include <string.h>

#include <zip.h>

#include "base/memory.h"
#include "io/file.h"
#include "io/npy.h"
#include "io/zip_sink.h"

/* 1980-01-01 00:00 in the zip's own terms, so that equal archives give equal bytes. */
enum { DOS_TIME = 0, DOS_DATE = 1 << 5 | 1 };

static tvae_status fail_zip(const char *path, zip_error_t *error)
{
    if (zip_error_code_zip(error) == ZIP_ER_MEMORY)
        return tvi_fail(TVAE_E_NOMEM, "archive_save: %s: no memory for the zip", path);
    return tvi_fail(TVAE_E_IO, "archive_save: %s: writing failed: %s", path,
                    zip_error_strerror(error));
}

/* Add a member of header and data, which libzip reads when the zip is closed. */
static tvae_status add_member(zip_t *zip, const char *path, const char *name,
                              tvae_tensor *tensor, char *header)
{
    const size_t n_header = tvi_npy_format_header(tensor, header);
    const zip_buffer_fragment_t parts[] = {
        {(zip_uint8_t *)header, n_header},
        {(zip_uint8_t *)tvae_tensor_data(tensor),
         tvae_tensor_count(tensor) * sizeof(float)},
    };
    char member[TVI_ARCHIVE_NAME_BYTES + sizeof ".npy"];
    zip_source_t *source = zip_source_buffer_fragment(zip, parts, 2, 0);
    zip_int64_t index;

    if (!source)
        return fail_zip(path, zip_get_error(zip));
    (void)snprintf(member, sizeof member, "%s.npy", name);
    index = zip_file_add(zip, member, source, ZIP_FL_ENC_UTF_8);
    if (index < 0) {
        zip_source_free(source);
        return fail_zip(path, zip_get_error(zip));
    }
    if (zip_set_file_compression(zip, (zip_uint64_t)index, ZIP_CM_STORE, 0) != 0 ||
        zip_file_set_dostime(zip, (zip_uint64_t)index, DOS_TIME, DOS_DATE, 0) != 0)
        return fail_zip(path, zip_get_error(zip));
    return TVAE_OK;
}

/* Write the zip through the writer. */
static tvae_status write_zip(const tvae_archive *archive, tvi_file_writer *writer,
                             char *headers)
{
    tvi_zip_sink sink;
    zip_t *zip = tvi_zip_sink_open(&sink, writer);
    tvae_status st = TVAE_OK;

    if (!zip)
        return fail_zip(writer->path, &sink.error);
    for (size_t i = 0; i < archive->tensors.count && st == TVAE_OK; i++)
        st = add_member(zip, writer->path, archive->tensors.names[i],
                        archive->tensors.values[i], headers + i * TVI_NPY_HEADER_BYTES);
    if (st == TVAE_OK && zip_close(zip) == 0)
        return TVAE_OK;
    if (st == TVAE_OK && sink.status != TVAE_OK)
        st = sink.status; /* and its sentence */
    else if (st == TVAE_OK)
        st = fail_zip(writer->path, zip_get_error(zip));
    zip_discard(zip);
    return st;
}

/* libzip removes a file without members; this is the zip of none. */
static tvae_status write_empty(const char *path)
{
    static const char end_of_directory[22] = {'P', 'K', 5, 6};

    return tvi_file_write(path, end_of_directory, sizeof end_of_directory);
}

tvae_status tvi_npz_save(const tvae_archive *archive, const char *path)
{
    tvi_file_writer writer;
    char *headers;
    tvae_status st;

    if (archive->tensors.count == 0)
        return write_empty(path);
    headers = tvi_alloc_array(archive->tensors.count, TVI_NPY_HEADER_BYTES);
    if (!headers)
        return TVAE_E_NOMEM;
    st = tvi_file_begin(&writer, path);
    if (st != TVAE_OK)
        goto end;
    st = write_zip(archive, &writer, headers);
    if (st == TVAE_OK)
        st = tvi_file_commit(&writer);
    else
        tvi_file_abandon(&writer);
end:
    tvi_free(headers);
    return st;
}
