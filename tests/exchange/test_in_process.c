/* SPDX-License-Identifier: MIT */
#include <pthread.h>

#include "../../examples/in_process_exchange.h"
#include "exchange_checks.h"
#include "support.h"

/* Each check by one to four ranks that are threads; tests/tsan.sh runs them, too. */

enum { MOST_RANKS = 4 };

typedef struct rank {
    pthread_t thread;
    tvae_exchange table;
    exchange_check check;
    exchange_check_function *function;
    bool fine;
} rank;

static void *run_rank(void *context)
{
    rank *const r = context;

    r->fine = r->function(&r->check);
    return NULL;
}

static void run_check(const named_check *check, int32_t n_ranks, bool last_has_left)
{
    in_process_group *group = in_process_group_create(n_ranks);
    rank ranks[MOST_RANKS] = {{.fine = false}};

    ck_assert_ptr_nonnull(group);
    for (int32_t i = 0; i < n_ranks; i++) {
        rank *const r = &ranks[i];

        in_process_group_table(group, i, &r->table);
        r->check.table = &r->table;
        r->function = check->function;
    }
    if (last_has_left)
        in_process_group_leave(group, n_ranks - 1);
    for (int32_t i = 0; i < n_ranks; i++)
        ck_assert_int_eq(pthread_create(&ranks[i].thread, NULL, run_rank, &ranks[i]), 0);
    for (int32_t i = 0; i < n_ranks; i++)
        ck_assert_int_eq(pthread_join(ranks[i].thread, NULL), 0);
    in_process_group_destroy(group);
    for (int32_t i = 0; i < n_ranks; i++)
        ck_assert_msg(ranks[i].fine, "%s: %s", check->name, ranks[i].check.failure);
}

START_TEST(ranks_that_are_threads_pass_the_checks)
{
    const named_check *const check = &whole_checks[_i];
    const bool needs_others =
        check->function == check_bfloat16_is_rounded_to_nearest_even;

    for (int32_t n_ranks = needs_others ? 2 : 1; n_ranks <= MOST_RANKS; n_ranks++)
        run_check(check, n_ranks, false);
}
END_TEST

START_TEST(ranks_that_are_threads_keep_time_limits)
{
    for (int32_t n_ranks = 2; n_ranks <= MOST_RANKS; n_ranks++)
        run_check(&limit_checks[_i], n_ranks, false);
}
END_TEST

/* ---- what only this exchange does ---- */

static bool check_leaving_is_told(exchange_check *check)
{
    const tvae_exchange *const t = check->table;

    return t->rank == t->n_ranks - 1 || t->barrier(t->user, 60.0) == TVAE_E_IO;
}

START_TEST(a_rank_that_left_is_told_at_once)
{
    const named_check leaving = {"leaving_is_told", check_leaving_is_told};

    run_check(&leaving, 2, true);
}
END_TEST

START_TEST(ranks_that_disagree_are_told)
{
    in_process_group *group = in_process_group_create(2);
    const size_t counts[] = {1, 1};
    float own[] = {1.0f, 2.0f}, all[2];
    tvae_exchange first, second;
    void *request;

    in_process_group_table(group, 0, &first);
    in_process_group_table(group, 1, &second);
    ck_assert_int_eq(
        first.sum_start(first.user, &own[0], 1, TVAE_EXCHANGE_FLOAT32, &request),
        TVAE_OK);
    ck_assert_int_eq(
        second.gather(second.user, &own[1], counts, all, TVAE_EXCHANGE_FLOAT32, 1.0),
        TVAE_E_INVALID);
    ck_assert_str_eq(
        second.last_error(second.user),
        "rank 1 calls another function than the others, or has other counts");
    ck_assert_int_eq(first.sum_wait(first.user, request, 0.01), TVAE_E_TIMEOUT);
    in_process_group_destroy(group);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("exchange");
    TCase *tcase = tcase_create("in_process");

    tcase_set_timeout(tcase, 120);
    tcase_add_loop_test(tcase, ranks_that_are_threads_pass_the_checks, 0, N_WHOLE_CHECKS);
    tcase_add_loop_test(tcase, ranks_that_are_threads_keep_time_limits, 0,
                        N_LIMIT_CHECKS);
    tcase_add_test(tcase, a_rank_that_left_is_told_at_once);
    tcase_add_test(tcase, ranks_that_disagree_are_told);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
