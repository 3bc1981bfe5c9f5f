/* SPDX-License-Identifier: MIT */
#ifndef TVI_IO_ZIP_SINK_H
#define TVI_IO_ZIP_SINK_H

#include <zip.h>

#include "io/file.h"

/* Where libzip writes: into a file writer, so that its writes are ours. */
typedef struct tvi_zip_sink {
    tvi_file_writer *writer;
    zip_uint64_t at;    /* the offset of the next write */
    zip_uint64_t size;  /* the greatest offset so far */
    tvae_status status; /* of the first write that failed, with its sentence */
    zip_error_t error;  /* the same, for libzip */
} tvi_zip_sink;

/* An empty zip to be written through `writer`; closing or discarding it ends the sink's
 * use, which must live as long. NULL: no memory. */
zip_t *tvi_zip_sink_open(tvi_zip_sink *sink, tvi_file_writer *writer);

#endif
