/* SPDX-License-Identifier: MIT */
#ifndef TVI_IO_GZIP_H
#define TVI_IO_GZIP_H

#include "io/reader.h"

/* Make `reader` give the inflated bytes of `packed`, one or more gzip members; `packed`
 * is borrowed. How many there will be is not known: `n_left` starts at the most that
 * deflate can make. On failure, too, tvi_gzip_close() releases what was made. */
tvae_status tvi_gzip_open(tvi_reader *packed, tvi_reader *reader);

/* After the last byte: TVAE_E_FORMAT if inflated or packed bytes follow, or the CRC is
 * wrong. */
tvae_status tvi_gzip_check_end(tvi_reader *reader);

void tvi_gzip_close(tvi_reader *reader);

#endif
