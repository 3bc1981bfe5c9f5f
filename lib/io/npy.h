/* SPDX-License-Identifier: MIT */
#ifndef TVI_IO_NPY_H
#define TVI_IO_NPY_H

#include "io/element.h"
#include "io/io.h"

/* What the header of a `.npy` says. An extent may be zero. */
typedef struct tvi_npy_header {
    tvi_element type;
    int32_t rank;
    size_t shape[TVAE_MAX_RANK];
    size_t count; /* elements */
} tvi_npy_header;

/* Read the header and check that the data, to the byte, is what is left in the reader. */
tvae_status tvi_npy_read_header(tvi_reader *reader, tvi_npy_header *header);

/* Read header and data. */
tvae_status tvi_npy_read(tvi_reader *reader, tvae_tensor **out);

/* The header (version 1.0) of a float32 tensor; returns its length, a multiple of 64. */
enum { TVI_NPY_HEADER_BYTES = 320 };
size_t tvi_npy_format_header(const tvae_tensor *tensor,
                             char header[TVI_NPY_HEADER_BYTES]);

#endif
