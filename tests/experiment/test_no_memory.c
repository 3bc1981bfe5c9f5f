/* SPDX-License-Identifier: MIT */
#include "run_fixture.h"

#include <stdio.h>

#include "base/memory.h"
#include "failing_allocation.h"

/* Every allocation of a run fails once, in turn: each call must say so or get by, leak
 * nothing, and leave a folder in which the work can go on. */

static tvae_status train_and_evaluate(const char *folder, bool resume)
{
    static const char *const values[][2] = {
        {"image_size", "8"},        {"image_width", "8"},
        {"n_frames", "4"},          {"n_capsules", "2"},
        {"capsule_dim", "4"},       {"window", "3"},
        {"batch_size", "2"},        {"steps", "2"},
        {"log_steps", "1"},         {"checkpoint_steps", "1"},
        {"stride", "1,1,20,15,15"}, {"test_fraction", "0.3"},
        {"n_prefetch", "0"}};
    tvae_evaluate_options options;
    tvae_config *config = NULL;
    tvae_run *run = NULL;
    tvae_status st = tvae_config_create("sprites_quick", &config);

    for (size_t i = 0; i < sizeof values / sizeof *values && st == TVAE_OK; i++)
        st = tvae_config_set(config, values[i][0], values[i][1]);
    if (st == TVAE_OK)
        st = resume ? tvae_run_resume(config, folder, &run)
                    : tvae_run_create(config, folder, &run);
    if (st == TVAE_OK)
        st = tvae_run_train(run, NULL);
    ASSERT_OK(tvae_evaluate_options_init(&options, sizeof options));
    options.n_samples = 2;
    options.n_sequences = 4;
    if (st == TVAE_OK)
        st = tvae_run_evaluate(run, &options, NULL, NULL);
    tvae_run_destroy(&run);
    tvae_config_destroy(&config);
    return st;
}

START_TEST(every_allocation_may_fail)
{
    long n_allocations, n_failed = 0;

    ASSERT_OK(tvae_set_allocator(&failing_allocator));
    fail_allocation(0);
    ASSERT_OK(train_and_evaluate(scratch("whole"), false));
    n_allocations = count_allocations();
    ck_assert_int_gt(n_allocations, 100);
    for (long k = 1; k <= n_allocations; k += k < 60 ? 1 : 7) {
        char name[32];
        tvae_status st;

        (void)snprintf(name, sizeof name, "run%ld", k);
        fail_allocation(k);
        st = train_and_evaluate(scratch(name), false);
        ck_assert_msg(st == TVAE_OK || st == TVAE_E_NOMEM, "allocation %ld: %s (%s)", k,
                      tvae_status_name(st), tvae_last_error());
        ck_assert_uint_eq(tvi_live_blocks(), 0);
        n_failed += st != TVAE_OK;
        fail_allocation(0);
        if (k % 5 != 0) /* writing to the disk is what takes the time here */
            continue;
        ASSERT_OK(train_and_evaluate(scratch(name), true));
        assert_equal_files(run_file(name, "model.safetensors"),
                           run_file("whole", "model.safetensors"));
    }
    ck_assert_int_gt(n_failed, 50);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("no memory");
    TCase *tcase = tcase_create("unit");

    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, every_allocation_may_fail);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
