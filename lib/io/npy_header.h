/* SPDX-License-Identifier: MIT */
#ifndef TVI_IO_NPY_HEADER_H
#define TVI_IO_NPY_HEADER_H

#include "io/npy.h"

/* Parse the text of a `.npy` header, a Python dictionary of exactly three keys:
 * {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }. */
tvae_status tvi_npy_parse_header(const tvi_reader *reader, const char *text,
                                 tvi_npy_header *header);

#endif
