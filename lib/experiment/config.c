/* SPDX-License-Identifier: MIT */
#include "experiment/config.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

size_t tvae_experiment_count(void)
{
    return tvi_n_experiments;
}

const char *tvae_experiment_name(size_t index)
{
    return index < tvi_n_experiments ? tvi_experiments[index].name : NULL;
}

const char *tvae_experiment_summary(size_t index)
{
    return index < tvi_n_experiments ? tvi_experiments[index].summary : NULL;
}

size_t tvae_config_key_count(void)
{
    return tvi_n_keys;
}

static const char *key_name(size_t index)
{
    return tvi_keys[index].name;
}

const tvi_key *tvi_key_find(const char *name)
{
    for (size_t i = 0; i < tvi_n_keys; i++)
        if (strcmp(tvi_keys[i].name, name) == 0)
            return &tvi_keys[i];
    return NULL;
}

static tvae_status fail_key(const char *name, const char *call)
{
    char near[TVI_NEAREST_BYTES];

    return tvi_fail(TVAE_E_NOT_FOUND, "%s: there is no key \"%.64s\"; the nearest are %s",
                    call, name, tvi_nearest(name, key_name, tvi_n_keys, near));
}

tvae_status tvi_settings_set(tvi_settings *settings, const char *name, const char *text,
                             const char *call)
{
    const tvi_key *key = tvi_key_find(name);
    tvae_status st;

    if (!key)
        return fail_key(name, call);
    st = tvi_key_parse(key, settings, text, call);
    if (st != TVAE_OK)
        return st;
    if (strcmp(name, "steps") == 0 && settings->steps > 0)
        settings->epochs = 0;
    if (strcmp(name, "epochs") == 0 && settings->epochs > 0)
        settings->steps = 0;
    return TVAE_OK;
}

/* Apply "key=value key=value ...", the form of the table of experiments. */
static tvae_status set_all(tvi_settings *settings, const char *text, const char *call)
{
    tvae_status st = TVAE_OK;

    while (*text && st == TVAE_OK) {
        const size_t n_key = strcspn(text, "="), n_value = strcspn(text + n_key, " ");
        char key[64], value[64];

        if (n_key >= sizeof key || !text[n_key] || n_value > sizeof value)
            return tvi_fail(TVAE_E_INVALID, "%s: \"%.64s\" is no key=value", call, text);
        memcpy(key, text, n_key);
        key[n_key] = '\0';
        memcpy(value, text + n_key + 1, n_value - 1);
        value[n_value - 1] = '\0';
        st = tvi_settings_set(settings, key, value, call);
        text += n_key + n_value;
        text += strspn(text, " ");
    }
    return st;
}

static tvae_status fill_settings(tvi_settings *settings, const tvi_experiment *experiment)
{
    tvae_status st = TVAE_OK;

    memset(settings, 0, sizeof *settings);
    (void)snprintf(settings->experiment, sizeof settings->experiment, "%s",
                   experiment->name);
    for (size_t i = 0; i < tvi_n_keys && st == TVAE_OK; i++)
        if (tvi_keys[i].type != TVI_KEY_NAME)
            st = tvi_key_parse(&tvi_keys[i], settings, tvi_keys[i].initial,
                               "config_create");
    if (st == TVAE_OK)
        st = set_all(settings, experiment->base, "config_create");
    if (st == TVAE_OK)
        st = set_all(settings, experiment->settings, "config_create");
    return st;
}

tvae_status tvi_config_from_settings(const tvi_settings *settings, tvae_config **out)
{
    tvae_config *config = tvi_alloc_array(1, sizeof *config);

    *out = NULL;
    if (!config)
        return TVAE_E_NOMEM;
    tvi_refcount_init(&config->references);
    config->settings = *settings;
    *out = config;
    return TVAE_OK;
}

tvae_status tvae_config_create(const char *experiment, tvae_config **out)
{
    char near[TVI_NEAREST_BYTES];
    tvae_config *config = NULL;
    tvi_settings empty;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "config_create: out is NULL");
    *out = NULL;
    if (!experiment)
        return tvi_fail(TVAE_E_INVALID, "config_create: experiment is NULL");
    memset(&empty, 0, sizeof empty);
    for (size_t i = 0; i < tvi_n_experiments; i++) {
        if (strcmp(tvi_experiments[i].name, experiment) != 0)
            continue;
        st = tvi_config_from_settings(&empty, &config);
        if (st == TVAE_OK)
            st = fill_settings(&config->settings, &tvi_experiments[i]);
        if (st != TVAE_OK)
            tvae_config_destroy(&config);
        *out = config;
        return st;
    }
    return tvi_fail(
        TVAE_E_NOT_FOUND,
        "config_create: there is no experiment \"%.64s\"; the nearest are %s", experiment,
        tvi_nearest(experiment, tvae_experiment_name, tvi_n_experiments, near));
}

void tvae_config_destroy(tvae_config **config)
{
    if (!config || !*config)
        return;
    if (tvi_refcount_release(&(*config)->references))
        tvi_free(*config);
    *config = NULL;
}

tvae_status tvae_config_set(tvae_config *config, const char *key, const char *value)
{
    if (!config || !key || !value)
        return tvi_fail(TVAE_E_INVALID, "config_set: %s is NULL",
                        !config ? "config"
                        : !key  ? "key"
                                : "value");
    return tvi_settings_set(&config->settings, key, value, "config_set");
}

tvae_status tvae_config_get(const tvae_config *config, const char *key, char *value,
                            size_t capacity, size_t *needed)
{
    char whole[TVI_VALUE_BYTES];
    const tvi_key *row;
    size_t n_bytes;
    tvae_status st;

    if (!config || !key)
        return tvi_fail(TVAE_E_INVALID, "config_get: %s is NULL",
                        config ? "key" : "config");
    row = tvi_key_find(key);
    if (!row)
        return fail_key(key, "config_get");
    (void)tvi_key_print(row, &config->settings, whole, sizeof whole); /* holds any */
    n_bytes = strlen(whole) + 1;
    st = tvi_text_room("config_get", n_bytes, value, capacity, needed);
    if (st == TVAE_OK && value)
        memcpy(value, whole, n_bytes);
    return st;
}

/* ---- resume ---- */

static bool is_left_open(const tvi_key *key, const tvi_settings *settings)
{
    return key->flags & TVI_KEY_ZERO_AUTO && tvi_key_integer(key, settings) == 0;
}

void tvi_config_inherit(tvae_config *asked, const tvae_config *kept)
{
    tvi_settings *to = &asked->settings;

    if (!to->data[0])
        memcpy(to->data, kept->settings.data, sizeof to->data);
    for (size_t i = 0; i < tvi_n_keys; i++)
        if (is_left_open(&tvi_keys[i], to))
            memcpy((char *)to + tvi_keys[i].offset,
                   (const char *)&kept->settings + tvi_keys[i].offset, sizeof(int64_t));
}

static int64_t batch_of_all(const tvi_settings *s)
{
    return s->batch_size * s->n_ranks;
}

static tvae_status fail_batch(const tvi_settings *kept, const tvi_settings *asked,
                              const char *call)
{
    const int64_t total = batch_of_all(kept);

    if (total % asked->n_ranks)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: the run takes %lld sequences a step in all, which %lld "
                        "ranks cannot share evenly: start a number of them that divides "
                        "it",
                        call, (long long)total, (long long)asked->n_ranks);
    return tvi_fail(TVAE_E_INVALID,
                    "%s: the run takes %lld sequences a step in all (%lld on each of "
                    "%lld ranks): with %lld ranks set batch_size to %lld",
                    call, (long long)total, (long long)kept->batch_size,
                    (long long)kept->n_ranks, (long long)asked->n_ranks,
                    (long long)(total / asked->n_ranks));
}

tvae_status tvi_config_share_batch(tvi_settings *settings, int64_t n_ranks,
                                   const char *call)
{
    tvi_settings asked = *settings;

    asked.n_ranks = n_ranks;
    if (batch_of_all(settings) % n_ranks)
        return fail_batch(settings, &asked, call);
    settings->batch_size = batch_of_all(settings) / n_ranks;
    settings->n_ranks = n_ranks;
    return TVAE_OK;
}

tvae_status tvi_config_match(const tvae_config *kept, const tvae_config *asked,
                             const char *call)
{
    char before[TVI_VALUE_BYTES], now[TVI_VALUE_BYTES];

    if (batch_of_all(&kept->settings) != batch_of_all(&asked->settings) &&
        kept->settings.n_ranks != asked->settings.n_ranks)
        return fail_batch(&kept->settings, &asked->settings, call);
    for (size_t i = 0; i < tvi_n_keys; i++) {
        const tvi_key *key = &tvi_keys[i];

        if (key->offset == offsetof(tvi_settings, batch_size) &&
            kept->settings.n_ranks != asked->settings.n_ranks)
            continue;
        if (key->flags & TVI_KEY_FREE || is_left_open(key, &asked->settings) ||
            is_left_open(key, &kept->settings) ||
            tvi_key_equal(key, &kept->settings, &asked->settings))
            continue;
        (void)tvi_key_print(key, &kept->settings, before, sizeof before);
        (void)tvi_key_print(key, &asked->settings, now, sizeof now);
        return tvi_fail(
            TVAE_E_INVALID,
            "%s: %s is %.64s, but the folder's run was started with %.64s, and "
            "that would change its result: leave it so, or use another folder",
            call, key->name, now, before);
    }
    return TVAE_OK;
}
