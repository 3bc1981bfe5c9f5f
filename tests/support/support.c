/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "code_path.h"

void assert_near(const char *what, double got, double want, double relative,
                 double absolute)
{
    ck_assert_msg(fabs(got - want) <= absolute + relative * fabs(want),
                  "%s: got %.9g, want %.9g", what, got, want);
}

void assert_close(const char *what, const float *got, const float *want, size_t n,
                  double relative, double absolute)
{
    double largest = 0.0, tolerance;

    for (size_t i = 0; i < n; i++)
        if (fabs((double)want[i]) > largest)
            largest = fabs((double)want[i]);
    tolerance = absolute + relative * largest;
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs((double)got[i] - (double)want[i]) <= tolerance,
                      "%s: element %zu is %.9g, want %.9g within %.3g", what, i,
                      (double)got[i], (double)want[i], tolerance);
}

void fill_uniform(float *values, size_t n, double low, double high, uint64_t seed)
{
    uint64_t state = seed * 2 + 1;

    for (size_t i = 0; i < n; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        values[i] = (float)(low + (high - low) * (double)(state >> 11) * 0x1p-53);
    }
}

int run_suite(Suite *suite)
{
    SRunner *runner;
    int n_failed;

    if (!code_path_force())
        return EXIT_SKIPPED;
    runner = srunner_create(suite);
    if (is_emulated() && code_path_wanted().n_threads > 1)
        srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

void assert_gradient(const char *what, float *values, const float *gradient, size_t n,
                     size_t n_checks, double step, double relative, double absolute,
                     loss_function loss, void *context)
{
    const size_t stride = n > n_checks ? n / n_checks : 1;

    for (size_t i = 0; i < n; i += stride) {
        const float kept = values[i];
        double above, below, width, difference;

        values[i] = (float)((double)kept + step);
        width = (double)values[i];
        above = loss(context);
        values[i] = (float)((double)kept - step);
        width -= (double)values[i];
        below = loss(context);
        values[i] = kept;
        difference = (above - below) / width;
        ck_assert_msg(fabs((double)gradient[i] - difference) <=
                          absolute + relative * fabs(difference),
                      "%s: gradient %zu is %.7g, central difference %.7g", what, i,
                      (double)gradient[i], difference);
    }
}
