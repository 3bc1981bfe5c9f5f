/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_RUN_FIXTURE_H
#define TVAE_TESTS_RUN_FIXTURE_H

#include "support.h"

/* A run so small that its steps take no time, in a temporary folder. */

/* Make the temporary folder, before a test, and remove it with all in it, after. */
void make_scratch(void);
void remove_scratch(void);

/* Make a folder in it. */
void make_folder(const char *name);

/* Path of `name` in it; of file `name` of run `run`. Valid until four calls later. */
const char *scratch(const char *name);
const char *run_file(const char *run, const char *name);

/* Tiny sprites, `steps` in all, a log line every 3 steps, a checkpoint every 5. */
tvae_config *tiny_config(const char *experiment, int steps, int seed);
void set_key(tvae_config *config, const char *key, const char *value);

/* Create a run in scratch(name) and train it to its end. */
void train_run(const tvae_config *config, const char *name);

/* Resume that run with `config` (NULL: its own) and train it to its end. */
void resume_run(const tvae_config *config, const char *name);

/* A whole file, zero-ended; free() it. */
char *read_file(const char *path, size_t *n_bytes);
void write_file(const char *path, const char *text);
bool exists(const char *path);
void assert_equal_files(const char *a, const char *b);

/* Equal but for the values of "step_seconds". */
void assert_equal_logs(const char *a, const char *b);
size_t count_lines(const char *path);

/* Keep the library's messages from now on. */
void keep_messages(void);
const char *kept_messages(void);

#endif
