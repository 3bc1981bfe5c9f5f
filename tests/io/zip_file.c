/* SPDX-License-Identifier: MIT */
#include "zip_file.h"

#include <stdlib.h>
#include <string.h>

#include <zip.h>

#include "support.h"

unsigned char *make_npy(const char *header, const void *data, size_t n_data,
                        size_t *n_bytes)
{
    const size_t n_text = strlen(header) + 1;
    unsigned char *bytes = malloc(10 + n_text + n_data);

    ck_assert_ptr_nonnull(bytes);
    memcpy(bytes, "\x93NUMPY\x01\x00", 8);
    bytes[8] = (unsigned char)(n_text & 0xff);
    bytes[9] = (unsigned char)(n_text >> 8);
    memcpy(bytes + 10, header, n_text - 1);
    bytes[10 + n_text - 1] = '\n';
    if (n_data)
        memcpy(bytes + 10 + n_text, data, n_data);
    *n_bytes = 10 + n_text + n_data;
    return bytes;
}

static void add_member(zip_t *zip, const zip_member *member, int method)
{
    size_t n_bytes = member->n_bytes;
    void *bytes = malloc(n_bytes + 1);
    zip_source_t *source;
    zip_int64_t index;

    ck_assert_ptr_nonnull(bytes);
    if (n_bytes)
        memcpy(bytes, member->data, n_bytes);
    if (member->header) {
        free(bytes);
        bytes = make_npy(member->header, member->data, member->n_bytes, &n_bytes);
    }
    if (n_bytes == 0) { /* libzip does not take over an empty block */
        free(bytes);
        bytes = NULL;
    }
    source = zip_source_buffer(zip, bytes, n_bytes, 1);
    ck_assert_ptr_nonnull(source);
    index = zip_file_add(zip, member->name, source, ZIP_FL_ENC_UTF_8);
    ck_assert_int_ge(index, 0);
    ck_assert_int_eq(zip_set_file_compression(zip, (zip_uint64_t)index, method, 0), 0);
    ck_assert_int_eq(zip_file_set_mtime(zip, (zip_uint64_t)index, 946684800, 0), 0);
}

void write_zip(const char *path, const zip_member *members, size_t n_members, int method)
{
    int code = 0;
    zip_t *zip = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, &code);

    ck_assert_ptr_nonnull(zip);
    for (size_t i = 0; i < n_members; i++)
        add_member(zip, &members[i], method);
    ck_assert_int_eq(zip_close(zip), 0);
}
