/* SPDX-License-Identifier: MIT */
#include "failing_system.h"

#include <dirent.h>
#include <errno.h>

#include <check.h>

#include "io/system.h"

const char *const fault_names[N_FAULTS] = {"ENOSPC", "EIO", "a short write"};

static const tvi_system_calls *real;
static fault kind_of_fault;
static size_t n_left; /* calls until the one that fails; 0: it is past */

/* Is this the call? Sets errno. */
static bool is_due(void)
{
    if (n_left == 0 || --n_left > 0)
        return false;
    errno = kind_of_fault == FAULT_FULL ? ENOSPC : EIO;
    return true;
}

static bool fails(void)
{
    return is_due() && kind_of_fault != FAULT_SHORT;
}

static int open_or_fail(const char *path, int flags, mode_t mode)
{
    return fails() ? -1 : real->open(path, flags, mode);
}

static ssize_t write_or_fail(int file, const void *bytes, size_t n_bytes)
{
    if (!is_due())
        return real->write(file, bytes, n_bytes);
    if (kind_of_fault == FAULT_SHORT)
        return real->write(file, bytes, (n_bytes + 1) / 2);
    /* What precedes the error may have reached the file. */
    (void)!real->write(file, bytes, n_bytes / 3);
    errno = kind_of_fault == FAULT_FULL ? ENOSPC : EIO;
    return -1;
}

static int flush_or_fail(int file)
{
    (void)file;
    return fails() ? -1 : 0;
}

/* Even a close that fails takes the descriptor, on Linux. */
static int close_or_fail(int file)
{
    const bool failing = fails();
    const int code = errno, status = real->close(file);

    if (!failing)
        return status;
    errno = code;
    return -1;
}

static int rename_or_fail(const char *from, const char *to)
{
    return fails() ? -1 : real->rename(from, to);
}

static int unlink_or_fail(int folder, const char *name, int flags)
{
    return fails() ? -1 : real->unlinkat(folder, name, flags);
}

static int truncate_or_fail(int file, off_t n_bytes)
{
    return fails() ? -1 : real->ftruncate(file, n_bytes);
}

static int make_or_fail(const char *path, mode_t mode)
{
    return fails() ? -1 : real->mkdir(path, mode);
}

static const tvi_system_calls failing_calls = {
    .open = open_or_fail,
    .write = write_or_fail,
    .fsync = flush_or_fail,
    .close = close_or_fail,
    .rename = rename_or_fail,
    .unlinkat = unlink_or_fail,
    .ftruncate = truncate_or_fail,
    .mkdir = make_or_fail,
};

void faults_begin(fault kind, size_t n)
{
    real = tvi_system;
    kind_of_fault = kind;
    n_left = n;
    tvi_system = &failing_calls;
}

bool faults_end(void)
{
    tvi_system = real;
    return n_left == 0;
}

size_t count_descriptors(void)
{
    DIR *list = opendir("/proc/self/fd");
    size_t n = 0;

    ck_assert_ptr_nonnull(list);
    while (readdir(list))
        n++;
    (void)closedir(list);
    return n;
}
