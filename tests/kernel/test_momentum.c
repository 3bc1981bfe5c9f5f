/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <string.h>

#include "base/float_mode.h"
#include "kernel/kernel.h"

/* Missed steps that are replayed leave the bits of those taken one by one, at every level
 * of this machine. */

enum { N_ROWS = 3, LEAST = 16, MOST = 336, MOST_STEPS = 64 };

typedef struct weight {
    float buffer[N_ROWS * MOST], value[N_ROWS * MOST];
} weight;

static weight by_steps, at_once, before;
static float rates[MOST_STEPS];
static const float momentum = 0.9f;

/* Numbers of common size, and some of those that rounding and flushing tell apart. */
static void fill(weight *w)
{
    static const float special[] = {0.0f,   -0.0f,   1e-38f,       -1.2e-38f,
                                    1e-40f, -1e-40f, -1.1755e-38f, 3e38f};
    enum { N_SPECIAL = sizeof special / sizeof special[0] };

    fill_uniform(w->buffer, N_ROWS * MOST, -2.0, 2.0, 1);
    fill_uniform(w->value, N_ROWS * MOST, -1.0, 1.0, 2);
    fill_uniform(rates, MOST_STEPS, 1e-4, 0.1, 3);
    for (size_t i = 0; i < N_ROWS * MOST; i++) {
        if (i % 3 == 0)
            w->buffer[i] = special[i / 3 % N_SPECIAL];
        if (i % 5 == 0)
            w->value[i] = special[i / 5 % N_SPECIAL];
    }
}

/* One step for all rows, none of which has a term: a gradient of zero. */
static void step(const tvi_kernels *kernels, weight *w, size_t n, float rate, bool leaves)
{
    static const uint32_t nothing[N_ROWS];
    const tvi_momentum update = {.rate = rate,
                                 .momentum = momentum,
                                 .buffer = w->buffer,
                                 .value = w->value,
                                 .ld = MOST,
                                 .leaves_empty = leaves};
    const tvi_gather sums = {.n_lists = N_ROWS,
                             .n = n,
                             .begin = nothing,
                             .end = nothing,
                             .near = {{w->buffer, w->value}, MOST},
                             .update = &update};

    kernels->gather(&sums);
}

static void check_replay(const tvi_kernels *kernels, size_t n, size_t n_steps)
{
    fill(&by_steps);
    at_once = by_steps;
    for (size_t i = 0; i < n_steps; i++)
        step(kernels, &by_steps, n, rates[i], false);
    for (size_t row = 0; row < N_ROWS; row++)
        kernels->replay(n, n_steps, rates, momentum, at_once.buffer + row * MOST,
                        at_once.value + row * MOST);
    ck_assert_msg(memcmp(&at_once, &by_steps, sizeof at_once) == 0,
                  "%zu steps of %zu columns differ", n_steps, n);
}

START_TEST(replay_gives_the_bits_of_single_steps)
{
    static const size_t n_steps[] = {0, 1, 2, 7, MOST_STEPS};
    const tvi_float_mode mode = tvi_float_mode_begin();

    for (int level = TVAE_KERNEL_PORTABLE; tvi_kernel_at(level); level++)
        for (size_t n = LEAST; n <= MOST; n += LEAST)
            for (size_t i = 0; i < sizeof n_steps / sizeof n_steps[0]; i++)
                check_replay(tvi_kernel_at(level), n, n_steps[i]);
    tvi_float_mode_end(mode);
}
END_TEST

START_TEST(rows_without_terms_can_be_left)
{
    for (int level = TVAE_KERNEL_PORTABLE; tvi_kernel_at(level); level++) {
        fill(&before);
        by_steps = before;
        step(tvi_kernel_at(level), &by_steps, MOST, 0.1f, true);
        ck_assert(memcmp(&by_steps, &before, sizeof before) == 0);
        step(tvi_kernel_at(level), &by_steps, MOST, 0.1f, false);
        ck_assert(memcmp(&by_steps, &before, sizeof before) != 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("momentum");
    TCase *tests = tcase_create("momentum");

    tcase_add_test(tests, replay_gives_the_bits_of_single_steps);
    tcase_add_test(tests, rows_without_terms_can_be_left);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
