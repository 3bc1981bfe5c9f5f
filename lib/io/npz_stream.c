/* SPDX-License-Identifier: MIT */
#include "io/io.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "io/npy.h"
#include "io/zip.h"

struct tvi_npz_stream {
    zip_t *zip;
    tvi_reader reader;
    tvi_npy_header header;
    char *path;
    char *member;
};

void tvi_npz_close(tvi_npz_stream **stream)
{
    tvi_npz_stream *gone = *stream;

    *stream = NULL;
    if (!gone)
        return;
    tvi_zip_close_member(&gone->reader);
    if (gone->zip)
        zip_discard(gone->zip);
    tvi_free(gone->path);
    tvi_free(gone->member);
    tvi_free(gone);
}

/* The names in the sentences; they live as long as the stream. */
static tvae_status keep_names(tvi_npz_stream *stream, const char *path, const char *name)
{
    const size_t n_room = strlen(name) + sizeof ".npy";

    stream->path = tvi_copy_string(path);
    stream->member = tvi_alloc_array(n_room, 1);
    if (!stream->path || !stream->member)
        return TVAE_E_NOMEM;
    (void)snprintf(stream->member, n_room, "%s.npy", name);
    return TVAE_OK;
}

static tvae_status open_member(tvi_npz_stream *stream)
{
    const zip_int64_t index = zip_name_locate(stream->zip, stream->member, 0);
    tvae_status st;

    if (index < 0)
        return tvi_fail(TVAE_E_NOT_FOUND, "npz_open: %s: no member %s among its %lld",
                        stream->path, stream->member,
                        (long long)zip_get_num_entries(stream->zip, 0));
    st = tvi_zip_open_member(stream->zip, (zip_uint64_t)index, "npz_open", stream->path,
                             stream->member, &stream->reader);
    if (st != TVAE_OK)
        return st;
    st = tvi_npy_read_header(&stream->reader, &stream->header);
    if (st != TVAE_OK)
        return st;
    switch (stream->header.type) {
    case TVI_ELEMENT_BOOL:
    case TVI_ELEMENT_U8:
    case TVI_ELEMENT_I64:
        break;
    default:
        return tvi_reader_fail(&stream->reader, TVAE_E_UNSUPPORTED,
                               "the elements are neither bytes nor int64; save it as "
                               "\"|u1\" or \"<i8\"");
    }
    if (stream->header.count == 0)
        return tvi_reader_fail(&stream->reader, TVAE_E_FORMAT,
                               "the array has no elements, want at least one");
    return TVAE_OK;
}

tvae_status tvi_npz_open(const char *path, const char *name, tvi_npz_stream **out)
{
    tvae_status st;

    *out = tvi_alloc_array(1, sizeof **out);
    if (!*out)
        return TVAE_E_NOMEM;
    st = keep_names(*out, path, name);
    if (st == TVAE_OK)
        st = tvi_zip_open("npz_open", path, &(*out)->zip);
    if (st == TVAE_OK)
        st = open_member(*out);
    if (st != TVAE_OK)
        tvi_npz_close(out);
    return st;
}

int32_t tvi_npz_rank(const tvi_npz_stream *stream)
{
    return stream->header.rank;
}

const size_t *tvi_npz_shape(const tvi_npz_stream *stream)
{
    return stream->header.shape;
}

size_t tvi_npz_element_bytes(const tvi_npz_stream *stream)
{
    return tvi_element_bytes(stream->header.type);
}

tvae_status tvi_npz_read(tvi_npz_stream *stream, void *bytes, size_t n_bytes)
{
    tvae_status st = tvi_reader_read(&stream->reader, bytes, n_bytes);

    if (st == TVAE_OK && n_bytes > 0 && stream->reader.n_left == 0)
        st = tvi_zip_check_end(&stream->reader);
    return st;
}
