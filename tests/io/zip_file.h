/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_ZIP_FILE_H
#define TVAE_TESTS_ZIP_FILE_H

#include <stddef.h>

/* One member: with a header, a `.npy` of version 1.0; else the data alone. */
typedef struct zip_member {
    const char *name;
    const char *header;
    const void *data;
    size_t n_bytes;
} zip_member;

/* Write a zip of members compressed by `method` (ZIP_CM_STORE or ZIP_CM_DEFLATE). */
void write_zip(const char *path, const zip_member *members, size_t n_members, int method);

/* The bytes of a `.npy` of version 1.0, in a block of malloc(). */
unsigned char *make_npy(const char *header, const void *data, size_t n_data,
                        size_t *n_bytes);

#endif
