/* SPDX-License-Identifier: MIT */
#ifndef TVI_IO_IO_H
#define TVI_IO_IO_H

#include <stdbool.h>

#include <tvae/io.h>

/* ---- atomic files
 * ------------------------------------------------------------------------ */

/* Write `n_bytes` to `path` whole or not at all: temporary file in the same folder,
 * fsync, rename, fsync of the folder. Errors name the path, the system's reason and what
 * to do. */
tvae_status tvi_file_write(const char *path, const void *bytes, size_t n_bytes);

/* Read a whole file of at most `max_bytes` into a block of tvi_alloc_array(), with a zero
 * byte after the end. TVAE_E_NOT_FOUND, TVAE_E_IO, TVAE_E_FORMAT (larger than max_bytes).
 */
tvae_status tvi_file_read(const char *path, size_t max_bytes, char **bytes,
                          size_t *n_bytes);

bool tvi_file_exists(const char *path);

/* folder + "/" + name, in a block of tvi_alloc_array(). */
char *tvi_path_join(const char *folder, const char *name);

/* ---- IDX
 * --------------------------------------------------------------------------------- */

/* A file of unsigned bytes in MNIST's format, plain or gzipped (told by its content). */
typedef struct tvi_idx {
    int32_t rank;
    size_t shape[4];
    size_t count;
    unsigned char *values; /* block of tvi_alloc_array() */
} tvi_idx;

/* Read an IDX file of type 0x08 and the given rank; `path` is tried as it is, then with
 * ".gz" after it. Truncation, trailing bytes, wrong magic and absurd sizes are
 * TVAE_E_FORMAT. */
tvae_status tvi_idx_read(const char *path, int32_t rank, tvi_idx *idx);
void tvi_idx_release(tvi_idx *idx);

/* ---- streams of one member of an .npz
 * --------------------------------------------------- */

typedef struct tvi_npz_stream tvi_npz_stream;

/* Open member `name` (without ".npy"), which must be unsigned bytes (|u1 or |b1) or int64
 * (<i8), and read its header; data are then read in order, never held whole. The zip's
 * CRC is checked when the last byte is read. */
tvae_status tvi_npz_open(const char *path, const char *name, tvi_npz_stream **out);
int32_t tvi_npz_rank(const tvi_npz_stream *stream);
const size_t *tvi_npz_shape(const tvi_npz_stream *stream);
size_t tvi_npz_element_bytes(const tvi_npz_stream *stream);
/* The next n_bytes of data; TVAE_E_FORMAT when the member ends early or its CRC is wrong.
 */
tvae_status tvi_npz_read(tvi_npz_stream *stream, void *bytes, size_t n_bytes);
void tvi_npz_close(tvi_npz_stream **stream);

/* ---- checksummed archives
 * ---------------------------------------------------------------- */

/* As tvae_archive_save() and tvae_archive_load() of a .safetensors file, with a CRC-32 of
 * all names, shapes and data in its metadata ("crc32"), which load demands and checks. */
tvae_status tvi_archive_save_checked(const tvae_archive *archive, const char *path);
tvae_status tvi_archive_load_checked(const char *path, tvae_archive **out);

#endif
