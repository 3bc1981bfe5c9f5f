/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <stdlib.h>

#include "base/memory.h"
#include "metric/metric.h"

enum { SEQUENCES = 2, CAPSULES = 3, MAX_VALUES = SEQUENCES * 9 * CAPSULES * 9 };

static float values[MAX_VALUES];

static tvae_tensor *wrap(size_t n_frames, size_t d)
{
    const size_t shape[] = {SEQUENCES, n_frames, CAPSULES, d};
    tvae_tensor *t = NULL;

    ASSERT_OK(tvae_tensor_wrap(values, 4, shape, &t));
    return t;
}

static double fast(size_t n_frames, size_t d)
{
    tvae_tensor *t = wrap(n_frames, d);
    double error = -1.0;

    ASSERT_OK(tvae_equivariance_error(t, &error));
    tvae_tensor_destroy(&t);
    return error;
}

static double pairs(size_t n_frames, size_t d)
{
    tvae_tensor *t = wrap(n_frames, d);
    double error = -1.0;

    ASSERT_OK(tvae_equivariance_error_pairs(t, &error));
    tvae_tensor_destroy(&t);
    return error;
}

/* Element i of a capsule, normalised. */
static double unit_value(size_t n_frames, size_t d, size_t sequence, size_t frame,
                         size_t capsule, size_t i)
{
    const float *row = values + ((sequence * n_frames + frame) * CAPSULES + capsule) * d;
    double squares = 0.0;

    for (size_t j = 0; j < d; j++)
        squares += (double)row[j] * (double)row[j];
    return squares > 0.0 ? (double)row[i] / sqrt(squares) : 0.0;
}

/* The definition: every frame against the one k before it, both rolls circular. */
static double defined(size_t n_frames, size_t d)
{
    double sum = 0.0;

    for (size_t b = 0; b < SEQUENCES; b++)
        for (size_t k = 1; k < n_frames; k++)
            for (size_t at = 0; at < n_frames * CAPSULES * d; at++) {
                const size_t i = at % d, c = at / d % CAPSULES, l = at / d / CAPSULES;
                const size_t l_from = (l + n_frames - k) % n_frames;
                const size_t i_from = (i + k * (d - 1)) % d;

                sum += fabs(unit_value(n_frames, d, b, l_from, c, i_from) -
                            unit_value(n_frames, d, b, l, c, i));
            }
    return sum / 2.0 / SEQUENCES;
}

START_TEST(error_equals_its_definition)
{
    static const size_t sizes[][2] = {{9, 9}, {6, 8}, {8, 5}, {2, 1}, {1, 4}, {9, 2}};

    fill_uniform(values, MAX_VALUES, -1.0, 1.0, 21);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_near("error", fast(sizes[i][0], sizes[i][1]),
                    defined(sizes[i][0], sizes[i][1]), 1e-6, 1e-6);
}
END_TEST

START_TEST(error_equals_the_pairs_when_frames_are_as_many_as_places)
{
    fill_uniform(values, MAX_VALUES, -1.0, 1.0, 22);
    for (size_t n = 1; n <= 9; n++)
        assert_near("error", fast(n, n), pairs(n, n), 1e-6, 1e-6);
    ck_assert(fabs(fast(6, 8) - pairs(6, 8)) > 0.1);
}
END_TEST

/* Frame l is frame 0 rolled by l: nothing is wrong; rolled the other way much is. */
START_TEST(error_is_zero_for_perfect_rolls_only)
{
    enum { N = 9 };

    fill_uniform(values, MAX_VALUES, 0.0, 1.0, 23);
    for (size_t way = 0; way < 2; way++) {
        for (size_t at = 0; at < MAX_VALUES; at++) {
            const size_t i = at % N, c = at / N % CAPSULES, l = at / N / CAPSULES % N;
            const size_t from = way == 0 ? (i + N - l) % N : (i + l) % N;
            const size_t sequence = at / (N * CAPSULES * N);

            if (l > 0)
                values[at] = values[((sequence * N) * CAPSULES + c) * N + from];
        }
        if (way == 0) {
            assert_near("rolled", fast(N, N), 0.0, 0.0, 1e-4);
            assert_near("rolled", pairs(N, N), 0.0, 0.0, 1e-4);
        } else {
            ck_assert(fast(N, N) > 10.0);
        }
    }
}
END_TEST

START_TEST(error_counts_a_capsule_of_zeros_as_zeros)
{
    fill_uniform(values, MAX_VALUES, -1.0, 1.0, 24);
    for (size_t i = 0; i < 9; i++)
        values[9 * 4 + i] = 0.0f;
    assert_near("zeros", fast(9, 9), defined(9, 9), 1e-6, 0.0);
    assert_near("zeros", pairs(9, 9), defined(9, 9), 1e-6, 0.0);
}
END_TEST

START_TEST(error_rejects_bad_arguments)
{
    const size_t flat[] = {2, 4, 6};
    tvae_tensor *t = NULL, *capsules = wrap(9, 9);
    double error = 7.0;

    ASSERT_OK(tvae_tensor_wrap(values, 3, flat, &t));
    ASSERT_STATUS(tvae_equivariance_error(NULL, &error), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_equivariance_error(capsules, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_equivariance_error(t, &error), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_equivariance_error_pairs(NULL, &error), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_equivariance_error_pairs(capsules, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_equivariance_error_pairs(t, &error), TVAE_E_SHAPE);
    values[5] = NAN;
    ASSERT_STATUS(tvae_equivariance_error(capsules, &error), TVAE_E_NUMERIC);
    values[5] = INFINITY;
    ASSERT_STATUS(tvae_equivariance_error_pairs(capsules, &error), TVAE_E_NUMERIC);
    ck_assert(error == 7.0);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&capsules);
}
END_TEST

START_TEST(internal_form_allocates_nothing_and_sums_over_sequences)
{
    float scratch[SEQUENCES * (9 * CAPSULES * 9 + 2)];
    double sum;
    size_t before;

    fill_uniform(values, MAX_VALUES, -1.0, 1.0, 25);
    ck_assert_uint_le(tvi_equivariance_scratch_floats(SEQUENCES, 9, CAPSULES, 9),
                      sizeof scratch / sizeof *scratch);
    before = tvi_blocks_allocated();
    tvi_equivariance_error(SEQUENCES, 9, CAPSULES, 9, values, scratch, &sum);
    ck_assert_uint_eq(tvi_blocks_allocated(), before);
    assert_near("sum", sum / SEQUENCES, defined(9, 9), 1e-6, 0.0);
    values[3] = NAN;
    tvi_equivariance_error(SEQUENCES, 9, CAPSULES, 9, values, scratch, &sum);
    ck_assert(isnan(sum));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("equivariance");
    TCase *tc = tcase_create("equivariance");

    tcase_add_test(tc, error_equals_its_definition);
    tcase_add_test(tc, error_equals_the_pairs_when_frames_are_as_many_as_places);
    tcase_add_test(tc, error_is_zero_for_perfect_rolls_only);
    tcase_add_test(tc, error_counts_a_capsule_of_zeros_as_zeros);
    tcase_add_test(tc, error_rejects_bad_arguments);
    tcase_add_test(tc, internal_form_allocates_nothing_and_sums_over_sequences);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
