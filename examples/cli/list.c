/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "cli.h"

/* The keys of --set, with their meanings. */
static void print_keys(void)
{
    for (size_t i = 0; i < tvae_config_key_count(); i++) {
        const char *meaning = "";
        const char *key = tvae_config_key(i, &meaning);

        printf("%-20s %s\n", key, meaning);
    }
}

int command_list(int n_words, char **words)
{
    cli_option options[] = {{.name = "--keys", .max_values = 1}};
    size_t n_others;

    if (!parse_words("list", n_words, words, options, 1, NULL, 0, &n_others))
        return EXIT_USAGE;
    if (options[0].n_values) {
        print_keys();
        return EXIT_OK;
    }
    for (size_t i = 0; i < tvae_experiment_count(); i++)
        printf("%-28s %s\n", tvae_experiment_name(i), tvae_experiment_summary(i));
    return EXIT_OK;
}
