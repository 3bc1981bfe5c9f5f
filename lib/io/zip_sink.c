/* SPDX-License-Identifier: MIT */
#include "io/zip_sink.h"

#include <errno.h>
#include <unistd.h>

static zip_int64_t fail(tvi_zip_sink *sink, int code, int system_code)
{
    zip_error_set(&sink->error, code, system_code);
    return -1;
}

static zip_int64_t write_bytes(tvi_zip_sink *sink, const void *bytes, zip_uint64_t n)
{
    sink->status = tvi_file_append(sink->writer, bytes, (size_t)n);
    if (sink->status != TVAE_OK)
        return fail(sink, ZIP_ER_WRITE, EIO);
    sink->at += n;
    if (sink->at > sink->size)
        sink->size = sink->at;
    return (zip_int64_t)n;
}

/* libzip goes back to complete the header of a member it has written. */
static zip_int64_t seek(tvi_zip_sink *sink, void *where, zip_uint64_t n)
{
    const zip_int64_t at =
        zip_source_seek_compute_offset(sink->at, sink->size, where, n, &sink->error);

    if (at < 0)
        return -1;
    if (lseek(sink->writer->file, at, SEEK_SET) != at)
        return fail(sink, ZIP_ER_SEEK, errno);
    sink->at = (zip_uint64_t)at;
    return 0;
}

/* The commands that libzip demands of what it writes. There is nothing to be read yet. */
static zip_int64_t serve(void *user, void *data, zip_uint64_t n, zip_source_cmd_t command)
{
    tvi_zip_sink *sink = user;

    switch (command) {
    case ZIP_SOURCE_SUPPORTS:
        return ZIP_SOURCE_SUPPORTS_WRITABLE;
    case ZIP_SOURCE_STAT:
        return fail(sink, ZIP_ER_READ, ENOENT);
    case ZIP_SOURCE_ERROR:
        return zip_error_to_data(&sink->error, data, n);
    case ZIP_SOURCE_WRITE:
        return write_bytes(sink, data, n);
    case ZIP_SOURCE_SEEK_WRITE:
        return seek(sink, data, n);
    case ZIP_SOURCE_TELL_WRITE:
        return (zip_int64_t)sink->at;
    case ZIP_SOURCE_BEGIN_WRITE:
    case ZIP_SOURCE_COMMIT_WRITE:
    case ZIP_SOURCE_ROLLBACK_WRITE: /* the writer is abandoned or committed after */
    case ZIP_SOURCE_FREE:
        return 0;
    default:
        return fail(sink, ZIP_ER_OPNOTSUPP, 0);
    }
}

zip_t *tvi_zip_sink_open(tvi_zip_sink *sink, tvi_file_writer *writer)
{
    zip_source_t *source;
    zip_t *zip;

    *sink = (tvi_zip_sink){.writer = writer, .status = TVAE_OK};
    zip_error_init(&sink->error);
    source = zip_source_function_create(serve, sink, &sink->error);
    zip = source ? zip_open_from_source(source, ZIP_CREATE, &sink->error) : NULL;
    if (source && !zip)
        zip_source_free(source);
    return zip;
}
