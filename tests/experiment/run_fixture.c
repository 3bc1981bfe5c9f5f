/* SPDX-License-Identifier: MIT */
#include "run_fixture.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char scratch_folder[64];
static char messages[4096];

void make_scratch(void)
{
    const char *base = getenv("TMPDIR");

    (void)snprintf(scratch_folder, sizeof scratch_folder, "%.40s/tvae-run-XXXXXX",
                   base && *base ? base : "/tmp");
    ck_assert_ptr_nonnull(mkdtemp(scratch_folder));
}

static void remove_tree(const char *folder)
{
    DIR *stream = opendir(folder);
    struct dirent *entry;

    while (stream && (entry = readdir(stream))) {
        char path[1024];

        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        (void)snprintf(path, sizeof path, "%.500s/%.255s", folder, entry->d_name);
        if (unlink(path) != 0)
            remove_tree(path);
    }
    if (stream)
        (void)closedir(stream);
    (void)rmdir(folder);
}

void remove_scratch(void)
{
    remove_tree(scratch_folder);
}

static char *next_path(void)
{
    static char paths[4][1024];
    static unsigned next;

    return paths[next++ % 4];
}

const char *scratch(const char *name)
{
    char *path = next_path();

    (void)snprintf(path, 1024, "%s/%.500s", scratch_folder, name);
    return path;
}

const char *run_file(const char *run, const char *name)
{
    char *path = next_path();

    (void)snprintf(path, 1024, "%s/%.200s/%.200s", scratch_folder, run, name);
    return path;
}

void make_folder(const char *name)
{
    ck_assert_int_eq(mkdir(scratch(name), 0777), 0);
}

void set_key(tvae_config *config, const char *key, const char *value)
{
    ASSERT_OK(tvae_config_set(config, key, value));
}

tvae_config *tiny_config(const char *experiment, int steps, int seed)
{
    static const char *const values[][2] = {
        {"image_size", "8"}, {"image_width", "8"},      {"n_frames", "5"},
        {"n_capsules", "2"}, {"capsule_dim", "5"},      {"batch_size", "2"},
        {"log_steps", "3"},  {"checkpoint_steps", "5"}, {"stride", "1,1,10,6,6"},
        {"mu_init", "5"},    {"test_fraction", "0.3"}};
    tvae_config *config = NULL;
    char text[16];

    ASSERT_OK(tvae_config_create(experiment, &config));
    for (size_t i = 0; i < sizeof values / sizeof *values; i++)
        set_key(config, values[i][0], values[i][1]);
    if (strcmp(experiment, "sprites_quick") == 0)
        set_key(config, "window", "3");
    (void)snprintf(text, sizeof text, "%d", steps);
    set_key(config, "steps", text);
    (void)snprintf(text, sizeof text, "%d", seed);
    set_key(config, "seed", text);
    return config;
}

void train_run(const tvae_config *config, const char *name)
{
    tvae_run *run = NULL;

    ASSERT_OK(tvae_run_create(config, scratch(name), &run));
    ASSERT_OK(tvae_run_train(run, NULL));
    tvae_run_destroy(&run);
    ck_assert_ptr_null(run);
}

void resume_run(const tvae_config *config, const char *name)
{
    tvae_run *run = NULL;

    ASSERT_OK(tvae_run_resume(config, scratch(name), &run));
    ASSERT_OK(tvae_run_train(run, NULL));
    tvae_run_destroy(&run);
}

char *read_file(const char *path, size_t *n_bytes)
{
    FILE *file = fopen(path, "rb");
    struct stat facts;
    char *bytes;

    ck_assert_msg(file != NULL, "%s cannot be opened", path);
    ck_assert_int_eq(fstat(fileno(file), &facts), 0);
    bytes = calloc((size_t)facts.st_size + 1, 1);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(fread(bytes, 1, (size_t)facts.st_size, file),
                      (size_t)facts.st_size);
    ck_assert_int_eq(fclose(file), 0);
    if (n_bytes)
        *n_bytes = (size_t)facts.st_size;
    return bytes;
}

void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "wb");

    ck_assert_msg(file != NULL, "%s cannot be written", path);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

void assert_equal_files(const char *a, const char *b)
{
    size_t n_a, n_b;
    char *left = read_file(a, &n_a), *right = read_file(b, &n_b);

    ck_assert_msg(n_a == n_b && n_a > 0 && memcmp(left, right, n_a) == 0,
                  "%s and %s differ", a, b);
    free(left);
    free(right);
}

/* Cut the number after each "step_seconds": out. */
static void cut_times(char *text)
{
    const char key[] = "\"step_seconds\":";
    char *place = text;

    while ((place = strstr(place, key))) {
        char *number = place + strlen(key);
        const size_t n = strcspn(number, ",}");

        ck_assert_uint_gt(n, 0);
        memmove(number, number + n, strlen(number + n) + 1);
        place = number;
    }
}

void assert_equal_logs(const char *a, const char *b)
{
    char *left = read_file(a, NULL), *right = read_file(b, NULL);

    cut_times(left);
    cut_times(right);
    ck_assert_str_eq(left, right);
    ck_assert_uint_gt(strlen(left), 0);
    free(left);
    free(right);
}

size_t count_lines(const char *path)
{
    char *text = read_file(path, NULL);
    size_t n = 0;

    for (const char *c = text; *c; c++)
        n += *c == '\n';
    free(text);
    return n;
}

static void keep_message(void *user, int32_t level, const char *text)
{
    const size_t used = strlen(messages);

    (void)user;
    (void)level;
    (void)snprintf(messages + used, sizeof messages - used, "%s\n", text);
}

void keep_messages(void)
{
    const tvae_log_hook hook = {.size = sizeof hook, .message = keep_message};

    messages[0] = '\0';
    ASSERT_OK(tvae_set_log_hook(&hook));
}

const char *kept_messages(void)
{
    return messages;
}
