/* SPDX-License-Identifier: MIT */
#include "base/number.h"

#include <errno.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The thread's locale is the C one between the two calls; `kept` is what it was. */
typedef struct locale_switch {
    locale_t c, kept;
} locale_switch;

static locale_switch enter_c_locale(void)
{
    locale_switch locale = {.c = newlocale(LC_ALL_MASK, "C", (locale_t)0)};

    if (locale.c)
        locale.kept = uselocale(locale.c);
    return locale;
}

static void leave_c_locale(locale_switch locale)
{
    if (!locale.c)
        return;
    (void)uselocale(locale.kept);
    freelocale(locale.c);
}

const char *tvi_format_real(double value, char text[TVI_NUMBER_TEXT])
{
    const locale_switch locale = enter_c_locale();

    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, TVI_NUMBER_TEXT, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    leave_c_locale(locale);
    return text;
}

bool tvi_parse_real(const char *text, double *value)
{
    locale_switch locale;
    double parsed;
    char *end;

    if (!*text || strspn(text, "0123456789+-.eE") != strlen(text))
        return false;
    locale = enter_c_locale();
    parsed = strtod(text, &end);
    leave_c_locale(locale);
    if (*end || !isfinite(parsed))
        return false;
    *value = parsed;
    return true;
}

bool tvi_parse_integer(const char *text, int64_t *value)
{
    const char *digits = *text == '-' ? text + 1 : text;
    intmax_t parsed;

    if (!*digits || strspn(digits, "0123456789") != strlen(digits))
        return false;
    errno = 0;
    parsed = strtoimax(text, NULL, 10);
    if (errno || parsed < INT64_MIN || parsed > INT64_MAX)
        return false;
    *value = (int64_t)parsed;
    return true;
}

bool tvi_parse_unsigned(const char *text, uint64_t *value)
{
    uintmax_t parsed;

    if (!*text || strspn(text, "0123456789") != strlen(text))
        return false;
    errno = 0;
    parsed = strtoumax(text, NULL, 10);
    if (errno || parsed > UINT64_MAX)
        return false;
    *value = (uint64_t)parsed;
    return true;
}
