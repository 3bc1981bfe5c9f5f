/* SPDX-License-Identifier: MIT */
#include "io/text.h"

#include <stdio.h>
#include <string.h>

#include "base/edit_distance.h"

enum { N_NEAR = 3, LONGEST_NAME = 64, MOST_COMPARED = 10000 };

bool tvi_ends_with(const char *text, const char *ending)
{
    const size_t length = strlen(text), ending_length = strlen(ending);

    return length >= ending_length && strcmp(text + length - ending_length, ending) == 0;
}

/* The length of the character at `text` by its first byte, with its bits; 0 if none. */
static size_t begin_character(unsigned char first, uint32_t *code)
{
    if (first < 0x80) {
        *code = first;
        return 1;
    }
    if (first >= 0xc2 && first < 0xe0) {
        *code = first & 0x1fu;
        return 2;
    }
    if (first >= 0xe0 && first < 0xf0) {
        *code = first & 0x0fu;
        return 3;
    }
    *code = first & 0x07u;
    return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

bool tvi_is_utf8(const char *text)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};

    while (*text) {
        uint32_t code;
        const size_t length = begin_character((unsigned char)*text++, &code);

        if (length == 0)
            return false;
        for (size_t i = 1; i < length; i++, text++) {
            if (((unsigned char)*text & 0xc0u) != 0x80u)
                return false;
            code = code << 6 | ((unsigned char)*text & 0x3fu);
        }
        if (code < smallest[length] || code > 0x10ffff ||
            (code >= 0xd800 && code < 0xe000))
            return false;
    }
    return true;
}

/* The nearest names first; the ones farther than half of `name` do not count. */
static size_t find_nearest(const tvi_name_map *map, const char *name,
                           size_t nearest[N_NEAR])
{
    const size_t limit = strnlen(name, LONGEST_NAME) / 2 + 1;
    size_t distances[N_NEAR], n_found = 0;

    for (size_t i = 0; i < map->count && i < MOST_COMPARED; i++) {
        const size_t distance = tvi_edit_distance(name, map->names[i]);
        size_t at = n_found < N_NEAR ? n_found : N_NEAR - 1;

        if (distance > limit || (n_found == N_NEAR && distance >= distances[at]))
            continue;
        for (; at > 0 && distances[at - 1] > distance; at--) {
            distances[at] = distances[at - 1];
            nearest[at] = nearest[at - 1];
        }
        distances[at] = distance;
        nearest[at] = i;
        if (n_found < N_NEAR)
            n_found++;
    }
    return n_found;
}

const char *tvi_near_names(const tvi_name_map *map, const char *name,
                           char text[TVI_NEAR_TEXT])
{
    size_t nearest[N_NEAR], used;
    size_t n_listed = find_nearest(map, name, nearest);
    const bool any_near = n_listed > 0;

    if (map->count == 0) {
        (void)snprintf(text, TVI_NEAR_TEXT, "it is empty");
        return text;
    }
    if (!any_near)
        for (; n_listed < N_NEAR && n_listed < map->count; n_listed++)
            nearest[n_listed] = n_listed;
    used = (size_t)snprintf(text, TVI_NEAR_TEXT, "%s",
                            any_near ? "near ones: " : "it has, among others: ");
    for (size_t i = 0; i < n_listed; i++)
        used += (size_t)snprintf(text + used, TVI_NEAR_TEXT - used, "%s\"%.100s\"",
                                 i ? ", " : "", map->names[nearest[i]]);
    return text;
}
