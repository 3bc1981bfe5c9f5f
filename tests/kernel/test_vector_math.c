/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <float.h>
#include <math.h>

#include "kernel/vector_math.h"

/* Largest error over the range, in units of the last place of the exact value. */
static double worst_error(float (*function)(float), double (*exact)(double), double low,
                          double high)
{
    const int n_points = 400000;
    double worst = 0.0;

    for (int i = 0; i <= n_points; i++) {
        const float x = (float)(low + (high - low) * i / n_points);
        const double wanted = exact((double)x);
        const double unit = ldexp(1.0, ilogb(fmax(wanted, (double)FLT_MIN)) - 23);
        const double error = fabs((double)function(x) - wanted) / unit;

        ck_assert_msg(error <= 1e6, "at %.9g: %.9g, want %.9g", (double)x,
                      (double)function(x), wanted);
        worst = fmax(worst, error);
    }
    return worst;
}

START_TEST(exp_is_within_two_units)
{
    ck_assert_double_le(worst_error(tvi_exp, exp, -87.0, 88.7), 2.0);
    ck_assert_double_le(worst_error(tvi_exp, exp, -1.0, 1.0), 2.0);
    ck_assert_double_le(worst_error(tvi_exp, exp, -104.0, -87.0), 2.0);
}
END_TEST

START_TEST(exp_is_right_at_the_ends)
{
    ck_assert(tvi_exp(0.0f) == 1.0f);
    ck_assert(tvi_exp(-1000.0f) == 0.0f);
    ck_assert(tvi_exp(-INFINITY) == 0.0f);
    ck_assert(isinf(tvi_exp(88.8f)) && tvi_exp(88.8f) > 0.0f);
    ck_assert(isinf(tvi_exp(INFINITY)) && tvi_exp(INFINITY) > 0.0f);
    ck_assert(isfinite(tvi_exp(88.72f)));
    ck_assert(isnan(tvi_exp(NAN)));
    ck_assert(isnan(tvi_exp(-NAN)));
}
END_TEST

START_TEST(log1p_is_within_two_units)
{
    ck_assert_double_le(worst_error(tvi_log1p_unit, log1p, 0.0, 1.0), 2.0);
    ck_assert_double_le(worst_error(tvi_log1p_unit, log1p, 0.0, 1e-6), 2.0);
    ck_assert(tvi_log1p_unit(0.0f) == 0.0f);
    ck_assert(isnan(tvi_log1p_unit(NAN)));
}
END_TEST

START_TEST(fold_block_adds_every_term)
{
    float term[TVI_SUM_BLOCK];

    for (size_t alone = 0; alone < TVI_SUM_BLOCK; alone++) {
        for (size_t i = 0; i < TVI_SUM_BLOCK; i++)
            term[i] = i == alone ? 3.0f : 1.0f;
        ck_assert(tvi_fold_block(term) == TVI_SUM_BLOCK + 2.0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("vector_math");
    TCase *tests = tcase_create("vector_math");

    tcase_add_test(tests, exp_is_within_two_units);
    tcase_add_test(tests, exp_is_right_at_the_ends);
    tcase_add_test(tests, log1p_is_within_two_units);
    tcase_add_test(tests, fold_block_adds_every_term);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
