/* SPDX-License-Identifier: MIT */
#include "base/edit_distance.h"

#include <ctype.h>
#include <string.h>

enum { LONGEST_COMPARED = 64 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t tvi_edit_distance(const char *a, const char *b)
{
    const size_t n_a = strnlen(a, LONGEST_COMPARED), n_b = strnlen(b, LONGEST_COMPARED);
    size_t row[LONGEST_COMPARED + 1];

    for (size_t j = 0; j <= n_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        const int wanted = tolower((unsigned char)a[i - 1]);
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            const size_t above = row[j];
            const size_t change = wanted != tolower((unsigned char)b[j - 1]);

            row[j] = smaller(smaller(above, row[j - 1]) + 1, diagonal + change);
            diagonal = above;
        }
    }
    return row[n_b];
}
