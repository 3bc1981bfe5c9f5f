/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"

enum { TEXT_BYTES = 256, JSON_BYTES = 1 << 16 };

enum { KEYS, MARKDOWN, JSON, N_OPTIONS };

/* What may be given: "0 < x <= 1e30", "sgd, adam, adamw". */
static void describe_range(const tvae_key_facts *facts, char text[TEXT_BYTES])
{
    size_t used = 0;

    text[0] = '\0';
    if (isfinite(facts->low)) {
        (void)snprintf(text, TEXT_BYTES, "%.16g %s x %s %.16g", facts->low,
                       facts->low_is_outside ? "<" : "<=",
                       facts->high_is_outside ? "<" : "<=", facts->high);
        return;
    }
    for (size_t i = 0; facts->words && facts->words[i] && used < TEXT_BYTES; i++)
        used += (size_t)snprintf(text + used, TEXT_BYTES - used, "%s%s", i ? ", " : "",
                                 facts->words[i]);
}

/* A row of a Markdown table: docs/configuration.md is made of them. */
static void print_row(const tvae_key_facts *facts, const char *range)
{
    printf("| `%s` | %s | %s | %s | %s | %s |\n", facts->name, facts->type, range,
           facts->initial, facts->may_change_on_resume ? "may change" : "fixed",
           facts->meaning);
}

static void print_lines(const tvae_key_facts *facts, const char *range)
{
    printf("%-20s %s\n%-20s   %s", facts->name, facts->meaning, "", facts->type);
    if (*range)
        printf(", %s", range);
    if (*facts->initial)
        printf(", default %s", facts->initial);
    puts(facts->may_change_on_resume ? ", may change on resume" : "");
}

/* The keys of --set. */
static int print_keys(bool markdown)
{
    if (markdown)
        puts("| key | type | range | default | on resume | meaning |\n"
             "|---|---|---|---|---|---|");
    for (size_t i = 0; i < tvae_config_key_count(); i++) {
        char range[TEXT_BYTES];
        tvae_key_facts facts;

        if (tvae_config_key_facts(i, &facts, sizeof facts) != TVAE_OK)
            return report_failure(TVAE_E_INVALID);
        describe_range(&facts, range);
        if (markdown)
            print_row(&facts, range);
        else
            print_lines(&facts, range);
    }
    return EXIT_OK;
}

static tvae_status print_config(const char *experiment)
{
    static char text[JSON_BYTES];
    tvae_config *config = NULL;
    tvae_status status = tvae_config_create(experiment, &config);

    if (status == TVAE_OK)
        status = tvae_config_json(config, text, sizeof text, NULL);
    if (status == TVAE_OK)
        fputs(text, stdout);
    tvae_config_destroy(&config);
    return status;
}

/* One experiment's configuration, or an array of all. */
static int print_json(const char *experiment)
{
    const size_t n = tvae_experiment_count();
    tvae_status status = TVAE_OK;

    if (experiment) {
        status = print_config(experiment);
        if (status == TVAE_OK)
            return EXIT_OK;
        (void)report_failure(status);
        return status == TVAE_E_NOT_FOUND ? EXIT_USAGE : EXIT_FAILED;
    }
    puts("[");
    for (size_t i = 0; i < n && status == TVAE_OK; i++) {
        printf("{\"name\": \"%s\",\n \"summary\": \"%s\",\n \"config\": ",
               tvae_experiment_name(i), tvae_experiment_summary(i));
        status = print_config(tvae_experiment_name(i));
        puts(i + 1 < n ? "}," : "}");
    }
    puts("]");
    return status == TVAE_OK ? EXIT_OK : report_failure(status);
}

int command_list(int n_words, char **words)
{
    cli_option options[N_OPTIONS] = {[KEYS] = {.name = "--keys", .max_values = 1},
                                     [MARKDOWN] = {.name = "--markdown", .max_values = 1},
                                     [JSON] = {.name = "--json", .max_values = 1}};
    const char *experiment = NULL;
    size_t n_others;

    if (!parse_words("list", n_words, words, options, N_OPTIONS, &experiment, 1,
                     &n_others))
        return EXIT_USAGE;
    if (options[JSON].n_values)
        return print_json(experiment);
    if (experiment) {
        fprintf(stderr, "tvae list: '%s' goes with --json\n", experiment);
        return EXIT_USAGE;
    }
    if (options[KEYS].n_values)
        return print_keys(options[MARKDOWN].n_values > 0);
    for (size_t i = 0; i < tvae_experiment_count(); i++)
        printf("%-35s %s\n", tvae_experiment_name(i), tvae_experiment_summary(i));
    return EXIT_OK;
}
