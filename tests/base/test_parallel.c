/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/parallel.h"
#include "code_path.h"

enum { N_ITEMS = 1003, N_HOSTS = 4, N_ROUNDS = 300 };

/* How often each item was done, the ranges seen, and the threads that did them. */
typedef struct tvi_record {
    atomic_uint times[N_ITEMS];
    size_t begins[256], ends[256];
    pthread_t threads[256];
    atomic_size_t n_ranges;
} tvi_record;

static void record_range(void *context, size_t begin, size_t end)
{
    tvi_record *record = context;
    const size_t range = atomic_fetch_add(&record->n_ranges, 1);

    record->begins[range] = begin;
    record->ends[range] = end;
    record->threads[range] = pthread_self();
    for (size_t i = begin; i < end; i++)
        atomic_fetch_add(&record->times[i], 1);
}

static void assert_each_once(const tvi_record *record, size_t n_items)
{
    for (size_t i = 0; i < N_ITEMS; i++)
        ck_assert_uint_eq(atomic_load(&record->times[i]), i < n_items);
}

static void check_loop(size_t n_items, size_t grain)
{
    tvi_record record = {0};

    tvi_parallel_for(n_items, grain, record_range, &record);
    assert_each_once(&record, n_items);
    ck_assert_uint_le(atomic_load(&record.n_ranges), tvi_thread_count());
    for (size_t r = 0; r < atomic_load(&record.n_ranges); r++) {
        ck_assert_uint_lt(record.begins[r], record.ends[r]);
        ck_assert_uint_eq(record.begins[r] % grain, 0);
        ck_assert(record.ends[r] == n_items || record.ends[r] % grain == 0);
    }
}

START_TEST(for_does_each_item_once)
{
    static const size_t counts[] = {0, 1, 2, 15, 16, 17, 100, N_ITEMS};

    for (int32_t n_threads = 1; n_threads <= 5; n_threads++) {
        ASSERT_OK(tvae_set_threads(n_threads));
        ck_assert_uint_eq(tvi_thread_count(), (size_t)n_threads);
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
            for (size_t grain = 1; grain <= 48; grain += grain)
                check_loop(counts[c], grain);
    }
    ASSERT_OK(tvae_set_threads(2));
    check_loop(N_ITEMS, 16);
}
END_TEST

START_TEST(for_uses_the_threads_and_sleeps_between_loops)
{
    tvi_record record = {0};

    ASSERT_OK(tvae_set_threads(3));
    for (int round = 0; round < 4; round++) {
        memset(&record, 0, sizeof record);
        usleep(2000);
        tvi_parallel_for(N_ITEMS, 1, record_range, &record);
        ck_assert_uint_eq(atomic_load(&record.n_ranges), 3);
        for (size_t r = 1; r < 3; r++)
            ck_assert(!pthread_equal(record.threads[r], record.threads[r - 1]));
    }
}
END_TEST

static void run_nested(void *context, size_t begin, size_t end)
{
    tvi_record *records = context;

    for (size_t i = begin; i < end; i++) {
        tvi_parallel_for(N_ITEMS, 16, record_range, &records[i]);
        for (size_t r = 0; r < atomic_load(&records[i].n_ranges); r++)
            ck_assert(pthread_equal(records[i].threads[r], pthread_self()));
    }
}

START_TEST(for_runs_nested_loops_on_the_caller)
{
    static tvi_record records[4], direct;

    ASSERT_OK(tvae_set_threads(2));
    tvi_parallel_for(4, 1, run_nested, records);
    tvi_parallel_for(N_ITEMS, 16, record_range, &direct);
    for (size_t i = 0; i < 4; i++) {
        assert_each_once(&records[i], N_ITEMS);
        ck_assert_uint_eq(atomic_load(&records[i].n_ranges), 2);
        ck_assert_uint_eq(records[i].ends[0], records[i].begins[1]);
        ck_assert(records[i].ends[0] == direct.ends[0] ||
                  records[i].ends[0] == direct.begins[0]);
    }
}
END_TEST

static void *run_loops(void *unused)
{
    (void)unused;
    for (int round = 0; round < N_ROUNDS; round++) {
        tvi_record record = {0};

        tvi_parallel_for(N_ITEMS, 16, record_range, &record);
        assert_each_once(&record, N_ITEMS);
    }
    return NULL;
}

START_TEST(for_serves_several_host_threads_at_once)
{
    pthread_t hosts[N_HOSTS];

    ASSERT_OK(tvae_set_threads(2));
    for (size_t h = 0; h < N_HOSTS; h++)
        ck_assert_int_eq(pthread_create(&hosts[h], NULL, run_loops, NULL), 0);
    for (size_t h = 0; h < N_HOSTS; h++)
        pthread_join(hosts[h], NULL);
}
END_TEST

/* A pipeline that forks after use, as Python's multiprocessing does. */
START_TEST(for_works_in_a_child_after_fork)
{
    int outcome = -1;
    pid_t child;

    if (skip_emulated("loops in a child after fork"))
        return;
    ASSERT_OK(tvae_set_threads(3));
    check_loop(N_ITEMS, 1);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        tvi_record record = {0};

        alarm(20);
        tvi_parallel_for(N_ITEMS, 1, record_range, &record);
        _exit(atomic_load(&record.n_ranges) == 3 &&
                      atomic_load(&record.times[N_ITEMS - 1]) == 1
                  ? 0
                  : 1);
    }
    ck_assert_int_eq(waitpid(child, &outcome, 0), child);
    ck_assert(WIFEXITED(outcome) && WEXITSTATUS(outcome) == 0);
    check_loop(N_ITEMS, 1);
}
END_TEST

static void set_threads_inside(void *context, size_t begin, size_t end)
{
    atomic_int *n_refused = context;

    (void)begin;
    (void)end;
    if (tvae_set_threads(1) == TVAE_E_STATE)
        atomic_fetch_add(n_refused, 1);
}

START_TEST(set_threads_rejects_bad_counts_and_bad_moments)
{
    atomic_int n_refused = 0;

    ASSERT_STATUS(tvae_set_threads(0), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_set_threads(-3), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_set_threads(257), TVAE_E_INVALID);
    ASSERT_OK(tvae_set_threads(2));
    tvi_parallel_for(2, 1, set_threads_inside, &n_refused);
    ck_assert_int_eq(atomic_load(&n_refused), 2);
    ck_assert_uint_eq(tvi_thread_count(), 2);
}
END_TEST

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* Bytes of address space in use. */
static rlim_t address_space(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%lu", &pages), 1);
    fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

START_TEST(set_threads_keeps_the_old_count_when_refused)
{
    struct rlimit limit;

    if (skip_emulated("threads that the system refuses"))
        return;
    ASSERT_OK(tvae_set_threads(2));
    limit.rlim_cur = limit.rlim_max = address_space() + (64u << 20);
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &limit), 0);
    ASSERT_STATUS(tvae_set_threads(256), TVAE_E_NOMEM);
    ck_assert_uint_eq(tvi_thread_count(), 2);
    check_loop(N_ITEMS, 1);
}
END_TEST
#endif

#if defined(__SSE2__) || defined(__aarch64__)
static void halve(void *context, size_t begin, size_t end)
{
    volatile float *values = context;

    for (size_t i = begin; i < end; i++)
        values[i] = values[i] * 0.5f;
}

START_TEST(for_takes_denormals_for_zero_and_leaves_the_hosts_mode)
{
    static volatile float values[N_ITEMS];
    volatile float smallest_normal = 1.17549435e-38f;

    ASSERT_OK(tvae_set_threads(2));
    for (size_t i = 0; i < N_ITEMS; i++)
        values[i] = smallest_normal;
    tvi_parallel_for(N_ITEMS, 1, halve, (void *)values);
    for (size_t i = 0; i < N_ITEMS; i++)
        ck_assert(values[i] == 0.0f);
    ck_assert(smallest_normal * 0.5f != 0.0f);
    ASSERT_OK(tvae_set_threads(1));
}
END_TEST
#endif

int main(void)
{
    Suite *suite = suite_create("parallel");
    TCase *tests = tcase_create("parallel");

    tcase_set_timeout(tests, 60.0);
    tcase_add_test(tests, for_does_each_item_once);
    tcase_add_test(tests, for_uses_the_threads_and_sleeps_between_loops);
    tcase_add_test(tests, for_runs_nested_loops_on_the_caller);
    tcase_add_test(tests, for_serves_several_host_threads_at_once);
    tcase_add_test(tests, for_works_in_a_child_after_fork);
#if defined(__SSE2__) || defined(__aarch64__)
    tcase_add_test(tests, for_takes_denormals_for_zero_and_leaves_the_hosts_mode);
#endif
    tcase_add_test(tests, set_threads_rejects_bad_counts_and_bad_moments);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    tcase_add_test(tests, set_threads_keeps_the_old_count_when_refused);
#endif
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
