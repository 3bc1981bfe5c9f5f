/* SPDX-License-Identifier: MIT */
#include "metric/covariance.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "metric/gathered.h"
#include "metric/metric.h"
#include "tensor/tensor.h"

/* Plot_Covariance_Matrix of the reference, gathered over batches (GOLDEN section 4). */

enum { BLOCK = 64 }; /* samples that are prepared at a time */

/* ---- life ---- */

/* Sums that begin at `place`; returns where they end. */
static double *place_sums(tvi_unit_sums *sums, size_t n_units, double *place)
{
    *sums = (tvi_unit_sums){n_units, place, place + n_units, place + 2 * n_units};
    return place + 3 * n_units;
}

tvae_status tvae_covariance_create(size_t n_rows, size_t n_columns, int32_t kind,
                                   tvae_covariance **out)
{
    tvae_covariance *covariance;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "covariance_create: out is NULL");
    *out = NULL;
    st = tvi_check_pairs(n_rows, "rows", n_columns, "columns", "covariance_create");
    if (st != TVAE_OK)
        return st;
    if (kind < TVAE_COVARIANCE_VALUES || kind > TVAE_COVARIANCE_ABSOLUTE)
        return tvi_fail(
            TVAE_E_INVALID,
            "covariance_create: kind is %d, want %d (values), %d (squares) or "
            "%d (absolute values)",
            (int)kind, TVAE_COVARIANCE_VALUES, TVAE_COVARIANCE_SQUARES,
            TVAE_COVARIANCE_ABSOLUTE);
    covariance = tvi_alloc_array(1, sizeof *covariance);
    if (!covariance)
        return TVAE_E_NOMEM;
    covariance->kind = kind;
    covariance->n_values = 1 + 3 * (n_rows + n_columns) + n_rows * n_columns;
    covariance->values = tvi_alloc_array(covariance->n_values, sizeof(double));
    if (!covariance->values) {
        tvae_covariance_destroy(&covariance);
        return TVAE_E_NOMEM;
    }
    covariance->n_samples = covariance->values;
    covariance->products =
        place_sums(&covariance->columns, n_columns,
                   place_sums(&covariance->rows, n_rows, covariance->values + 1));
    *out = covariance;
    return TVAE_OK;
}

void tvae_covariance_destroy(tvae_covariance **covariance)
{
    tvae_covariance *gone;

    if (!covariance || !*covariance)
        return;
    gone = *covariance;
    *covariance = NULL;
    tvi_free(gone->values);
    tvi_free(gone);
}

/* ---- gathering ---- */

static double prepare_value(int32_t kind, float value)
{
    const double x = (double)value;

    return kind == TVAE_COVARIANCE_SQUARES    ? x * x
           : kind == TVAE_COVARIANCE_ABSOLUTE ? fabs(x)
                                              : x;
}

/* Differences of the samples from the first one, added to the sums. */
static void prepare_block(int32_t kind, size_t n_samples, const float *x,
                          tvi_unit_sums *sums, double *difference)
{
    for (size_t s = 0; s < n_samples; s++)
        for (size_t i = 0; i < sums->n_units; i++, x++, difference++) {
            *difference = prepare_value(kind, *x) - sums->first[i];
            sums->sums[i] += *difference;
            sums->squares[i] += *difference * *difference;
        }
}

typedef struct product_pass {
    size_t n_samples, n_rows, n_columns;
    const double *x, *y; /* [n_samples, n_rows], [n_samples, n_columns] */
    double *products;
} product_pass;

static void add_products(void *context, size_t begin, size_t end)
{
    const product_pass *pass = context;

    for (size_t i = begin; i < end; i++) {
        double *products = pass->products + i * pass->n_columns;

        for (size_t s = 0; s < pass->n_samples; s++) {
            const double x = pass->x[s * pass->n_rows + i];
            const double *y = pass->y + s * pass->n_columns;

            for (size_t j = 0; j < pass->n_columns; j++)
                products[j] += x * y[j];
        }
    }
}

static void set_first(int32_t kind, const float *x, tvi_unit_sums *sums)
{
    for (size_t i = 0; i < sums->n_units; i++)
        sums->first[i] = prepare_value(kind, x[i]);
}

static void add_samples(tvae_covariance *covariance, size_t n_samples, const float *x,
                        const float *y, double *scratch)
{
    tvi_unit_sums *rows = &covariance->rows, *columns = &covariance->columns;
    product_pass pass = {.n_rows = rows->n_units,
                         .n_columns = columns->n_units,
                         .x = scratch,
                         .y = scratch + BLOCK * rows->n_units,
                         .products = covariance->products};

    if (*covariance->n_samples == 0.0) {
        set_first(covariance->kind, x, rows);
        set_first(covariance->kind, y, columns);
    }
    for (size_t s = 0; s < n_samples; s += BLOCK) {
        pass.n_samples = n_samples - s < BLOCK ? n_samples - s : BLOCK;
        prepare_block(covariance->kind, pass.n_samples, x + s * rows->n_units, rows,
                      scratch);
        prepare_block(covariance->kind, pass.n_samples, y + s * columns->n_units, columns,
                      scratch + BLOCK * rows->n_units);
        tvi_parallel_for(rows->n_units, 1, add_products, &pass);
    }
    *covariance->n_samples += (double)n_samples;
}

tvae_status tvae_covariance_add(tvae_covariance *covariance, const tvae_tensor *x,
                                const tvae_tensor *y)
{
    size_t n_x = 0, n_y = 0;
    double *scratch;
    tvae_status st;

    if (!covariance)
        return tvi_fail(TVAE_E_INVALID, "covariance_add: covariance is NULL");
    st = tvi_sample_count(x, covariance->rows.n_units, "covariance_add", "x", &n_x);
    if (st == TVAE_OK)
        st = tvi_sample_count(y ? y : x, covariance->columns.n_units, "covariance_add",
                              y ? "y" : "x (as y)", &n_y);
    if (st != TVAE_OK)
        return st;
    if (n_x != n_y)
        return tvi_fail(TVAE_E_SHAPE,
                        "covariance_add: y has %zu samples, want the %zu that x has", n_y,
                        n_x);
    scratch =
        tvi_alloc_array(BLOCK * (covariance->rows.n_units + covariance->columns.n_units),
                        sizeof *scratch);
    if (!scratch)
        return TVAE_E_NOMEM;
    add_samples(covariance, n_x, x->data, y ? y->data : x->data, scratch);
    tvi_free(scratch);
    return TVAE_OK;
}

/* ---- merging ---- */

static tvi_shifted_sums find_part(const tvae_covariance *covariance,
                                  const tvi_unit_sums *own, const double *part)
{
    const double *values = covariance->values;

    return (tvi_shifted_sums){tvi_gathered_place(part, values, own->first),
                              tvi_gathered_place(part, values, own->sums),
                              tvi_gathered_place(part, values, own->squares), *part};
}

/* Products of differences, counted from the firsts of all. */
static void merge_products(tvae_covariance *covariance, const tvi_shifted_sums *x,
                           const tvi_shifted_sums *y, const double *products)
{
    const tvi_unit_sums *rows = &covariance->rows, *columns = &covariance->columns;
    const size_t n_columns = columns->n_units;

    for (size_t i = 0; i < rows->n_units; i++) {
        const double dx = x->first[i] - rows->first[i];

        for (size_t j = 0; j < n_columns; j++) {
            const double dy = y->first[j] - columns->first[j];

            covariance->products[i * n_columns + j] += products[i * n_columns + j] +
                                                       dx * y->sums[j] + dy * x->sums[i] +
                                                       x->n_samples * dx * dy;
        }
    }
}

static void merge_side(tvi_unit_sums *all, const tvi_shifted_sums *part)
{
    tvi_shifted_sums_merge(all->n_units, all->first, all->sums, all->squares, part);
}

static void merge_covariance(void *accumulator, const double *part)
{
    tvae_covariance *a = accumulator;
    tvi_unit_sums *rows = &a->rows, *columns = &a->columns;
    const tvi_shifted_sums x = find_part(a, rows, part), y = find_part(a, columns, part);

    if (*part == 0.0)
        return;
    if (*a->n_samples == 0.0) {
        memcpy(rows->first, x.first, rows->n_units * sizeof *x.first);
        memcpy(columns->first, y.first, columns->n_units * sizeof *y.first);
    }
    merge_products(a, &x, &y, tvi_gathered_place(part, a->values, a->products));
    merge_side(rows, &x);
    merge_side(columns, &y);
    *a->n_samples += *part;
}

tvi_gathered tvi_covariance_gathered(tvae_covariance *covariance)
{
    return (tvi_gathered){covariance->values, covariance->n_values, covariance,
                          merge_covariance};
}

/* ---- results ---- */

static double spread(const tvi_unit_sums *sums, double n_samples, size_t i)
{
    return sums->squares[i] - sums->sums[i] * sums->sums[i] / n_samples;
}

double tvi_covariance_correlation(const tvae_covariance *covariance, size_t i, size_t j)
{
    const tvi_unit_sums *rows = &covariance->rows, *columns = &covariance->columns;
    const double n = *covariance->n_samples;
    double spread_x, spread_y;

    if (!(n > 1.0))
        return NAN;
    spread_x = spread(rows, n, i);
    spread_y = spread(columns, n, j);
    if (!(spread_x > 0.0 && spread_y > 0.0))
        return NAN;
    return (covariance->products[i * columns->n_units + j] -
            rows->sums[i] * columns->sums[j] / n) /
           (sqrt(spread_x) * sqrt(spread_y));
}

tvae_status tvae_covariance_matrix(const tvae_covariance *covariance,
                                   int32_t zero_diagonal, tvae_tensor *matrix)
{
    size_t wanted[2];
    double factor;
    tvae_status st;

    if (!covariance)
        return tvi_fail(TVAE_E_INVALID, "covariance_matrix: covariance is NULL");
    if (zero_diagonal != 0 && zero_diagonal != 1)
        return tvi_fail(TVAE_E_INVALID,
                        "covariance_matrix: zero_diagonal is %d, want 0 or 1",
                        (int)zero_diagonal);
    wanted[0] = covariance->rows.n_units;
    wanted[1] = covariance->columns.n_units;
    st = tvi_tensor_check(matrix, 2, wanted, "covariance_matrix", "matrix");
    if (st != TVAE_OK)
        return st;
    factor = (*covariance->n_samples - 1.0) / fmax(*covariance->n_samples, 1.0);
    for (size_t i = 0; i < wanted[0]; i++)
        for (size_t j = 0; j < wanted[1]; j++)
            matrix->data[i * wanted[1] + j] =
                zero_diagonal && i == j
                    ? 0.0f
                    : (float)(factor * tvi_covariance_correlation(covariance, i, j));
    return TVAE_OK;
}
