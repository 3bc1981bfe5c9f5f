/* SPDX-License-Identifier: MIT */
#include "support.h"

enum { SEQUENCES = 2, FRAMES = 3, CAPSULES = 2, D1 = 3, D2 = 4, D3 = 5 };
enum { PLACES = D1 * D2 * D3, ROWS = SEQUENCES * FRAMES };
enum { COUNT = ROWS * CAPSULES * PLACES };

static const int64_t dims[] = {D1, D2, D3};
static const size_t flat_shape[] = {SEQUENCES, FRAMES, CAPSULES *PLACES};
static float values[COUNT];

static tvae_tensor *wrap(float *data, int32_t rank, const size_t *shape)
{
    tvae_tensor *tensor = NULL;

    ASSERT_OK(tvae_tensor_wrap(data, rank, shape, &tensor));
    return tensor;
}

static void apply(int32_t axis, const int64_t *shifts, size_t n_shifts, float *in,
                  float *out)
{
    tvae_roll *roll = NULL;
    tvae_tensor *x = wrap(in, 3, flat_shape), *y = wrap(out, 3, flat_shape);

    ASSERT_OK(tvae_roll_create(dims, axis, &roll));
    ASSERT_OK(tvae_roll_apply(roll, x, shifts, n_shifts, y));
    tvae_roll_destroy(&roll);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
}

/* out[.., i, ..] = t[.., (i - shift) mod d, ..], one index at a time. */
static void assert_rolled(int32_t axis, int64_t shift, const float *in, const float *out,
                          size_t n_capsules)
{
    for (size_t i = 0; i < n_capsules * PLACES; i++) {
        int64_t place[] = {(int64_t)i / (D2 * D3) % D1, (int64_t)i / D3 % D2,
                           (int64_t)i % D3};
        size_t from;

        place[axis] = ((place[axis] - shift) % dims[axis] + dims[axis]) % dims[axis];
        from = i / PLACES * PLACES + (size_t)((place[0] * D2 + place[1]) * D3 + place[2]);
        ck_assert(out[i] == in[from]);
    }
}

START_TEST(apply_equals_its_definition)
{
    const int64_t shifts[] = {0, 1, -1, 2, 7, -13, INT64_MAX, INT64_MIN};
    float out[COUNT];

    fill_uniform(values, COUNT, -1.0, 1.0, 3);
    for (int32_t axis = 0; axis < 3; axis++)
        for (size_t i = 0; i < sizeof shifts / sizeof *shifts; i++) {
            apply(axis, &shifts[i], 1, values, out);
            assert_rolled(axis, shifts[i] % dims[axis], values, out, ROWS * CAPSULES);
        }
}
END_TEST

START_TEST(apply_is_undone_by_the_negative)
{
    const int64_t shift = 3, back = -3;
    float there[COUNT], again[COUNT];

    fill_uniform(values, COUNT, -1.0, 1.0, 4);
    for (int32_t axis = 0; axis < 3; axis++) {
        apply(axis, &shift, 1, values, there);
        apply(axis, &back, 1, there, again);
        ck_assert_mem_eq(values, again, sizeof again);
    }
}
END_TEST

START_TEST(apply_takes_a_shift_for_each_sequence_or_frame)
{
    const int64_t shifts[ROWS] = {0, 1, 2, -1, 3, 4};
    const size_t sequence = FRAMES * CAPSULES * PLACES, frame = CAPSULES * PLACES;
    float out[COUNT];

    fill_uniform(values, COUNT, -1.0, 1.0, 5);
    apply(1, shifts, SEQUENCES, values, out);
    for (size_t i = 0; i < SEQUENCES; i++)
        assert_rolled(1, shifts[i], values + i * sequence, out + i * sequence,
                      FRAMES * CAPSULES);
    apply(2, shifts, ROWS, values, out);
    for (size_t i = 0; i < ROWS; i++)
        assert_rolled(2, shifts[i], values + i * frame, out + i * frame, CAPSULES);
}
END_TEST

START_TEST(apply_accepts_any_rank_of_whole_capsules)
{
    const int64_t ring[] = {D3, 1, 1}, shift = 2;
    const size_t one[] = {D3}, two[] = {4, D3};
    float in[4 * D3], out[4 * D3];
    tvae_roll *roll = NULL;

    ASSERT_OK(tvae_roll_create(ring, 0, &roll));
    fill_uniform(in, 4 * D3, -1.0, 1.0, 6);
    for (int32_t rank = 1; rank <= 2; rank++) {
        const size_t *shape = rank == 1 ? one : two;
        tvae_tensor *x = wrap(in, rank, shape), *y = wrap(out, rank, shape);

        ASSERT_OK(tvae_roll_apply(roll, x, &shift, 1, y));
        for (size_t i = 0; i < tvae_tensor_count(x); i++)
            ck_assert(out[i] == in[i / D3 * D3 + (i + D3 - 2) % D3]);
        tvae_tensor_destroy(&x);
        tvae_tensor_destroy(&y);
    }
    tvae_roll_destroy(&roll);
}
END_TEST

START_TEST(create_rejects_bad_arguments)
{
    const int64_t zero[] = {3, 0, 1}, huge[] = {INT64_MAX, 1, 1};
    tvae_roll *roll = NULL;

    ASSERT_STATUS(tvae_roll_create(NULL, 0, &roll), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_create(dims, 3, &roll), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_create(dims, -1, &roll), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_create(dims, 0, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_create(zero, 0, &roll), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_create(huge, 0, &roll), TVAE_E_INVALID);
    ck_assert_ptr_null(roll);
    ck_assert_ptr_null(tvae_roll_retain(NULL));
    tvae_roll_destroy(&roll);
    tvae_roll_destroy(NULL);
}
END_TEST

START_TEST(apply_rejects_bad_arguments)
{
    const int64_t shifts[] = {1, 1, 1, 1};
    const size_t short_shape[] = {SEQUENCES, FRAMES, PLACES - 1};
    float out[COUNT];
    tvae_tensor *x = wrap(values, 3, flat_shape), *y = wrap(out, 3, flat_shape);
    tvae_tensor *part = wrap(out, 3, short_shape);
    tvae_roll *roll = NULL;

    ASSERT_OK(tvae_roll_create(dims, 0, &roll));
    ASSERT_STATUS(tvae_roll_apply(NULL, x, shifts, 1, y), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_apply(roll, NULL, shifts, 1, y), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_apply(roll, x, NULL, 1, y), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_apply(roll, x, shifts, 0, y), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_apply(roll, x, shifts, 1, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_roll_apply(roll, x, shifts, 4, y), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_roll_apply(roll, part, shifts, 1, part), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_roll_apply(roll, x, shifts, 1, part), TVAE_E_SHAPE);
    tvae_roll_destroy(&roll);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
    tvae_tensor_destroy(&part);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("roll");
    TCase *tc = tcase_create("roll");

    tcase_add_test(tc, apply_equals_its_definition);
    tcase_add_test(tc, apply_is_undone_by_the_negative);
    tcase_add_test(tc, apply_takes_a_shift_for_each_sequence_or_frame);
    tcase_add_test(tc, apply_accepts_any_rank_of_whole_capsules);
    tcase_add_test(tc, create_rejects_bad_arguments);
    tcase_add_test(tc, apply_rejects_bad_arguments);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
