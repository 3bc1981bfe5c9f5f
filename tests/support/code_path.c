/* SPDX-License-Identifier: MIT */
#include "code_path.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <tvae/base.h>

#include "base/cpu.h"
#include "kernel/sparse.h"
#include "layer/backlog.h"

static const char *const levels[] = {"portable", "avx2", "avx512"};
static const char *const inputs[] = {"sparse", "dense"};
static const char *const threads[] = {"1", "2"};
static const char *const updates[] = {"deferred", "eager"};

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* The place of a variable's value in its list; -1 if it is not set. */
static int find_word(const char *variable, const char *const *words, size_t n_words)
{
    const char *word = getenv(variable);

    if (!word || !*word)
        return -1;
    for (size_t i = 0; i < n_words; i++)
        if (strcmp(word, words[i]) == 0)
            return (int)i;
    fprintf(stderr, "%s is %s, want %s .. %s\n", variable, word, words[0],
            words[n_words - 1]);
    exit(EXIT_FAILURE);
}

code_path code_path_wanted(void)
{
    const int kind = find_word("TVAE_TEST_INPUTS", inputs, COUNT(inputs));

    return (code_path){
        .level = find_word("TVAE_TEST_LEVEL", levels, COUNT(levels)),
        .n_threads = find_word("TVAE_TEST_THREADS", threads, COUNT(threads)) + 1,
        .is_sparse = kind == 0,
        .is_dense = kind == 1,
        .is_eager = find_word("TVAE_TEST_UPDATES", updates, COUNT(updates)) == 1};
}

bool code_path_force(void)
{
    const code_path wanted = code_path_wanted();
    tvae_status st = TVAE_OK;

    if (wanted.level > tvi_machine_level()) {
        printf("SKIP the code path %s: this machine has %s at best\n",
               levels[wanted.level], levels[tvi_machine_level()]);
        return false;
    }
    if (wanted.level >= 0)
        st = tvae_set_kernel_level(wanted.level);
    if (st == TVAE_OK && wanted.n_threads)
        st = tvae_set_threads(wanted.n_threads);
    if (st != TVAE_OK) {
        fprintf(stderr, "%s\n", tvae_last_error());
        exit(EXIT_FAILURE);
    }
    if (wanted.is_sparse || wanted.is_dense)
        tvi_sparse_set_most_density(wanted.is_sparse ? 1.0 : -1.0);
    tvi_backlog_allow(!wanted.is_eager);
    return true;
}

bool is_emulated(void)
{
    return getenv("TVAE_TEST_EMULATED");
}

bool skip_emulated(const char *what)
{
    if (is_emulated())
        printf("SKIP %s: an emulator runs the tests\n", what);
    return is_emulated();
}
