/* SPDX-License-Identifier: MIT */
#ifndef TVI_IO_ELEMENT_H
#define TVI_IO_ELEMENT_H

#include "io/reader.h"

/* The element types that files of arrays hold; all little-endian. */
typedef enum tvi_element {
    TVI_ELEMENT_BOOL,
    TVI_ELEMENT_U8,
    TVI_ELEMENT_I8,
    TVI_ELEMENT_U16,
    TVI_ELEMENT_I16,
    TVI_ELEMENT_U32,
    TVI_ELEMENT_I32,
    TVI_ELEMENT_U64,
    TVI_ELEMENT_I64,
    TVI_ELEMENT_F16,
    TVI_ELEMENT_BF16,
    TVI_ELEMENT_F32,
    TVI_ELEMENT_F64
} tvi_element;

size_t tvi_element_bytes(tvi_element type);

/* Read `count` elements as float32. F32 goes straight into `values`, other types through
 * a small buffer, so that nothing is held twice. F64 is rounded to nearest; an integer
 * that float32 cannot hold exactly is TVAE_E_UNSUPPORTED. */
tvae_status tvi_element_read(tvi_reader *reader, tvi_element type, size_t count,
                             float *values);

#endif
