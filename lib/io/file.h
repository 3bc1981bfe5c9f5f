/* SPDX-License-Identifier: MIT */
#ifndef TVI_IO_FILE_H
#define TVI_IO_FILE_H

#include "io/io.h"

/* Room for any system reason. */
enum { TVI_REASON_TEXT = 128 };

/* strerror() for threads: the reason into `text`; returns a string. */
const char *tvi_reason_text(int code, char text[TVI_REASON_TEXT]);

/* Open a regular file for reading and learn its size. TVAE_E_NOT_FOUND, TVAE_E_IO (also
 * for a folder or a device). `call` begins the sentences. */
tvae_status tvi_file_open(const char *call, const char *path, int *file,
                          uint64_t *n_bytes);

/* ---- a file that appears whole or not at all: create, append, commit ---- */

typedef struct tvi_file_writer {
    const char *path; /* the caller's */
    char *temporary;  /* beside it; NULL when there is nothing to remove */
    int file;         /* -1 when closed */
} tvi_file_writer;

/* On failure nothing is left behind. `path` is borrowed until the end. */
tvae_status tvi_file_begin(tvi_file_writer *writer, const char *path);
tvae_status tvi_file_append(tvi_file_writer *writer, const void *bytes, size_t n_bytes);

/* Flush, rename over `path`, flush the folder. Ends the writer whatever it returns. */
tvae_status tvi_file_commit(tvi_file_writer *writer);

/* Remove the temporary file; fine on a writer that has ended. */
void tvi_file_abandon(tvi_file_writer *writer);

/* The sentence of a failed write: path, reason, what to do; TVAE_E_IO. */
tvae_status tvi_file_fail_write(const char *path, const char *step, int code);

#endif
