/* SPDX-License-Identifier: MIT */
#include "experiment/config.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/number.h"

/* Values of keys as text, both ways. */

enum { RANGE_BYTES = 160 };

static int64_t *integers_at(const tvi_key *key, tvi_settings *settings)
{
    return (int64_t *)(void *)((char *)settings + key->offset);
}

int64_t tvi_key_integer(const tvi_key *key, const tvi_settings *settings)
{
    int64_t value;

    memcpy(&value, (const char *)settings + key->offset, sizeof value);
    return value;
}

double tvi_key_real(const tvi_key *key, const tvi_settings *settings)
{
    double value;

    memcpy(&value, (const char *)settings + key->offset, sizeof value);
    return value;
}

static size_t value_bytes(const tvi_key *key)
{
    switch (key->type) {
    case TVI_KEY_REAL:
        return sizeof(double);
    case TVI_KEY_LIST:
        return TVAE_N_SPRITE_FACTORS * sizeof(int64_t);
    default:
        return sizeof(int64_t);
    }
}

bool tvi_key_equal(const tvi_key *key, const tvi_settings *a, const tvi_settings *b)
{
    const char *left = (const char *)a + key->offset,
               *right = (const char *)b + key->offset;

    if (key->type == TVI_KEY_NAME || key->type == TVI_KEY_PATH)
        return strcmp(left, right) == 0;
    if (key->type == TVI_KEY_REAL)
        return tvi_key_real(key, a) == tvi_key_real(key, b);
    return memcmp(left, right, value_bytes(key)) == 0;
}

/* ---- print ---- */

/* Append to [capacity] bytes of which *used are taken; false if it does not fit. */
static bool append(char *text, size_t capacity, size_t *used, const char *piece)
{
    const size_t n = strlen(piece);

    if (n >= capacity - *used)
        return false;
    memcpy(text + *used, piece, n + 1);
    *used += n;
    return true;
}

static bool print_words(const tvi_key *key, int64_t bits, char *text, size_t capacity)
{
    size_t used = 0;
    bool fits = true;

    for (size_t i = 0; key->words[i] && fits; i++) {
        if (!((uint64_t)bits >> i & 1u))
            continue;
        if (used)
            fits = append(text, capacity, &used, ",");
        fits = fits && append(text, capacity, &used, key->words[i]);
    }
    return fits;
}

static bool print_list(const tvi_key *key, const tvi_settings *settings, char *text,
                       size_t capacity)
{
    int64_t values[TVAE_N_SPRITE_FACTORS];
    size_t used = 0;
    bool fits = true;

    memcpy(values, (const char *)settings + key->offset, sizeof values);
    for (size_t i = 0; i < TVAE_N_SPRITE_FACTORS && fits; i++) {
        char number[TVI_NUMBER_TEXT];

        (void)snprintf(number, sizeof number, "%s%" PRId64, i ? "," : "", values[i]);
        fits = append(text, capacity, &used, number);
    }
    return fits;
}

bool tvi_key_print(const tvi_key *key, const tvi_settings *settings, char *text,
                   size_t capacity)
{
    char number[TVI_NUMBER_TEXT];
    size_t used = 0;

    if (!capacity)
        return false;
    text[0] = '\0';
    switch (key->type) {
    case TVI_KEY_INTEGER:
        (void)snprintf(number, sizeof number, "%" PRId64, tvi_key_integer(key, settings));
        return append(text, capacity, &used, number);
    case TVI_KEY_REAL:
        return append(text, capacity, &used,
                      tvi_format_real(tvi_key_real(key, settings), number));
    case TVI_KEY_WORD:
        return append(text, capacity, &used, key->words[tvi_key_integer(key, settings)]);
    case TVI_KEY_WORDS:
        return print_words(key, tvi_key_integer(key, settings), text, capacity);
    case TVI_KEY_LIST:
        return print_list(key, settings, text, capacity);
    case TVI_KEY_NAME:
    case TVI_KEY_PATH:
        break;
    }
    return append(text, capacity, &used, (const char *)settings + key->offset);
}

/* ---- parse ---- */

static const char *describe_range(const tvi_key *key, char text[RANGE_BYTES])
{
    char low[TVI_NUMBER_TEXT], high[TVI_NUMBER_TEXT];
    const bool integer = key->type != TVI_KEY_REAL;

    (void)snprintf(text, RANGE_BYTES, "%s %s%s %s %s%s",
                   integer ? "an integer from" : "a number between",
                   tvi_format_real(key->low, low),
                   key->flags & TVI_KEY_ABOVE_LOW ? " (not itself)" : "",
                   integer ? "to" : "and", tvi_format_real(key->high, high),
                   key->flags & TVI_KEY_BELOW_HIGH ? " (not itself)" : "");
    return text;
}

static tvae_status fail_value(const tvi_key *key, const char *got, const char *wanted,
                              const char *call)
{
    return tvi_fail(TVAE_E_INVALID, "%s: %s is \"%.64s\", want %s", call, key->name, got,
                    wanted);
}

static bool is_in_range(const tvi_key *key, double value)
{
    const bool above =
        key->flags & TVI_KEY_ABOVE_LOW ? value > key->low : value >= key->low;
    const bool below =
        key->flags & TVI_KEY_BELOW_HIGH ? value < key->high : value <= key->high;

    return above && below;
}

static tvae_status parse_integer(const tvi_key *key, const char *text, int64_t *value,
                                 const char *call)
{
    char range[RANGE_BYTES];
    int64_t parsed;

    if (!tvi_parse_integer(text, &parsed) || !is_in_range(key, (double)parsed))
        return fail_value(key, text, describe_range(key, range), call);
    *value = parsed;
    return TVAE_OK;
}

static tvae_status parse_real(const tvi_key *key, const char *text,
                              tvi_settings *settings, const char *call)
{
    char range[RANGE_BYTES];
    double parsed;

    if (!tvi_parse_real(text, &parsed) || !is_in_range(key, parsed))
        return fail_value(key, text, describe_range(key, range), call);
    memcpy((char *)settings + key->offset, &parsed, sizeof parsed);
    return TVAE_OK;
}

static tvae_status parse_word(const tvi_key *key, const char *text, int64_t *value,
                              const char *call)
{
    char wanted[RANGE_BYTES];
    size_t used = 0, i;

    for (i = 0; key->words[i]; i++)
        if (strcmp(key->words[i], text) == 0) {
            *value = (int64_t)i;
            return TVAE_OK;
        }
    wanted[0] = '\0';
    for (i = 0; key->words[i]; i++) {
        (void)append(wanted, sizeof wanted, &used, i ? ", " : "one of ");
        (void)append(wanted, sizeof wanted, &used, key->words[i]);
    }
    return fail_value(key, text, wanted, call);
}

/* The next piece between commas into [capacity] bytes, cut if longer; NULL at the end. */
static const char *next_piece(const char *text, char *piece, size_t capacity)
{
    const size_t n = strcspn(text, ",");
    const size_t kept = n < capacity - 1 ? n : capacity - 1;

    memcpy(piece, text, kept);
    piece[kept] = '\0';
    return text[n] ? text + n + 1 : NULL;
}

static tvae_status parse_words(const tvi_key *key, const char *text, int64_t *value,
                               const char *call)
{
    const char *rest = text;
    char piece[TVI_NUMBER_TEXT];
    uint64_t bits = 0;

    while (rest) {
        int64_t place = 0;
        tvae_status st;

        rest = next_piece(rest, piece, sizeof piece);
        st = parse_word(key, piece, &place, call);
        if (st != TVAE_OK)
            return st;
        bits |= (uint64_t)1 << place;
    }
    *value = (int64_t)bits;
    return TVAE_OK;
}

static tvae_status parse_list(const tvi_key *key, const char *text, int64_t *values,
                              const char *call)
{
    int64_t parsed[TVAE_N_SPRITE_FACTORS];
    const char *rest = text;
    char piece[TVI_NUMBER_TEXT];
    size_t n = 0;

    for (; rest && n < TVAE_N_SPRITE_FACTORS; n++) {
        tvae_status st;

        rest = next_piece(rest, piece, sizeof piece);
        st = parse_integer(key, piece, &parsed[n], call);
        if (st != TVAE_OK)
            return st;
    }
    if (rest || n < TVAE_N_SPRITE_FACTORS)
        return fail_value(key, text, "five integers with commas between them", call);
    memcpy(values, parsed, sizeof parsed);
    return TVAE_OK;
}

/* Absolute, without links where the path exists; an empty path stays empty. */
static tvae_status parse_path(const tvi_key *key, const char *text, char *path,
                              const char *call)
{
    char folder[TVI_PATH_BYTES] = "", *real;
    int n;

    if (!*text) {
        path[0] = '\0';
        return TVAE_OK;
    }
    real = realpath(text, NULL);
    if (!real && *text != '/' && !getcwd(folder, sizeof folder))
        return tvi_fail(TVAE_E_IO,
                        "%s: the working folder cannot be read: %s is relative, "
                        "give an absolute path",
                        call, key->name);
    n = snprintf(path, TVI_PATH_BYTES, "%s%s%s", real ? "" : folder,
                 real || *text == '/' ? "" : "/", real ? real : text);
    free(real);
    if (n < 0 || n >= TVI_PATH_BYTES) {
        path[0] = '\0';
        return fail_value(key, text, "a path shorter than 4096 bytes", call);
    }
    return TVAE_OK;
}

tvae_status tvi_key_parse(const tvi_key *key, tvi_settings *settings, const char *text,
                          const char *call)
{
    switch (key->type) {
    case TVI_KEY_INTEGER:
        return parse_integer(key, text, integers_at(key, settings), call);
    case TVI_KEY_REAL:
        return parse_real(key, text, settings, call);
    case TVI_KEY_WORD:
        return parse_word(key, text, integers_at(key, settings), call);
    case TVI_KEY_WORDS:
        return parse_words(key, text, integers_at(key, settings), call);
    case TVI_KEY_LIST:
        return parse_list(key, text, integers_at(key, settings), call);
    case TVI_KEY_PATH:
        return parse_path(key, text, (char *)settings + key->offset, call);
    case TVI_KEY_NAME:
        break;
    }
    if (strcmp((const char *)settings + key->offset, text) == 0)
        return TVAE_OK;
    return fail_value(key, text, "what the configuration was made from: create another",
                      call);
}
