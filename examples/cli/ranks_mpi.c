/* SPDX-License-Identifier: MIT */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define OMPI_SKIP_MPICXX 1
#include <mpi.h>
#include <tvae/mpi.h>

#include "cli.h"

enum { HOST_BYTES = 64, LIST_BYTES = 128 };

static const double leave_seconds = 10.0;

/* The ranks, once they are joined. */
static struct ranks {
    tvae_mpi_exchange *exchange;
    int n_on_host; /* ranks of this machine */
} ranks;

static bool fail(const char *what)
{
    fprintf(stderr, "tvae: %s: %s\n", what, tvae_mpi_last_error());
    return false;
}

static int count_on_host(void)
{
    MPI_Comm host;
    int n = 1;

    if (MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL,
                            &host) != MPI_SUCCESS)
        return n;
    (void)MPI_Comm_size(host, &n);
    (void)MPI_Comm_free(&host);
    return n;
}

bool join_ranks(const tvae_exchange **exchange)
{
    int rank, n_ranks, level;

    *exchange = NULL;
    if (!started_as_rank(&rank, &n_ranks))
        return true;
    /* Sums go on while a rank computes only if a thread of their own may call MPI. */
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_MULTIPLE, &level) != MPI_SUCCESS)
        return fail("MPI does not start");
    (void)MPI_Comm_size(MPI_COMM_WORLD, &n_ranks);
    if (n_ranks == 1) {
        (void)MPI_Finalize();
        fprintf(stderr, "tvae: mpirun announced other ranks, but MPI knows of none: use "
                        "the mpirun of the MPI that tvae was built with\n");
        return false;
    }
    ranks.n_on_host = count_on_host();
    if (tvae_mpi_exchange_create(MPI_Comm_c2f(MPI_COMM_WORLD), &ranks.exchange) !=
        TVAE_OK)
        return fail("the ranks cannot be joined");
    if (!is_first_rank())
        hush_progress();
    *exchange = tvae_mpi_exchange_table(ranks.exchange);
    return true;
}

int leave_ranks(tvae_status status, int code)
{
    const tvae_exchange *table = tvae_mpi_exchange_table(ranks.exchange);

    if (!table)
        return code;
    (void)fflush(stdout);
    /* Where all have come to the same end they meet once more. */
    if (status == TVAE_E_TIMEOUT || table->barrier(table->user, leave_seconds) != TVAE_OK)
        tvae_mpi_abort(ranks.exchange, code == EXIT_OK ? EXIT_FAILED : code);
    tvae_mpi_exchange_destroy(&ranks.exchange);
    (void)MPI_Finalize();
    return code;
}

int32_t share_of_cpus(int32_t n_cpus)
{
    const long n_online = sysconf(_SC_NPROCESSORS_ONLN);

    /* A rank that was given CPUs of its own has fewer than the machine. */
    if (ranks.n_on_host < 2 || n_cpus < n_online)
        return n_cpus;
    return n_cpus > ranks.n_on_host ? n_cpus / ranks.n_on_host : 1;
}

/* ---- doctor ---- */

/* Where a rank is. */
typedef struct place {
    char host[HOST_BYTES], cpus[LIST_BYTES];
    cpu_set_t set;
    int32_t n_threads, n_cpus;
} place;

/* "0-3,8" */
static void list_cpus(const cpu_set_t *set, char text[LIST_BYTES])
{
    size_t used = 0;

    text[0] = '\0';
    for (size_t cpu = 0; cpu < CPU_SETSIZE && used + 16 < LIST_BYTES; cpu++) {
        size_t last = cpu;

        if (!CPU_ISSET(cpu, set))
            continue;
        while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, set))
            last++;
        used += (size_t)snprintf(text + used, LIST_BYTES - used,
                                 last > cpu ? "%s%zu-%zu" : "%s%zu", used ? "," : "", cpu,
                                 last);
        cpu = last;
    }
}

static void find_place(place *own)
{
    tvae_runtime_facts facts;

    memset(own, 0, sizeof *own);
    if (tvae_runtime_info(&facts, sizeof facts) == TVAE_OK) {
        own->n_threads = facts.n_threads;
        own->n_cpus = facts.n_cpus;
    }
    (void)gethostname(own->host, sizeof own->host - 1);
    if (sched_getaffinity(0, sizeof own->set, &own->set) == 0)
        list_cpus(&own->set, own->cpus);
}

/* Threads of all ranks of that machine that may run on CPUs of this one. */
static int32_t threads_on_same_cpus(const place *all, int n, const place *one)
{
    int32_t sum = 0;

    for (int i = 0; i < n; i++) {
        cpu_set_t both;

        CPU_AND(&both, &all[i].set, &one->set);
        if (strcmp(all[i].host, one->host) == 0 && CPU_COUNT(&both) > 0)
            sum += all[i].n_threads;
    }
    return sum;
}

static void print_places(const place *all, int n)
{
    bool crowded = false;

    printf("\nranks           %d\n", n);
    for (int i = 0; i < n; i++) {
        printf("  rank %-4d     %s, CPUs %s, %d thread%s\n", i, all[i].host, all[i].cpus,
               (int)all[i].n_threads, all[i].n_threads == 1 ? "" : "s");
        crowded = crowded || threads_on_same_cpus(all, n, &all[i]) > all[i].n_cpus;
    }
    if (crowded)
        printf("\nSlow: ranks of one machine have more threads than CPUs. Start fewer "
               "ranks, or give\neach its own CPUs: mpirun --map-by slot:PE=THREADS "
               "--bind-to core, and\n--threads THREADS.\n");
}

void print_ranks(void)
{
    const tvae_exchange *table = tvae_mpi_exchange_table(ranks.exchange);
    size_t *counts;
    place own, *all;

    if (!table)
        return;
    find_place(&own);
    counts = calloc((size_t)table->n_ranks, sizeof *counts);
    all = calloc((size_t)table->n_ranks, sizeof *all);
    for (int32_t i = 0; counts && i < table->n_ranks; i++)
        counts[i] = sizeof own;
    if (counts && all &&
        table->gather(table->user, &own, counts, all, TVAE_EXCHANGE_BYTE,
                      leave_seconds) == TVAE_OK &&
        is_first_rank())
        print_places(all, table->n_ranks);
    free(counts);
    free(all);
}
