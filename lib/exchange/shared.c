/* SPDX-License-Identifier: MIT */
#include "exchange/shared.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "base/stopwatch.h"
#include "kernel/kernel.h"

enum {
    LINE = 64,
    NAME_BYTES = 64,
    MACHINE_BYTES = 128,
    VALUES_AT_ONCE = 1024,
    GRAIN = 16,
    TRIES_AT_ONCE = 2000 /* before a waiting rank sleeps */
};

/* How far a rank has come, in lines of memory of its own. */
typedef struct progress {
    _Alignas(LINE) atomic_uint_least64_t offered;
    _Alignas(LINE) atomic_uint_least64_t added;
} progress;

struct tvi_shared {
    tvi_exchange *exchange;
    unsigned char *memory; /* [n_ranks] progress, then [n_ranks] segments */
    size_t n_bytes, segment_bytes;
    uint64_t n_offered;
};

static size_t count_ranks(const tvi_shared *s)
{
    return (size_t)s->exchange->table.n_ranks;
}

static progress *progress_of(const tvi_shared *s, size_t rank)
{
    return (progress *)(void *)s->memory + rank;
}

static unsigned char *segment_of(const tvi_shared *s, size_t rank)
{
    return s->memory + count_ranks(s) * sizeof(progress) + rank * s->segment_bytes;
}

void *tvi_shared_segment(const tvi_shared *shared)
{
    return segment_of(shared, (size_t)shared->exchange->table.rank);
}

/* ---- creation ---- */

/* What tells machines apart: the kernel's own name of this start of it, and the network
 * that this process is in. */
static void name_machine(char machine[MACHINE_BYTES])
{
    const int file = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    ssize_t n = file < 0 ? 0 : read(file, machine, MACHINE_BYTES / 2);

    if (file >= 0)
        (void)close(file);
    if (n <= 0) /* unknown: like no other */
        (void)snprintf(machine, MACHINE_BYTES / 2, "process %ld", (long)getpid());
    n = readlink("/proc/self/ns/net", machine + MACHINE_BYTES / 2, MACHINE_BYTES / 2 - 1);
    (void)n; /* without namespaces all are in one network */
}

static tvae_status are_together(tvi_exchange *exchange, bool *together, const char *call)
{
    const size_t n_ranks = (size_t)exchange->table.n_ranks;
    char own[MACHINE_BYTES] = "", *all = tvi_alloc_array(n_ranks, sizeof own);
    tvae_status st = tvi_exchange_settle(exchange, all ? TVAE_OK : TVAE_E_NOMEM, call);

    name_machine(own);
    if (st == TVAE_OK)
        st = tvi_exchange_gather_bytes(exchange, own, sizeof own, all, call);
    *together = st == TVAE_OK;
    for (size_t rank = 0; rank < n_ranks && *together; rank++)
        *together = memcmp(all, all + rank * sizeof own, sizeof own) == 0;
    tvi_free(all);
    return st;
}

static int open_new(char name[NAME_BYTES])
{
    struct timespec now = {0};
    int file = -1;

    for (int tries = 0; tries < 16 && file < 0; tries++) {
        (void)clock_gettime(CLOCK_REALTIME, &now);
        (void)snprintf(name, NAME_BYTES, "/tvae-%ld-%lld-%ld", (long)getpid(),
                       (long long)now.tv_sec, now.tv_nsec);
        file = shm_open(name, O_RDWR | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);
    }
    return file;
}

/* The memory behind a descriptor, which is closed; false without. posix_fallocate(), as
 * memory that is only promised would end the process when it is used. */
static bool map(tvi_shared *s, int file, bool is_new)
{
    void *memory = MAP_FAILED;

    if (file < 0)
        return false;
    if (!is_new || posix_fallocate(file, 0, (off_t)s->n_bytes) == 0)
        memory = mmap(NULL, s->n_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    (void)close(file);
    if (memory == MAP_FAILED)
        return false;
    s->memory = memory;
    return true;
}

/* All ranks say whether they have it. */
static tvae_status count_mapped(tvi_shared *s, bool *all_have, const char *call)
{
    const size_t n_ranks = count_ranks(s);
    const char own = s->memory ? 1 : 0;
    char *all = tvi_alloc_array(n_ranks, 1);
    tvae_status st = tvi_exchange_settle(s->exchange, all ? TVAE_OK : TVAE_E_NOMEM, call);

    if (st == TVAE_OK)
        st = tvi_exchange_gather_bytes(s->exchange, &own, 1, all, call);
    *all_have = st == TVAE_OK;
    for (size_t rank = 0; rank < n_ranks && *all_have; rank++)
        *all_have = all[rank] == 1;
    tvi_free(all);
    return st;
}

/* Rank 0 makes the memory, all map it, and its name goes, so that it ends with the last
 * process that has it. */
static tvae_status share(tvi_shared *s, bool *all_have, const char *call)
{
    const bool first = s->exchange->table.rank == 0;
    char name[NAME_BYTES] = "";
    tvae_status st;

    if (first && !map(s, open_new(name), true))
        s->memory = NULL;
    st = tvi_exchange_broadcast_bytes(s->exchange, name, sizeof name, call);
    name[NAME_BYTES - 1] = '\0';
    if (st == TVAE_OK && !first && name[0])
        (void)map(s, shm_open(name, O_RDWR, 0), false);
    if (st == TVAE_OK)
        st = count_mapped(s, all_have, call);
    if (first && name[0])
        (void)shm_unlink(name);
    return st;
}

tvae_status tvi_shared_create(tvi_exchange *exchange, size_t bytes, tvi_shared **out,
                              const char *call)
{
    const size_t n_ranks = (size_t)exchange->table.n_ranks;
    tvi_shared *s = tvi_alloc_array(1, sizeof *s);
    bool works = false;
    tvae_status st = tvi_exchange_settle(exchange, s ? TVAE_OK : TVAE_E_NOMEM, call);

    *out = NULL;
    if (st == TVAE_OK)
        st = are_together(exchange, &works, call);
    if (st == TVAE_OK && works) {
        s->exchange = exchange;
        s->segment_bytes = (bytes + LINE - 1) / LINE * LINE;
        works = tvi_multiply(n_ranks, s->segment_bytes + sizeof(progress), &s->n_bytes);
        if (works)
            st = share(s, &works, call);
    }
    if (st == TVAE_OK && works)
        *out = s;
    else if (s)
        tvi_shared_destroy(&s);
    return st;
}

void tvi_shared_destroy(tvi_shared **shared)
{
    tvi_shared *gone = *shared;

    if (!gone)
        return;
    *shared = NULL;
    if (gone->memory)
        (void)munmap(gone->memory, gone->n_bytes);
    tvi_free(gone);
}

/* ---- sums ---- */

/* Wait until a count of all ranks is above `number`. */
static tvae_status wait_for(const tvi_shared *s, bool added, uint64_t number,
                            const char *call)
{
    const struct timespec nap = {.tv_nsec = 20000};
    const double end = tvi_seconds_now() + s->exchange->seconds;

    for (size_t rank = 0; rank < count_ranks(s); rank++) {
        const progress *p = progress_of(s, rank);

        for (int tries = 0; atomic_load_explicit(added ? &p->added : &p->offered,
                                                 memory_order_acquire) <= number;
             tries++) {
            if (tries < TRIES_AT_ONCE)
                continue;
            if (tvi_seconds_now() > end)
                return tvi_exchange_give_up(s->exchange, call);
            (void)nanosleep(&nap, NULL);
        }
    }
    return TVAE_OK;
}

void tvi_shared_offer(tvi_shared *shared, tvi_shared_sum *sum)
{
    sum->number = shared->n_offered++;
    atomic_store_explicit(
        &progress_of(shared, (size_t)shared->exchange->table.rank)->offered,
        shared->n_offered, memory_order_release);
}

bool tvi_shared_is_offered(const tvi_shared *shared, const tvi_shared_sum *sum)
{
    for (size_t rank = 0; rank < count_ranks(shared); rank++)
        if (atomic_load_explicit(&progress_of(shared, rank)->offered,
                                 memory_order_acquire) <= sum->number)
            return false;
    return true;
}

/* This rank's part of the values, cut into pieces. */
typedef struct addition {
    const tvi_shared *shared;
    const tvi_shared_sum *sum;
    size_t first, n_values;
} addition;

static void *place_in(const addition *a, size_t rank, size_t value)
{
    return segment_of(a->shared, rank) +
           (a->sum->at + value) *
               (a->sum->is_bfloat16 ? sizeof(uint16_t) : sizeof(float));
}

/* In the order of the ranks; halves in floats, rounded once. */
static void add_piece(const addition *a, size_t first, size_t n)
{
    const size_t n_ranks = count_ranks(a->shared);
    float sum[VALUES_AT_ONCE], term[VALUES_AT_ONCE];
    uint16_t halves[VALUES_AT_ONCE];

    for (size_t rank = 0; rank < n_ranks; rank++) {
        float *to = rank == 0 ? sum : term;

        if (a->sum->is_bfloat16)
            tvi_kernel()->from_bfloat16(n, place_in(a, rank, first), to);
        else
            memcpy(to, place_in(a, rank, first), n * sizeof *to);
        if (rank > 0)
            tvi_kernel()->add_scaled(n, 1.0f, term, sum);
    }
    if (a->sum->is_bfloat16)
        tvi_kernel()->to_bfloat16(n, sum, halves);
    for (size_t rank = 0; rank < n_ranks; rank++)
        if (a->sum->is_bfloat16)
            memcpy(place_in(a, rank, first), halves, n * sizeof *halves);
        else
            memcpy(place_in(a, rank, first), sum, n * sizeof *sum);
}

static void add_pieces(void *context, size_t begin, size_t end)
{
    const addition *a = context;

    for (size_t piece = begin; piece < end; piece++) {
        const size_t done = piece * VALUES_AT_ONCE;

        add_piece(a, a->first + done, tvi_least(a->n_values - done, VALUES_AT_ONCE));
    }
}

tvae_status tvi_shared_add(tvi_shared *shared, const tvi_shared_sum *sum,
                           const char *call)
{
    const size_t n_ranks = count_ranks(shared),
                 rank = (size_t)shared->exchange->table.rank;
    const size_t unit = LINE, n_units = (sum->n_values + unit - 1) / unit;
    addition a = {.shared = shared,
                  .sum = sum,
                  .first = tvi_least(n_units * rank / n_ranks * unit, sum->n_values)};
    const size_t end = tvi_least(n_units * (rank + 1) / n_ranks * unit, sum->n_values);
    const tvae_status st = wait_for(shared, false, sum->number, call);

    if (st != TVAE_OK)
        return st;
    a.n_values = end - a.first;
    tvi_parallel_for((a.n_values + VALUES_AT_ONCE - 1) / VALUES_AT_ONCE, GRAIN,
                     add_pieces, &a);
    atomic_store_explicit(&progress_of(shared, rank)->added, sum->number + 1,
                          memory_order_release);
    return TVAE_OK;
}

tvae_status tvi_shared_wait(tvi_shared *shared, const tvi_shared_sum *sum,
                            const char *call)
{
    return wait_for(shared, true, sum->number, call);
}
