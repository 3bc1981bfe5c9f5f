/* SPDX-License-Identifier: MIT */
#include "io/gzip.h"

#include <stdbool.h>

#include <zlib.h>

#include "base/memory.h"

enum {
    GZIP_FIRST_BYTE = 0x1f,
    GZIP_WINDOW = 15 + 16, /* inflateInit2()'s number for the gzip wrapping alone */
    LARGEST_RATIO = 1032   /* of deflate: 258 bytes for two bits */
};

/* A stream that inflates another one: the source of the reader that is opened. */
typedef struct gzip_stream {
    z_stream stream;
    tvi_reader *packed;
    bool at_end; /* of the last member */
    unsigned char input[16384];
} gzip_stream;

static voidpf allocate(voidpf user, uInt count, uInt bytes)
{
    (void)user;
    return tvi_alloc_array(count, bytes);
}

static void release(voidpf user, voidpf block)
{
    (void)user;
    tvi_free(block);
}

/* Have packed bytes at hand, if any are left. */
static tvae_status fill_input(gzip_stream *gzip)
{
    const uint64_t n_left = gzip->packed->n_left;
    const size_t n = n_left < sizeof gzip->input ? (size_t)n_left : sizeof gzip->input;
    tvae_status st;

    if (gzip->stream.avail_in > 0 || n == 0)
        return TVAE_OK;
    st = tvi_reader_read(gzip->packed, gzip->input, n);
    if (st != TVAE_OK)
        return st;
    gzip->stream.next_in = gzip->input;
    gzip->stream.avail_in = (uInt)n;
    return TVAE_OK;
}

/* One member has ended: another may follow, and nothing else. */
static tvae_status begin_next_member(gzip_stream *gzip)
{
    tvae_status st = fill_input(gzip);

    if (st != TVAE_OK)
        return st;
    gzip->at_end = gzip->stream.avail_in == 0;
    if (gzip->at_end)
        return TVAE_OK;
    if (gzip->stream.next_in[0] != GZIP_FIRST_BYTE)
        return tvi_reader_fail(gzip->packed, TVAE_E_FORMAT,
                               "trailing bytes follow the gzip data");
    return inflateReset(&gzip->stream) == Z_OK
               ? TVAE_OK
               : tvi_reader_fail(gzip->packed, TVAE_E_FORMAT,
                                 "the gzip stream is damaged");
}

static tvae_status inflate_some(gzip_stream *gzip)
{
    tvae_status st = fill_input(gzip);
    int code;

    if (st != TVAE_OK)
        return st;
    code = inflate(&gzip->stream, Z_NO_FLUSH);
    if (code == Z_STREAM_END)
        return begin_next_member(gzip);
    if (code == Z_MEM_ERROR)
        return TVAE_E_NOMEM;
    if (code == Z_BUF_ERROR && gzip->stream.avail_in == 0)
        return tvi_reader_fail(gzip->packed, TVAE_E_FORMAT,
                               "the .gz file is truncated; get it again");
    if (code != Z_OK && code != Z_BUF_ERROR)
        return tvi_reader_fail(gzip->packed, TVAE_E_FORMAT,
                               "the .gz file is damaged: %s; get it again",
                               gzip->stream.msg ? gzip->stream.msg : "unknown data");
    return TVAE_OK;
}

static tvae_status read_inflated(tvi_reader *reader, void *bytes, size_t n_bytes)
{
    gzip_stream *gzip = reader->source;
    unsigned char *next = bytes;
    tvae_status st;

    while (n_bytes > 0) {
        const uInt n = n_bytes < UINT32_MAX ? (uInt)n_bytes : UINT32_MAX;

        if (gzip->at_end)
            return tvi_reader_fail(reader, TVAE_E_FORMAT,
                                   "the inflated data end %zu bytes early; get the file "
                                   "again",
                                   n_bytes);
        gzip->stream.next_out = next;
        gzip->stream.avail_out = n;
        st = inflate_some(gzip);
        if (st != TVAE_OK)
            return st;
        next += n - gzip->stream.avail_out;
        n_bytes -= n - gzip->stream.avail_out;
    }
    return TVAE_OK;
}

tvae_status tvi_gzip_open(tvi_reader *packed, tvi_reader *reader)
{
    gzip_stream *gzip = tvi_alloc_array(1, sizeof *gzip);
    int code;

    *reader = *packed;
    reader->read = read_inflated;
    reader->source = gzip;
    if (!gzip)
        return TVAE_E_NOMEM;
    gzip->packed = packed;
    gzip->stream.zalloc = allocate;
    gzip->stream.zfree = release;
    reader->n_left = packed->n_left > UINT64_MAX / LARGEST_RATIO
                         ? UINT64_MAX
                         : packed->n_left * LARGEST_RATIO;
    code = inflateInit2(&gzip->stream, GZIP_WINDOW);
    if (code == Z_OK)
        return TVAE_OK;
    return code == Z_MEM_ERROR
               ? TVAE_E_NOMEM
               : tvi_reader_fail(reader, TVAE_E_UNSUPPORTED, "zlib refused to start");
}

tvae_status tvi_gzip_check_end(tvi_reader *reader)
{
    gzip_stream *gzip = reader->source;
    unsigned char beyond;
    tvae_status st;

    while (!gzip->at_end) {
        gzip->stream.next_out = &beyond;
        gzip->stream.avail_out = 1;
        st = inflate_some(gzip);
        if (st != TVAE_OK)
            return st;
        if (gzip->stream.avail_out == 0)
            return tvi_reader_fail(reader, TVAE_E_FORMAT,
                                   "trailing bytes follow the data");
    }
    return TVAE_OK;
}

void tvi_gzip_close(tvi_reader *reader)
{
    gzip_stream *gzip = reader->source;

    if (gzip)
        (void)inflateEnd(&gzip->stream);
    tvi_free(gzip);
    reader->source = NULL;
}
