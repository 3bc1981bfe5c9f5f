/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <string.h>

#include "base/edit_distance.h"

START_TEST(distance_counts_single_changes)
{
    ck_assert_uint_eq(tvi_edit_distance("", ""), 0);
    ck_assert_uint_eq(tvi_edit_distance("", "roll"), 4);
    ck_assert_uint_eq(tvi_edit_distance("window", "window"), 0);
    ck_assert_uint_eq(tvi_edit_distance("Window", "winDow"), 0);
    ck_assert_uint_eq(tvi_edit_distance("learning_rat", "learning_rate"), 1);
    ck_assert_uint_eq(tvi_edit_distance("kitten", "sitting"), 3);
    ck_assert_uint_eq(tvi_edit_distance("sitting", "kitten"), 3);
}
END_TEST

START_TEST(distance_looks_at_the_first_bytes_of_long_names)
{
    char long_name[1000];

    memset(long_name, 'a', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    ck_assert_uint_eq(tvi_edit_distance(long_name, ""), 64);
    ck_assert_uint_eq(tvi_edit_distance(long_name, long_name), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("edit_distance");
    TCase *tests = tcase_create("edit_distance");

    tcase_add_test(tests, distance_counts_single_changes);
    tcase_add_test(tests, distance_looks_at_the_first_bytes_of_long_names);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
