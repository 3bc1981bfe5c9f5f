/* SPDX-License-Identifier: MIT */
#ifndef TVI_IO_GZIP_H
#define TVI_IO_GZIP_H

#include <stdbool.h>

#include <zlib.h>

#include "io/reader.h"

/* A stream that inflates another one, of one or more gzip members. */
typedef struct tvi_gzip {
    z_stream stream;
    tvi_reader *packed;
    bool at_end; /* of the last member */
    unsigned char input[16384];
} tvi_gzip;

/* Make `reader` give the inflated bytes of `packed`; both are borrowed. How many there
 * will be is not known: `n_left` starts at the most that deflate can make. */
tvae_status tvi_gzip_open(tvi_gzip *gzip, tvi_reader *packed, tvi_reader *reader);

/* After the last byte: TVAE_E_FORMAT if inflated or packed bytes follow, or the CRC is
 * wrong. */
tvae_status tvi_gzip_check_end(tvi_reader *reader);

void tvi_gzip_close(tvi_gzip *gzip);

#endif
