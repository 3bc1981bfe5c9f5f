/* SPDX-License-Identifier: MIT */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/options.h"

enum { MESSAGE_BYTES = 1024 };

static _Thread_local char last_error[MESSAGE_BYTES];
static tvae_log_hook log_hook;

tvae_status tvi_fail(tvae_status status, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    (void)vsnprintf(last_error, sizeof last_error, format, arguments);
    va_end(arguments);
    return status;
}

const char *tvae_last_error(void)
{
    return last_error;
}

void tvi_log(int32_t level, const char *format, ...)
{
    char text[MESSAGE_BYTES];
    va_list arguments;

    if (!log_hook.message)
        return;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
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
