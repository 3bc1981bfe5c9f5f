/* SPDX-License-Identifier: MIT */
#include "experiment/config.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST = 63, N_NEAREST = 3 };

static size_t least(size_t a, size_t b, size_t c)
{
    const size_t smaller = a < b ? a : b;

    return smaller < c ? smaller : c;
}

/* Levenshtein distance of the first LONGEST bytes, upper and lower case alike. */
static size_t edit_distance(const char *a, const char *b)
{
    const size_t n_a = strnlen(a, LONGEST), n_b = strnlen(b, LONGEST);
    size_t row[LONGEST + 1];

    for (size_t j = 0; j <= n_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            const size_t change =
                tolower((unsigned char)a[i - 1]) != tolower((unsigned char)b[j - 1]) ? 1
                                                                                     : 0;
            const size_t cost = least(row[j] + 1, row[j - 1] + 1, diagonal + change);

            diagonal = row[j];
            row[j] = cost;
        }
    }
    return row[n_b];
}

/* Two more than the distance; 1 where one of the names holds the other, 0 where the name
 * begins with what is wanted. */
static size_t rank_name(const char *wanted, const char *name)
{
    if (*wanted && strncmp(name, wanted, strlen(wanted)) == 0)
        return 0;
    if (*wanted && (strstr(name, wanted) || strstr(wanted, name)))
        return 1;
    return 2 + edit_distance(wanted, name);
}

static void append(char text[TVI_NEAREST_BYTES], const char *word)
{
    const size_t used = strlen(text), n = strlen(word);

    if (used + n + 3 > TVI_NEAREST_BYTES)
        return;
    if (used)
        memcpy(text + used, ", ", 2);
    memcpy(text + used + (used ? 2 : 0), word, n + 1);
}

const char *tvi_nearest(const char *wanted, const char *(*name_at)(size_t index),
                        size_t n_names, char text[TVI_NEAREST_BYTES])
{
    size_t best[N_NEAREST], n_best = 0;

    for (size_t i = 0; i < n_names; i++) {
        const size_t rank = rank_name(wanted, name_at(i));
        size_t place = n_best;

        while (place > 0 && rank < rank_name(wanted, name_at(best[place - 1])))
            place--;
        if (place == N_NEAREST)
            continue;
        if (n_best < N_NEAREST)
            n_best++;
        memmove(best + place + 1, best + place, (n_best - 1 - place) * sizeof *best);
        best[place] = i;
    }
    text[0] = '\0';
    for (size_t i = 0; i < n_best; i++)
        append(text, name_at(best[i]));
    return text;
}
