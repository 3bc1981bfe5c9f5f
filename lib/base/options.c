/* SPDX-License-Identifier: MIT */
#include "base/options.h"

#include <string.h>

enum { MAX_OPTIONS_BYTES = 4096 };

static tvae_status check_size(size_t size, size_t v1_size, const char *call)
{
    if (size < v1_size || size > MAX_OPTIONS_BYTES)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: struct size is %zu, want %zu to %d: fill it with its _init "
                        "function or sizeof",
                        call, size, v1_size, MAX_OPTIONS_BYTES);
    return TVAE_OK;
}

tvae_status tvi_options_import(void *known, size_t known_size, size_t v1_size,
                               const void *source, const char *call)
{
    const unsigned char *bytes = source;
    size_t size;
    tvae_status st;

    if (!source)
        return TVAE_OK;
    memcpy(&size, source, sizeof size);
    st = check_size(size, v1_size, call);
    if (st != TVAE_OK)
        return st;
    for (size_t i = known_size; i < size; i++)
        if (bytes[i])
            return tvi_fail(
                TVAE_E_UNSUPPORTED,
                "%s: byte %zu of the struct is set, but this library (%s) knows "
                "only %zu bytes of it",
                call, i, TVAE_VERSION_STRING, known_size);
    memcpy(known, source, size < known_size ? size : known_size);
    memcpy(known, &known_size, sizeof known_size);
    return TVAE_OK;
}

tvae_status tvi_options_export(void *target, size_t size, size_t v1_size,
                               const void *known, size_t known_size, const char *call)
{
    tvae_status st;

    if (!target)
        return tvi_fail(TVAE_E_INVALID, "%s: the struct to fill is NULL", call);
    st = check_size(size, v1_size, call);
    if (st != TVAE_OK)
        return st;
    memset(target, 0, size);
    memcpy(target, known, size < known_size ? size : known_size);
    memcpy(target, &size, sizeof size);
    return TVAE_OK;
}
