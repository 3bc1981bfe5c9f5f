/* SPDX-License-Identifier: MIT */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/reader.h"

const char *tvi_reason_text(int code, char text[TVI_REASON_TEXT])
{
    /* The GNU form, which may return a constant string instead of `text`. */
    return strerror_r(code, text, TVI_REASON_TEXT);
}

tvae_status tvi_file_open(const char *call, const char *path, int *file,
                          uint64_t *n_bytes)
{
    char reason[TVI_REASON_TEXT];
    struct stat facts = {0};
    tvae_status st;

    /* O_NONBLOCK: opening a named pipe must not wait for a writer. */
    do
        *file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    while (*file < 0 && errno == EINTR);
    if (*file < 0)
        return tvi_fail(
            errno == ENOENT || errno == ENOTDIR ? TVAE_E_NOT_FOUND : TVAE_E_IO,
            "%s: %s: cannot be opened: %s", call, path, tvi_reason_text(errno, reason));
    if (fstat(*file, &facts) == 0 && S_ISREG(facts.st_mode)) {
        *n_bytes = (uint64_t)facts.st_size;
        return TVAE_OK;
    }
    st = tvi_fail(TVAE_E_IO, "%s: %s: %s, want a regular file", call, path,
                  S_ISDIR(facts.st_mode) ? "is a folder" : "is not a file of data");
    (void)close(*file);
    *file = -1;
    return st;
}

bool tvi_file_exists(const char *path)
{
    struct stat facts;

    return stat(path, &facts) == 0;
}

char *tvi_path_join(const char *folder, const char *name)
{
    const size_t n_folder = strlen(folder), n_name = strlen(name);
    const bool slash = n_folder > 0 && folder[n_folder - 1] != '/';
    char *path = tvi_alloc_array(n_folder + n_name + 2, 1);

    if (path)
        (void)snprintf(path, n_folder + n_name + 2, "%s%s%s", folder, slash ? "/" : "",
                       name);
    return path;
}

tvae_status tvi_file_read(const char *path, size_t max_bytes, char **bytes,
                          size_t *n_bytes)
{
    uint64_t size = 0;
    tvi_reader reader;
    int file;
    tvae_status st;

    *bytes = NULL;
    *n_bytes = 0;
    st = tvi_file_open("file_read", path, &file, &size);
    if (st != TVAE_OK)
        return st;
    if (size > max_bytes) {
        st = tvi_fail(TVAE_E_FORMAT, "file_read: %s: %llu bytes, want at most %zu", path,
                      (unsigned long long)size, max_bytes);
        goto end;
    }
    *bytes = tvi_alloc_array((size_t)size + 1, 1);
    if (!*bytes) {
        st = TVAE_E_NOMEM;
        goto end;
    }
    tvi_reader_of_file(&reader, &file, size, "file_read", path);
    st = tvi_reader_read(&reader, *bytes, (size_t)size);
    if (st == TVAE_OK)
        *n_bytes = (size_t)size;
end:
    if (st != TVAE_OK) {
        tvi_free(*bytes);
        *bytes = NULL;
    }
    (void)close(file);
    return st;
}
