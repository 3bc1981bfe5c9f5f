/* SPDX-License-Identifier: MIT */
#include "layer/parameter.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/rng.h"
#include "layer/backlog.h"
#include "tensor/tensor.h"

enum { LINE_FLOATS = 16 };

/* The number of values of that shape, false if it does not fit the address space, rows of
 * one value rounded up to `unit` included. */
static bool count_values(int32_t rank, const size_t *shape, size_t unit, size_t *count)
{
    size_t bytes;

    *count = 1;
    for (int32_t axis = 0; axis < rank; axis++)
        if (!tvi_multiply(*count, shape[axis], count) ||
            !tvi_multiply(*count, unit * sizeof(float), &bytes))
            return false;
    return true;
}

static tvae_status init(tvi_parameter *parameter, int32_t rank, const size_t *shape,
                        bool transposed, size_t n_columns, size_t unit)
{
    char text[TVI_SHAPE_TEXT];
    size_t count;

    if (!count_values(rank, shape, unit, &count))
        return tvi_fail(TVAE_E_SHAPE,
                        "parameter_init: shape is %s, want a size that fits the "
                        "address space",
                        tvi_shape_text(rank, shape, text));
    n_columns = n_columns ? n_columns : count;
    parameter->n_rows = count / n_columns;
    parameter->n_columns = n_columns;
    parameter->pitch = (n_columns + unit - 1) / unit * unit;
    parameter->count = parameter->n_rows * parameter->pitch;
    parameter->value = tvi_alloc_array(parameter->count, sizeof(float));
    if (!parameter->value)
        return TVAE_E_NOMEM;
    parameter->rank = rank;
    for (int32_t axis = 0; axis < rank; axis++)
        parameter->shape[axis] = shape[axis];
    parameter->transposed = transposed;
    parameter->trainable = true;
    return TVAE_OK;
}

tvae_status tvi_parameter_init(tvi_parameter *parameter, int32_t rank,
                               const size_t *shape, bool transposed)
{
    return init(parameter, rank, shape, transposed, transposed ? shape[0] : 0, 1);
}

tvae_status tvi_parameter_init_matrix(tvi_parameter *parameter, int32_t rank,
                                      const size_t *shape, bool transposed,
                                      size_t n_columns)
{
    return init(parameter, rank, shape, transposed, n_columns, LINE_FLOATS);
}

void tvi_parameter_release(tvi_parameter *parameter)
{
    tvi_backlog_destroy(parameter);
    tvi_free(parameter->value);
    tvi_free(parameter->gradient);
    parameter->value = NULL;
    parameter->gradient = NULL;
}

float *tvi_sink_begin(tvi_gradient_sink *sink, tvi_parameter *parameter, bool *accumulate)
{
    *accumulate = !sink->take;
    return sink->take ? sink->scratch : parameter->gradient;
}

tvae_status tvi_sink_end(tvi_gradient_sink *sink, tvi_parameter *parameter)
{
    return sink->take ? sink->take(sink, parameter, sink->scratch) : TVAE_OK;
}

/* to [n_cols, n_rows] = from [n_rows, n_cols], in tiles that stay in the first cache; ld
 * is from row to row. */
static void transpose(size_t n_rows, size_t n_cols, size_t ld_from, const float *from,
                      size_t ld_to, float *to)
{
    enum { TILE = 32 };

    for (size_t row = 0; row < n_rows; row += TILE)
        for (size_t col = 0; col < n_cols; col += TILE) {
            const size_t row_end = n_rows - row < TILE ? n_rows : row + TILE;
            const size_t col_end = n_cols - col < TILE ? n_cols : col + TILE;

            for (size_t r = row; r < row_end; r++)
                for (size_t c = col; c < col_end; c++)
                    to[c * ld_to + r] = from[r * ld_from + c];
        }
}

static void copy_rows(const tvi_parameter *parameter, size_t ld_from, const float *from,
                      size_t ld_to, float *to)
{
    for (size_t row = 0; row < parameter->n_rows; row++)
        memcpy(to + row * ld_to, from + row * ld_from, parameter->n_columns * sizeof *to);
}

void tvi_parameter_export(const tvi_parameter *p, const float *stored, float *exposed)
{
    tvi_backlog_settle(p);
    if (p->transposed)
        transpose(p->n_rows, p->n_columns, p->pitch, stored, p->n_rows, exposed);
    else
        copy_rows(p, p->pitch, stored, p->n_columns, exposed);
}

void tvi_parameter_import(const tvi_parameter *p, const float *exposed, float *stored)
{
    tvi_backlog_settle(p);
    if (p->transposed)
        transpose(p->n_columns, p->n_rows, p->n_rows, exposed, p->pitch, stored);
    else
        copy_rows(p, p->n_columns, exposed, p->pitch, stored);
}

tvae_status tvi_parameter_draw(tvi_parameter *parameter, float bound, uint64_t seed,
                               uint64_t stream)
{
    const size_t count = parameter->n_rows * parameter->n_columns;
    float *exposed = tvi_alloc_array(count, sizeof *exposed);

    if (!exposed)
        return TVAE_E_NOMEM;
    tvi_rng_fill_uniform(seed, TVI_RNG_PARAMETERS, stream, -bound, bound, count, exposed);
    tvi_parameter_import(parameter, exposed, parameter->value);
    tvi_free(exposed);
    return TVAE_OK;
}

/* Room for one entry more; doubles. */
static tvae_status grow_list(tvi_parameter_list *list)
{
    const size_t capacity = list->capacity ? 2 * list->capacity : 4;
    tvi_named_parameter *items;

    if (list->n_items < list->capacity)
        return TVAE_OK;
    items = tvi_alloc_array(capacity, sizeof *items);
    if (!items)
        return TVAE_E_NOMEM;
    if (list->n_items)
        memcpy(items, list->items, list->n_items * sizeof *items);
    tvi_free(list->items);
    list->items = items;
    list->capacity = capacity;
    return TVAE_OK;
}

tvae_status tvi_parameter_list_add(tvi_parameter_list *list, const char *prefix,
                                   const char *name, tvi_parameter *parameter)
{
    const size_t length = strlen(prefix) + strlen(name);
    tvae_status st;

    if (length >= TVI_NAME_BYTES)
        return tvi_fail(TVAE_E_INVALID,
                        "parameter_list_add: name \"%.40s...\" has %zu characters, want "
                        "at most %d: nest less deeply or choose a shorter name",
                        *prefix ? prefix : name, length, TVI_NAME_BYTES - 1);
    st = grow_list(list);
    if (st != TVAE_OK)
        return st;
    (void)snprintf(list->items[list->n_items].name, TVI_NAME_BYTES, "%s%s", prefix, name);
    list->items[list->n_items].parameter = parameter;
    list->n_items++;
    return TVAE_OK;
}

const tvi_named_parameter *tvi_parameter_list_find(const tvi_parameter_list *list,
                                                   const char *name)
{
    for (size_t i = 0; i < list->n_items; i++)
        if (strcmp(list->items[i].name, name) == 0)
            return &list->items[i];
    return NULL;
}

tvae_status tvi_parameter_list_allocate_gradients(const tvi_parameter_list *list)
{
    for (size_t i = 0; i < list->n_items; i++) {
        tvi_parameter *parameter = list->items[i].parameter;

        if (parameter->gradient)
            continue;
        parameter->gradient = tvi_alloc_array(parameter->count, sizeof(float));
        if (!parameter->gradient)
            return TVAE_E_NOMEM;
    }
    return TVAE_OK;
}

void tvi_parameter_list_zero_gradients(const tvi_parameter_list *list)
{
    for (size_t i = 0; i < list->n_items; i++) {
        const tvi_parameter *parameter = list->items[i].parameter;

        if (parameter->gradient)
            memset(parameter->gradient, 0, parameter->count * sizeof(float));
    }
}

void tvi_parameter_list_release(tvi_parameter_list *list)
{
    tvi_free(list->items);
    memset(list, 0, sizeof *list);
}

tvae_status tvi_parameter_list_info(const tvi_parameter_list *list, size_t index,
                                    char *name, size_t capacity, int32_t *rank,
                                    size_t *shape, const char *call)
{
    const tvi_parameter *parameter;

    if (!name || !capacity)
        return tvi_fail(TVAE_E_INVALID, "%s: %s, want room for the name", call,
                        name ? "capacity is 0" : "name is NULL");
    if (index >= list->n_items)
        return tvi_fail(TVAE_E_NOT_FOUND, "%s: index is %zu, want less than %zu", call,
                        index, list->n_items);
    parameter = list->items[index].parameter;
    (void)snprintf(name, capacity, "%s", list->items[index].name);
    if (rank)
        *rank = parameter->rank;
    for (int32_t axis = 0; shape && axis < parameter->rank; axis++)
        shape[axis] = parameter->shape[axis];
    return TVAE_OK;
}

/* The parameter of that name, once name and tensor are known to fit. */
static tvae_status find_for_tensor(const tvi_parameter_list *list, const char *name,
                                   const tvae_tensor *tensor, const char *call,
                                   tvi_parameter **out)
{
    const tvi_named_parameter *found;

    if (!name || !tensor)
        return tvi_fail(TVAE_E_INVALID, "%s: %s is NULL", call,
                        name ? "the tensor" : "name");
    found = tvi_parameter_list_find(list, name);
    if (!found && !list->n_items)
        return tvi_fail(TVAE_E_NOT_FOUND,
                        "%s: name is \"%s\", but there are no parameters", call, name);
    if (!found)
        return tvi_fail(TVAE_E_NOT_FOUND,
                        "%s: name is \"%s\", want one of the %zu from \"%s\" to \"%s\"",
                        call, name, list->n_items, list->items[0].name,
                        list->items[list->n_items - 1].name);
    *out = found->parameter;
    return tvi_tensor_check(tensor, (*out)->rank, (*out)->shape, call, name);
}

tvae_status tvi_parameter_list_get(const tvi_parameter_list *list, const char *name,
                                   tvae_tensor *value, const char *call)
{
    tvi_parameter *parameter = NULL;
    tvae_status st = find_for_tensor(list, name, value, call, &parameter);

    if (st == TVAE_OK)
        tvi_parameter_export(parameter, parameter->value, value->data);
    return st;
}

tvae_status tvi_parameter_list_set(const tvi_parameter_list *list, const char *name,
                                   const tvae_tensor *value, const char *call)
{
    tvi_parameter *parameter = NULL;
    size_t bad;
    tvae_status st = find_for_tensor(list, name, value, call, &parameter);

    if (st != TVAE_OK)
        return st;
    bad = tvi_first_non_finite(value->data, value->count);
    if (bad < value->count)
        return tvi_fail(TVAE_E_NUMERIC,
                        "%s: element %zu of \"%s\" is %g, want finite values", call, bad,
                        name, (double)value->data[bad]);
    tvi_parameter_import(parameter, value->data, parameter->value);
    return TVAE_OK;
}

tvae_status tvi_parameter_list_get_gradient(const tvi_parameter_list *list,
                                            const char *name, tvae_tensor *gradient,
                                            const char *call)
{
    tvi_parameter *parameter = NULL;
    tvae_status st = find_for_tensor(list, name, gradient, call, &parameter);

    if (st != TVAE_OK)
        return st;
    if (!parameter->gradient)
        return tvi_fail(TVAE_E_STATE,
                        "%s: no gradient of \"%s\" is stored, want a backward pass that "
                        "stores gradients before this call",
                        call, name);
    tvi_parameter_export(parameter, parameter->gradient, gradient->data);
    return TVAE_OK;
}
