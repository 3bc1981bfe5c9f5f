/* SPDX-License-Identifier: MIT */
#include "base/text.h"

#include "base/error.h"

tvae_status tvi_text_room(const char *call, size_t n_bytes, char *text, size_t capacity,
                          size_t *needed)
{
    if (needed)
        *needed = n_bytes;
    if (!text && capacity == 0)
        return TVAE_OK;
    if (!text)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: text is NULL, but capacity is %zu; want NULL and 0 to ask "
                        "for the size",
                        call, capacity);
    if (capacity >= n_bytes)
        return TVAE_OK;
    if (capacity > 0)
        text[0] = '\0';
    return tvi_fail(TVAE_E_INVALID, "%s: capacity is %zu bytes, want at least %zu", call,
                    capacity, n_bytes);
}
