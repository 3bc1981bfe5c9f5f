/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

enum { MAX_RUNS = 16, MAX_STEPS = 16, PATH_BYTES = 64 };

enum { DATA, SAMPLES, SEQUENCES, SPLIT, SEED, AT_MEANS, BEST, N_OPTIONS };

/* The rows of the table: numbers of summary.json. Rows no run has are left out. */
static const struct row {
    const char *path;
    const char *title;
    int n_decimals;
} rows[] = {
    {"log_likelihood", "log-likelihood (nats)", 2},
    {"log_likelihood_reference", "  reference convention", 2},
    {"neg_log_px", "-log p(x|t)", 2},
    {"kl.z", "KL of z", 2},
    {"kl.u", "KL of u", 2},
    {"equivariance_error", "equivariance error", 1},
    {"capcorr.posX", "CapCorr posX", 3},
    {"capcorr.posY", "CapCorr posY", 3},
    {"capcorr.orientation", "CapCorr orientation", 3},
    {"capcorr.rotation", "CapCorr rotation", 3},
    {"capcorr.scale", "CapCorr scale", 3},
    {"capcorr.hue", "CapCorr hue", 3},
    {"capcorr.perspective", "CapCorr perspective", 3},
    {"active_latents.z", "active latents z", 0},
    {"active_latents.u", "active latents u", 0},
    {"topographic_smoothness", "topographic smoothness", 3},
    {"class_selectivity.selective_units", "class-selective units", 0},
    {"steps", "training steps", 0},
    {"seconds", "training seconds", 1},
};

/* One row of numbers; false, and nothing printed, where no run has any. */
static bool print_row(tvae_run *const *runs, size_t n_runs, const char *path,
                      const char *title, int n_decimals)
{
    double values[MAX_RUNS];
    bool known = false;

    for (size_t r = 0; r < n_runs; r++) {
        values[r] = (double)NAN;
        if (tvae_run_summary_number(runs[r], path, &values[r]) == TVAE_OK)
            known = true;
    }
    if (!known)
        return false;
    printf("%-26s", title);
    for (size_t r = 0; r < n_runs; r++)
        if (isnan(values[r]))
            printf(" %16s", "-");
        else
            printf(" %16.*f", n_decimals, values[r]);
    putchar('\n');
    return true;
}

/* Errors of the frames to come (summary.json has all steps): of the rolled capsules,
 * and of copying the last frame seen. */
static void print_predictions(tvae_run *const *runs, size_t n_runs)
{
    for (int step = 1; step <= MAX_STEPS; step++) {
        char path[PATH_BYTES], title[PATH_BYTES];

        (void)snprintf(path, sizeof path, "prediction.error.%d", step);
        (void)snprintf(title, sizeof title, "prediction error, %d ahead", step);
        if (!print_row(runs, n_runs, path, title, 5))
            return;
        (void)snprintf(path, sizeof path, "prediction.copy_error.%d", step);
        (void)print_row(runs, n_runs, path, "  copying the last frame", 5);
    }
}

static void print_table(tvae_run *const *runs, size_t n_runs)
{
    printf("%-26s", "");
    for (size_t r = 0; r < n_runs; r++)
        printf(" %16s", tvae_run_folder(runs[r]));
    putchar('\n');
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        (void)print_row(runs, n_runs, rows[i].path, rows[i].title, rows[i].n_decimals);
    print_predictions(runs, n_runs);
}

/* Read the options that are numbers or names. */
static bool read_options(const cli_option *options, tvae_evaluate_options *evaluate)
{
    static const char *const splits[] = {"train", "validation", "test"};
    int64_t seed;

    if (options[SAMPLES].n_values &&
        !parse_number("--samples", options[SAMPLES].values[0], 1, 1000000,
                      &evaluate->n_samples))
        return false;
    if (options[SEQUENCES].n_values &&
        !parse_number("--sequences", options[SEQUENCES].values[0], 1, INT32_MAX,
                      &evaluate->n_sequences))
        return false;
    if (options[SEED].n_values) {
        if (!parse_number("--seed", options[SEED].values[0], 0, INT64_MAX, &seed))
            return false;
        evaluate->seed = (uint64_t)seed;
    }
    evaluate->at_means = options[AT_MEANS].n_values ? 1 : 0;
    evaluate->best = options[BEST].n_values ? 1 : 0;
    if (!options[SPLIT].n_values)
        return true;
    for (int32_t i = 0; i < 3; i++)
        if (strcmp(options[SPLIT].values[0], splits[i]) == 0) {
            evaluate->split = i;
            return true;
        }
    fprintf(stderr, "tvae eval: --split is '%s', want train, validation or test\n",
            options[SPLIT].values[0]);
    return false;
}

static int evaluate_all(const char *const *folders, size_t n_runs,
                        const tvae_evaluate_options *evaluate, const char *data)
{
    const tvae_progress_hook hook = progress_hook();
    const tvae_exchange *exchange = NULL;
    tvae_run *runs[MAX_RUNS] = {NULL};
    tvae_status status = TVAE_OK;
    int code = EXIT_OK;

    if (!join_ranks(&exchange))
        return EXIT_FAILED;
    catch_interrupts();
    for (size_t r = 0; status == TVAE_OK && r < n_runs; r++) {
        status = exchange ? tvae_run_open_distributed(folders[r], exchange, &runs[r])
                          : tvae_run_open(folders[r], &runs[r]);
        if (status == TVAE_OK)
            status = use_threads_of_run(runs[r]);
        if (status == TVAE_OK)
            status = tvae_run_evaluate(runs[r], evaluate, data, &hook);
        finish_progress();
    }
    if (status != TVAE_OK)
        code = report_failure(status);
    else if (is_first_rank())
        print_table(runs, n_runs);
    for (size_t r = 0; r < n_runs; r++)
        tvae_run_destroy(&runs[r]);
    return leave_ranks(status, code);
}

int command_eval(int n_words, char **words)
{
    const char *values[N_OPTIONS], *folders[MAX_RUNS];
    cli_option options[N_OPTIONS] = {
        [DATA] = {.name = "--data", .takes_value = true},
        [SAMPLES] = {.name = "--samples", .takes_value = true},
        [SEQUENCES] = {.name = "--sequences", .takes_value = true},
        [SPLIT] = {.name = "--split", .takes_value = true},
        [SEED] = {.name = "--seed", .takes_value = true},
        [AT_MEANS] = {.name = "--at-means"},
        [BEST] = {.name = "--best"},
    };
    tvae_evaluate_options evaluate;
    size_t n_runs;

    for (size_t i = 0; i < N_OPTIONS; i++) {
        options[i].values = &values[i];
        options[i].max_values = 1;
    }
    if (tvae_evaluate_options_init(&evaluate, sizeof evaluate) != TVAE_OK)
        return report_failure(TVAE_E_INVALID);
    if (!parse_words("eval", n_words, words, options, N_OPTIONS, folders, MAX_RUNS,
                     &n_runs) ||
        !read_options(options, &evaluate))
        return EXIT_USAGE;
    if (n_runs == 0) {
        fprintf(stderr, "tvae eval: which run folder?\n");
        return EXIT_USAGE;
    }
    return evaluate_all(folders, n_runs, &evaluate,
                        options[DATA].n_values ? options[DATA].values[0] : NULL);
}
