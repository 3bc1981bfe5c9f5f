/* SPDX-License-Identifier: MIT */
#include "io/npy.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "io/archive.h"
#include "io/npy_header.h"
#include "tensor/tensor.h"

/* numpy itself refuses headers of more than 10,000 characters by default. */
enum { MOST_HEADER_BYTES = 65536, MAGIC_BYTES = 6 };

static const char magic[MAGIC_BYTES] = {'\x93', 'N', 'U', 'M', 'P', 'Y'};

/* Magic, version and the length of the text that follows (NEP 1; version 3 differs from 2
 * only in that the text is UTF-8). */
static tvae_status read_preamble(tvi_reader *reader, size_t *n_text)
{
    unsigned char start[MAGIC_BYTES + 2], length[4] = {0};
    tvae_status st;

    st = tvi_reader_read(reader, start, sizeof start);
    if (st != TVAE_OK)
        return st;
    if (memcmp(start, magic, MAGIC_BYTES) != 0)
        return tvi_reader_fail(reader, TVAE_E_FORMAT,
                               "the array begins with 0x%02x 0x%02x, want the .npy magic "
                               "0x93 0x4e (\"\\x93NUMPY\")",
                               start[0], start[1]);
    if (start[6] < 1 || start[6] > 3 || start[7] != 0)
        return tvi_reader_fail(reader, TVAE_E_UNSUPPORTED,
                               ".npy version %d.%d, want 1.0, 2.0 or 3.0", start[6],
                               start[7]);
    st = tvi_reader_read(reader, length, start[6] == 1 ? 2 : 4);
    if (st != TVAE_OK)
        return st;
    *n_text = (size_t)length[0] | (size_t)length[1] << 8 | (size_t)length[2] << 16 |
              (size_t)length[3] << 24;
    if (*n_text > MOST_HEADER_BYTES)
        return tvi_reader_fail(reader, TVAE_E_FORMAT,
                               "the .npy header has %zu bytes, want at most %d", *n_text,
                               MOST_HEADER_BYTES);
    return TVAE_OK;
}

/* Elements and bytes by the shape, against what the file holds. */
static tvae_status check_size(const tvi_reader *reader, tvi_npy_header *header)
{
    char shape[TVI_SHAPE_TEXT];
    size_t count = 1, n_bytes;
    bool fits = true;

    for (int32_t axis = 0; axis < header->rank && fits; axis++)
        fits = tvi_multiply(count, header->shape[axis], &count);
    fits = fits && tvi_multiply(count, tvi_element_bytes(header->type), &n_bytes);
    if (!fits || n_bytes != reader->n_left)
        return tvi_reader_fail(
            reader, TVAE_E_FORMAT,
            "shape %s of %zu-byte elements does not fit the %llu bytes "
            "of data; the file is damaged or incomplete",
            tvi_shape_text(header->rank, header->shape, shape),
            tvi_element_bytes(header->type), (unsigned long long)reader->n_left);
    header->count = count;
    return TVAE_OK;
}

tvae_status tvi_npy_read_header(tvi_reader *reader, tvi_npy_header *header)
{
    size_t n_text = 0;
    char *text;
    tvae_status st;

    memset(header, 0, sizeof *header);
    st = read_preamble(reader, &n_text);
    if (st != TVAE_OK)
        return st;
    text = tvi_alloc_array(n_text + 1, 1);
    if (!text)
        return TVAE_E_NOMEM;
    st = tvi_reader_read(reader, text, n_text);
    if (st == TVAE_OK && strlen(text) != n_text)
        st = tvi_reader_fail(reader, TVAE_E_FORMAT,
                             "the .npy header contains a zero byte");
    if (st == TVAE_OK)
        st = tvi_npy_parse_header(reader, text, header);
    tvi_free(text);
    return st == TVAE_OK ? check_size(reader, header) : st;
}

tvae_status tvi_npy_read(tvi_reader *reader, tvae_tensor **out)
{
    tvi_npy_header header;
    tvae_status st;

    *out = NULL;
    st = tvi_npy_read_header(reader, &header);
    if (st != TVAE_OK)
        return st;
    if (header.count == 0)
        return tvi_reader_fail(reader, TVAE_E_UNSUPPORTED,
                               "the array has no elements, want at least one");
    st = tvae_tensor_create(header.rank, header.shape, out);
    if (st != TVAE_OK)
        return st;
    st = tvi_element_read(reader, header.type, header.count, tvae_tensor_data(*out));
    if (st != TVAE_OK)
        tvae_tensor_destroy(out);
    return st;
}

size_t tvi_npy_format_header(const tvae_tensor *tensor, char header[TVI_NPY_HEADER_BYTES])
{
    const size_t n_start = MAGIC_BYTES + 4;
    const int32_t rank = tvae_tensor_rank(tensor);
    size_t used = n_start, n_text;

    memset(header, ' ', TVI_NPY_HEADER_BYTES);
    memcpy(header, magic, MAGIC_BYTES);
    used += (size_t)snprintf(header + used, TVI_NPY_HEADER_BYTES - used,
                             "{'descr': '<f4', 'fortran_order': False, 'shape': (");
    for (int32_t axis = 0; axis < rank; axis++)
        used += (size_t)snprintf(header + used, TVI_NPY_HEADER_BYTES - used, "%s%zu%s",
                                 axis ? ", " : "", tvae_tensor_extent(tensor, axis),
                                 rank == 1 ? "," : "");
    used += (size_t)snprintf(header + used, TVI_NPY_HEADER_BYTES - used, "), }");
    header[used] = ' ';
    used = (used + 1 + 63) / 64 * 64;
    header[used - 1] = '\n';
    n_text = used - n_start;
    header[6] = 1;
    header[7] = 0;
    header[8] = (char)(n_text & 0xff);
    header[9] = (char)(n_text >> 8);
    return used;
}
