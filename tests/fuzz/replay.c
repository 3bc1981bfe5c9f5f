/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness.h"

/* Runs a fuzz target on files, or on all files of folders, without libFuzzer:
 *
 *     replay_idx tests/fuzz/corpus/idx
 *
 * A finding ends the program, the file's name printed before. */

static size_t n_replayed;

static void replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct stat facts;
    uint8_t *data;
    size_t size;

    fuzz_expect(file && fstat(fileno(file), &facts) == 0, "the file cannot be opened");
    size = (size_t)facts.st_size;
    data = malloc(size ? size : 1);
    fuzz_expect(data && fread(data, 1, size, file) == size, "the file cannot be read");
    (void)fclose(file);
    printf("%s\n", path);
    (void)fflush(stdout);
    (void)LLVMFuzzerTestOneInput(data, size);
    free(data);
    n_replayed++;
}

static void replay(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;
    char inner[4096];

    if (!folder) {
        replay_file(path);
        return;
    }
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        replay_file(inner);
    }
    (void)closedir(folder);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("%zu files replayed\n", n_replayed);
    return n_replayed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
