/* SPDX-License-Identifier: MIT */
#ifndef TVI_IO_ZIP_H
#define TVI_IO_ZIP_H

#include <zip.h>

#include "io/reader.h"

/* Open a zip file for reading. libzip itself holds the directory's counts and offsets
 * against the file's size. */
tvae_status tvi_zip_open(const char *call, const char *path, zip_t **out);

/* Open member `index` as a reader; `member` is its name in sentences. Sizes are checked
 * against what the file can hold. */
tvae_status tvi_zip_open_member(zip_t *zip, zip_uint64_t index, const char *call,
                                const char *path, const char *member, tvi_reader *reader);

/* After the last byte: libzip compares the CRC when it meets the end. */
tvae_status tvi_zip_check_end(tvi_reader *reader);

void tvi_zip_close_member(tvi_reader *reader);

/* The status that a libzip error stands for. */
tvae_status tvi_zip_status(const zip_error_t *error);

#endif
