/* SPDX-License-Identifier: MIT */
#ifndef TVAE_IO_H
#define TVAE_IO_H

#include <tvae/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @file
 * Floor 2: named arrays in files. One handle, the *archive*, is an ordered set of named
 * tensors with text metadata; it reads and writes `.safetensors`, `.npz` and `.npy`.
 *
 * Arrays of other types are converted to float32 when read; an integer that float32
 * cannot hold exactly is refused. NaN and infinities are data like any other. Every file
 * is treated as hostile: sizes, names, offsets and types are checked against the file
 * before memory is asked for.
 */
typedef struct tvae_archive tvae_archive; /**< Named tensors with text metadata. */

/** Create an empty archive. Statuses: TVAE_OK, TVAE_E_INVALID, TVAE_E_NOMEM.
 *  Ownership: one reference for the caller. Threads: any. Since: 0.1 */
TVAE_API tvae_status tvae_archive_create(tvae_archive **out);

/**
 * Read a file whole; its name's ending tells the format.
 *
 * @param[in]  path  `.safetensors` (F32, F16, BF16, F64 and integers), `.npz` or `.npy`
 *                   (floats, integers, booleans). A `.npy` array gets the name "data".
 * @param[out] out   The archive.
 *
 * @retval TVAE_OK             Read.
 * @retval TVAE_E_INVALID      NULL argument.
 * @retval TVAE_E_NOT_FOUND    No such file.
 * @retval TVAE_E_IO           The file cannot be read.
 * @retval TVAE_E_FORMAT       The file contradicts its format; the message says where.
 * @retval TVAE_E_UNSUPPORTED  An ending or element type this build cannot read, an array
 *                             without elements or of more than TVAE_MAX_RANK axes, one in
 *                             Fortran order, one of pickled objects (never unpickled).
 * @retval TVAE_E_NOMEM        No memory.
 *
 * Ownership: one reference for the caller.
 * Threads:   any.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_archive_load(const char *path, tvae_archive **out);

/**
 * Write a file whole or not at all: to a temporary file beside it, flushed, then renamed.
 * Equal archives give equal bytes. Where @p path is a symbolic link, the file takes the
 * link's place. Its owner alone may write it (mode 0644 less the umask).
 *
 * @param[in] archive  What to write.
 * @param[in] path     `.safetensors`, `.npz`, or `.npy` (then of exactly one tensor).
 *
 * @retval TVAE_OK             Written; the file is complete and on the disk.
 * @retval TVAE_E_INVALID      NULL argument, a `.npy` of other than one tensor, or a
 *                             tensor named "__metadata__" in a `.safetensors`.
 * @retval TVAE_E_IO           Not written, and an older file of that name is untouched;
 *                             or written, but perhaps not to the disk: the message
 *                             says so.
 * @retval TVAE_E_UNSUPPORTED  An ending this build cannot write.
 * @retval TVAE_E_NOMEM        No memory; an older file is untouched.
 *
 * Ownership: nothing is kept.
 * Threads:   shared-read.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_archive_save(const tvae_archive *archive, const char *path);

/** Add a reference; returns @p archive. Threads: any. Since: 0.1 */
TVAE_API tvae_archive *tvae_archive_retain(tvae_archive *archive);

/** Drop the caller's reference and null the pointer. Threads: any. Since: 0.1 */
TVAE_API void tvae_archive_destroy(tvae_archive **archive);

/** Number of tensors; 0 for NULL. Threads: shared-read. Since: 0.1 */
TVAE_API size_t tvae_archive_count(const tvae_archive *archive);

/** Name of tensor @p index, NULL past the end. Ownership: the archive's, valid until it
 * is changed or gone. Threads: shared-read. Since: 0.1 */
TVAE_API const char *tvae_archive_name(const tvae_archive *archive, size_t index);

/**
 * Find a tensor by name.
 *
 * @param[in]  archive  Read only.
 * @param[in]  name     As tvae_archive_name() gives it.
 * @param[out] out      A new reference that shares the archive's data.
 *
 * @retval TVAE_OK           Found; @p out is a new reference that shares the archive's
 * data.
 * @retval TVAE_E_INVALID    NULL argument.
 * @retval TVAE_E_NOT_FOUND  No such name; the message lists near ones.
 *
 * Ownership: the caller destroys @p out.
 * Threads:   shared-read.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_archive_get(const tvae_archive *archive, const char *name,
                                      tvae_tensor **out);

/**
 * Add a tensor under a name, replacing one of the same name.
 *
 * @param[in,out] archive  Changed on success alone.
 * @param[in]     name     1 to 255 bytes of UTF-8.
 * @param[in]     tensor   Any shape.
 *
 * @retval TVAE_OK         Added.
 * @retval TVAE_E_INVALID  NULL argument, or a name that is empty, longer than 255 bytes
 *                         or not UTF-8.
 * @retval TVAE_E_NOMEM    No memory; the archive is as before.
 *
 * Ownership: the archive takes its own reference; the data is shared, not copied.
 * Threads:   one-at-a-time.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_archive_put(tvae_archive *archive, const char *name,
                                      tvae_tensor *tensor);

/**
 * The text stored under a metadata key (safetensors `__metadata__`), or NULL.
 *
 * Ownership: the archive's, valid until that key is set again or the archive is gone.
 * Threads:   shared-read.
 * Since:     0.1
 */
TVAE_API const char *tvae_archive_metadata(const tvae_archive *archive, const char *key);

/**
 * Store a text under a metadata key; only `.safetensors` files keep it.
 *
 * @param[in,out] archive  Changed on success alone.
 * @param[in]     key      UTF-8, not empty.
 * @param[in]     text     UTF-8.
 *
 * @retval TVAE_OK         Stored.
 * @retval TVAE_E_INVALID  NULL argument, empty key, or a text that is not UTF-8.
 * @retval TVAE_E_NOMEM    No memory; the archive is as before.
 *
 * Ownership: both strings are copied.
 * Threads:   one-at-a-time.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_archive_set_metadata(tvae_archive *archive, const char *key,
                                               const char *text);

#ifdef __cplusplus
}
#endif

#endif
