/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

enum { MAX_SETTINGS = 64, FOLDER_BYTES = 192 };

enum { DATA, OUT, STEPS, EPOCHS, SEED, THREADS, EVAL_EVERY, SET, RESUME, N_OPTIONS };

static bool ends_with(const char *text, const char *ending)
{
    const size_t n_text = strlen(text), n_ending = strlen(ending);

    return n_text >= n_ending && strcmp(text + n_text - n_ending, ending) == 0;
}

/* Apply "key=value". */
static tvae_status apply_setting(tvae_config *config, const char *setting)
{
    const char *equals = strchr(setting, '=');
    char key[64];

    (void)snprintf(key, sizeof key, "%.*s",
                   equals ? (int)(equals - setting) : (int)strlen(setting), setting);
    return tvae_config_set(config, key, equals ? equals + 1 : "");
}

/* The experiment or file, changed by the command line. */
static tvae_status build_config(const char *experiment, const cli_option *options,
                                tvae_config **config)
{
    static const struct {
        int option;
        const char *key;
    } shortcuts[] = {{DATA, "data"}, {STEPS, "steps"},     {EPOCHS, "epochs"},
                     {SEED, "seed"}, {THREADS, "threads"}, {EVAL_EVERY, "eval_steps"}};
    tvae_status status = ends_with(experiment, ".json")
                             ? tvae_config_load(experiment, config)
                             : tvae_config_create(experiment, config);

    for (size_t i = 0; status == TVAE_OK && i < options[SET].n_values; i++)
        status = apply_setting(*config, options[SET].values[i]);
    for (size_t i = 0; status == TVAE_OK && i < sizeof shortcuts / sizeof shortcuts[0];
         i++)
        if (options[shortcuts[i].option].n_values)
            status = tvae_config_set(*config, shortcuts[i].key,
                                     options[shortcuts[i].option].values[0]);
    return status;
}

/* --out, or runs/EXPERIMENT-seedN in `room`. */
static tvae_status choose_folder(const tvae_config *config, const cli_option *options,
                                 char room[FOLDER_BYTES], const char **folder)
{
    char name[128], seed[32];
    tvae_status status;

    *folder = options[OUT].n_values ? options[OUT].values[0] : room;
    if (options[OUT].n_values)
        return TVAE_OK;
    status = tvae_config_get(config, "experiment", name, sizeof name, NULL);
    if (status == TVAE_OK)
        status = tvae_config_get(config, "seed", seed, sizeof seed, NULL);
    if (status == TVAE_OK)
        (void)snprintf(room, FOLDER_BYTES, "runs/%s-seed%s", name, seed);
    return status;
}

static tvae_status open_run(const tvae_config *config, const char *folder, bool resumes,
                            const tvae_exchange *exchange, tvae_run **run)
{
    if (exchange)
        return tvae_run_create_distributed(config, folder, resumes ? 1 : 0, exchange,
                                           run);
    return resumes ? tvae_run_resume(config, folder, run)
                   : tvae_run_create(config, folder, run);
}

static void tell_how_to_go_on(const char *experiment, const char *folder)
{
    char start[48] = "";
    int rank, n_ranks;

    if (started_as_rank(&rank, &n_ranks))
        (void)snprintf(start, sizeof start, "mpirun -n %d ", n_ranks);
    fprintf(stderr, "tvae: saved; continue with: %stvae train %s --out %s --resume\n",
            start, experiment, folder);
}

static int train(const char *experiment, const cli_option *options)
{
    const tvae_progress_hook hook = progress_hook();
    const tvae_exchange *exchange = NULL;
    char room[FOLDER_BYTES];
    const char *folder = NULL;
    tvae_config *config = NULL;
    tvae_run *run = NULL;
    tvae_status status = build_config(experiment, options, &config);
    /* A name, key or value that does not exist is wrong usage; a missing file a failure.
     */
    const bool misused = (status == TVAE_E_NOT_FOUND || status == TVAE_E_INVALID) &&
                         (config || !ends_with(experiment, ".json"));
    int code = EXIT_OK;

    if (status == TVAE_OK)
        status = choose_folder(config, options, room, &folder);
    if (status == TVAE_OK && !join_ranks(&exchange)) {
        tvae_config_destroy(&config);
        return EXIT_FAILED;
    }
    if (status == TVAE_OK)
        status = open_run(config, folder, options[RESUME].n_values > 0, exchange, &run);
    if (status == TVAE_OK)
        status = use_threads_of_run(run);
    if (status == TVAE_OK) {
        catch_interrupts();
        status = tvae_run_train(run, &hook);
        finish_progress();
    }
    if (status != TVAE_OK)
        code = report_failure(status);
    else if (is_first_rank())
        printf("%s\n", folder);
    if (status == TVAE_E_CANCELLED && is_first_rank())
        tell_how_to_go_on(experiment, folder);
    tvae_run_destroy(&run);
    tvae_config_destroy(&config);
    return leave_ranks(status, misused ? EXIT_USAGE : code);
}

int command_train(int n_words, char **words)
{
    const char *settings[MAX_SETTINGS], *values[N_OPTIONS], *experiment = NULL;
    cli_option options[N_OPTIONS] = {
        [DATA] = {.name = "--data", .takes_value = true},
        [OUT] = {.name = "--out", .takes_value = true},
        [STEPS] = {.name = "--steps", .takes_value = true},
        [EPOCHS] = {.name = "--epochs", .takes_value = true},
        [SEED] = {.name = "--seed", .takes_value = true},
        [THREADS] = {.name = "--threads", .takes_value = true},
        [EVAL_EVERY] = {.name = "--eval-every", .takes_value = true},
        [SET] = {.name = "--set", .takes_value = true},
        [RESUME] = {.name = "--resume"},
    };
    size_t n_others;

    for (size_t i = 0; i < N_OPTIONS; i++) {
        options[i].values = &values[i];
        options[i].max_values = 1;
    }
    options[SET].values = settings;
    options[SET].max_values = MAX_SETTINGS;
    if (!parse_words("train", n_words, words, options, N_OPTIONS, &experiment, 1,
                     &n_others))
        return EXIT_USAGE;
    if (n_others == 0) {
        fprintf(stderr, "tvae train: which experiment? 'tvae list' shows them\n");
        return EXIT_USAGE;
    }
    if (options[STEPS].n_values && options[EPOCHS].n_values) {
        fprintf(stderr, "tvae train: give --steps or --epochs, not both\n");
        return EXIT_USAGE;
    }
    if (options[EPOCHS].n_values &&
        strspn(values[EPOCHS], "0") == strlen(values[EPOCHS])) {
        fprintf(stderr, "tvae train: --epochs is '%s', want at least 1\n",
                values[EPOCHS]);
        return EXIT_USAGE;
    }
    return train(experiment, options);
}
