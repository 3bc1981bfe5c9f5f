/* SPDX-License-Identifier: MIT */
#include "failing_system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <check.h>

#include "io/system.h"

enum { MOST_NOTED = 64 };

const char *const fault_names[N_FAULTS] = {"ENOSPC", "EIO", "a short write",
                                           "ENOSPC from then on", "EIO from then on"};

static const tvi_system_calls *real;
static fault kind_of_fault;
static size_t n_left;   /* calls until the one that fails; 0: past, or there is none */
static bool is_reached; /* that call was made */
static ino_t flushed[MOST_NOTED];
static size_t n_flushed;

/* What a full disk refuses: it gives space back, and opens what there is. */
typedef enum need { NO_SPACE, SPACE } need;

/* Is this a call that fails? Sets errno. */
static bool is_due(need what)
{
    const bool stays =
        kind_of_fault == FAULT_STAYS_FULL || kind_of_fault == FAULT_STAYS_DEAD;

    if (n_left > 0 ? --n_left > 0 : !(stays && is_reached))
        return false;
    is_reached = true;
    errno =
        kind_of_fault == FAULT_FULL || kind_of_fault == FAULT_STAYS_FULL ? ENOSPC : EIO;
    return kind_of_fault != FAULT_STAYS_FULL || what == SPACE;
}

static bool fails(need what)
{
    return is_due(what) && kind_of_fault != FAULT_SHORT;
}

static int open_or_fail(const char *path, int flags, mode_t mode)
{
    return fails(flags & O_CREAT ? SPACE : NO_SPACE) ? -1 : real->open(path, flags, mode);
}

static ssize_t write_or_fail(int file, const void *bytes, size_t n_bytes)
{
    int code;

    if (!is_due(SPACE))
        return real->write(file, bytes, n_bytes);
    code = errno;
    if (kind_of_fault == FAULT_SHORT)
        return real->write(file, bytes, (n_bytes + 1) / 2);
    /* What precedes the error may have reached the file. */
    (void)!real->write(file, bytes, n_bytes / 3);
    errno = code;
    return -1;
}

static int flush_or_fail(int file)
{
    struct stat facts;

    if (fails(SPACE))
        return -1;
    if (n_flushed < MOST_NOTED && fstat(file, &facts) == 0)
        flushed[n_flushed++] = facts.st_ino;
    return 0;
}

/* Even a close that fails takes the descriptor, on Linux. */
static int close_or_fail(int file)
{
    const bool failing = fails(NO_SPACE);
    const int code = errno, status = real->close(file);

    if (!failing)
        return status;
    errno = code;
    return -1;
}

static int rename_or_fail(const char *from, const char *to)
{
    return fails(SPACE) ? -1 : real->rename(from, to);
}

static int unlink_or_fail(int folder, const char *name, int flags)
{
    return fails(NO_SPACE) ? -1 : real->unlinkat(folder, name, flags);
}

static int truncate_or_fail(int file, off_t n_bytes)
{
    return fails(NO_SPACE) ? -1 : real->ftruncate(file, n_bytes);
}

static int make_or_fail(const char *path, mode_t mode)
{
    return fails(SPACE) ? -1 : real->mkdir(path, mode);
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
    is_reached = false;
    n_flushed = 0;
    tvi_system = &failing_calls;
}

bool faults_end(void)
{
    tvi_system = real;
    return n_left == 0;
}

bool was_flushed(const char *folder)
{
    struct stat facts;
    bool found = false;

    ck_assert_int_eq(stat(folder, &facts), 0);
    for (size_t i = 0; i < n_flushed && !found; i++)
        found = flushed[i] == facts.st_ino;
    return found;
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
