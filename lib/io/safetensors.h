/* SPDX-License-Identifier: MIT */
#ifndef TVI_IO_SAFETENSORS_H
#define TVI_IO_SAFETENSORS_H

/* The format: the header's length (64 bits, little-endian); the header, a JSON object of
 * {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...} with texts
 * under "__metadata__"; the data, which the offsets count from. */
#define TVI_SAFETENSORS_METADATA "__metadata__"

enum {
    TVI_SAFETENSORS_LENGTH_BYTES = 8,
    TVI_SAFETENSORS_MOST_HEADER = 100000000, /* as the format's own implementation */
    TVI_SAFETENSORS_ALIGNMENT = 8            /* of the data, by spaces after the header */
};

#endif
