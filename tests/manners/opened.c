/* SPDX-License-Identifier: MIT */
#include "opened.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

opened opened_files;

static void count(const char *path, bool is_closed_on_exec)
{
    opened_files.n_files++;
    if (!is_closed_on_exec && opened_files.n_inherited++ == 0)
        (void)snprintf(opened_files.path, sizeof opened_files.path, "%s", path);
}

int open(const char *path, int flags, ...)
{
    va_list arguments;
    mode_t mode = 0;

    if (flags & O_CREAT) {
        va_start(arguments, flags);
        mode = va_arg(arguments, mode_t);
        va_end(arguments);
    }
    count(path, flags & O_CLOEXEC);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

FILE *fopen(const char *path, const char *mode)
{
    const bool reads = mode[0] == 'r', both = strchr(mode, '+');
    const int access = both ? O_RDWR : reads ? O_RDONLY : O_WRONLY;
    const int make = reads ? 0 : O_CREAT | (mode[0] == 'a' ? O_APPEND : O_TRUNC);
    const int descriptor = (int)syscall(SYS_openat, AT_FDCWD, path, access | make, 0666);

    count(path, strchr(mode, 'e'));
    return descriptor < 0 ? NULL : fdopen(descriptor, mode);
}
