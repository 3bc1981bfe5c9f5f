/* SPDX-License-Identifier: MIT */
#include "report/page.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "experiment/run.h"
#include "io/file.h"

/* The page: fixed markup, the style, the runs' data as JSON in an element that is not
 * executed, and the script that shows them. The policy forbids the page to load anything
 * but its own pictures. */

enum { DIGITS = 7 };

static const char before_style[] =
    "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
    "img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>tvae report</title>\n"
    "<style>\n";
static const char before_data[] =
    "</style>\n</head>\n<body>\n<h1>Topographic VAE report</h1>\n"
    "<noscript><p>This page shows its tables, curves and pictures with a script of its "
    "own: allow scripts to see them.</p></noscript>\n<main id=\"content\"></main>\n"
    "<script type=\"application/json\" id=\"tvae-data\">";
static const char before_script[] = "</script>\n<script>\n";
static const char at_end[] = "</script>\n</body>\n</html>\n";

static tvae_status append_text(tvi_file_writer *writer, const char *text)
{
    return tvi_file_append(writer, text, strlen(text));
}

/* JSON inside HTML: '<' can only stand in strings, where its escape means the same, so
 * that no text ends the element or opens another. */
static tvae_status append_json(tvi_file_writer *writer, const char *json)
{
    tvae_status st = TVAE_OK;

    while (st == TVAE_OK && *json) {
        const size_t n = strcspn(json, "<");

        st = tvi_file_append(writer, json, n);
        json += n;
        if (st == TVAE_OK && *json == '<') {
            st = append_text(writer, "\\u003c");
            json++;
        }
    }
    return st;
}

static tvae_status write_page(const char *path, const char *json)
{
    tvi_file_writer writer;
    tvae_status st = tvi_file_begin(&writer, path);

    if (st != TVAE_OK)
        return st;
    st = append_text(&writer, before_style);
    if (st == TVAE_OK)
        st = tvi_file_append(&writer, tvi_page_css, tvi_page_css_bytes);
    if (st == TVAE_OK)
        st = append_text(&writer, before_data);
    if (st == TVAE_OK)
        st = append_json(&writer, json);
    if (st == TVAE_OK)
        st = append_text(&writer, before_script);
    if (st == TVAE_OK)
        st = tvi_file_append(&writer, tvi_page_js, tvi_page_js_bytes);
    if (st == TVAE_OK)
        st = append_text(&writer, at_end);
    if (st == TVAE_OK)
        return tvi_file_commit(&writer);
    tvi_file_abandon(&writer);
    return st;
}

/* ---- the data ---- */

static json_t *keys_json(void)
{
    json_t *keys = json_object();
    bool whole = keys != NULL;

    for (size_t i = 0; i < tvae_config_key_count() && whole; i++) {
        tvae_key_facts facts;

        whole = tvae_config_key_facts(i, &facts, sizeof facts) == TVAE_OK &&
                tvi_json_add(keys, facts.name, tvi_json_text(facts.meaning));
    }
    if (whole)
        return keys;
    json_decref(keys);
    return NULL;
}

/* Statuses that say that a run cannot be drawn here, not that the report must fail: its
 * tables and curves are shown all the same, with the reason. */
static bool is_missing(tvae_status st)
{
    return st == TVAE_E_NOT_FOUND || st == TVAE_E_INVALID || st == TVAE_E_SHAPE ||
           st == TVAE_E_FORMAT || st == TVAE_E_UNSUPPORTED || st == TVAE_E_NUMERIC;
}

static tvae_status add_run(tvae_run *run, const char *data,
                           const tvae_progress_hook *hook, json_t *runs)
{
    json_t *object = NULL, *note = NULL;
    tvae_status st = tvae_report_figures(run, data, hook);

    if (is_missing(st))
        note = tvi_json_text(tvae_last_error());
    else if (st != TVAE_OK)
        return st;
    st = tvi_page_run(run, &object);
    if (st == TVAE_OK && !note) {
        st = tvi_page_explorers(run, data, object);
        if (is_missing(st)) {
            note = tvi_json_text(tvae_last_error());
            st = TVAE_OK;
        }
    }
    if (st == TVAE_OK && note && json_object_set(object, "note", note) != 0)
        st = tvi_fail_json();
    if (st == TVAE_OK && json_array_append(runs, object) != 0)
        st = tvi_fail_json();
    json_decref(note);
    json_decref(object);
    return st;
}

static tvae_status collect(tvae_run *const *runs, size_t n_runs, const char *data,
                           const tvae_progress_hook *hook, json_t *page)
{
    json_t *array = json_array();
    tvae_status st = TVAE_OK;

    if (!tvi_json_add(page, "version", json_string(tvae_version())) ||
        !tvi_json_add(page, "keys", keys_json()) || !tvi_json_add(page, "runs", array))
        return tvi_fail_json();
    for (size_t i = 0; st == TVAE_OK && i < n_runs; i++)
        st = add_run(runs[i], data, hook, array);
    return st;
}

tvae_status tvae_report_html(tvae_run *const *runs, size_t n_runs, const char *data,
                             const char *path, const tvae_progress_hook *hook)
{
    tvae_status st = tvi_check_runs(runs, n_runs, path, "report_html");
    tvae_progress_hook known = {.size = sizeof known};
    char *text = NULL;
    json_t *page;

    if (st == TVAE_OK)
        st = tvi_hook_import(&known, hook, "report_html");
    if (st != TVAE_OK)
        return st;
    page = json_object();
    st = page ? collect(runs, n_runs, data, &known, page) : tvi_fail_json();
    if (st == TVAE_OK) {
        text = json_dumps(page, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER |
                                    JSON_REAL_PRECISION(DIGITS));
        st = text ? write_page(path, text) : tvi_fail_json();
    }
    free(text);
    json_decref(page);
    return st;
}
