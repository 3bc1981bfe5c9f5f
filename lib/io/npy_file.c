/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "io/archive.h"
#include "io/file.h"
#include "io/npy.h"

tvae_status tvi_npy_load(tvae_archive *archive, const char *path)
{
    tvae_tensor *tensor = NULL;
    uint64_t n_bytes = 0;
    tvi_reader reader;
    int file;
    tvae_status st = tvi_file_open("archive_load", path, &file, &n_bytes);

    if (st != TVAE_OK)
        return st;
    tvi_reader_of_file(&reader, &file, n_bytes, "archive_load", path);
    st = tvi_npy_read(&reader, &tensor);
    if (st == TVAE_OK)
        st = tvi_archive_take(archive, &reader, "data", tensor);
    tvae_tensor_destroy(&tensor);
    (void)close(file);
    return st;
}

tvae_status tvi_npy_save(const tvae_archive *archive, const char *path)
{
    char header[TVI_NPY_HEADER_BYTES];
    const tvae_tensor *tensor;
    tvi_file_writer writer;
    tvae_status st;

    if (tvae_archive_count(archive) != 1)
        return tvi_fail(TVAE_E_INVALID,
                        "archive_save: %s: the archive has %zu tensors, want 1 for .npy "
                        "(.npz holds any number)",
                        path, tvae_archive_count(archive));
    tensor = archive->tensors.values[0];
    st = tvi_file_begin(&writer, path);
    if (st != TVAE_OK)
        return st;
    st = tvi_file_append(&writer, header, tvi_npy_format_header(tensor, header));
    if (st == TVAE_OK)
        st = tvi_file_append(&writer, tvae_tensor_data_const(tensor),
                             tvae_tensor_count(tensor) * sizeof(float));
    if (st == TVAE_OK)
        return tvi_file_commit(&writer);
    tvi_file_abandon(&writer);
    return st;
}
