/* SPDX-License-Identifier: MIT */
#include "report/page.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "experiment/run.h"
#include "io/io.h"
#include "report/log.h"

enum {
    MOST_SUMMARY_BYTES = 1 << 22,
    MOST_PICTURE_BYTES = 1 << 23,
    MOST_PICTURES = 64, /* of a run */
    LONGEST_NAME = 96,
    N_SIGNATURE = 8
};

/* ---- configuration, summary, log ---- */

static json_t *configuration_json(const tvae_config *config)
{
    json_t *object = json_object();
    bool whole = object != NULL;

    for (size_t i = 0; i < tvae_config_key_count() && whole; i++) {
        tvae_key_facts facts;
        char value[TVI_VALUE_BYTES];

        whole =
            tvae_config_key_facts(i, &facts, sizeof facts) == TVAE_OK &&
            tvae_config_get(config, facts.name, value, sizeof value, NULL) == TVAE_OK &&
            tvi_json_add(object, facts.name, tvi_json_text(value));
    }
    if (whole)
        return object;
    json_decref(object);
    return NULL;
}

/* The run's summary.json; an empty object if it was not evaluated, or the file is none.
 */
static json_t *summary_json(const char *folder)
{
    char *path = tvi_path_join(folder, TVI_SUMMARY_FILE), *text = NULL;
    json_t *summary = NULL;
    size_t n_bytes = 0;

    if (path && tvi_file_read(path, MOST_SUMMARY_BYTES, &text, &n_bytes) == TVAE_OK)
        summary = json_loadb(text, n_bytes, 0, NULL);
    tvi_free(text);
    tvi_free(path);
    if (json_is_object(summary))
        return summary;
    json_decref(summary);
    return json_object();
}

static json_t *column_json(const double *values, size_t n)
{
    json_t *array = json_array();
    bool whole = array != NULL;

    for (size_t i = 0; i < n && whole; i++)
        whole = json_array_append_new(array, isfinite(values[i]) ? json_real(values[i])
                                                                 : json_null()) == 0;
    if (whole)
        return array;
    json_decref(array);
    return NULL;
}

static json_t *table_json(const tvi_log_table *table)
{
    json_t *object = json_object();
    bool whole = object != NULL;

    for (size_t c = 0; c < TVI_N_LOG_COLUMNS && whole; c++)
        whole = tvi_json_add(object, tvi_log_names[c],
                             column_json(table->columns[c], table->n_lines));
    if (whole)
        return object;
    json_decref(object);
    return NULL;
}

static tvae_status add_log(const char *folder, json_t *object)
{
    tvi_run_log log;
    tvae_status st = tvi_run_log_read(folder, &log);

    if (st != TVAE_OK)
        return st;
    if (!tvi_json_add(object, "log", table_json(&log.training)) ||
        !tvi_json_add(object, "validation", table_json(&log.validation)))
        st = tvi_fail_json();
    tvi_run_log_release(&log);
    return st;
}

/* ---- pictures ---- */

/* Letters, digits and underscores, then ".png". */
static int is_picture(const struct dirent *entry)
{
    const size_t n = strlen(entry->d_name);
    size_t i = 0;

    while (isalnum((unsigned char)entry->d_name[i]) || entry->d_name[i] == '_')
        i++;
    return i > 0 && n < LONGEST_NAME && strcmp(entry->d_name + i, ".png") == 0;
}

/* Add one picture; a file that is none, or too large, is passed over. */
static tvae_status add_picture(const char *folder, const char *name, json_t *pictures)
{
    static const unsigned char signature[N_SIGNATURE] = {0x89, 'P',  'N',  'G',
                                                         '\r', '\n', 0x1a, '\n'};
    char *path = tvi_path_join(folder, name), *bytes = NULL;
    size_t n_bytes = 0;
    json_t *picture = NULL;
    tvae_status st = TVAE_OK;

    if (!path)
        return TVAE_E_NOMEM;
    if (tvi_file_read(path, MOST_PICTURE_BYTES, &bytes, &n_bytes) == TVAE_OK &&
        n_bytes > N_SIGNATURE && memcmp(bytes, signature, N_SIGNATURE) == 0) {
        picture = json_object();
        if (!tvi_json_add(picture, "name", json_stringn(name, strlen(name) - 4)) ||
            !tvi_json_add(picture, "src",
                          tvi_json_picture((const unsigned char *)bytes, n_bytes)) ||
            json_array_append(pictures, picture) != 0)
            st = tvi_fail_json();
    }
    json_decref(picture);
    tvi_free(bytes);
    tvi_free(path);
    return st;
}

static tvae_status add_pictures(const char *run_folder, json_t *object)
{
    char *folder = tvi_path_join(run_folder, "figures");
    json_t *pictures = json_array();
    struct dirent **entries = NULL;
    tvae_status st = folder ? TVAE_OK : TVAE_E_NOMEM;
    int n = folder ? scandir(folder, &entries, is_picture, alphasort) : 0;

    if (n < 0 && errno == ENOMEM)
        st = tvi_fail_json();
    for (int i = 0; i < n; i++) {
        if (st == TVAE_OK && i < MOST_PICTURES)
            st = add_picture(folder, entries[i]->d_name, pictures);
        free(entries[i]);
    }
    free(entries);
    tvi_free(folder);
    if (st == TVAE_OK && tvi_json_add(object, "figures", pictures))
        return TVAE_OK;
    if (st != TVAE_OK)
        json_decref(pictures);
    return st != TVAE_OK ? st : tvi_fail_json();
}

/* ---- the run ---- */

static tvae_status add_facts(tvae_run *run, json_t *object)
{
    const char *folder = tvae_run_folder(run);
    tvae_config *config = NULL;
    tvae_status st = tvae_run_config(run, &config);

    if (st == TVAE_OK &&
        !(tvi_json_add(object, "name", tvi_json_text(tvi_run_name(run))) &&
          tvi_json_add(object, "folder", tvi_json_text(folder)) &&
          tvi_json_add(object, "experiment",
                       tvi_json_text(config->settings.experiment)) &&
          tvi_json_add(object, "config", configuration_json(config)) &&
          tvi_json_add(object, "summary", summary_json(folder)) &&
          tvi_json_add(object, "explorers", json_array())))
        st = tvi_fail_json();
    tvae_config_destroy(&config);
    return st;
}

tvae_status tvi_page_run(tvae_run *run, json_t **out)
{
    json_t *object = json_object();
    tvae_status st = object ? add_facts(run, object) : tvi_fail_json();

    if (st == TVAE_OK)
        st = add_log(tvae_run_folder(run), object);
    if (st == TVAE_OK)
        st = add_pictures(tvae_run_folder(run), object);
    if (st != TVAE_OK) {
        json_decref(object);
        object = NULL;
    }
    *out = object;
    return st;
}
