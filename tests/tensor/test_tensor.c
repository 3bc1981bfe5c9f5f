/* SPDX-License-Identifier: MIT */
#include "support.h"

START_TEST(create_gives_zeros_and_shape)
{
    const size_t shape[] = {2, 3, 4};
    tvae_tensor *t = NULL;

    ASSERT_OK(tvae_tensor_create(3, shape, &t));
    ck_assert_int_eq(tvae_tensor_rank(t), 3);
    ck_assert_uint_eq(tvae_tensor_extent(t, 1), 3);
    ck_assert_uint_eq(tvae_tensor_extent(t, 3), 0);
    ck_assert_uint_eq(tvae_tensor_count(t), 24);
    for (size_t i = 0; i < 24; i++)
        ck_assert(tvae_tensor_data(t)[i] == 0.0f);
    tvae_tensor_destroy(&t);
    ck_assert_ptr_null(t);
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(NULL);
}
END_TEST

START_TEST(create_rejects_bad_shapes)
{
    const size_t zero[] = {2, 0}, huge[] = {SIZE_MAX / 2, 4};
    tvae_tensor *t = NULL;

    ASSERT_STATUS(tvae_tensor_create(2, zero, &t), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_tensor_create(2, huge, &t), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_tensor_create(9, zero, &t), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_tensor_create(-1, zero, &t), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_tensor_create(1, NULL, &t), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_tensor_create(2, zero, NULL), TVAE_E_INVALID);
    ck_assert_ptr_null(t);
}
END_TEST

START_TEST(wrap_borrows_and_view_keeps_base)
{
    float values[6] = {0, 1, 2, 3, 4, 5};
    const size_t shape[] = {6}, part[] = {2, 2}, late[] = {3};
    tvae_tensor *whole = NULL, *view = NULL, *beyond = NULL;

    ASSERT_OK(tvae_tensor_wrap(values, 1, shape, &whole));
    ck_assert_ptr_eq(tvae_tensor_data(whole), values);
    ASSERT_OK(tvae_tensor_view(whole, 2, 2, part, &view));
    ASSERT_STATUS(tvae_tensor_view(whole, 4, 1, late, &beyond), TVAE_E_SHAPE);
    tvae_tensor_destroy(&whole);
    whole = tvae_tensor_retain(view);
    tvae_tensor_destroy(&whole);
    ck_assert_ptr_null(tvae_tensor_retain(NULL));
    ck_assert(tvae_tensor_data_const(view)[3] == 5.0f);
    tvae_tensor_destroy(&view);
    ASSERT_STATUS(tvae_tensor_wrap(NULL, 1, shape, &whole), TVAE_E_INVALID);
}
END_TEST

START_TEST(fill_normal_is_reproducible_and_standard)
{
    const size_t shape[] = {40000};
    tvae_tensor *a = NULL, *b = NULL;
    double sum = 0.0, squares = 0.0;

    ASSERT_OK(tvae_tensor_create(1, shape, &a));
    ASSERT_OK(tvae_tensor_create(1, shape, &b));
    ASSERT_OK(tvae_tensor_fill_normal(a, 7, 3));
    ASSERT_OK(tvae_tensor_fill_normal(b, 7, 3));
    ck_assert_mem_eq(tvae_tensor_data(a), tvae_tensor_data(b), 40000 * sizeof(float));
    for (size_t i = 0; i < 40000; i++) {
        const double x = (double)tvae_tensor_data(a)[i];
        sum += x;
        squares += x * x;
    }
    assert_near("mean", sum / 40000.0, 0.0, 0.0, 0.02);
    assert_near("variance", squares / 40000.0, 1.0, 0.0, 0.03);
    ASSERT_OK(tvae_tensor_fill_normal(b, 7, 4));
    ck_assert_mem_ne(tvae_tensor_data(a), tvae_tensor_data(b), 40000 * sizeof(float));
    ASSERT_STATUS(tvae_tensor_fill_normal(NULL, 7, 4), TVAE_E_INVALID);
    tvae_tensor_destroy(&a);
    tvae_tensor_destroy(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tensor");
    TCase *tc = tcase_create("tensor");

    tcase_add_test(tc, create_gives_zeros_and_shape);
    tcase_add_test(tc, create_rejects_bad_shapes);
    tcase_add_test(tc, wrap_borrows_and_view_keeps_base);
    tcase_add_test(tc, fill_normal_is_reproducible_and_standard);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
