/* SPDX-License-Identifier: MIT */
#include "in_process_exchange.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SUM, GATHER, BROADCAST, BARRIER };

/* What all ranks have to agree in. */
typedef struct task {
    int kind;
    int32_t type, root;
    size_t n_values; /* of one rank; of all of a gather */
} task;

/* What a rank brings to a collective. */
typedef struct part {
    const void *own; /* it gives */
    size_t n_own;
    void *all; /* it gets */
} part;

/* A collective, from the first rank's call to the last rank's return. */
typedef struct collective {
    struct collective *next;
    int64_t number; /* of those before it */
    task task;
    int32_t n_begun, n_ended; /* ranks */
    part parts[];             /* [n_ranks] */
} collective;

/* The `user` of a rank's table. */
typedef struct member {
    in_process_group *group;
    int32_t rank;
    bool left;
    int64_t n_begun; /* collectives */
} member;

struct in_process_group {
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t changed;
    int32_t n_ranks;
    bool failed; /* nothing begins any more, nor writes into what others may have freed */
    collective *first;
    member members[]; /* [n_ranks] */
};

static _Thread_local char message[160];

static tvae_status fail(in_process_group *group, tvae_status st, const char *text,
                        int32_t rank)
{
    group->failed = true;
    (void)snprintf(message, sizeof message, text, rank);
    return st;
}

/* ---- the work, by the rank that comes last ---- */

static size_t bytes_of(int32_t type)
{
    return type == TVAE_EXCHANGE_FLOAT32    ? sizeof(float)
           : type == TVAE_EXCHANGE_BFLOAT16 ? sizeof(uint16_t)
                                            : 1;
}

static float load(const void *values, size_t i, int32_t type)
{
    uint32_t bits;
    float value;

    if (type == TVAE_EXCHANGE_FLOAT32)
        return ((const float *)values)[i];
    bits = (uint32_t)((const uint16_t *)values)[i] << 16;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void store(void *values, size_t i, int32_t type, float value)
{
    uint32_t bits;

    if (type == TVAE_EXCHANGE_FLOAT32) {
        ((float *)values)[i] = value;
        return;
    }
    memcpy(&bits, &value, sizeof bits);
    if (value != value)
        bits |= 0x400000; /* what the cut leaves is a NaN, too */
    else
        bits += 0x7fff + (bits >> 16 & 1); /* nearest even */
    ((uint16_t *)values)[i] = (uint16_t)(bits >> 16);
}

static void sum(const collective *c, int32_t n_ranks)
{
    for (size_t i = 0; i < c->task.n_values; i++) {
        float total = load(c->parts[0].own, i, c->task.type);

        for (int32_t rank = 1; rank < n_ranks; rank++)
            total += load(c->parts[rank].own, i, c->task.type);
        for (int32_t rank = 0; rank < n_ranks; rank++)
            store(c->parts[rank].all, i, c->task.type, total);
    }
}

/* Put the parts of the ranks from..to-1 one after the other into what each rank gets. */
static void pass_on(const collective *c, int32_t n_ranks, int32_t from, int32_t to)
{
    for (int32_t rank = 0; rank < n_ranks; rank++) {
        char *place = c->parts[rank].all;

        for (int32_t source = from; source < to; source++) {
            const size_t bytes = c->parts[source].n_own * bytes_of(c->task.type);

            if (bytes > 0 && place != c->parts[source].own)
                memcpy(place, c->parts[source].own, bytes);
            place += bytes;
        }
    }
}

static void work(const collective *c, int32_t n_ranks)
{
    if (c->task.kind == SUM)
        sum(c, n_ranks);
    else if (c->task.kind == GATHER)
        pass_on(c, n_ranks, 0, n_ranks);
    else if (c->task.kind == BROADCAST)
        pass_on(c, n_ranks, c->task.root, c->task.root + 1);
}

/* ---- begin and end ---- */

/* The collective with that number; the first rank there makes it. NULL: no memory. */
static collective *find(in_process_group *g, int64_t number, const task *t)
{
    collective **place = &g->first;

    while (*place && (*place)->number < number)
        place = &(*place)->next;
    if (*place)
        return *place;
    *place = calloc(1, sizeof **place + (size_t)g->n_ranks * sizeof(part));
    if (*place) {
        (*place)->number = number;
        (*place)->task = *t;
    }
    return *place;
}

static bool is_equal(const task *a, const task *b)
{
    return a->kind == b->kind && a->type == b->type && a->root == b->root &&
           a->n_values == b->n_values;
}

static tvae_status begin_locked(member *m, const task *t, const part *own,
                                collective **out)
{
    in_process_group *const g = m->group;
    collective *c;

    if (g->failed || m->left)
        return fail(g, TVAE_E_STATE, "rank %d goes on although the exchange has failed",
                    m->rank);
    c = find(g, m->n_begun, t);
    if (!c)
        return fail(g, TVAE_E_NOMEM, "rank %d has no memory", m->rank);
    if (!is_equal(&c->task, t))
        return fail(g, TVAE_E_INVALID,
                    "rank %d calls another function than the others, or has other counts",
                    m->rank);
    m->n_begun++;
    c->parts[m->rank] = *own;
    if (++c->n_begun == g->n_ranks) {
        work(c, g->n_ranks);
        (void)pthread_cond_broadcast(&g->changed);
    }
    *out = c;
    return TVAE_OK;
}

static tvae_status begin(member *m, task t, part own, collective **out)
{
    tvae_status st;

    (void)pthread_mutex_lock(&m->group->lock);
    st = begin_locked(m, &t, &own, out);
    (void)pthread_mutex_unlock(&m->group->lock);
    return st;
}

static struct timespec time_after(double seconds)
{
    struct timespec t;
    double whole;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    seconds = modf(seconds < 1e6 ? seconds : 1e6, &whole) + 1e-9 * (double)t.tv_nsec;
    t.tv_sec += (time_t)whole + (seconds >= 1.0);
    t.tv_nsec = (long)(1e9 * (seconds >= 1.0 ? seconds - 1.0 : seconds));
    return t;
}

static tvae_status wait_locked(member *m, const collective *c, double seconds)
{
    const struct timespec limit = time_after(seconds);
    in_process_group *const g = m->group;

    while (c->n_begun < g->n_ranks) {
        for (int32_t rank = 0; rank < g->n_ranks; rank++)
            if (g->members[rank].left && g->members[rank].n_begun <= c->number)
                return fail(g, TVAE_E_IO, "rank %d has left", rank);
        if (pthread_cond_timedwait(&g->changed, &g->lock, &limit) == ETIMEDOUT &&
            c->n_begun < g->n_ranks)
            return fail(g, TVAE_E_TIMEOUT, "rank %d has waited too long for the others",
                        m->rank);
    }
    return TVAE_OK;
}

static void remove_collective(in_process_group *g, collective *c)
{
    collective **place = &g->first;

    while (*place != c)
        place = &(*place)->next;
    *place = c->next;
    free(c);
}

static tvae_status end(member *m, collective *c, double seconds)
{
    in_process_group *const g = m->group;
    tvae_status st;

    (void)pthread_mutex_lock(&g->lock);
    st = wait_locked(m, c, seconds);
    if (st == TVAE_OK && ++c->n_ended == g->n_ranks)
        remove_collective(g, c);
    (void)pthread_mutex_unlock(&g->lock);
    return st;
}

/* ---- the table ---- */

static tvae_status sum_start(void *user, void *values, size_t n_values, int32_t type,
                             void **request)
{
    collective *c = NULL;
    const tvae_status st =
        begin(user, (task){SUM, type, 0, n_values}, (part){values, n_values, values}, &c);

    *request = c;
    return st;
}

static tvae_status sum_wait(void *user, void *request, double seconds)
{
    return end(user, request, seconds);
}

static tvae_status both(member *m, task t, part own, double seconds)
{
    collective *c;
    const tvae_status st = begin(m, t, own, &c);

    return st == TVAE_OK ? end(m, c, seconds) : st;
}

static tvae_status gather(void *user, const void *own, const size_t *counts, void *all,
                          int32_t type, double seconds)
{
    member *const m = user;
    size_t n_all = 0;

    for (int32_t rank = 0; rank < m->group->n_ranks; rank++)
        n_all += counts[rank];
    return both(m, (task){GATHER, type, 0, n_all}, (part){own, counts[m->rank], all},
                seconds);
}

static tvae_status broadcast(void *user, void *values, size_t n_values, int32_t type,
                             int32_t root, double seconds)
{
    return both(user, (task){BROADCAST, type, root, n_values},
                (part){values, n_values, values}, seconds);
}

static tvae_status barrier(void *user, double seconds)
{
    return both(user, (task){.kind = BARRIER}, (part){.own = NULL}, seconds);
}

static const char *last_error(void *user)
{
    (void)user;
    return message;
}

void in_process_group_table(in_process_group *group, int32_t rank, tvae_exchange *table)
{
    *table = (tvae_exchange){.size = sizeof *table,
                             .user = &group->members[rank],
                             .rank = rank,
                             .n_ranks = group->n_ranks,
                             .sum_start = sum_start,
                             .sum_wait = sum_wait,
                             .gather = gather,
                             .broadcast = broadcast,
                             .barrier = barrier,
                             .last_error = last_error};
}

/* ---- the group ---- */

in_process_group *in_process_group_create(int32_t n_ranks)
{
    in_process_group *g;
    pthread_condattr_t attributes;

    g = n_ranks < 1 ? NULL
                    : calloc(1, sizeof *g + (size_t)n_ranks * sizeof g->members[0]);
    if (!g)
        return NULL;
    g->n_ranks = n_ranks;
    for (int32_t rank = 0; rank < n_ranks; rank++)
        g->members[rank] = (member){.group = g, .rank = rank};
    (void)pthread_mutex_init(&g->lock, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&g->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    return g;
}

void in_process_group_destroy(in_process_group *group)
{
    if (!group)
        return;
    while (group->first) /* left over by a failure */
        remove_collective(group, group->first);
    (void)pthread_cond_destroy(&group->changed);
    (void)pthread_mutex_destroy(&group->lock);
    free(group);
}

void in_process_group_leave(in_process_group *group, int32_t rank)
{
    (void)pthread_mutex_lock(&group->lock);
    group->members[rank].left = true;
    (void)pthread_cond_broadcast(&group->changed);
    (void)pthread_mutex_unlock(&group->lock);
}
