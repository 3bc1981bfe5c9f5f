/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cli.h"

enum { MAX_RUNS = 16, PATH_BYTES = 4096 };

static int32_t print_picture(void *user, const tvae_progress *progress)
{
    (void)user;
    fprintf(stderr, "%s\n", progress->phase);
    return 0;
}

static tvae_status write_report(const char *const *folders, size_t n_runs,
                                const char *data, const char *path)
{
    const tvae_progress_hook hook = {.size = sizeof hook, .progress = print_picture};
    tvae_run *runs[MAX_RUNS] = {NULL};
    tvae_status status = TVAE_OK;

    for (size_t r = 0; status == TVAE_OK && r < n_runs; r++)
        status = tvae_run_open(folders[r], &runs[r]);
    if (status == TVAE_OK)
        status = use_threads_of_run(runs[0]);
    if (status == TVAE_OK)
        status = tvae_report_html(runs, n_runs, data, path, &hook);
    for (size_t r = 0; r < n_runs; r++)
        tvae_run_destroy(&runs[r]);
    return status;
}

int command_report(int n_words, char **words)
{
    const char *data = NULL, *out = NULL, *folders[MAX_RUNS];
    char path[PATH_BYTES];
    cli_option options[] = {
        {.name = "--data", .takes_value = true, .values = &data, .max_values = 1},
        {.name = "--out", .takes_value = true, .values = &out, .max_values = 1}};
    size_t n_runs;
    tvae_status status;

    if (!parse_words("report", n_words, words, options, 2, folders, MAX_RUNS, &n_runs))
        return EXIT_USAGE;
    if (n_runs == 0) {
        fprintf(stderr, "tvae report: which run folder?\n");
        return EXIT_USAGE;
    }
    if (!out) {
        if (snprintf(path, sizeof path, "%s/report.html", folders[0]) >=
            (int)sizeof path) {
            fprintf(stderr, "tvae report: the path of the run is too long\n");
            return EXIT_USAGE;
        }
        out = path;
    }
    status = write_report(folders, n_runs, data, out);
    if (status != TVAE_OK)
        return report_failure(status);
    puts(out);
    return EXIT_OK;
}
