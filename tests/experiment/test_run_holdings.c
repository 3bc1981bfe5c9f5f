/* SPDX-License-Identifier: MIT */
#include "run_fixture.h"

#include <dirent.h>

#include "base/memory.h"

/* What a run holds while it trains, saves, logs and validates: the same after every round
 * in which each of them had its turn. (tests/long/run.py looks at the process from
 * outside, for half an hour.) */

enum {
    ROUND = 60, /* of 3, 5 and 4 steps: log lines, checkpoints, validations */
    N_ROUNDS = 8
};

typedef struct holdings {
    size_t n_blocks, n_descriptors;
} holdings;

/* One of them is that of the count itself. */
static size_t count_descriptors(void)
{
    DIR *folder = opendir("/proc/self/fd");
    size_t n = 0;

    ck_assert_ptr_nonnull(folder);
    while (readdir(folder))
        n++;
    (void)closedir(folder);
    return n;
}

static int32_t note(void *user, const tvae_progress *progress)
{
    holdings *rounds = user;

    if (progress->done > 0 && progress->done % ROUND == 0)
        rounds[progress->done / ROUND - 1] =
            (holdings){tvi_live_blocks(), count_descriptors()};
    return 0;
}

START_TEST(rounds_of_a_run_hold_the_same)
{
    tvae_config *config = tiny_config("sprites_quick", ROUND * N_ROUNDS, 1);
    holdings rounds[N_ROUNDS] = {{0, 0}};
    const tvae_progress_hook hook = {sizeof hook, rounds, note};
    tvae_run *run = NULL;

    set_key(config, "eval_steps", "4");
    set_key(config, "eval_sequences", "40");
    set_key(config, "n_prefetch", "0"); /* no thread that allocates meanwhile */
    ASSERT_OK(tvae_run_create(config, scratch("run"), &run));
    ASSERT_OK(tvae_run_train(run, &hook));
    ck_assert_uint_gt(rounds[0].n_blocks, 0);
    ck_assert_uint_gt(rounds[0].n_descriptors, 0);
    for (size_t i = 1; i < N_ROUNDS; i++) {
        ck_assert_uint_eq(rounds[i].n_blocks, rounds[0].n_blocks);
        ck_assert_uint_eq(rounds[i].n_descriptors, rounds[0].n_descriptors);
    }
    tvae_run_destroy(&run);
    tvae_config_destroy(&config);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("run_holdings");
    TCase *tcase = tcase_create("unit");

    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_add_test(tcase, rounds_of_a_run_hold_the_same);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
