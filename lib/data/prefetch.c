/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "data/batch.h"

/* One batch of the ring. */
typedef struct slot {
    float *x;
    float *factors; /* NULL: the dataset has none */
    size_t n_sequences;
    tvae_status status;
    char error[TVI_SENTENCE_BYTES];
} slot;

struct tvi_prefetch {
    tvi_batch_plan *plan;
    slot *slots;
    size_t n_slots;
    float *x; /* [n_slots, batch] */
    float *factors;
    uint64_t first_batch;
    pthread_mutex_t mutex; /* guards the three members below */
    uint64_t n_prepared;
    uint64_t n_taken;
    bool stopping;
    pthread_cond_t prepared; /* n_prepared grew */
    pthread_cond_t wanted;   /* n_taken grew, or stopping */
    pthread_t thread;
    pid_t owner; /* the process that has the thread */
    bool has_mutex, has_prepared, has_wanted, has_thread;
};

/* Wait until a slot is free; false when it is time to stop. */
static bool wait_for_free_slot(tvi_prefetch *prefetch)
{
    bool goes_on;

    pthread_mutex_lock(&prefetch->mutex);
    while (!prefetch->stopping &&
           prefetch->n_prepared - prefetch->n_taken == prefetch->n_slots)
        pthread_cond_wait(&prefetch->wanted, &prefetch->mutex);
    goes_on = !prefetch->stopping;
    pthread_mutex_unlock(&prefetch->mutex);
    return goes_on;
}

static void *prepare_ahead(void *context)
{
    tvi_prefetch *prefetch = context;

    for (uint64_t n = 0; wait_for_free_slot(prefetch); n++) {
        slot *next = &prefetch->slots[n % prefetch->n_slots];

        next->status = tvi_batch_prepare(prefetch->plan, prefetch->first_batch + n,
                                         next->x, next->factors, &next->n_sequences);
        if (next->status != TVAE_OK)
            (void)snprintf(next->error, sizeof next->error, "%s", tvae_last_error());
        pthread_mutex_lock(&prefetch->mutex);
        prefetch->n_prepared++;
        pthread_cond_signal(&prefetch->prepared);
        pthread_mutex_unlock(&prefetch->mutex);
    }
    return NULL;
}

static tvae_status allocate_slots(tvi_prefetch *prefetch)
{
    const size_t n_slots = prefetch->n_slots;
    const size_t n_x = tvi_batch_count(prefetch->plan);
    const size_t n_factors = tvi_batch_factors_count(prefetch->plan);

    prefetch->slots = tvi_alloc_array(n_slots, sizeof *prefetch->slots);
    if (!prefetch->slots)
        return TVAE_E_NOMEM;
    prefetch->x = tvi_alloc_array(n_slots, n_x * sizeof *prefetch->x);
    if (!prefetch->x)
        return TVAE_E_NOMEM;
    prefetch->factors = tvi_alloc_array(n_slots, n_factors * sizeof *prefetch->factors);
    if (!prefetch->factors)
        return TVAE_E_NOMEM;
    for (size_t i = 0; i < n_slots; i++) {
        prefetch->slots[i].x = prefetch->x + i * n_x;
        if (n_factors)
            prefetch->slots[i].factors = prefetch->factors + i * n_factors;
    }
    return TVAE_OK;
}

/* Start the thread with all signals blocked: a host's handlers run on the host's own
 * threads. */
static tvae_status start_thread(tvi_prefetch *prefetch)
{
    sigset_t all, kept;
    int failure;

    prefetch->has_mutex = !pthread_mutex_init(&prefetch->mutex, NULL);
    prefetch->has_prepared = !pthread_cond_init(&prefetch->prepared, NULL);
    prefetch->has_wanted = !pthread_cond_init(&prefetch->wanted, NULL);
    if (!prefetch->has_mutex || !prefetch->has_prepared || !prefetch->has_wanted)
        return tvi_fail(TVAE_E_NOMEM,
                        "loader_create: the system gave no mutex or condition variable: "
                        "free resources, or set n_prefetch to 0");
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &kept);
    failure = pthread_create(&prefetch->thread, NULL, prepare_ahead, prefetch);
    (void)pthread_sigmask(SIG_SETMASK, &kept, NULL);
    prefetch->has_thread = !failure;
    if (failure)
        return tvi_fail(TVAE_E_NOMEM,
                        "loader_create: the background thread could not be started "
                        "(%s): free resources, or set n_prefetch to 0",
                        strerror(failure));
    return TVAE_OK;
}

tvae_status tvi_prefetch_start(tvi_batch_plan *plan, uint64_t first_batch, size_t n_slots,
                               tvi_prefetch **out)
{
    tvi_prefetch *prefetch = tvi_alloc_array(1, sizeof *prefetch);
    tvae_status st;

    *out = NULL;
    if (!prefetch)
        return TVAE_E_NOMEM;
    prefetch->plan = plan;
    prefetch->first_batch = first_batch;
    prefetch->n_slots = n_slots;
    prefetch->owner = getpid();
    st = allocate_slots(prefetch);
    if (st == TVAE_OK)
        st = start_thread(prefetch);
    if (st != TVAE_OK)
        tvi_prefetch_stop(&prefetch);
    *out = prefetch;
    return st;
}

/* The oldest batch that was prepared and not taken; the thread leaves it alone. */
static const slot *wait_for_batch(tvi_prefetch *prefetch)
{
    pthread_mutex_lock(&prefetch->mutex);
    while (prefetch->n_prepared == prefetch->n_taken)
        pthread_cond_wait(&prefetch->prepared, &prefetch->mutex);
    pthread_mutex_unlock(&prefetch->mutex);
    return &prefetch->slots[prefetch->n_taken % prefetch->n_slots];
}

static void give_slot_back(tvi_prefetch *prefetch)
{
    pthread_mutex_lock(&prefetch->mutex);
    prefetch->n_taken++;
    pthread_cond_signal(&prefetch->wanted);
    pthread_mutex_unlock(&prefetch->mutex);
}

tvae_status tvi_prefetch_take(tvi_prefetch *prefetch, float *x, float *factors,
                              size_t *n_sequences)
{
    const tvi_batch_plan *plan = prefetch->plan;
    const slot *oldest;
    tvae_status st;

    if (getpid() != prefetch->owner)
        return tvi_fail(TVAE_E_STATE,
                        "loader_next: the loader was created before fork(), whose child "
                        "has no background thread: create it in the child, or with "
                        "n_prefetch 0");
    oldest = wait_for_batch(prefetch);
    st = oldest->status;
    *n_sequences = oldest->n_sequences;
    if (st == TVAE_OK) {
        const size_t n = oldest->n_sequences;

        memcpy(x, oldest->x, n * tvi_dataset_sequence_count(plan->dataset) * sizeof *x);
        if (factors)
            memcpy(factors, oldest->factors,
                   n * tvi_dataset_factors_count(plan->dataset) * sizeof *factors);
    } else {
        (void)tvi_fail(st, "%s", oldest->error);
    }
    give_slot_back(prefetch);
    return st;
}

static void join_thread(tvi_prefetch *prefetch)
{
    pthread_mutex_lock(&prefetch->mutex);
    prefetch->stopping = true;
    pthread_cond_signal(&prefetch->wanted);
    pthread_mutex_unlock(&prefetch->mutex);
    (void)pthread_join(prefetch->thread, NULL);
}

void tvi_prefetch_stop(tvi_prefetch **prefetch)
{
    tvi_prefetch *gone = *prefetch;

    if (!gone)
        return;
    *prefetch = NULL;
    /* In a child of fork() there is no thread, and the mutex may be locked for ever. */
    if (getpid() == gone->owner) {
        if (gone->has_thread)
            join_thread(gone);
        if (gone->has_wanted)
            (void)pthread_cond_destroy(&gone->wanted);
        if (gone->has_prepared)
            (void)pthread_cond_destroy(&gone->prepared);
        if (gone->has_mutex)
            (void)pthread_mutex_destroy(&gone->mutex);
    }
    tvi_free(gone->factors);
    tvi_free(gone->x);
    tvi_free(gone->slots);
    tvi_free(gone);
}
