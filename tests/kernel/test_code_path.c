/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdatomic.h>

#include "base/cpu.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "code_path.h"
#include "kernel/sparse.h"
#include "layer/backlog.h"

/* The environment forces the code path that it names: without this, a suite might pass
 * on one path again and again. */

START_TEST(level_is_the_forced_one)
{
    const int32_t wanted = code_path_wanted().level;

    ck_assert_int_eq(tvi_kernel_level(), wanted < 0 ? tvi_machine_level() : wanted);
}
END_TEST

static void count_parts(void *context, size_t begin, size_t end)
{
    (void)begin;
    (void)end;
    atomic_fetch_add((atomic_int *)context, 1);
}

START_TEST(loops_run_in_as_many_parts_as_threads)
{
    const int32_t wanted = code_path_wanted().n_threads;
    atomic_int n_parts = 0;

    tvi_parallel_for(1000, 1, count_parts, &n_parts);
    ck_assert_int_eq(atomic_load(&n_parts), wanted ? wanted : 1);
}
END_TEST

static bool is_listed(double share)
{
    enum { N_ROWS = 4, WIDTH = 100 };
    float x[N_ROWS * WIDTH] = {0.0f};
    float *memory =
        tvi_alloc_array(tvi_sparse_floats(N_ROWS, WIDTH, true), sizeof *memory);
    tvi_sparse_rows sparse;
    bool listed;

    ck_assert_ptr_nonnull(memory);
    for (size_t i = 0; i < (size_t)(share * N_ROWS * WIDTH); i++)
        x[i] = 1.0f;
    listed = tvi_sparse_list(&sparse, N_ROWS, WIDTH, x, true, memory);
    tvi_free(memory);
    return listed;
}

START_TEST(inputs_are_listed_as_forced)
{
    const code_path wanted = code_path_wanted();

    ck_assert(is_listed(1.0) == wanted.is_sparse);
    ck_assert(is_listed(0.1) == !wanted.is_dense);
    ck_assert(is_listed(0.0) == !wanted.is_dense);
}
END_TEST

START_TEST(updates_wait_as_forced)
{
    enum { N_ROWS = 4, WIDTH = 3 };
    const size_t shape[2] = {WIDTH, 1};
    uint32_t bounds[2 * WIDTH] = {0};
    const tvi_sparse_rows x = {.n_rows = N_ROWS,
                               .width = WIDTH,
                               .columns = {.n_lists = WIDTH, .bounds = bounds}};
    tvi_parameter weight = {0};
    float momenta[WIDTH * 16] = {0.0f};

    ASSERT_OK(tvi_parameter_init_matrix(&weight, 2, shape, false, 1));
    ASSERT_OK(tvi_backlog_create(&weight));
    ck_assert(tvi_backlog_begin(&weight, &x, momenta, 0.9f) ==
              !code_path_wanted().is_eager);
    ck_assert(!tvi_backlog_begin(&weight, NULL, momenta, 0.9f));
    tvi_parameter_release(&weight);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("code path");
    TCase *tests = tcase_create("code path");

    tcase_add_test(tests, level_is_the_forced_one);
    tcase_add_test(tests, loops_run_in_as_many_parts_as_threads);
    tcase_add_test(tests, inputs_are_listed_as_forced);
    tcase_add_test(tests, updates_wait_as_forced);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
