/* SPDX-License-Identifier: MIT */
#include "scarce_memory.h"
#include "support.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"

enum { N = 6, FRAMES = 6, CAPSULES = 3, D = 6, FACTORS = 2 };

static float t_values[N * FRAMES * CAPSULES * D], factor_values[N * FRAMES * FACTORS];

static float *capsule_at(size_t sequence, size_t frame, size_t capsule)
{
    return t_values + ((sequence * FRAMES + frame) * CAPSULES + capsule) * D;
}

static float *factor_at(size_t sequence, size_t frame)
{
    return factor_values + (sequence * FRAMES + frame) * FACTORS;
}

/* A capsule with its energy at one place. */
static void light(float *capsule, size_t place)
{
    for (size_t i = 0; i < D; i++)
        capsule[i] = i == place % D ? 1.0f : 0.1f;
}

/* Factor 1 runs from `start` on, modulo `period`; capsules roll back by one a frame, so
 * that the shift from the canonical frame l to frame 0 is l. */
static void make_sequence(size_t sequence, size_t start, size_t period)
{
    for (size_t frame = 0; frame < FRAMES; frame++) {
        factor_at(sequence, frame)[0] = 2.0f;
        factor_at(sequence, frame)[1] = (float)((start + frame) % period);
        for (size_t capsule = 0; capsule < CAPSULES; capsule++)
            light(capsule_at(sequence, frame, capsule), capsule + 2 * D - frame);
    }
}

static void wrap_batch(tvae_tensor **t, tvae_tensor **factors)
{
    const size_t t_shape[] = {N, FRAMES, CAPSULES, D}, f_shape[] = {N, FRAMES, FACTORS};

    ASSERT_OK(tvae_tensor_wrap(t_values, 4, t_shape, t));
    ASSERT_OK(tvae_tensor_wrap(factor_values, 3, f_shape, factors));
}

static void add_batch(tvae_capcorr *capcorr)
{
    tvae_tensor *t, *factors;

    wrap_batch(&t, &factors);
    ASSERT_OK(tvae_capcorr_add(capcorr, t, factors));
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&factors);
}

static double value_of(const tvae_capcorr *capcorr, size_t factor, int32_t choice)
{
    double value = 7.0;

    ASSERT_OK(tvae_capcorr_value(capcorr, factor, choice, &value));
    return value;
}

static tvae_capcorr *create(void)
{
    tvae_capcorr *capcorr = NULL;

    ASSERT_OK(tvae_capcorr_create(FACTORS, CAPSULES, &capcorr));
    return capcorr;
}

/* A start at s of period 6 is canonical in frame 6 - s: shift 6 - s, true value s. */
START_TEST(value_is_minus_one_for_capsules_that_roll_against_the_factor)
{
    tvae_capcorr *capcorr = create();

    for (size_t i = 0; i < N; i++)
        make_sequence(i, i == 0 ? 1 : i, 6);
    ck_assert(isnan(value_of(capcorr, 1, TVAE_CAPCORR_NEAREST)));
    add_batch(capcorr);
    assert_near("nearest", value_of(capcorr, 1, TVAE_CAPCORR_NEAREST), -1.0, 0.0, 1e-12);
    assert_near("first", value_of(capcorr, 1, TVAE_CAPCORR_FIRST), -1.0, 0.0, 1e-12);
    ck_assert(isnan(value_of(capcorr, 0, TVAE_CAPCORR_NEAREST)));
    tvae_capcorr_destroy(&capcorr);
    ck_assert_ptr_null(capcorr);
}
END_TEST

/* The other way round the correlation is perfect, and batches add up. */
START_TEST(value_is_one_for_capsules_that_roll_with_the_factor)
{
    tvae_capcorr *capcorr = create();
    double value;

    for (size_t i = 0; i < N; i++) {
        make_sequence(i, i == 0 ? 1 : i, 6);
        for (size_t frame = 0; frame < FRAMES; frame++)
            for (size_t capsule = 0; capsule < CAPSULES; capsule++)
                light(capsule_at(i, frame, capsule), capsule + frame);
    }
    add_batch(capcorr);
    add_batch(capcorr);
    assert_near("nearest", value_of(capcorr, 1, TVAE_CAPCORR_NEAREST), 1.0, 0.0, 1e-12);
    for (size_t capsule = 0; capsule < CAPSULES; capsule++) {
        ASSERT_OK(tvae_capcorr_capsule_value(capcorr, 1, capsule, &value));
        assert_near("capsule", value, 1.0, 0.0, 1e-12);
    }
    tvae_capcorr_destroy(&capcorr);
}
END_TEST

/* Put a capsule of a frame `shift` places behind where frame 0 has it. */
static void set_shift(size_t sequence, size_t frame, size_t capsule, size_t shift)
{
    light(capsule_at(sequence, frame, capsule), capsule + D - shift);
}

static void set_all_shifts(size_t sequence, size_t frame, size_t shift)
{
    for (size_t capsule = 0; capsule < CAPSULES; capsule++)
        set_shift(sequence, frame, capsule, shift);
}

/* Period 3 in 6 frames: a start at s is canonical in frames 3 - s and 6 - s, one at 0 in
 * frames 0 and 3. The later frame of starts 1 and 2 is right, the earlier one is not. */
static void make_cycling_batch(void)
{
    for (size_t i = 0; i < N; i++) {
        make_sequence(i, i % 3, 3);
        for (size_t frame = 0; frame < FRAMES; frame++)
            set_all_shifts(i, frame, 0);
        if (i % 3 == 1) {
            set_all_shifts(i, 2, 5);
            set_all_shifts(i, 5, 1);
        } else if (i % 3 == 2) {
            set_all_shifts(i, 1, 1);
            set_all_shifts(i, 4, 2);
        }
    }
}

START_TEST(choices_differ_when_the_factor_cycles)
{
    tvae_capcorr *capcorr = create();

    make_cycling_batch();
    add_batch(capcorr);
    assert_near("nearest", value_of(capcorr, 1, TVAE_CAPCORR_NEAREST), 1.0, 0.0, 1e-12);
    /* first: (0, 0), (5, 1), (1, 2) */
    assert_near("first", value_of(capcorr, 1, TVAE_CAPCORR_FIRST), 1.0 / sqrt(28.0), 0.0,
                1e-12);
    tvae_capcorr_destroy(&capcorr);
}
END_TEST

/* Two capsules outvote one; where all differ, the smallest shift counts. */
START_TEST(value_takes_the_mode_over_capsules)
{
    tvae_capcorr *capcorr = create();
    double value;

    make_cycling_batch();
    for (size_t i = 0; i < N; i++) {
        set_shift(i, 2, 2, i == 4 ? 3 : 5); /* a start of 1: 5, 5, 3 or 5, 5, 5 */
        if (i % 3 == 2) {                   /* a start of 2: 4, 1, 2 */
            set_shift(i, 1, 0, 4);
            set_shift(i, 1, 2, 2);
        }
    }
    add_batch(capcorr);
    assert_near("first", value_of(capcorr, 1, TVAE_CAPCORR_FIRST), 1.0 / sqrt(28.0), 0.0,
                1e-12);
    /* capsule 0: (0, 0), (5, 1), (4, 2) twice */
    ASSERT_OK(tvae_capcorr_capsule_value(capcorr, 1, 0, &value));
    assert_near("capsule 0", value, 4.0 / sqrt(2.0 * 14.0), 0.0, 1e-12);
    tvae_capcorr_destroy(&capcorr);
}
END_TEST

START_TEST(add_passes_over_sequences_that_say_nothing)
{
    tvae_capcorr *capcorr = create();

    make_cycling_batch();
    for (size_t i = 3; i < N; i++)
        for (size_t frame = 0; frame < FRAMES; frame++) {
            set_all_shifts(i, frame, 3);
            if (i < 5)
                factor_at(i, frame)[1] += 1.0f; /* never canonical */
            else
                factor_at(i, frame)[1] = 0.0f; /* never varies */
        }
    add_batch(capcorr);
    assert_near("first", value_of(capcorr, 1, TVAE_CAPCORR_FIRST), 1.0 / sqrt(28.0), 0.0,
                1e-12);
    ck_assert(isnan(value_of(capcorr, 0, TVAE_CAPCORR_FIRST)));
    tvae_capcorr_destroy(&capcorr);
}
END_TEST

START_TEST(value_is_nan_when_a_side_is_constant)
{
    tvae_capcorr *capcorr = create();
    double value = 0.0;

    make_cycling_batch();
    for (size_t i = 0; i < N; i++)
        for (size_t frame = 1; frame < FRAMES; frame++)
            set_all_shifts(i, frame, 0);
    add_batch(capcorr);
    ck_assert(isnan(value_of(capcorr, 1, TVAE_CAPCORR_NEAREST)));
    ck_assert(isnan(value_of(capcorr, 1, TVAE_CAPCORR_FIRST)));
    ASSERT_OK(tvae_capcorr_capsule_value(capcorr, 1, 0, &value));
    ck_assert(isnan(value));
    tvae_capcorr_destroy(&capcorr);
}
END_TEST

/* Factor 0 runs with factor 1, twice as fast: the batch of one factor is not the other's,
 * and what add takes for the factor that varies is 0 alone. */
START_TEST(add_factor_counts_factors_that_run_together)
{
    tvae_capcorr *both = create(), *plain = create();
    tvae_tensor *t, *factors;
    double value;

    for (size_t i = 0; i < N; i++) {
        make_sequence(i, i == 0 ? 1 : i, 6);
        for (size_t frame = 0; frame < FRAMES; frame++)
            factor_at(i, frame)[0] = 2.0f * factor_at(i, frame)[1];
    }
    wrap_batch(&t, &factors);
    ASSERT_OK(tvae_capcorr_add(plain, t, factors));
    ck_assert(isnan(value_of(plain, 1, TVAE_CAPCORR_NEAREST)));
    for (size_t factor = 0; factor < FACTORS; factor++) {
        ASSERT_OK(tvae_capcorr_add_factor(both, t, factors, factor));
        assert_near("nearest", value_of(both, factor, TVAE_CAPCORR_NEAREST), -1.0, 0.0,
                    1e-12);
        ASSERT_OK(tvae_capcorr_capsule_value(both, factor, CAPSULES - 1, &value));
        assert_near("capsule", value, -1.0, 0.0, 1e-12);
    }
    for (size_t i = 0; i < N * FRAMES; i++)
        factor_values[i * FACTORS] = 0.0f; /* still: says nothing */
    ASSERT_OK(tvae_capcorr_add_factor(both, t, factors, 0));
    assert_near("still", value_of(both, 0, TVAE_CAPCORR_NEAREST), -1.0, 0.0, 1e-12);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&factors);
    tvae_capcorr_destroy(&both);
    tvae_capcorr_destroy(&plain);
}
END_TEST

START_TEST(calls_reject_bad_arguments)
{
    const size_t one_frame[] = {1, 1, CAPSULES, D}, few[] = {N, FRAMES, CAPSULES - 1, D};
    tvae_capcorr *capcorr = NULL, *good = create();
    tvae_tensor *t, *factors, *short_t = NULL, *few_t = NULL;
    double value;

    wrap_batch(&t, &factors);
    ASSERT_OK(tvae_tensor_wrap(t_values, 4, one_frame, &short_t));
    ASSERT_OK(tvae_tensor_wrap(t_values, 4, few, &few_t));
    ASSERT_STATUS(tvae_capcorr_create(0, 1, &capcorr), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_capcorr_create(1, 0, &capcorr), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_capcorr_create(SIZE_MAX, 3, &capcorr), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_capcorr_create(1, 1, NULL), TVAE_E_INVALID);
    ck_assert_ptr_null(capcorr);
    ASSERT_STATUS(tvae_capcorr_add(NULL, t, factors), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_capcorr_add(good, NULL, factors), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_capcorr_add(good, t, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_capcorr_add(good, short_t, factors), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_capcorr_add(good, few_t, factors), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_capcorr_add(good, t, t), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_capcorr_add_factor(good, t, factors, FACTORS), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_capcorr_add_factor(NULL, t, factors, 0), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_capcorr_add_factor(good, short_t, factors, 0), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_capcorr_value(NULL, 0, 0, &value), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_capcorr_value(good, 0, 0, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_capcorr_value(good, FACTORS, 0, &value), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_capcorr_value(good, 0, 2, &value), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_capcorr_capsule_value(good, 0, CAPSULES, &value), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_capcorr_capsule_value(NULL, 0, 0, &value), TVAE_E_INVALID);
    make_cycling_batch();
    t_values[7] = NAN;
    ASSERT_STATUS(tvae_capcorr_add(good, t, factors), TVAE_E_NUMERIC);
    make_cycling_batch();
    factor_values[FACTORS * FRAMES * N - 1] = INFINITY;
    ASSERT_STATUS(tvae_capcorr_add(good, t, factors), TVAE_E_NUMERIC);
    ck_assert(isnan(value_of(good, 1, TVAE_CAPCORR_FIRST)));
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&factors);
    tvae_tensor_destroy(&short_t);
    tvae_tensor_destroy(&few_t);
    tvae_capcorr_destroy(&good);
    tvae_capcorr_destroy(&good);
    tvae_capcorr_destroy(NULL);
}
END_TEST

/* ---- allocation failures */

static tvae_status use_everything(void)
{
    const size_t t_shape[] = {N, FRAMES, CAPSULES, D}, f_shape[] = {N, FRAMES, FACTORS};
    tvae_capcorr *capcorr = NULL;
    tvae_tensor *t = NULL, *factors = NULL;
    double error;
    tvae_status st = tvae_capcorr_create(FACTORS, CAPSULES, &capcorr);

    if (st == TVAE_OK)
        st = tvae_tensor_wrap(t_values, 4, t_shape, &t);
    if (st == TVAE_OK)
        st = tvae_tensor_wrap(factor_values, 3, f_shape, &factors);
    if (st == TVAE_OK)
        st = tvae_capcorr_add(capcorr, t, factors);
    if (st == TVAE_OK)
        st = tvae_equivariance_error(t, &error);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&factors);
    tvae_capcorr_destroy(&capcorr);
    return st;
}

START_TEST(failed_allocations_leak_nothing)
{
    make_cycling_batch();
    assert_survives_scarce_memory(use_everything, 5);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("capcorr");
    TCase *tc = tcase_create("capcorr");

    tcase_add_test(tc, value_is_minus_one_for_capsules_that_roll_against_the_factor);
    tcase_add_test(tc, value_is_one_for_capsules_that_roll_with_the_factor);
    tcase_add_test(tc, choices_differ_when_the_factor_cycles);
    tcase_add_test(tc, value_takes_the_mode_over_capsules);
    tcase_add_test(tc, add_passes_over_sequences_that_say_nothing);
    tcase_add_test(tc, value_is_nan_when_a_side_is_constant);
    tcase_add_test(tc, add_factor_counts_factors_that_run_together);
    tcase_add_test(tc, calls_reject_bad_arguments);
    tcase_add_test(tc, failed_allocations_leak_nothing);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
