/* SPDX-License-Identifier: MIT */
#include "io/system.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const size_t largest_write = (size_t)1 << 30;

static int open_file(const char *path, int flags, mode_t mode)
{
    return open(path, flags, mode);
}

static const tvi_system_calls real_calls = {
    .open = open_file,
    .write = write,
    .fsync = fsync,
    .close = close,
    .rename = rename,
    .unlinkat = unlinkat,
    .ftruncate = ftruncate,
    .mkdir = mkdir,
};

const tvi_system_calls *tvi_system = &real_calls;

int tvi_system_write_all(int file, const void *bytes, size_t n_bytes)
{
    const unsigned char *next = bytes;

    while (n_bytes > 0) {
        const ssize_t n = tvi_system->write(
            file, next, n_bytes < largest_write ? n_bytes : largest_write);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : ENOSPC;
        next += n;
        n_bytes -= (size_t)n;
    }
    return 0;
}

int tvi_system_open_above(char *path)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
    char *slash = strrchr(path, '/');
    int folder;

    if (!slash)
        return tvi_system->open(".", flags, 0);
    if (slash == path)
        return tvi_system->open("/", flags, 0);
    *slash = '\0';
    folder = tvi_system->open(path, flags, 0);
    *slash = '/';
    return folder;
}

int tvi_system_flush_folder(int folder)
{
    if (tvi_system->fsync(folder) == 0 || errno == EINVAL || errno == ENOTSUP)
        return 0;
    return errno;
}
