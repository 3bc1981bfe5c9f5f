/* SPDX-License-Identifier: MIT */
#include "experiment/config.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/memory.h"
#include "base/number.h"
#include "base/text.h"
#include "io/io.h"

/* Configurations as JSON: one object, a member a key. Lists are arrays; every value may
 * also be given as the text that tvae_config_set() takes. */

enum { MOST_BYTES = 1 << 20, INDENT = 2 };

/* ---- load ---- */

/* The line that holds the first "key" of the text, 1 if it cannot be told. */
static size_t find_line(const char *text, const char *key)
{
    char quoted[80];
    const char *place;
    size_t line = 1;

    (void)snprintf(quoted, sizeof quoted, "\"%.64s\"", key);
    place = strstr(text, quoted);
    for (const char *c = text; place && c < place; c++)
        if (*c == '\n')
            line++;
    return line;
}

static bool scalar_text(const json_t *value, char *text, size_t capacity)
{
    char number[TVI_NUMBER_TEXT];
    int n;

    if (json_is_boolean(value))
        n = snprintf(text, capacity, "%s", json_is_true(value) ? "yes" : "no");
    else if (json_is_integer(value))
        n = snprintf(text, capacity, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        n = snprintf(text, capacity, "%s",
                     tvi_format_real(json_real_value(value), number));
    else if (json_is_string(value))
        n = snprintf(text, capacity, "%s", json_string_value(value));
    else
        return false;
    return n >= 0 && (size_t)n < capacity;
}

/* The text tvae_config_set() would take; false for other kinds of value. */
static bool value_text(const json_t *value, char *text, size_t capacity)
{
    size_t used = 0;

    if (!json_is_array(value))
        return scalar_text(value, text, capacity);
    text[0] = '\0';
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (used + 1 >= capacity)
            return false;
        if (i)
            text[used++] = ',';
        if (!scalar_text(json_array_get(value, i), text + used, capacity - used))
            return false;
        used += strlen(text + used);
    }
    return true;
}

static tvae_status set_from_json(tvae_config *config, const char *path, const char *text,
                                 const char *key, const json_t *value)
{
    char value_now[TVI_VALUE_BYTES];
    tvae_status st;

    if (!value_text(value, value_now, sizeof value_now))
        return tvi_fail(TVAE_E_FORMAT,
                        "config_load: %s line %zu: %.64s is neither a number nor a text "
                        "nor a list of those",
                        path, find_line(text, key), key);
    st = tvi_settings_set(&config->settings, key, value_now, "config_load");
    if (st == TVAE_E_INVALID || st == TVAE_E_NOT_FOUND) {
        char reason[TVI_VALUE_BYTES];

        (void)snprintf(reason, sizeof reason, "%s", tvae_last_error());
        st = tvi_fail(TVAE_E_FORMAT, "config_load: %s line %zu: %s", path,
                      find_line(text, key), reason + strlen("config_load: "));
    }
    return st;
}

static tvae_status read_object(const char *path, const char *text, const json_t *object,
                               tvae_config **out)
{
    const char *experiment = json_string_value(json_object_get(object, "experiment"));
    const char *key;
    tvae_config *config = NULL;
    json_t *value;
    tvae_status st;

    if (!experiment)
        return tvi_fail(TVAE_E_FORMAT,
                        "config_load: %s line 1: the key \"experiment\" is missing, want "
                        "the name of the experiment to start from",
                        path);
    st = tvae_config_create(experiment, &config);
    if (st != TVAE_OK)
        return st;
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        st = set_from_json(config, path, text, key, value);
        if (st != TVAE_OK) {
            tvae_config_destroy(&config);
            return st;
        }
    }
    *out = config;
    return TVAE_OK;
}

tvae_status tvae_config_load(const char *path, tvae_config **out)
{
    json_error_t error;
    json_t *object;
    char *text = NULL;
    size_t n_bytes;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "config_load: out is NULL");
    *out = NULL;
    if (!path)
        return tvi_fail(TVAE_E_INVALID, "config_load: path is NULL");
    st = tvi_file_read(path, MOST_BYTES, &text, &n_bytes);
    if (st != TVAE_OK)
        return st;
    object = json_loadb(text, n_bytes, JSON_REJECT_DUPLICATES, &error);
    if (!object)
        st = tvi_fail(TVAE_E_FORMAT, "config_load: %s line %d: %s", path, error.line,
                      error.text);
    else if (!json_is_object(object))
        st =
            tvi_fail(TVAE_E_FORMAT, "config_load: %s line 1: want one JSON object", path);
    else
        st = read_object(path, text, object, out);
    json_decref(object);
    tvi_free(text);
    return st;
}

/* ---- save ---- */

static json_t *words_json(const tvi_key *key, int64_t bits)
{
    json_t *array = json_array();

    for (size_t i = 0; array && key->words[i]; i++)
        if ((uint64_t)bits >> i & 1u)
            (void)json_array_append_new(array, json_string(key->words[i]));
    return array;
}

static json_t *list_json(const tvi_key *key, const tvi_settings *settings)
{
    int64_t values[TVAE_N_SPRITE_FACTORS];
    json_t *array = json_array();

    memcpy(values, (const char *)settings + key->offset, sizeof values);
    for (size_t i = 0; array && i < TVAE_N_SPRITE_FACTORS; i++)
        (void)json_array_append_new(array, json_integer(values[i]));
    return array;
}

static json_t *key_json(const tvi_key *key, const tvi_settings *settings)
{
    switch (key->type) {
    case TVI_KEY_INTEGER:
        return json_integer(tvi_key_integer(key, settings));
    case TVI_KEY_REAL:
        return json_real(tvi_key_real(key, settings));
    case TVI_KEY_WORD:
        return json_string(key->words[tvi_key_integer(key, settings)]);
    case TVI_KEY_WORDS:
        return words_json(key, tvi_key_integer(key, settings));
    case TVI_KEY_LIST:
        return list_json(key, settings);
    case TVI_KEY_NAME:
    case TVI_KEY_PATH:
        break;
    }
    return json_string((const char *)settings + key->offset);
}

/* Digits that write every real of the configuration so that it reads back exactly. */
static size_t digits_needed(const tvi_settings *settings)
{
    size_t most = 15;

    for (size_t i = 0; i < tvi_n_keys; i++) {
        char text[TVI_NUMBER_TEXT];
        const char *number;
        size_t digits = 0;

        if (tvi_keys[i].type != TVI_KEY_REAL)
            continue;
        number = tvi_format_real(tvi_key_real(&tvi_keys[i], settings), text);
        for (; *number && *number != 'e'; number++)
            if (*number >= '0' && *number <= '9' && (digits || *number != '0'))
                digits++;
        if (digits > most)
            most = digits;
    }
    return most;
}

/* The whole configuration, an end of line after it; free() it. */
static tvae_status config_text(const tvae_config *config, const char *call, char **out,
                               size_t *n_bytes)
{
    const size_t flags = JSON_INDENT(INDENT) | JSON_PRESERVE_ORDER |
                         JSON_REAL_PRECISION(digits_needed(&config->settings));
    json_t *object = json_object();
    bool whole = object != NULL;

    *out = NULL;
    for (size_t i = 0; i < tvi_n_keys && whole; i++)
        whole = json_object_set_new(object, tvi_keys[i].name,
                                    key_json(&tvi_keys[i], &config->settings)) == 0;
    if (whole)
        *out = json_dumps(object, flags);
    json_decref(object);
    if (!*out)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: the configuration cannot be written as JSON: a path in it "
                        "is not UTF-8, or memory ran out",
                        call);
    *n_bytes = strlen(*out) + 1;
    (*out)[*n_bytes - 1] = '\n'; /* in place of the end: the length is given */
    return TVAE_OK;
}

tvae_status tvae_config_save(const tvae_config *config, const char *path)
{
    char *text = NULL;
    size_t n_bytes = 0;
    tvae_status st;

    if (!config || !path)
        return tvi_fail(TVAE_E_INVALID, "config_save: %s is NULL",
                        config ? "path" : "config");
    st = config_text(config, "config_save", &text, &n_bytes);
    if (st == TVAE_OK)
        st = tvi_file_write(path, text, n_bytes);
    free(text);
    return st;
}

tvae_status tvae_config_json(const tvae_config *config, char *text, size_t capacity,
                             size_t *needed)
{
    char *whole = NULL;
    size_t n_bytes = 0;
    tvae_status st;

    if (!config)
        return tvi_fail(TVAE_E_INVALID, "config_json: config is NULL");
    st = config_text(config, "config_json", &whole, &n_bytes);
    if (st == TVAE_OK)
        st = tvi_text_room("config_json", n_bytes + 1, text, capacity, needed);
    if (st == TVAE_OK && text) {
        memcpy(text, whole, n_bytes);
        text[n_bytes] = '\0';
    }
    free(whole);
    return st;
}
