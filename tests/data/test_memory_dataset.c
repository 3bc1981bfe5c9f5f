/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "base/memory.h"

static const size_t x_shape[] = {4, 3, 2, 5, 7}, factors_shape[] = {4, 3, 2};

/* Sequences and factors whose elements count up from 0. */
static tvae_tensor *create_counting(int32_t rank, const size_t *shape)
{
    tvae_tensor *tensor = NULL;

    ASSERT_OK(tvae_tensor_create(rank, shape, &tensor));
    for (size_t i = 0; i < tvae_tensor_count(tensor); i++)
        tvae_tensor_data(tensor)[i] = (float)i;
    return tensor;
}

START_TEST(get_gives_the_tensors_content)
{
    tvae_tensor *x = create_counting(5, x_shape), *f = create_counting(3, factors_shape);
    tvae_tensor *one = NULL, *labels = NULL;
    tvae_dataset *dataset = NULL, *second;
    size_t shape[4];

    ASSERT_OK(tvae_dataset_create_memory(x, f, &dataset));
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&f);
    ASSERT_OK(tvae_dataset_shape(dataset, shape));
    ck_assert_mem_eq(shape, x_shape + 1, sizeof shape);
    ck_assert_uint_eq(tvae_dataset_count(dataset), 4);
    ck_assert_uint_eq(tvae_dataset_factor_count(dataset), 2);
    ck_assert_str_eq(tvae_dataset_factor_name(dataset, 1), "factor1");
    ck_assert_ptr_null(tvae_dataset_factor_name(dataset, 2));
    ck_assert_uint_eq(tvae_dataset_factor_values(dataset, 0), 0);

    ASSERT_OK(tvae_tensor_create(4, shape, &one));
    ASSERT_OK(tvae_tensor_create(2, factors_shape + 1, &labels));
    second = tvae_dataset_retain(dataset);
    tvae_dataset_destroy(&dataset);
    ck_assert_ptr_null(dataset);
    ASSERT_OK(tvae_dataset_get(second, 2, 1, 1, one, labels));
    for (size_t i = 0; i < 210; i++)
        ck_assert(tvae_tensor_data(one)[i] == (float)(420 + i));
    for (size_t i = 0; i < 6; i++)
        ck_assert(tvae_tensor_data(labels)[i] == (float)(12 + i));
    tvae_dataset_destroy(&second);
    tvae_tensor_destroy(&one);
    tvae_tensor_destroy(&labels);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(create_memory_rejects_bad_arguments)
{
    const size_t wrong[] = {4, 2, 2}, many[] = {4, 3, 17};
    tvae_tensor *x = create_counting(5, x_shape), *f = create_counting(3, wrong);
    tvae_tensor *seventeen = create_counting(3, many);
    tvae_dataset *dataset = NULL;

    ASSERT_STATUS(tvae_dataset_create_memory(NULL, NULL, &dataset), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_dataset_create_memory(x, NULL, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_dataset_create_memory(f, NULL, &dataset), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_dataset_create_memory(x, f, &dataset), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_dataset_create_memory(x, seventeen, &dataset), TVAE_E_SHAPE);
    ck_assert_ptr_null(dataset);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&f);
    tvae_tensor_destroy(&seventeen);
}
END_TEST

START_TEST(get_rejects_bad_arguments)
{
    tvae_tensor *x = create_counting(5, x_shape), *f = create_counting(3, factors_shape);
    tvae_tensor *one = NULL;
    tvae_dataset *dataset = NULL;
    size_t shape[4];

    ASSERT_OK(tvae_dataset_create_memory(x, NULL, &dataset));
    ASSERT_OK(tvae_tensor_create(4, x_shape + 1, &one));
    ASSERT_OK(tvae_dataset_get(dataset, 3, 0, 0, one, NULL));
    ASSERT_STATUS(tvae_dataset_get(NULL, 0, 0, 0, one, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_dataset_get(dataset, 4, 0, 0, one, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_dataset_get(dataset, 0, 0, 0, NULL, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_dataset_get(dataset, 0, 0, 0, x, NULL), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_dataset_get(dataset, 0, 0, 0, one, f), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_dataset_shape(NULL, shape), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_dataset_shape(dataset, NULL), TVAE_E_INVALID);
    ck_assert_uint_eq(tvae_dataset_count(NULL), 0);
    ck_assert_uint_eq(tvae_dataset_factor_count(NULL), 0);
    ck_assert_uint_eq(tvae_dataset_factor_values(NULL, 0), 0);
    ck_assert_ptr_null(tvae_dataset_factor_name(NULL, 0));
    ck_assert_ptr_null(tvae_dataset_retain(NULL));
    tvae_dataset_destroy(NULL);
    tvae_dataset_destroy(&dataset);
    tvae_dataset_destroy(&dataset);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&f);
    tvae_tensor_destroy(&one);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory_dataset");
    TCase *cases = tcase_create("memory_dataset");

    tcase_add_test(cases, get_gives_the_tensors_content);
    tcase_add_test(cases, create_memory_rejects_bad_arguments);
    tcase_add_test(cases, get_rejects_bad_arguments);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
