/* SPDX-License-Identifier: MIT */
#ifndef TVI_IO_READER_H
#define TVI_IO_READER_H

#include "base/error.h"

/* A stream of bytes of known length: a file, or one member of a zip. */
typedef struct tvi_reader {
    /* Exactly n_bytes, or a failure with its sentence (through tvi_reader_fail()). */
    tvae_status (*read)(struct tvi_reader *reader, void *bytes, size_t n_bytes);
    void *source;
    uint64_t n_left; /* bytes that are left, by the file's own account */

    /* What sentences begin with: "<call>: <path>: " or "<call>: <path>: <member>: ". */
    const char *call;
    const char *path;
    const char *member;
} tvi_reader;

/* The next n_bytes; TVAE_E_FORMAT if fewer are left. */
tvae_status tvi_reader_read(tvi_reader *reader, void *bytes, size_t n_bytes);

tvae_status tvi_reader_fail(const tvi_reader *reader, tvae_status status,
                            const char *format, ...) TVI_PRINTF(3, 4);

/* A reader of an open file of n_bytes, from its current position on; the file stays the
 * caller's. */
void tvi_reader_of_file(tvi_reader *reader, int *file, uint64_t n_bytes, const char *call,
                        const char *path);

#endif
