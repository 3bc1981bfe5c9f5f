/* SPDX-License-Identifier: MIT */
#include "metric/covariance.h"

#include <math.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "metric/metric.h"
#include "tensor/tensor.h"

/* Plot_Covariance_Matrix of the reference, gathered over batches (GOLDEN section 4). */

enum { BLOCK = 64 }; /* samples that are prepared at a time */

/* ---- life ---- */

static tvae_status allocate_sums(tvi_unit_sums *sums, size_t n_units)
{
    sums->n_units = n_units;
    sums->first = tvi_alloc_array(n_units, sizeof *sums->first);
    sums->sum = tvi_alloc_array(n_units, sizeof *sums->sum);
    sums->squares = tvi_alloc_array(n_units, sizeof *sums->squares);
    return sums->first && sums->sum && sums->squares ? TVAE_OK : TVAE_E_NOMEM;
}

static void free_sums(tvi_unit_sums *sums)
{
    tvi_free(sums->first);
    tvi_free(sums->sum);
    tvi_free(sums->squares);
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
    st = allocate_sums(&covariance->rows, n_rows);
    if (st == TVAE_OK)
        st = allocate_sums(&covariance->columns, n_columns);
    covariance->products = tvi_alloc_array(n_rows * n_columns, sizeof(double));
    if (st != TVAE_OK || !covariance->products) {
        tvae_covariance_destroy(&covariance);
        return TVAE_E_NOMEM;
    }
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
    free_sums(&gone->rows);
    free_sums(&gone->columns);
    tvi_free(gone->products);
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
            sums->sum[i] += *difference;
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

    if (covariance->n_samples == 0.0) {
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
    covariance->n_samples += (double)n_samples;
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

/* ---- results ---- */

static double spread(const tvi_unit_sums *sums, double n_samples, size_t i)
{
    return sums->squares[i] - sums->sum[i] * sums->sum[i] / n_samples;
}

double tvi_covariance_correlation(const tvae_covariance *covariance, size_t i, size_t j)
{
    const tvi_unit_sums *rows = &covariance->rows, *columns = &covariance->columns;
    const double n = covariance->n_samples;
    double spread_x, spread_y;

    if (!(n > 1.0))
        return NAN;
    spread_x = spread(rows, n, i);
    spread_y = spread(columns, n, j);
    if (!(spread_x > 0.0 && spread_y > 0.0))
        return NAN;
    return (covariance->products[i * columns->n_units + j] -
            rows->sum[i] * columns->sum[j] / n) /
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
    factor = (covariance->n_samples - 1.0) / fmax(covariance->n_samples, 1.0);
    for (size_t i = 0; i < wanted[0]; i++)
        for (size_t j = 0; j < wanted[1]; j++)
            matrix->data[i * wanted[1] + j] =
                zero_diagonal && i == j
                    ? 0.0f
                    : (float)(factor * tvi_covariance_correlation(covariance, i, j));
    return TVAE_OK;
}
