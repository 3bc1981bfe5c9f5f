/* SPDX-License-Identifier: MIT */
#include "experiment/config.h"

#include <string.h>

#include "base/edit_distance.h"

enum { N_NEAREST = 3 };

/* Two more than the distance; 1 where one of the names holds the other, 0 where the name
 * begins with what is wanted. */
static size_t rank_name(const char *wanted, const char *name)
{
    if (*wanted && strncmp(name, wanted, strlen(wanted)) == 0)
        return 0;
    if (*wanted && (strstr(name, wanted) || strstr(wanted, name)))
        return 1;
    return 2 + tvi_edit_distance(wanted, name);
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
    size_t best[N_NEAREST], ranks[N_NEAREST], n_best = 0;

    for (size_t i = 0; i < n_names; i++) {
        const size_t rank = rank_name(wanted, name_at(i));
        size_t place = n_best;

        while (place > 0 && rank < ranks[place - 1])
            place--;
        if (place == N_NEAREST)
            continue;
        if (n_best < N_NEAREST)
            n_best++;
        memmove(best + place + 1, best + place, (n_best - 1 - place) * sizeof *best);
        memmove(ranks + place + 1, ranks + place, (n_best - 1 - place) * sizeof *ranks);
        best[place] = i;
        ranks[place] = rank;
    }
    text[0] = '\0';
    for (size_t i = 0; i < n_best; i++)
        append(text, name_at(best[i]));
    return text;
}
