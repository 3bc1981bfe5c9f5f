/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"

static bool reject(const char *command, const char *what, const char *word)
{
    fprintf(stderr, "tvae %s: %s '%s'; 'tvae %s --help' shows the usage\n", command, what,
            word, command);
    return false;
}

/* Takes the option at words[*place], and its value, which may follow a '='. */
static bool take_option(const char *command, int n_words, char **words, int *place,
                        cli_option *options, size_t n_options)
{
    const char *word = words[*place], *equals = strchr(word, '=');
    const size_t length = equals ? (size_t)(equals - word) : strlen(word);

    for (size_t i = 0; i < n_options; i++) {
        cli_option *option = &options[i];
        const char *value = NULL;

        if (strlen(option->name) != length || strncmp(option->name, word, length) != 0)
            continue;
        if (option->takes_value) {
            value = equals ? equals + 1 : *place + 1 < n_words ? words[++*place] : NULL;
            if (!value || !*value)
                return reject(command, "a value must follow", word);
        } else if (equals) {
            return reject(command, "no value may follow", option->name);
        }
        if (option->n_values == option->max_values)
            return reject(command, "given too often:", option->name);
        if (value)
            option->values[option->n_values] = value;
        option->n_values++;
        return true;
    }
    return reject(command, "unknown option", word);
}

bool parse_words(const char *command, int n_words, char **words, cli_option *options,
                 size_t n_options, const char **others, size_t max_others,
                 size_t *n_others)
{
    *n_others = 0;
    for (int place = 0; place < n_words; place++) {
        if (strncmp(words[place], "--", 2) == 0) {
            if (!take_option(command, n_words, words, &place, options, n_options))
                return false;
        } else if (*n_others == max_others) {
            return reject(command, "one word too many:", words[place]);
        } else {
            others[(*n_others)++] = words[place];
        }
    }
    return true;
}

bool parse_number(const char *option, const char *text, int64_t low, int64_t high,
                  int64_t *value)
{
    char *end;
    long long number;

    errno = 0;
    number = strtoll(text, &end, 10);
    if (isspace((unsigned char)*text) || errno || end == text || *end || number < low ||
        number > high) {
        fprintf(stderr,
                "tvae: %s is '%s', want a whole number from %" PRId64 " to %" PRId64 "\n",
                option, text, low, high);
        return false;
    }
    *value = number;
    return true;
}

bool parse_real(const char *option, const char *text, double low, double high,
                double *value)
{
    const bool is_decimal = text[strspn(text, "+-.0123456789eE")] == '\0';
    char *end;
    const double number = strtod(text, &end); /* C locale: the program sets no other */

    if (!is_decimal || end == text || *end || !(number >= low && number <= high)) {
        fprintf(stderr, "tvae: %s is '%s', want a number from %.0f to %.0f\n", option,
                text, low, high);
        return false;
    }
    *value = number;
    return true;
}
