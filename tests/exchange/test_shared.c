/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <pthread.h>
#include <string.h>

#include "exchange/shared.h"
#include "in_process_exchange.h"
#include "kernel/kernel.h"

/* Sums in shared memory, by ranks that are threads. */

enum { MOST_RANKS = 3, N_VALUES = 70001, N_SUMS = 3 };

typedef struct rank_job {
    in_process_group *group;
    int32_t rank, n_ranks;
    bool is_bfloat16;
    bool stays_away;                   /* from the last sum */
    float first[N_SUMS], last[N_SUMS]; /* sums found */
    bool all_equal;                    /* all values of each sum are */
    tvae_status status;
    bool shares;
} rank_job;

/* Rank r brings r + 1 + sum everywhere: whole numbers that bfloat16 holds. */
static void fill(const rank_job *job, void *segment, size_t at, size_t n, int sum)
{
    const float value = (float)(job->rank + 1 + sum);
    uint16_t half;

    tvi_kernel()->to_bfloat16(1, &value, &half);
    for (size_t i = 0; i < n; i++)
        if (job->is_bfloat16)
            ((uint16_t *)segment)[at + i] = half;
        else
            ((float *)segment)[at + i] = value;
}

static float read_value(const rank_job *job, const void *segment, size_t at)
{
    float value;

    if (!job->is_bfloat16)
        return ((const float *)segment)[at];
    tvi_kernel()->from_bfloat16(1, (const uint16_t *)segment + at, &value);
    return value;
}

static void check_values(rank_job *job, const void *segment, const tvi_shared_sum *sum,
                         int number)
{
    job->first[number] = read_value(job, segment, sum->at);
    job->last[number] = read_value(job, segment, sum->at + sum->n_values - 1);
    for (size_t i = 0; i < sum->n_values; i++)
        job->all_equal =
            job->all_equal && read_value(job, segment, sum->at + i) == job->first[number];
}

/* Sums of all sizes, one after the other in the segment, all offered before any is
 * waited for. */
static tvae_status add_all(rank_job *job, tvi_shared *shared)
{
    static const size_t sizes[N_SUMS] = {1, 777, N_VALUES - 778};
    tvi_shared_sum sums[N_SUMS];
    void *segment = tvi_shared_segment(shared);
    const int n_sums = job->stays_away ? N_SUMS - 1 : N_SUMS;
    size_t at = 0;
    tvae_status st = TVAE_OK;

    for (int i = 0; i < n_sums; i++) {
        sums[i] = (tvi_shared_sum){
            .at = at, .n_values = sizes[i], .is_bfloat16 = job->is_bfloat16};
        fill(job, segment, at, sizes[i], i);
        tvi_shared_offer(shared, &sums[i]);
        at += sizes[i];
    }
    for (int i = 0; i < n_sums && st == TVAE_OK; i++)
        st = tvi_shared_add(shared, &sums[i], "test");
    for (int i = 0; i < n_sums && st == TVAE_OK; i++) {
        st = tvi_shared_wait(shared, &sums[i], "test");
        if (st == TVAE_OK)
            check_values(job, segment, &sums[i], i);
    }
    return st;
}

static void *run_rank(void *context)
{
    rank_job *job = context;
    tvi_exchange exchange;
    tvi_shared *shared = NULL;
    tvae_exchange table;

    in_process_group_table(job->group, job->rank, &table);
    job->all_equal = true;
    job->status = tvi_exchange_import(&exchange, &table, "test");
    exchange.seconds = 1.0;
    if (job->status == TVAE_OK)
        job->status =
            tvi_shared_create(&exchange, N_VALUES * sizeof(float), &shared, "test");
    job->shares = shared != NULL;
    if (shared)
        job->status = add_all(job, shared);
    tvi_shared_destroy(&shared);
    tvi_exchange_release(&exchange);
    return NULL;
}

static void run(rank_job *jobs, int32_t n_ranks, bool is_bfloat16, int32_t absent)
{
    in_process_group *group = in_process_group_create(n_ranks);
    pthread_t threads[MOST_RANKS];

    ck_assert_ptr_nonnull(group);
    memset(jobs, 0, MOST_RANKS * sizeof *jobs);
    for (int32_t rank = 0; rank < n_ranks; rank++) {
        jobs[rank] = (rank_job){.group = group,
                                .rank = rank,
                                .n_ranks = n_ranks,
                                .is_bfloat16 = is_bfloat16,
                                .stays_away = rank == absent};
        ck_assert_int_eq(pthread_create(&threads[rank], NULL, run_rank, &jobs[rank]), 0);
    }
    for (int32_t rank = 0; rank < n_ranks; rank++)
        ck_assert_int_eq(pthread_join(threads[rank], NULL), 0);
    in_process_group_destroy(group);
}

START_TEST(all_ranks_get_the_sums)
{
    rank_job jobs[MOST_RANKS];

    for (int32_t n_ranks = 1; n_ranks <= MOST_RANKS; n_ranks++)
        for (int is_bfloat16 = 0; is_bfloat16 < 2; is_bfloat16++) {
            run(jobs, n_ranks, is_bfloat16 != 0, -1);
            for (int32_t rank = 0; rank < n_ranks; rank++) {
                ck_assert_int_eq(jobs[rank].status, TVAE_OK);
                ck_assert(jobs[rank].shares && jobs[rank].all_equal);
                for (int sum = 0; sum < N_SUMS; sum++) {
                    const int want = n_ranks * (n_ranks + 1) / 2 + n_ranks * sum;

                    ck_assert(jobs[rank].first[sum] == (float)want);
                    ck_assert(jobs[rank].last[sum] == (float)want);
                }
            }
        }
}
END_TEST

START_TEST(a_rank_that_stays_away_is_not_waited_for_longer_than_said)
{
    rank_job jobs[MOST_RANKS];

    run(jobs, 3, false, 1);
    ck_assert_int_eq(jobs[0].status, TVAE_E_TIMEOUT);
    ck_assert_int_eq(jobs[1].status, TVAE_OK);
    ck_assert_int_eq(jobs[2].status, TVAE_E_TIMEOUT);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shared");
    TCase *tcase = tcase_create("unit");

    tcase_add_test(tcase, all_ranks_get_the_sums);
    tcase_add_test(tcase, a_rank_that_stays_away_is_not_waited_for_longer_than_said);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
