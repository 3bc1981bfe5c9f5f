/* SPDX-License-Identifier: MIT */
#include "report/page.h"

#include <string.h>

#include "base/memory.h"
#include "io/text.h"

static const char prefix[] = "data:image/png;base64,";

/* RFC 4648. */
static void encode_base64(const unsigned char *bytes, size_t n_bytes, char *out)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < n_bytes; i += 3) {
        const unsigned second = i + 1 < n_bytes ? bytes[i + 1] : 0u;
        const unsigned third = i + 2 < n_bytes ? bytes[i + 2] : 0u;
        const unsigned group = (unsigned)bytes[i] << 16 | second << 8 | third;

        *out++ = digits[group >> 18];
        *out++ = digits[group >> 12 & 63];
        *out++ = i + 1 < n_bytes ? digits[group >> 6 & 63] : '=';
        *out++ = i + 2 < n_bytes ? digits[group & 63] : '=';
    }
}

json_t *tvi_json_picture(const unsigned char *bytes, size_t n_bytes)
{
    const size_t n_text = sizeof prefix - 1 + (n_bytes + 2) / 3 * 4;
    char *text = tvi_alloc_array(n_text + 1, 1);
    json_t *string;

    if (!text)
        return NULL;
    memcpy(text, prefix, sizeof prefix - 1);
    encode_base64(bytes, n_bytes, text + sizeof prefix - 1);
    string = json_stringn_nocheck(text, n_text);
    tvi_free(text);
    return string;
}

json_t *tvi_json_text(const char *text)
{
    json_t *string;
    char *copy;

    if (tvi_is_utf8(text))
        return json_string(text);
    copy = tvi_copy_string(text);
    if (!copy)
        return NULL;
    for (char *c = copy; *c; c++)
        if ((unsigned char)*c >= 128)
            *c = '?';
    string = json_string(copy);
    tvi_free(copy);
    return string;
}

bool tvi_json_add(json_t *object, const char *name, json_t *value)
{
    return json_object_set_new(object, name, value) == 0;
}

tvae_status tvi_fail_json(void)
{
    return tvi_fail(TVAE_E_NOMEM, "report_html: out of memory for the page's data");
}
