/* SPDX-License-Identifier: MIT */
#include "base/parallel.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "base/blas.h"
#include "base/float_mode.h"

/* Waking a sleeping thread takes some 50 microseconds, as long as much of the work
 * between two loops: a waiting thread first polls, soon lets others run between its
 * looks, and sleeps only then. */
enum {
    MAX_THREADS = 256,
    POLLS_PER_LOOK = 32,
    POLL_NANOSECONDS = 10000,
    WAIT_NANOSECONDS = 200000
};

typedef struct tvi_job {
    tvi_range_body body;
    void *context;
    size_t n_items, grain, n_parts;
} tvi_job;

/* One pool for the process. `owner` is held by the host thread whose loop the pool runs;
 * it alone writes `job`. A loop starts when `generation` moves and has ended when
 * `n_running` is zero; `lock` and the two conditions serve only those who have waited
 * longer than WAIT_NANOSECONDS. */
typedef struct tvi_pool {
    pthread_mutex_t owner;
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    tvi_job job;
    atomic_uint generation;
    atomic_size_t n_running;
    atomic_size_t n_sleeping;
    atomic_bool owner_sleeps;
    atomic_bool closing;
    atomic_size_t n_threads; /* wanted, the calling one included */
    size_t n_started;        /* workers alive */
    pthread_t workers[MAX_THREADS];
} tvi_pool;

static tvi_pool pool = {.owner = PTHREAD_MUTEX_INITIALIZER,
                        .lock = PTHREAD_MUTEX_INITIALIZER,
                        .work = PTHREAD_COND_INITIALIZER,
                        .done = PTHREAD_COND_INITIALIZER,
                        .n_threads = 1};
static pthread_once_t fork_handler_once = PTHREAD_ONCE_INIT;
static _Thread_local bool inside_loop;

static void run_part(const tvi_job *job, size_t part)
{
    const size_t n_grains = job->n_items / job->grain + (job->n_items % job->grain != 0);
    const size_t share = n_grains / job->n_parts, rest = n_grains % job->n_parts;
    const size_t first = part * share + (part < rest ? part : rest);
    const size_t last = first + share + (part < rest);
    const size_t begin = first * job->grain;
    const size_t end = last == n_grains ? job->n_items : last * job->grain;

    if (first < last) {
        const tvi_float_mode mode = tvi_float_mode_begin();

        job->body(job->context, begin, end);
        tvi_float_mode_end(mode);
    }
}

static void pause_briefly(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

static int64_t nanoseconds_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

/* True as soon as `ready` is; false after WAIT_NANOSECONDS. */
static bool poll_until(bool (*ready)(unsigned), unsigned seen)
{
    const int64_t start = nanoseconds_now();

    for (;;) {
        int64_t waited;

        for (int i = 0; i < POLLS_PER_LOOK; i++) {
            if (ready(seen))
                return true;
            pause_briefly();
        }
        waited = nanoseconds_now() - start;
        if (waited > WAIT_NANOSECONDS)
            return false;
        if (waited > POLL_NANOSECONDS)
            sched_yield();
    }
}

static bool has_work(unsigned seen)
{
    return atomic_load(&pool.generation) != seen;
}

static bool is_done(unsigned unused)
{
    (void)unused;
    return atomic_load(&pool.n_running) == 0;
}

static void wait_for_work(unsigned seen)
{
    if (poll_until(has_work, seen))
        return;
    pthread_mutex_lock(&pool.lock);
    atomic_fetch_add(&pool.n_sleeping, 1);
    while (!has_work(seen))
        pthread_cond_wait(&pool.work, &pool.lock);
    atomic_fetch_sub(&pool.n_sleeping, 1);
    pthread_mutex_unlock(&pool.lock);
}

static void report_done(void)
{
    if (atomic_fetch_sub(&pool.n_running, 1) != 1 || !atomic_load(&pool.owner_sleeps))
        return;
    pthread_mutex_lock(&pool.lock);
    pthread_cond_signal(&pool.done);
    pthread_mutex_unlock(&pool.lock);
}

static void *run_worker(void *argument)
{
    const size_t part = (size_t)(uintptr_t)argument;
    unsigned seen = atomic_load(&pool.generation);

    inside_loop = true;
    report_done();
    for (;;) {
        wait_for_work(seen);
        seen++;
        if (atomic_load(&pool.closing))
            return NULL;
        run_part(&pool.job, part);
        report_done();
    }
}

/* Begin a new generation: whoever polls sees it, whoever sleeps is woken. */
static void announce_work(void)
{
    atomic_fetch_add(&pool.generation, 1);
    if (!atomic_load(&pool.n_sleeping))
        return;
    pthread_mutex_lock(&pool.lock);
    pthread_cond_broadcast(&pool.work);
    pthread_mutex_unlock(&pool.lock);
}

static void wait_until_done(void)
{
    if (poll_until(is_done, 0))
        return;
    pthread_mutex_lock(&pool.lock);
    atomic_store(&pool.owner_sleeps, true);
    while (!is_done(0))
        pthread_cond_wait(&pool.done, &pool.lock);
    atomic_store(&pool.owner_sleeps, false);
    pthread_mutex_unlock(&pool.lock);
}

/* Workers take no signals: the host's handlers run on the host's threads. */
static bool start_worker(size_t part)
{
    sigset_t all, before;
    int failed;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    atomic_store(&pool.n_running, 1);
    failed =
        pthread_create(&pool.workers[part], NULL, run_worker, (void *)(uintptr_t)part);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed) {
        atomic_store(&pool.n_running, 0);
        return false;
    }
    pool.n_started++;
    wait_until_done();
    return true;
}

static void stop_workers(void)
{
    atomic_store(&pool.closing, true);
    announce_work();
    for (size_t part = 1; part <= pool.n_started; part++)
        pthread_join(pool.workers[part], NULL);
    pool.n_started = 0;
    atomic_store(&pool.closing, false);
}

/* Bring the workers to `n_threads` - 1; on failure those before stay. */
static bool resize(size_t n_threads)
{
    const size_t n_before = pool.n_started;

    if (n_threads - 1 < n_before)
        stop_workers();
    while (pool.n_started < n_threads - 1)
        if (!start_worker(pool.n_started + 1))
            return false;
    return true;
}

/* A child of fork() has none of the workers, and locks in any state: begin anew. */
static void forget_workers_in_child(void)
{
    pthread_mutex_init(&pool.owner, NULL);
    pthread_mutex_init(&pool.lock, NULL);
    pthread_cond_init(&pool.work, NULL);
    pthread_cond_init(&pool.done, NULL);
    pool.n_started = 0;
    atomic_store(&pool.n_running, 0);
    atomic_store(&pool.n_sleeping, 0);
    atomic_store(&pool.owner_sleeps, false);
    atomic_store(&pool.closing, false);
}

static void install_fork_handler(void)
{
    (void)pthread_atfork(NULL, NULL, forget_workers_in_child);
}

tvae_status tvae_set_threads(int32_t n_threads)
{
    bool started;

    if (n_threads < 1 || n_threads > MAX_THREADS)
        return tvi_fail(TVAE_E_INVALID, "set_threads: n_threads is %d, want 1 to %d",
                        (int)n_threads, MAX_THREADS);
    if (inside_loop)
        return tvi_fail(TVAE_E_STATE,
                        "set_threads: called from a function that the library is "
                        "calling, want a call outside of it");
    pthread_once(&fork_handler_once, install_fork_handler);
    pthread_mutex_lock(&pool.owner);
    started = resize((size_t)n_threads);
    if (started)
        atomic_store(&pool.n_threads, (size_t)n_threads);
    pthread_mutex_unlock(&pool.owner);
    if (!started)
        return tvi_fail(TVAE_E_NOMEM,
                        "set_threads: the system refused thread %d of %d: ask for fewer",
                        (int)pool.n_started + 2, (int)n_threads);
    tvi_blas_stay_single();
    return TVAE_OK;
}

static void run_on_pool(const tvi_job *job)
{
    pool.job = *job;
    inside_loop = true;
    atomic_store(&pool.n_running, pool.n_started);
    announce_work();
    run_part(job, 0);
    wait_until_done();
    inside_loop = false;
}

static void run_inline(const tvi_job *job)
{
    for (size_t part = 0; part < job->n_parts; part++)
        run_part(job, part);
}

void tvi_parallel_for(size_t n_items, size_t grain, tvi_range_body body, void *context)
{
    const tvi_job job = {body, context, n_items, grain ? grain : 1, tvi_thread_count()};

    if (job.n_parts == 1 || n_items <= job.grain || inside_loop ||
        pthread_mutex_trylock(&pool.owner) != 0) {
        run_inline(&job);
        return;
    }
    if (resize(job.n_parts))
        run_on_pool(&job);
    else
        run_inline(&job);
    pthread_mutex_unlock(&pool.owner);
}

size_t tvi_thread_count(void)
{
    return atomic_load_explicit(&pool.n_threads, memory_order_relaxed);
}
