/* SPDX-License-Identifier: MIT */
#ifndef TVI_IO_SYSTEM_H
#define TVI_IO_SYSTEM_H

#include <stddef.h>
#include <sys/types.h>

/* What is created is writable by its owner alone, whatever the umask; a stricter umask is
 * kept to. */
enum { TVI_FILE_MODE = 0644, TVI_FOLDER_MODE = 0755 };

/* The system calls that change files, each as in its manual page. All that writes goes
 * through this table, so that a test can make every single call fail. */
typedef struct tvi_system_calls {
    int (*open)(const char *path, int flags, mode_t mode);
    ssize_t (*write)(int file, const void *bytes, size_t n_bytes);
    int (*fsync)(int file);
    int (*close)(int file);
    int (*rename)(const char *from, const char *to);
    int (*unlinkat)(int folder, const char *name, int flags);
    int (*ftruncate)(int file, off_t n_bytes);
    int (*mkdir)(const char *path, mode_t mode);
} tvi_system_calls;

/* Never changed by the library itself. */
extern const tvi_system_calls *tvi_system;

/* Write all of the bytes, however many calls that takes; returns 0 or the error's number.
 */
int tvi_system_write_all(int file, const void *bytes, size_t n_bytes);

/* Open the folder that a path's last name lies in; the path is cut for a moment. The
 * descriptor, or -1 and errno. */
int tvi_system_open_above(char *path);

/* Flush a folder, so that renames in it survive a power failure; 0 or the error's number.
 * A file system that cannot has no need to. */
int tvi_system_flush_folder(int folder);

#endif
