/* SPDX-License-Identifier: MIT */
#include "harness.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_BYTES = 4096, N_PATHS = 4 };

static char folder[PATH_BYTES / 2];
static char input_path[PATH_BYTES];
static int input = -1;

static size_t live_bytes, live_at_begin, most_bytes;
static bool is_reading;

void fuzz_expect(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "FINDING: %s (latest sentence: %s)\n", what, tvae_last_error());
    abort();
}

void fuzz_expect_status(tvae_status st, const tvae_status *allowed)
{
    while (*allowed != st && *allowed != TVAE_OK)
        allowed++;
    if (st != *allowed)
        fprintf(stderr, "%s\n", tvae_status_name(st));
    fuzz_expect(st == *allowed, "a status that its header does not list for a bad input");
}

/* ---- memory ---- */

/* A block of just these bytes, so that AddressSanitizer sees where it ends. */
static void *alloc_limited(void *user, size_t bytes, size_t align)
{
    void *block = NULL;

    (void)user;
    if (bytes > most_bytes || live_bytes > most_bytes - bytes) {
        fuzz_expect(!is_reading, "reading takes more memory than the input allows");
        return NULL;
    }
    if (posix_memalign(&block, align, bytes) != 0)
        return NULL;
    live_bytes += bytes;
    return block;
}

static void release_counted(void *user, void *memory, size_t bytes)
{
    (void)user;
    live_bytes -= bytes;
    free(memory);
}

static void set_allocator_once(void)
{
    static const tvae_allocator limited = {sizeof limited, NULL, alloc_limited,
                                           release_counted};
    static bool is_set;

    if (!is_set)
        fuzz_expect(tvae_set_allocator(&limited) == TVAE_OK, "no allocator");
    is_set = true;
}

void fuzz_begin_reading(size_t n_input)
{
    set_allocator_once();
    live_at_begin = live_bytes;
    most_bytes = live_bytes + FUZZ_READ_BYTES + FUZZ_READ_RATIO * n_input;
    is_reading = true;
}

void fuzz_begin_using(size_t n_bytes)
{
    most_bytes = live_bytes + n_bytes;
    is_reading = false;
}

void fuzz_end(void)
{
    fuzz_expect(live_bytes == live_at_begin, "memory was leaked");
}

void fuzz_touch(const void *bytes, size_t n_bytes)
{
    static volatile unsigned char sum;
    const unsigned char *next = bytes;

    for (size_t i = 0; i < n_bytes; i++)
        sum = (unsigned char)(sum + next[i]);
}

/* ---- files ---- */

static void remove_folder(void)
{
    (void)unlink(input_path);
    (void)rmdir(folder);
}

static void make_folder(void)
{
    const char *parent = getenv("TMPDIR");

    if (!parent || !*parent)
        parent = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    (void)snprintf(folder, sizeof folder, "%s/tvae-fuzz-XXXXXX", parent);
    fuzz_expect(mkdtemp(folder) != NULL, "no scratch folder can be made");
    (void)atexit(remove_folder);
}

const char *fuzz_path(const char *name)
{
    static char paths[N_PATHS][PATH_BYTES];
    static size_t turn;
    char *path = paths[turn++ % N_PATHS];

    if (!*folder)
        make_folder();
    (void)snprintf(path, PATH_BYTES, "%s/%s", folder, name);
    return path;
}

const char *fuzz_file(const char *name, const uint8_t *data, size_t size)
{
    if (input < 0) {
        (void)snprintf(input_path, sizeof input_path, "%s", fuzz_path(name));
        input = open(input_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    }
    fuzz_expect(input >= 0 && ftruncate(input, 0) == 0 &&
                    pwrite(input, data, size, 0) == (ssize_t)size,
                "the input cannot be written");
    return input_path;
}
