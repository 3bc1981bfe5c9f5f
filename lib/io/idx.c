/* SPDX-License-Identifier: MIT */
#include "io/io.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/file.h"
#include "io/gzip.h"
#include "tensor/tensor.h"

/* IDX: two zero bytes, the element type, the rank; then the extents, 32 bits each,
 * big-endian; then the elements. */
enum { UNSIGNED_BYTES = 0x08, MOST_RANK = 4, EXTENT_BYTES = 4 };

static uint32_t read_big_endian(const unsigned char *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
           bytes[3];
}

/* Magic and shape; the number of elements is checked against overflow and against the
 * bytes that the file can still give. */
static tvae_status read_shape(tvi_reader *reader, int32_t rank, tvi_idx *idx)
{
    const uint32_t magic = (uint32_t)UNSIGNED_BYTES << 8 | (uint32_t)rank;
    unsigned char bytes[EXTENT_BYTES];
    char shape[TVI_SHAPE_TEXT];
    bool fits = true;
    tvae_status st;

    st = tvi_reader_read(reader, bytes, sizeof bytes);
    if (st != TVAE_OK)
        return st;
    if (read_big_endian(bytes) != magic)
        return tvi_reader_fail(reader, TVAE_E_FORMAT,
                               "the magic number is 0x%08x, want 0x%08x: an IDX file of "
                               "unsigned bytes with %d axes",
                               read_big_endian(bytes), magic, (int)rank);
    idx->rank = rank;
    idx->count = 1;
    for (int32_t axis = 0; axis < rank; axis++) {
        st = tvi_reader_read(reader, bytes, sizeof bytes);
        if (st != TVAE_OK)
            return st;
        idx->shape[axis] = read_big_endian(bytes);
        fits = fits && tvi_multiply(idx->count, idx->shape[axis], &idx->count);
    }
    if (fits && idx->count > 0 && idx->count <= reader->n_left)
        return TVAE_OK;
    return tvi_reader_fail(reader, TVAE_E_FORMAT, "shape %s %s; get the file again",
                           tvi_shape_text(rank, idx->shape, shape),
                           fits && idx->count == 0
                               ? "has no elements"
                               : "needs more bytes than the file has: it is truncated or "
                                 "damaged");
}

static tvae_status read_values(tvi_reader *reader, int32_t rank, tvi_idx *idx)
{
    tvae_status st = read_shape(reader, rank, idx);

    if (st != TVAE_OK)
        return st;
    idx->values = tvi_alloc_array(idx->count, 1);
    if (!idx->values)
        return TVAE_E_NOMEM;
    return tvi_reader_read(reader, idx->values, idx->count);
}

static tvae_status read_plain(tvi_reader *reader, int32_t rank, tvi_idx *idx)
{
    tvae_status st = read_values(reader, rank, idx);

    if (st == TVAE_OK && reader->n_left > 0)
        st = tvi_reader_fail(reader, TVAE_E_FORMAT, "%llu trailing bytes follow the data",
                             (unsigned long long)reader->n_left);
    return st;
}

static tvae_status read_gzipped(tvi_reader *packed, int32_t rank, tvi_idx *idx)
{
    tvi_reader reader;
    tvae_status st = tvi_gzip_open(packed, &reader);

    if (st == TVAE_OK)
        st = read_values(&reader, rank, idx);
    if (st == TVAE_OK)
        st = tvi_gzip_check_end(&reader);
    tvi_gzip_close(&reader);
    return st;
}

/* A gzip file begins with 0x1f 0x8b, which no IDX file does. */
static tvae_status read_either(int file, uint64_t n_bytes, const char *path, int32_t rank,
                               tvi_idx *idx)
{
    unsigned char start[2];
    tvi_reader reader;

    tvi_reader_of_file(&reader, &file, n_bytes, "idx_read", path);
    if (pread(file, start, sizeof start, 0) == (ssize_t)sizeof start &&
        start[0] == 0x1f && start[1] == 0x8b)
        return read_gzipped(&reader, rank, idx);
    return read_plain(&reader, rank, idx);
}

/* Open `path`, or else `path`.gz, whose name `*gz_path` then is. */
static tvae_status open_either(const char *path, char **gz_path, int *file,
                               uint64_t *n_bytes)
{
    const size_t n_room = strlen(path) + sizeof ".gz";
    tvae_status st = tvi_file_open("idx_read", path, file, n_bytes);

    if (st != TVAE_E_NOT_FOUND)
        return st;
    *gz_path = tvi_alloc_array(n_room, 1);
    if (!*gz_path)
        return TVAE_E_NOMEM;
    (void)snprintf(*gz_path, n_room, "%s.gz", path);
    st = tvi_file_open("idx_read", *gz_path, file, n_bytes);
    if (st != TVAE_E_NOT_FOUND)
        return st;
    return tvi_fail(st,
                    "idx_read: neither %s nor %s.gz exists; check the folder of the data",
                    path, path);
}

tvae_status tvi_idx_read(const char *path, int32_t rank, tvi_idx *idx)
{
    char *gz_path = NULL;
    uint64_t n_bytes = 0;
    int file = -1;
    tvae_status st;

    memset(idx, 0, sizeof *idx);
    if (rank < 1 || rank > MOST_RANK)
        return tvi_fail(TVAE_E_INVALID, "idx_read: rank is %d, want 1 to %d", (int)rank,
                        MOST_RANK);
    st = open_either(path, &gz_path, &file, &n_bytes);
    if (st == TVAE_OK) {
        st = read_either(file, n_bytes, gz_path ? gz_path : path, rank, idx);
        (void)close(file);
    }
    tvi_free(gz_path);
    if (st != TVAE_OK)
        tvi_idx_release(idx);
    return st;
}

void tvi_idx_release(tvi_idx *idx)
{
    tvi_free(idx->values);
    memset(idx, 0, sizeof *idx);
}
