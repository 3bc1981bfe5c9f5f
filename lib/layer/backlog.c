/* SPDX-License-Identifier: MIT */
#include "layer/backlog.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/memory.h"
#include "base/parallel.h"

/* A row is brought up to date after so many steps at the latest, which counters of eight
 * bits can tell apart and divide without a rest. */
enum { MOST_BEHIND = 64, GRAIN = 8 };

struct tvi_backlog {
    pthread_mutex_t lock; /* of whoever settles, and of a change of `buffer` */
    atomic_bool waits;    /* false: no row is behind */
    float *buffer;        /* the momenta; NULL: nobody's */
    float momentum;
    uint8_t n_steps;    /* that rows could wait in, modulo 256 */
    uint8_t *row_steps; /* [n_rows] how many of them each row has taken */
    size_t *due;        /* [n_rows] room for a list of rows */
    /* Of the latest steps, the rate of step s at s modulo MOST_BEHIND and again as many
     * places on: those that a row has missed follow one another. */
    float rates[2 * MOST_BEHIND];
};

static atomic_bool is_allowed = true;

void tvi_backlog_allow(bool allowed)
{
    atomic_store(&is_allowed, allowed);
}

tvae_status tvi_backlog_create(tvi_parameter *parameter)
{
    tvi_backlog *backlog = tvi_alloc_array(1, sizeof *backlog);

    if (!backlog)
        return TVAE_E_NOMEM;
    (void)pthread_mutex_init(&backlog->lock, NULL);
    parameter->backlog = backlog;
    backlog->row_steps = tvi_alloc_array(parameter->n_rows, sizeof *backlog->row_steps);
    if (backlog->row_steps)
        backlog->due = tvi_alloc_array(parameter->n_rows, sizeof *backlog->due);
    if (backlog->due)
        return TVAE_OK;
    tvi_backlog_destroy(parameter);
    return TVAE_E_NOMEM;
}

void tvi_backlog_destroy(tvi_parameter *parameter)
{
    tvi_backlog *backlog = parameter->backlog;

    if (!backlog)
        return;
    (void)pthread_mutex_destroy(&backlog->lock);
    tvi_free(backlog->row_steps);
    tvi_free(backlog->due);
    tvi_free(backlog);
    parameter->backlog = NULL;
}

static bool is_lit(const tvi_sparse_rows *x, size_t row)
{
    const tvi_sparse_lists *columns = &x->columns;

    return columns->bounds[row] != columns->bounds[columns->n_lists + row];
}

/* A share of the rows is due in every step whatever x is, so that none waits too long;
 * without x all are. */
static bool is_due(const tvi_backlog *backlog, const tvi_sparse_rows *x, size_t row)
{
    if (backlog->row_steps[row] == backlog->n_steps)
        return false;
    return !x || row % MOST_BEHIND == backlog->n_steps % MOST_BEHIND || is_lit(x, row);
}

static void replay_rows(void *context, size_t begin, size_t end)
{
    const tvi_parameter *parameter = context;
    const tvi_backlog *backlog = parameter->backlog;

    for (size_t i = begin; i < end; i++) {
        const size_t row = backlog->due[i], at = row * parameter->pitch;
        uint8_t *taken = &backlog->row_steps[row];
        const uint8_t n_missed = (uint8_t)(backlog->n_steps - *taken);

        tvi_kernel()->replay(parameter->pitch, n_missed,
                             backlog->rates + *taken % MOST_BEHIND, backlog->momentum,
                             backlog->buffer + at, parameter->value + at);
        *taken = backlog->n_steps;
    }
}

/* The steps that rows due have missed. */
static void replay_due(const tvi_parameter *parameter, const tvi_sparse_rows *x)
{
    const tvi_backlog *backlog = parameter->backlog;
    tvi_parameter weight = *parameter;
    size_t n_due = 0;

    for (size_t row = 0; row < parameter->n_rows; row++)
        if (is_due(backlog, x, row))
            backlog->due[n_due++] = row;
    tvi_parallel_for(n_due, GRAIN, replay_rows, &weight);
}

static void settle_locked(const tvi_parameter *parameter)
{
    tvi_backlog *backlog = parameter->backlog;

    if (!atomic_load(&backlog->waits))
        return;
    replay_due(parameter, NULL);
    atomic_store(&backlog->waits, false);
}

void tvi_backlog_settle(const tvi_parameter *parameter)
{
    tvi_backlog *backlog = parameter->backlog;

    if (!backlog || !atomic_load(&backlog->waits))
        return;
    pthread_mutex_lock(&backlog->lock);
    settle_locked(parameter);
    pthread_mutex_unlock(&backlog->lock);
}

void tvi_backlog_catch_up(const tvi_parameter *parameter, const tvi_sparse_rows *x)
{
    const tvi_backlog *backlog = parameter->backlog;

    if (!x || !x->columns.bounds)
        tvi_backlog_settle(parameter);
    else if (backlog && atomic_load(&backlog->waits))
        replay_due(parameter, x);
}

bool tvi_backlog_begin(const tvi_parameter *parameter, const tvi_sparse_rows *x,
                       float *buffer, float momentum)
{
    tvi_backlog *backlog = parameter->backlog;

    if (!backlog || !x || !atomic_load(&is_allowed)) {
        tvi_backlog_settle(parameter);
        return false;
    }
    pthread_mutex_lock(&backlog->lock);
    if (backlog->buffer != buffer) {
        settle_locked(parameter);
        backlog->buffer = buffer;
        backlog->momentum = momentum;
    }
    pthread_mutex_unlock(&backlog->lock);
    tvi_backlog_catch_up(parameter, x);
    return true;
}

void tvi_backlog_add(const tvi_parameter *parameter, const tvi_sparse_rows *x, float rate)
{
    tvi_backlog *backlog = parameter->backlog;
    const size_t place = backlog->n_steps % MOST_BEHIND;
    bool waits = atomic_load(&backlog->waits);

    backlog->rates[place] = backlog->rates[place + MOST_BEHIND] = rate;
    backlog->n_steps++;
    for (size_t row = 0; row < parameter->n_rows; row++) {
        if (is_lit(x, row))
            backlog->row_steps[row] = backlog->n_steps;
        else
            waits = true;
    }
    atomic_store(&backlog->waits, waits);
}

void tvi_backlog_end(const tvi_parameter *parameter, const float *buffer)
{
    tvi_backlog *backlog = parameter->backlog;

    if (!backlog)
        return;
    pthread_mutex_lock(&backlog->lock);
    if (backlog->buffer == buffer) {
        settle_locked(parameter);
        backlog->buffer = NULL;
    }
    pthread_mutex_unlock(&backlog->lock);
}
