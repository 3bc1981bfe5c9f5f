/* SPDX-License-Identifier: MIT */
#include "io/reader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "io/file.h"

enum { SENTENCE_BYTES = 512 };

/* read() of more than this is cut short by Linux anyway. */
static const size_t largest_read = (size_t)1 << 30;

tvae_status tvi_reader_fail(const tvi_reader *reader, tvae_status status,
                            const char *format, ...)
{
    char sentence[SENTENCE_BYTES];
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(sentence, sizeof sentence, format, arguments);
    va_end(arguments);
    return tvi_fail(status, "%s: %s: %s%s%s", reader->call, reader->path,
                    reader->member ? reader->member : "", reader->member ? ": " : "",
                    sentence);
}

tvae_status tvi_reader_read(tvi_reader *reader, void *bytes, size_t n_bytes)
{
    tvae_status st;

    if (n_bytes > reader->n_left)
        return tvi_reader_fail(reader, TVAE_E_FORMAT,
                               "truncated: %zu more bytes are needed where %llu are "
                               "left; get the file again",
                               n_bytes, (unsigned long long)reader->n_left);
    st = reader->read(reader, bytes, n_bytes);
    if (st == TVAE_OK)
        reader->n_left -= n_bytes;
    return st;
}

static tvae_status read_file(tvi_reader *reader, void *bytes, size_t n_bytes)
{
    const int file = *(const int *)reader->source;
    unsigned char *next = bytes;
    char reason[TVI_REASON_TEXT];

    while (n_bytes > 0) {
        const ssize_t got =
            read(file, next, n_bytes < largest_read ? n_bytes : largest_read);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return tvi_reader_fail(reader, TVAE_E_IO, "reading failed: %s",
                                   tvi_reason_text(errno, reason));
        if (got == 0)
            return tvi_reader_fail(reader, TVAE_E_FORMAT,
                                   "the file became shorter while it was read");
        next += got;
        n_bytes -= (size_t)got;
    }
    return TVAE_OK;
}

void tvi_reader_of_file(tvi_reader *reader, int *file, uint64_t n_bytes, const char *call,
                        const char *path)
{
    *reader = (tvi_reader){
        .read = read_file, .source = file, .n_left = n_bytes, .call = call, .path = path};
}
