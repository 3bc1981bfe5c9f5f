/* SPDX-License-Identifier: MIT */
#include "train/lit_rows.h"

#include <string.h>

#include "base/memory.h"
#include "base/parallel.h"

enum { BITS = 8, COLUMNS_AT_ONCE = 256 };

tvae_status tvi_lit_rows_create(tvi_sparse_rows *lit, size_t n_rows)
{
    lit->width = n_rows;
    lit->columns.n_lists = n_rows;
    lit->columns.n_blocks = 1;
    lit->columns.bounds = tvi_alloc_array(2 * n_rows, sizeof *lit->columns.bounds);
    return lit->columns.bounds ? TVAE_OK : TVAE_E_NOMEM;
}

void tvi_lit_rows_release(tvi_sparse_rows *lit)
{
    tvi_free(lit->columns.bounds);
    memset(lit, 0, sizeof *lit);
}

size_t tvi_lit_bytes(size_t n_rows)
{
    return (n_rows + BITS - 1) / BITS;
}

typedef struct search {
    size_t n_rows, width;
    const float *x;
    unsigned char *set;
} search;

/* Stretches of columns, each looked through from top to bottom: OR of all their bits but
 * the sign's. */
static void find_columns(void *context, size_t begin, size_t end)
{
    const search *job = context;

    for (size_t piece = begin; piece < end; piece++) {
        const size_t first = piece * COLUMNS_AT_ONCE,
                     n = tvi_least(job->width - first, COLUMNS_AT_ONCE);
        uint32_t any[COLUMNS_AT_ONCE] = {0};

        for (size_t row = 0; row < job->n_rows; row++) {
            uint32_t bits[COLUMNS_AT_ONCE];

            memcpy(bits, job->x + row * job->width + first, n * sizeof *bits);
            for (size_t i = 0; i < n; i++)
                any[i] |= bits[i];
        }
        for (size_t i = 0; i < n; i++)
            if (any[i] & 0x7fffffffu)
                job->set[(first + i) / BITS] |= (unsigned char)(1u << (first + i) % BITS);
    }
}

void tvi_lit_find(size_t n_rows, size_t width, const float *x, unsigned char *set)
{
    search job = {n_rows, width, x, set};

    memset(set, 0, tvi_lit_bytes(width));
    tvi_parallel_for((width + COLUMNS_AT_ONCE - 1) / COLUMNS_AT_ONCE, 1, find_columns,
                     &job);
}

void tvi_lit_rows_unite(tvi_sparse_rows *lit, size_t n_sets, size_t stride,
                        const unsigned char *sets)
{
    const size_t n_rows = lit->columns.n_lists;
    uint32_t n_lit = 0;

    for (size_t row = 0; row < n_rows; row++) {
        unsigned char any = 0;

        for (size_t i = 0; i < n_sets; i++)
            any |= sets[i * stride + row / BITS];
        lit->columns.bounds[row] = n_lit;
        n_lit += any >> row % BITS & 1u;
        lit->columns.bounds[n_rows + row] = n_lit;
    }
    lit->n_listed = n_lit;
}
