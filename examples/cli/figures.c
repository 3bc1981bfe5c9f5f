/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cli.h"

enum { MAX_RUNS = 16 };

/* Draw one run's pictures; their paths go to stdout. */
static tvae_status draw_run(const char *folder, const char *data,
                            const tvae_progress_hook *hook)
{
    tvae_run *run = NULL;
    tvae_status status = tvae_run_open(folder, &run);

    if (status == TVAE_OK)
        status = use_threads_of_run(run);
    if (status == TVAE_OK)
        status = tvae_report_figures(run, data, hook);
    tvae_run_destroy(&run);
    return status;
}

static int32_t print_picture(void *user, const tvae_progress *progress)
{
    (void)user;
    puts(progress->phase);
    return 0;
}

int command_figures(int n_words, char **words)
{
    const tvae_progress_hook hook = {.size = sizeof hook, .progress = print_picture};
    const char *data = NULL, *folders[MAX_RUNS];
    cli_option options[] = {
        {.name = "--data", .takes_value = true, .values = &data, .max_values = 1}};
    size_t n_runs;

    if (!parse_words("figures", n_words, words, options, 1, folders, MAX_RUNS, &n_runs))
        return EXIT_USAGE;
    if (n_runs == 0) {
        fprintf(stderr, "tvae figures: which run folder?\n");
        return EXIT_USAGE;
    }
    for (size_t r = 0; r < n_runs; r++) {
        const tvae_status status = draw_run(folders[r], data, &hook);

        if (status != TVAE_OK)
            return report_failure(status);
    }
    return EXIT_OK;
}
