/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cli.h"

enum { MAX_RUNS = 16, PATH_BYTES = 4096 };

static int32_t print_picture(void *user, const tvae_progress *progress)
{
    (void)user;
    puts(progress->phase);
    return 0;
}

/* Draw each run's pictures; their paths go to stdout. Of several runs that were evaluated
 * also the log-likelihood against L, into the first one's folder. */
static tvae_status draw_runs(tvae_run **runs, const char *const *folders, size_t n_runs,
                             const char *data)
{
    const tvae_progress_hook hook = {.size = sizeof hook, .progress = print_picture};
    char path[PATH_BYTES];
    tvae_status status = TVAE_OK;

    for (size_t r = 0; status == TVAE_OK && r < n_runs; r++) {
        status = tvae_run_open(folders[r], &runs[r]);
        if (status == TVAE_OK)
            status = use_threads_of_run(runs[r]);
        if (status == TVAE_OK)
            status = tvae_report_figures(runs[r], data, &hook);
    }
    if (status != TVAE_OK || n_runs < 2 ||
        snprintf(path, sizeof path, "%s/figures/likelihood.png", folders[0]) >=
            (int)sizeof path)
        return status;
    status = tvae_report_likelihood(runs, n_runs, path);
    if (status == TVAE_OK)
        puts(path);
    return status == TVAE_E_NOT_FOUND ? TVAE_OK : status;
}

int command_figures(int n_words, char **words)
{
    tvae_run *runs[MAX_RUNS] = {NULL};
    const char *data = NULL, *folders[MAX_RUNS];
    cli_option options[] = {
        {.name = "--data", .takes_value = true, .values = &data, .max_values = 1}};
    size_t n_runs;
    tvae_status status;

    if (!parse_words("figures", n_words, words, options, 1, folders, MAX_RUNS, &n_runs))
        return EXIT_USAGE;
    if (n_runs == 0) {
        fprintf(stderr, "tvae figures: which run folder?\n");
        return EXIT_USAGE;
    }
    status = draw_runs(runs, folders, n_runs, data);
    for (size_t r = 0; r < n_runs; r++)
        tvae_run_destroy(&runs[r]);
    return status == TVAE_OK ? EXIT_OK : report_failure(status);
}
