/* SPDX-License-Identifier: MIT */
#ifndef TVI_IO_ARCHIVE_H
#define TVI_IO_ARCHIVE_H

#include "base/refcount.h"
#include "io/io.h"
#include "io/name_map.h"
#include "io/reader.h"

struct tvae_archive {
    tvi_refcount references;
    tvi_name_map tensors;  /* values: tvae_tensor */
    tvi_name_map metadata; /* values: zero-ended text */
};

enum {
    TVI_ARCHIVE_NAME_BYTES = 255,      /* longest name of a tensor */
    TVI_ARCHIVE_MOST_TENSORS = 1000000 /* most tensors a file may hold */
};

/* Add a tensor that a file holds; a bad or a repeated name is TVAE_E_FORMAT. */
tvae_status tvi_archive_take(tvae_archive *archive, const tvi_reader *reader,
                             const char *name, tvae_tensor *tensor);

/* Each reads into an empty archive, which the caller destroys on failure. */
tvae_status tvi_npz_load(tvae_archive *archive, const char *path);
tvae_status tvi_npy_load(tvae_archive *archive, const char *path);
tvae_status tvi_safetensors_load(tvae_archive *archive, const char *path);

tvae_status tvi_npz_save(const tvae_archive *archive, const char *path);
tvae_status tvi_npy_save(const tvae_archive *archive, const char *path);
tvae_status tvi_safetensors_save(const tvae_archive *archive, const char *path);

#endif
