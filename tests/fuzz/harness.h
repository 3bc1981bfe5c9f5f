/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_FUZZ_HARNESS_H
#define TVAE_TESTS_FUZZ_HARNESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tvae/tvae.h>

/* What the fuzz targets share. A target reads one input in two phases, each with a limit
 * on the library's memory: while it *reads*, asking for more than the input's size allows
 * is a finding; what *uses* the object read is refused memory past a fixed limit. */

enum {
    FUZZ_READ_BYTES = 4 << 20, /* a reader's own, whatever the file */
    FUZZ_READ_RATIO = 4200,    /* deflate's 1032 bytes for one, as float32 */
    FUZZ_USE_BYTES = 64 << 20,
    FUZZ_BUILD_BYTES = 1 << 20 /* of what a configuration of no size at all describes */
};

/* The entry that libFuzzer and replay.c call; it always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

void fuzz_begin_reading(size_t n_input);
void fuzz_begin_using(size_t n_bytes);
/* All memory taken since fuzz_begin_reading() must be back. */
void fuzz_end(void);

/* The path of a name in this process's scratch folder (below TMPDIR, else /dev/shm),
 * which is removed at exit; one of four buffers in turn. */
const char *fuzz_path(const char *name);

/* The input as a file of that name; its path. A target uses one name. */
const char *fuzz_file(const char *name, const uint8_t *data, size_t size);

/* A finding unless it holds: says what, with the library's sentence, and aborts. */
void fuzz_expect(bool holds, const char *what);

/* A finding unless the status is one of the list, which TVAE_OK ends. */
void fuzz_expect_status(tvae_status st, const tvae_status *allowed);

/* Let every element be looked at, so that a sanitizer sees memory that is not there. */
void fuzz_touch(const void *bytes, size_t n_bytes);

/* Read an input as an archive in the format that the ending (".npz") tells. What was
 * read must survive being saved and read again, to the bit. */
void fuzz_archive(const char *ending, const uint8_t *data, size_t size);

/* Read the first item; want of memory for it is no finding. */
void fuzz_use_dataset(const tvae_dataset *dataset);

/* Run a model over two frames of its own size, forwards and backwards. It may refuse for
 * want of memory or of finite numbers, for nothing else. */
void fuzz_use_model(tvae_model *model);

#endif
