/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/options.h"

static const char gap[] = "...";

enum {
    MOST_BYTES = 1 << 14, /* three paths of the greatest length, and more */
    HALF = (TVI_SENTENCE_BYTES - (int)sizeof gap) / 2
};

static _Thread_local char last_error[TVI_SENTENCE_BYTES];
static tvae_log_hook log_hook;

/* Does a byte go on with a character of UTF-8? */
static bool goes_on(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

/* A sentence that is too long, as one with a long path is, loses its middle: the call is
 * at its beginning, the reason at its end. */
static void format_sentence(char sentence[TVI_SENTENCE_BYTES], const char *format,
                            va_list arguments)
{
    char whole[MOST_BYTES] = "";
    size_t n_bytes, head = HALF, tail;

    (void)vsnprintf(whole, sizeof whole, format, arguments);
    n_bytes = strlen(whole);
    if (n_bytes < TVI_SENTENCE_BYTES) {
        memcpy(sentence, whole, n_bytes + 1);
        return;
    }
    while (head > 0 && goes_on(whole[head]))
        head--;
    tail = n_bytes - HALF;
    while (goes_on(whole[tail]))
        tail++;
    (void)snprintf(sentence, TVI_SENTENCE_BYTES, "%.*s%s%s", (int)head, whole, gap,
                   whole + tail);
}

tvae_status tvi_fail(tvae_status status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    format_sentence(last_error, format, arguments);
    va_end(arguments);
    return status;
}

const char *tvae_last_error(void)
{
    return last_error;
}

void tvi_log(int32_t level, const char *format, ...)
{
    char text[TVI_SENTENCE_BYTES];
    va_list arguments;

    if (!log_hook.message)
        return;
    va_start(arguments, format);
    format_sentence(text, format, arguments);
    va_end(arguments);
    log_hook.message(log_hook.user, level, text);
}

tvae_status tvae_set_log_hook(const tvae_log_hook *hook)
{
    tvae_log_hook copy = {.size = sizeof copy};
    tvae_status st;

    if (hook) {
        st = tvi_options_import(&copy, sizeof copy, sizeof copy, hook, "set_log_hook");
        if (st != TVAE_OK)
            return st;
        if (!copy.message)
            return tvi_fail(TVAE_E_INVALID,
                            "set_log_hook: message is NULL, want a function");
    }
    log_hook = copy;
    return TVAE_OK;
}

const char *tvae_status_name(int32_t status)
{
    static const char *const names[] = {
        "TVAE_OK",          "TVAE_E_INVALID", "TVAE_E_NOMEM",   "TVAE_E_SHAPE",
        "TVAE_E_IO",        "TVAE_E_FORMAT",  "TVAE_E_NUMERIC", "TVAE_E_UNSUPPORTED",
        "TVAE_E_CANCELLED", "TVAE_E_BUSY",    "TVAE_E_STATE",   "TVAE_E_TIMEOUT",
        "TVAE_E_NOT_FOUND",
    };
    const int32_t n_names = (int32_t)(sizeof names / sizeof names[0]);

    if (status > 0 || status <= -n_names)
        return "unknown status";
    return names[-status];
}

const char *tvae_version(void)
{
    return TVAE_VERSION_STRING;
}
