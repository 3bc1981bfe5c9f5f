/* SPDX-License-Identifier: MIT */
#include "io/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "io/system.h"

enum {
    MOST_ATTEMPTS = 1000,  /* names tried: left-overs of killed processes take some */
    MOST_NAME_BYTES = 200, /* of the name inside the temporary's, which may have 255 */
    SUFFIX_BYTES = 48
};

tvae_status tvi_file_fail_write(const char *path, const char *step, int code)
{
    char reason[TVI_REASON_TEXT];
    const char *advice;

    switch (code) {
    case ENOSPC:
    case EDQUOT:
        advice = "the disk is full: free some space and save again";
        break;
    case EFBIG:
        advice = "the file would exceed this process's size limit: raise it";
        break;
    case EACCES:
    case EPERM:
    case EROFS:
        advice = "choose a folder that you may write to";
        break;
    case ENOENT:
    case ENOTDIR:
        advice = "create its folder first";
        break;
    default:
        advice = "try again or choose another folder";
        break;
    }
    return tvi_fail(
        TVAE_E_IO,
        "file_write: %s: %s failed: %s; %s (an older file of that name is kept "
        "as it was)",
        path, step, tvi_reason_text(code, reason), advice);
}

/* Where the name begins in a path. */
static const char *find_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* Create "<folder>/.<name>.tmp-<process>-<attempt>", which no one else has. */
tvae_status tvi_file_begin(tvi_file_writer *writer, const char *path)
{
    const char *name = find_name(path);
    const size_t n_folder = (size_t)(name - path);
    const size_t n_room = n_folder + MOST_NAME_BYTES + SUFFIX_BYTES;
    int code = EEXIST;

    *writer = (tvi_file_writer){.path = path, .file = -1};
    if (!*name)
        return tvi_fail(TVAE_E_INVALID, "file_write: path \"%s\" names no file", path);
    writer->temporary = tvi_alloc_array(n_room, 1);
    if (!writer->temporary)
        return TVAE_E_NOMEM;
    for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
        (void)snprintf(writer->temporary, n_room, "%.*s.%.*s.tmp-%ld-%d", (int)n_folder,
                       path, MOST_NAME_BYTES, name, (long)getpid(), attempt);
        /* O_EXCL passes over whatever is there, a symbolic link included. */
        writer->file = tvi_system->open(
            writer->temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, TVI_FILE_MODE);
        if (writer->file >= 0)
            return TVAE_OK;
        code = errno;
        if (code != EEXIST && code != EINTR)
            break;
    }
    tvi_free(writer->temporary);
    writer->temporary = NULL;
    return tvi_file_fail_write(path, "creating a temporary file beside it", code);
}

tvae_status tvi_file_append(tvi_file_writer *writer, const void *bytes, size_t n_bytes)
{
    const int code = tvi_system_write_all(writer->file, bytes, n_bytes);

    return code ? tvi_file_fail_write(writer->path, "writing", code) : TVAE_OK;
}

void tvi_file_abandon(tvi_file_writer *writer)
{
    if (writer->file >= 0)
        (void)tvi_system->close(writer->file);
    writer->file = -1;
    if (writer->temporary)
        (void)tvi_system->unlinkat(AT_FDCWD, writer->temporary, 0);
    tvi_free(writer->temporary);
    writer->temporary = NULL;
}

static tvae_status flush_folder(const tvi_file_writer *writer, int folder)
{
    char reason[TVI_REASON_TEXT];
    const int code = tvi_system_flush_folder(folder);

    if (code == 0)
        return TVAE_OK;
    return tvi_fail(TVAE_E_IO,
                    "file_write: %s: written, but flushing its folder failed: %s; it may "
                    "not survive a power failure",
                    writer->path, tvi_reason_text(code, reason));
}

static tvae_status flush_and_close(tvi_file_writer *writer)
{
    const int file = writer->file;

    if (tvi_system->fsync(file) != 0)
        return tvi_file_fail_write(writer->path, "flushing", errno);
    writer->file = -1;
    if (tvi_system->close(file) != 0 && errno != EINTR)
        return tvi_file_fail_write(writer->path, "closing", errno);
    return TVAE_OK;
}

tvae_status tvi_file_commit(tvi_file_writer *writer)
{
    int folder = -1;
    tvae_status st = flush_and_close(writer);

    if (st != TVAE_OK)
        goto end;
    folder = tvi_system_open_above(writer->temporary);
    if (folder < 0) {
        st = tvi_file_fail_write(writer->path, "opening its folder", errno);
        goto end;
    }
    if (tvi_system->rename(writer->temporary, writer->path) != 0) {
        st = tvi_file_fail_write(writer->path, "renaming the temporary file", errno);
        goto end;
    }
    tvi_free(writer->temporary);
    writer->temporary = NULL;
    st = flush_folder(writer, folder);
end:
    if (folder >= 0)
        (void)tvi_system->close(folder);
    tvi_file_abandon(writer);
    return st;
}

tvae_status tvi_file_write(const char *path, const void *bytes, size_t n_bytes)
{
    tvi_file_writer writer;
    tvae_status st;

    st = tvi_file_begin(&writer, path);
    if (st != TVAE_OK)
        return st;
    st = tvi_file_append(&writer, bytes, n_bytes);
    if (st == TVAE_OK)
        return tvi_file_commit(&writer);
    tvi_file_abandon(&writer);
    return st;
}
