/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/bench.h"
#include "cli.h"

/* tvae bench: how fast the library is here, at the paper's sizes, within a minute. */

enum { DATA, THREADS, CONFIG, ONLY, SET, JSON, N_OPTIONS };
enum { MOST_ROWS = 32, MOST_SETTINGS = 16, MOST_THREADS = 256 };

/* Rows are begun only within this time, so that the last one ends within the minute. */
static const double most_seconds = 50.0;

/* What the command line asks for. */
typedef struct request {
    const char *data[BENCH_CONFIGS], *config, *only[MOST_ROWS], *settings[MOST_SETTINGS];
    size_t n_data, n_only, n_settings;
    int64_t n_threads;
    bool json;
} request;

static bool read_words(int n_words, char **words, request *r)
{
    const char *threads = NULL;
    cli_option options[N_OPTIONS] = {
        [DATA] = {"--data", true, true, r->data, BENCH_CONFIGS, 0},
        [THREADS] = {"--threads", true, false, &threads, 1, 0},
        [CONFIG] = {"--config", true, false, &r->config, 1, 0},
        [ONLY] = {"--only", true, true, r->only, MOST_ROWS, 0},
        [SET] = {"--set", true, true, r->settings, MOST_SETTINGS, 0},
        [JSON] = {"--json", false, false, NULL, 1, 0},
    };
    size_t n_others;

    if (!parse_words("bench", n_words, words, options, N_OPTIONS, NULL, 0, &n_others))
        return false;
    r->n_data = options[DATA].n_values;
    r->n_only = options[ONLY].n_values;
    r->n_settings = options[SET].n_values;
    r->json = options[JSON].n_values > 0;
    return !threads || parse_number("--threads", threads, 0, MOST_THREADS, &r->n_threads);
}

/* The groups that the wanted rows need; 0 if one does not exist. */
static unsigned choose_groups(const request *r)
{
    unsigned groups = r->n_only ? 0 : ~0u;

    for (size_t i = 0; i < r->n_only; i++) {
        const unsigned group = bench_group_of(r->only[i]);

        if (!group)
            return 0;
        groups |= group;
    }
    return groups;
}

/* A folder is MNIST, a file dSprites. */
static const char *choose_data(const request *r, bool is_sprites)
{
    struct stat facts;

    for (size_t i = 0; i < r->n_data; i++)
        if (is_sprites == (stat(r->data[i], &facts) == 0 && S_ISREG(facts.st_mode)))
            return r->data[i];
    return NULL;
}

/* One session for each configuration asked for; 0 for wrong usage. */
static size_t plan_sessions(const request *r, bench_session sessions[BENCH_CONFIGS])
{
    const unsigned groups = choose_groups(r);
    bench_config configs[BENCH_CONFIGS];
    size_t n = 0;

    bench_config_defaults(configs);
    for (size_t i = 0; i < BENCH_CONFIGS; i++) {
        if (r->config && strcmp(r->config, configs[i].name) != 0)
            continue;
        for (size_t k = 0; k < r->n_settings; k++)
            if (!bench_config_set(&configs[i], r->settings[k]))
                return 0;
        sessions[n++] = (bench_session){.config = configs[i],
                                        .json = r->json,
                                        .only = r->only,
                                        .n_only = r->n_only,
                                        .groups = groups,
                                        .is_sprites = i == BENCH_DSPRITES,
                                        .data = choose_data(r, i == BENCH_DSPRITES)};
    }
    if (!n)
        fprintf(stderr, "tvae bench: --config is '%s', want mnist or dsprites\n",
                r->config);
    return groups ? n : 0;
}

/* What needs a process that holds nothing yet. */
static tvae_status measure_memory(bench_session *sessions, size_t n, bool *complete)
{
    tvae_status status = TVAE_OK;

    for (size_t i = 0; i < n && *complete; i++)
        if (sessions[i].groups & BENCH_MEMORY)
            *complete = bench_measure_peak(&sessions[i]);
    for (size_t i = 0; i < n && *complete && status == TVAE_OK; i++)
        if (sessions[i].groups & BENCH_MEMORY)
            status = bench_count_allocations(&sessions[i]);
    return status;
}

static tvae_status run_session(bench_session *session)
{
    const unsigned needs_data = session->data ? BENCH_TRAINING | BENCH_DATA : BENCH_DATA;
    tvae_status status = TVAE_OK;

    if (session->groups & needs_data)
        status = bench_data_open(session);
    if (status == TVAE_OK && session->groups & BENCH_TRAINING)
        status = bench_training(session);
    if (status == TVAE_OK && session->groups & BENCH_INFERENCE)
        status = bench_inference(session);
    if (status == TVAE_OK && session->groups & BENCH_HOSTS)
        status = bench_hosts(session);
    if (status == TVAE_OK && session->groups & BENCH_DATA)
        status = bench_data(session);
    if (status == TVAE_OK && session->groups & BENCH_MEMORY)
        bench_print_memory(session);
    tvae_dataset_destroy(&session->tilted);
    tvae_dataset_destroy(&session->dataset);
    return status;
}

int command_bench(int n_words, char **words)
{
    const double start = bench_now();
    bench_session sessions[BENCH_CONFIGS];
    request r = {0};
    bool complete = true;
    tvae_status status;
    size_t n;

    if (!read_words(n_words, words, &r))
        return EXIT_USAGE;
    n = plan_sessions(&r, sessions);
    if (n == 0)
        return EXIT_USAGE;
    status = use_threads(r.n_threads);
    if (status == TVAE_OK)
        status = measure_memory(sessions, n, &complete);
    if (status == TVAE_OK && complete)
        bench_print_machine(r.json);
    for (size_t i = 0; i < n && complete && status == TVAE_OK; i++) {
        sessions[i].deadline = start + most_seconds * (double)(i + 1) / (double)n;
        status = run_session(&sessions[i]);
    }
    if (status != TVAE_OK)
        return report_failure(status);
    return complete ? EXIT_OK : EXIT_FAILED;
}
