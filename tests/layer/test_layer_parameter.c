/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "layer/parameter.h"

static const char call[] = "test";

START_TEST(init_rejects_sizes_that_overflow)
{
    const size_t shape[] = {SIZE_MAX / 4, 3};
    tvi_parameter parameter = {0};

    ASSERT_STATUS(tvi_parameter_init(&parameter, 2, shape, false), TVAE_E_SHAPE);
    ck_assert_ptr_null(parameter.value);
    tvi_parameter_release(&parameter);
}
END_TEST

/* Sizes beyond and between whole tiles of the transposition. */
START_TEST(export_transposes_and_import_undoes_it)
{
    const size_t shape[] = {37, 5, 7, 2};
    tvi_parameter parameter = {0};
    float *exposed = tvi_alloc_array(37 * 70, sizeof *exposed);
    float *stored = tvi_alloc_array(37 * 70, sizeof *stored);

    ASSERT_OK(tvi_parameter_init(&parameter, 4, shape, true));
    ck_assert_uint_eq(parameter.count, 37 * 70);
    fill_uniform(parameter.value, parameter.count, -1.0, 1.0, 1);
    tvi_parameter_export(&parameter, parameter.value, exposed);
    for (size_t out = 0; out < 37; out++)
        for (size_t in = 0; in < 70; in++)
            ck_assert(exposed[out * 70 + in] == parameter.value[in * 37 + out]);
    tvi_parameter_import(&parameter, exposed, stored);
    ck_assert_mem_eq(stored, parameter.value, parameter.count * sizeof *stored);
    tvi_free(exposed);
    tvi_free(stored);
    tvi_parameter_release(&parameter);
}
END_TEST

START_TEST(list_finds_by_prefixed_name)
{
    const size_t shape[] = {2};
    tvi_parameter parameters[9] = {{0}};
    tvi_parameter_list list = {0};
    char name[8];

    for (size_t i = 0; i < 9; i++) {
        ASSERT_OK(tvi_parameter_init(&parameters[i], 1, shape, false));
        (void)snprintf(name, sizeof name, "p%zu", i);
        ASSERT_OK(tvi_parameter_list_add(&list, "net.", name, &parameters[i]));
    }
    ck_assert_uint_eq(list.n_items, 9);
    ck_assert_ptr_eq(tvi_parameter_list_find(&list, "net.p7")->parameter, &parameters[7]);
    ck_assert_ptr_null(tvi_parameter_list_find(&list, "p7"));
    ck_assert_ptr_null(tvi_parameter_list_find(&list, "net.p"));
    tvi_parameter_list_release(&list);
    for (size_t i = 0; i < 9; i++)
        tvi_parameter_release(&parameters[i]);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(list_rejects_names_too_long)
{
    tvi_parameter parameter = {0};
    tvi_parameter_list list = {0};
    char prefix[TVI_NAME_BYTES];

    memset(prefix, 'x', sizeof prefix);
    prefix[TVI_NAME_BYTES - 2] = '\0'; /* 126 characters: room for one more */
    ASSERT_STATUS(tvi_parameter_list_add(&list, prefix, "ab", &parameter),
                  TVAE_E_INVALID);
    ck_assert_uint_eq(list.n_items, 0);
    ASSERT_OK(tvi_parameter_list_add(&list, prefix, "a", &parameter));
    ck_assert_uint_eq(strlen(list.items[0].name), TVI_NAME_BYTES - 1);
    tvi_parameter_list_release(&list);
}
END_TEST

START_TEST(info_cuts_the_name_at_capacity)
{
    const size_t shape[] = {2, 3};
    tvi_parameter parameter = {0};
    tvi_parameter_list list = {0};
    size_t extents[TVAE_MAX_RANK];
    char name[4] = "???";
    int32_t rank = -1;

    ASSERT_OK(tvi_parameter_init(&parameter, 2, shape, false));
    ASSERT_OK(tvi_parameter_list_add(&list, "", "weight", &parameter));
    ASSERT_OK(tvi_parameter_list_info(&list, 0, name, sizeof name, &rank, extents, call));
    ck_assert_str_eq(name, "wei");
    ck_assert_int_eq(rank, 2);
    ck_assert_mem_eq(extents, shape, sizeof shape);
    ASSERT_OK(tvi_parameter_list_info(&list, 0, name, sizeof name, NULL, NULL, call));
    ASSERT_STATUS(tvi_parameter_list_info(&list, 1, name, sizeof name, NULL, NULL, call),
                  TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvi_parameter_list_info(&list, 0, NULL, 4, NULL, NULL, call),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvi_parameter_list_info(&list, 0, name, 0, NULL, NULL, call),
                  TVAE_E_INVALID);
    tvi_parameter_list_release(&list);
    tvi_parameter_release(&parameter);
}
END_TEST

START_TEST(set_refuses_non_finite_values_and_keeps_the_old)
{
    const float bad[] = {NAN, INFINITY, -INFINITY};
    const size_t shape[] = {3};
    tvi_parameter parameter = {0};
    tvi_parameter_list list = {0};
    tvae_tensor *value = NULL;

    ASSERT_OK(tvi_parameter_init(&parameter, 1, shape, false));
    ASSERT_OK(tvi_parameter_list_add(&list, "", "b", &parameter));
    ASSERT_OK(tvae_tensor_create(1, shape, &value));
    for (size_t i = 0; i < 3; i++) {
        tvae_tensor_data(value)[0] = 1.0f;
        tvae_tensor_data(value)[2] = bad[i];
        ASSERT_STATUS(tvi_parameter_list_set(&list, "b", value, call), TVAE_E_NUMERIC);
        ck_assert(parameter.value[0] == 0.0f && parameter.value[2] == 0.0f);
    }
    tvae_tensor_destroy(&value);
    tvi_parameter_list_release(&list);
    tvi_parameter_release(&parameter);
}
END_TEST

START_TEST(by_name_calls_reject_what_does_not_fit)
{
    const size_t shape[] = {3}, other[] = {3, 1};
    tvi_parameter parameter = {0};
    tvi_parameter_list list = {0}, empty = {0};
    tvae_tensor *fits = NULL, *longer = NULL;

    ASSERT_OK(tvi_parameter_init(&parameter, 1, shape, false));
    ASSERT_OK(tvi_parameter_list_add(&list, "", "b", &parameter));
    ASSERT_OK(tvae_tensor_create(1, shape, &fits));
    ASSERT_OK(tvae_tensor_create(2, other, &longer));
    ASSERT_STATUS(tvi_parameter_list_get(&list, NULL, fits, call), TVAE_E_INVALID);
    ASSERT_STATUS(tvi_parameter_list_get(&list, "b", NULL, call), TVAE_E_INVALID);
    ASSERT_STATUS(tvi_parameter_list_get(&list, "c", fits, call), TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvi_parameter_list_get(&empty, "b", fits, call), TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvi_parameter_list_get(&list, "b", longer, call), TVAE_E_SHAPE);
    ASSERT_STATUS(tvi_parameter_list_set(&list, "b", longer, call), TVAE_E_SHAPE);
    ASSERT_STATUS(tvi_parameter_list_get_gradient(&list, "b", fits, call), TVAE_E_STATE);
    ASSERT_OK(tvi_parameter_list_allocate_gradients(&list));
    ASSERT_OK(tvi_parameter_list_get_gradient(&list, "b", fits, call));
    tvae_tensor_destroy(&fits);
    tvae_tensor_destroy(&longer);
    tvi_parameter_list_release(&list);
    tvi_parameter_release(&parameter);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("layer parameter");
    TCase *tc = tcase_create("layer parameter");

    tcase_add_test(tc, init_rejects_sizes_that_overflow);
    tcase_add_test(tc, export_transposes_and_import_undoes_it);
    tcase_add_test(tc, list_finds_by_prefixed_name);
    tcase_add_test(tc, list_rejects_names_too_long);
    tcase_add_test(tc, info_cuts_the_name_at_capacity);
    tcase_add_test(tc, set_refuses_non_finite_values_and_keeps_the_old);
    tcase_add_test(tc, by_name_calls_reject_what_does_not_fit);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
