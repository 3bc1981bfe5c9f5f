/* SPDX-License-Identifier: MIT */
#include "kernel/level.h"
#include "kernel/vector.h"

/* One tile of a matrix product, its sums in registers. A tile is two vectors wide and as
 * high as leaves registers for a row of b and a value of a. */

#if defined(__AVX512F__)
enum { ROWS = 12 };
#else
enum { ROWS = 6 };
#endif

/* Three rows of a are reached from one pointer by its stride, once and twice. */
enum {
    LANES = TVI_LANES,
    COLUMNS = 2 * LANES,
    BASE_ROWS = 3,
    N_BASES = ROWS / BASE_ROWS
};

#define UNROLL _Pragma("GCC unroll 12")

typedef struct sums {
    tvi_vector left[ROWS], right[ROWS];
} sums;

TVI_INLINE void add_products(const tvi_tile *t, size_t ld_a, size_t step_a, sums *s)
{
    const float *a[N_BASES], *b = t->b;
    const size_t k = t->k;

    UNROLL
    for (size_t i = 0; i < N_BASES; i++)
        a[i] = t->a + i * BASE_ROWS * ld_a;
    for (size_t l = 0; l < k; l++, b += COLUMNS) {
        const tvi_vector left = tvi_load(b), right = tvi_load(b + LANES);

        UNROLL
        for (size_t i = 0; i < ROWS; i++) {
            const float factor = a[i / BASE_ROWS][i % BASE_ROWS * ld_a];

            s->left[i] += factor * left;
            s->right[i] += factor * right;
        }
        UNROLL
        for (size_t i = 0; i < N_BASES; i++)
            a[i] += step_a;
    }
}

TVI_INLINE void add_old(const float *c, size_t ld_c, sums *s)
{
    UNROLL
    for (size_t i = 0; i < ROWS; i++) {
        s->left[i] += tvi_load(c + i * ld_c);
        s->right[i] += tvi_load(c + i * ld_c + LANES);
    }
}

TVI_INLINE void add_bias(const float *bias, sums *s)
{
    const tvi_vector left = tvi_load(bias), right = tvi_load(bias + LANES);

    UNROLL
    for (size_t i = 0; i < ROWS; i++) {
        s->left[i] += left;
        s->right[i] += right;
    }
}

TVI_INLINE void store_sums(const sums *s, float *c, size_t ld_c)
{
    UNROLL
    for (size_t i = 0; i < ROWS; i++) {
        tvi_store(c + i * ld_c, s->left[i]);
        tvi_store(c + i * ld_c + LANES, s->right[i]);
    }
}

TVI_INLINE void multiply_whole(const tvi_tile *t, size_t ld_a, size_t step_a)
{
    sums s = {0};

    add_products(t, ld_a, step_a, &s);
    if (t->add)
        add_old(t->c, t->ld_c, &s);
    if (t->bias)
        add_bias(t->bias, &s);
    store_sums(&s, t->c, t->ld_c);
}

/* A tile at the edge: whole aside, then what there is of it. */
TVI_INLINE void multiply_part(const tvi_tile *t, size_t ld_a, size_t step_a)
{
    float whole[ROWS * COLUMNS];
    tvi_tile aside = *t;

    aside.c = whole;
    aside.ld_c = COLUMNS;
    aside.add = false;
    aside.bias = NULL;
    multiply_whole(&aside, ld_a, step_a);
    for (size_t i = t->first_row; i < t->end_row; i++)
        for (size_t j = 0; j < t->n_columns; j++) {
            float *c = t->c + i * t->ld_c + j;

            *c = whole[i * COLUMNS + j] + (t->add ? *c : 0.0f) +
                 (t->bias ? t->bias[j] : 0.0f);
        }
}

TVI_INLINE void multiply(const tvi_tile *t, size_t ld_a, size_t step_a)
{
    if (t->first_row == 0 && t->end_row == ROWS && t->n_columns == COLUMNS)
        multiply_whole(t, ld_a, step_a);
    else
        multiply_part(t, ld_a, step_a);
}

static void tile(const tvi_tile *t)
{
    if (t->a_packed)
        multiply(t, 1, ROWS);
    else
        multiply(t, t->ld_a, 1);
}

TVI_INLINE void pack(size_t width, size_t k, size_t n, size_t ld, const float *from,
                     float *to)
{
    if (n == width) {
        for (size_t l = 0; l < k; l++)
            memcpy(to + l * width, from + l * ld, width * sizeof *to);
        return;
    }
    for (size_t l = 0; l < k; l++)
        for (size_t i = 0; i < width; i++)
            to[l * width + i] = i < n ? from[l * ld + i] : 0.0f;
}

static void pack_columns(size_t k, size_t n, size_t ld, const float *from, float *to)
{
    pack(COLUMNS, k, n, ld, from, to);
}

static void pack_rows(size_t k, size_t n, size_t ld, const float *from, float *to)
{
    pack(ROWS, k, n, ld, from, to);
}

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
#define HAS_SHUFFLES
#endif
#endif

enum { SQUARE = 8 };

#if defined(HAS_SHUFFLES)
typedef float eight __attribute__((vector_size(SQUARE * sizeof(float))));

/* Alternate elements of two rows, from the first or the second half of each quarter. */
#define INTERLEAVE_LOW(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13)
#define INTERLEAVE_HIGH(a, b) __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15)
#define PAIRS_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13)
#define PAIRS_HIGH(a, b) __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15)
#define QUARTERS_LOW(a, b) __builtin_shufflevector(a, b, 0, 1, 2, 3, 8, 9, 10, 11)
#define QUARTERS_HIGH(a, b) __builtin_shufflevector(a, b, 4, 5, 6, 7, 12, 13, 14, 15)

/* to [8, 8] of row stride COLUMNS = from [8, 8] of row stride ld, transposed: elements,
 * then pairs, then quarters change places. */
static void transpose_square(size_t ld, const float *from, float *to)
{
    eight rows[SQUARE], mixed[SQUARE], pairs[SQUARE];

    for (size_t i = 0; i < SQUARE; i++)
        memcpy(&rows[i], from + i * ld, sizeof *rows);
    for (size_t i = 0; i < SQUARE; i += 2) {
        mixed[i] = INTERLEAVE_LOW(rows[i], rows[i + 1]);
        mixed[i + 1] = INTERLEAVE_HIGH(rows[i], rows[i + 1]);
    }
    for (size_t i = 0; i < SQUARE; i += 4)
        for (size_t j = 0; j < 2; j++) {
            pairs[i + 2 * j] = PAIRS_LOW(mixed[i + j], mixed[i + 2 + j]);
            pairs[i + 2 * j + 1] = PAIRS_HIGH(mixed[i + j], mixed[i + 2 + j]);
        }
    for (size_t i = 0; i < SQUARE / 2; i++) {
        const eight low = QUARTERS_LOW(pairs[i], pairs[i + 4]);
        const eight high = QUARTERS_HIGH(pairs[i], pairs[i + 4]);

        memcpy(to + i * COLUMNS, &low, sizeof low);
        memcpy(to + (i + 4) * COLUMNS, &high, sizeof high);
    }
}
#else
static void transpose_square(size_t ld, const float *from, float *to)
{
    for (size_t i = 0; i < SQUARE; i++)
        for (size_t j = 0; j < SQUARE; j++)
            to[i * COLUMNS + j] = from[j * ld + i];
}
#endif

static void pack_transposed(size_t k, size_t n, size_t ld, const float *from, float *to)
{
    const size_t squares = n == COLUMNS ? k / SQUARE * SQUARE : 0;

    for (size_t l = 0; l < squares; l += SQUARE)
        for (size_t i = 0; i < COLUMNS; i += SQUARE)
            transpose_square(ld, from + i * ld + l, to + l * COLUMNS + i);
    for (size_t l = squares; l < k; l++)
        for (size_t i = 0; i < COLUMNS; i++)
            to[l * COLUMNS + i] = i < n ? from[i * ld + l] : 0.0f;
}

void TVI_LEVEL_NAME(tvi_set_tile, TVI_ISA)(tvi_kernels *t)
{
    t->tile_rows = ROWS;
    t->tile_columns = COLUMNS;
    t->tile = tile;
    t->pack_columns = pack_columns;
    t->pack_transposed = pack_transposed;
    t->pack_rows = pack_rows;
}
