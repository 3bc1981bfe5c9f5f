/* SPDX-License-Identifier: MIT */
#include "io/zip.h"

#include <unistd.h>

#include "io/file.h"

enum {
    LARGEST_RATIO = 1032, /* of deflate (RFC 1951): 258 bytes for two bits */
    SMALLEST_ZIP = 22     /* the end of the directory alone */
};

tvae_status tvi_zip_status(const zip_error_t *error)
{
    switch (zip_error_code_zip(error)) {
    case ZIP_ER_MEMORY:
        return TVAE_E_NOMEM;
    case ZIP_ER_OPEN:
    case ZIP_ER_READ:
    case ZIP_ER_SEEK:
    case ZIP_ER_TELL:
        return TVAE_E_IO;
    case ZIP_ER_COMPNOTSUPP:
    case ZIP_ER_ENCRNOTSUPP:
    case ZIP_ER_NOPASSWD:
    case ZIP_ER_MULTIDISK:
        return TVAE_E_UNSUPPORTED;
    default:
        return TVAE_E_FORMAT;
    }
}

tvae_status tvi_zip_open(const char *call, const char *path, zip_t **out)
{
    zip_error_t error;
    uint64_t n_bytes;
    int file, code = 0;
    tvae_status st;

    *out = NULL;
    st = tvi_file_open(call, path, &file, &n_bytes);
    if (st != TVAE_OK)
        return st;
    (void)close(file);
    if (n_bytes < SMALLEST_ZIP) /* some versions take an empty file for an archive */
        return tvi_fail(TVAE_E_FORMAT,
                        "%s: %s: %llu bytes, want a zip archive of at least %d", call,
                        path, (unsigned long long)n_bytes, SMALLEST_ZIP);
    *out = zip_open(path, ZIP_RDONLY, &code);
    if (*out)
        return TVAE_OK;
    zip_error_init_with_code(&error, code);
    st = tvi_fail(tvi_zip_status(&error), "%s: %s: not a readable zip archive: %s", call,
                  path, zip_error_strerror(&error));
    zip_error_fini(&error);
    return st;
}

static tvae_status read_member(tvi_reader *reader, void *bytes, size_t n_bytes)
{
    unsigned char *next = bytes;

    while (n_bytes > 0) {
        const zip_int64_t got = zip_fread(reader->source, next, n_bytes);

        if (got < 0) {
            zip_error_t *error = zip_file_get_error(reader->source);

            return tvi_reader_fail(reader, tvi_zip_status(error), "decoding failed: %s",
                                   zip_error_strerror(error));
        }
        if (got == 0)
            return tvi_reader_fail(reader, TVAE_E_FORMAT,
                                   "the member ends before its stated size");
        next += got;
        n_bytes -= (size_t)got;
    }
    return TVAE_OK;
}

static tvae_status check_sizes(const tvi_reader *reader, const zip_stat_t *facts)
{
    const zip_uint64_t wanted = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE | ZIP_STAT_COMP_METHOD;

    if ((facts->valid & wanted) != wanted)
        return tvi_reader_fail(reader, TVAE_E_FORMAT, "the zip does not state its size");
    if (facts->comp_method != ZIP_CM_STORE && facts->comp_method != ZIP_CM_DEFLATE)
        return tvi_reader_fail(reader, TVAE_E_UNSUPPORTED,
                               "compression method %d, want stored or deflated",
                               (int)facts->comp_method);
    if (facts->comp_method == ZIP_CM_STORE
            ? facts->size != facts->comp_size
            : facts->size / LARGEST_RATIO > facts->comp_size)
        return tvi_reader_fail(
            reader, TVAE_E_FORMAT, "%llu bytes cannot come from %llu bytes in the zip",
            (unsigned long long)facts->size, (unsigned long long)facts->comp_size);
    return TVAE_OK;
}

tvae_status tvi_zip_open_member(zip_t *zip, zip_uint64_t index, const char *call,
                                const char *path, const char *member, tvi_reader *reader)
{
    zip_stat_t facts;
    tvae_status st;

    *reader =
        (tvi_reader){.read = read_member, .call = call, .path = path, .member = member};
    zip_stat_init(&facts);
    if (zip_stat_index(zip, index, 0, &facts) != 0)
        return tvi_reader_fail(reader, TVAE_E_FORMAT, "the zip directory is damaged: %s",
                               zip_strerror(zip));
    st = check_sizes(reader, &facts);
    if (st != TVAE_OK)
        return st;
    reader->source = zip_fopen_index(zip, index, 0);
    if (!reader->source)
        return tvi_reader_fail(reader, tvi_zip_status(zip_get_error(zip)),
                               "the member cannot be opened: %s", zip_strerror(zip));
    reader->n_left = facts.size;
    return TVAE_OK;
}

tvae_status tvi_zip_check_end(tvi_reader *reader)
{
    unsigned char beyond;
    const zip_int64_t got = zip_fread(reader->source, &beyond, 1);

    if (got == 0)
        return TVAE_OK;
    if (got > 0)
        return tvi_reader_fail(reader, TVAE_E_FORMAT,
                               "the member goes on after its stated size");
    return tvi_reader_fail(reader, tvi_zip_status(zip_file_get_error(reader->source)),
                           "the data are damaged: %s; get the file again",
                           zip_error_strerror(zip_file_get_error(reader->source)));
}

void tvi_zip_close_member(tvi_reader *reader)
{
    if (reader->source)
        (void)zip_fclose(reader->source);
    reader->source = NULL;
}
