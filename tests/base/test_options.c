/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <string.h>

#include "base/options.h"

/* Three ages of one options struct: the first release, this build, a later build. */
typedef struct tvi_first {
    size_t size;
    int64_t a;
} tvi_first;

typedef struct tvi_present {
    size_t size;
    int64_t a, b;
} tvi_present;

typedef struct tvi_future {
    size_t size;
    int64_t a, b, c;
} tvi_future;

static tvae_status import(tvi_present *known, const void *source)
{
    known->size = sizeof *known;
    known->a = 10;
    known->b = 20;
    return tvi_options_import(known, sizeof *known, sizeof(tvi_first), source, "call");
}

START_TEST(import_keeps_defaults_for_null_and_old_callers)
{
    const tvi_first old = {sizeof old, 1};
    tvi_present known;

    ASSERT_OK(import(&known, NULL));
    ck_assert(known.a == 10 && known.b == 20);
    ASSERT_OK(import(&known, &old));
    ck_assert(known.a == 1 && known.b == 20 && known.size == sizeof known);
}
END_TEST

START_TEST(import_takes_newer_callers_with_a_zero_tail)
{
    tvi_future newer = {sizeof newer, 1, 2, 0};
    tvi_present known;

    ASSERT_OK(import(&known, &newer));
    ck_assert(known.a == 1 && known.b == 2 && known.size == sizeof known);
    newer.c = 3;
    ASSERT_STATUS(import(&known, &newer), TVAE_E_UNSUPPORTED);
    ck_assert(known.a == 10 && known.b == 20);
}
END_TEST

START_TEST(import_rejects_impossible_sizes)
{
    tvi_present source = {0, 1, 2}, known;

    ASSERT_STATUS(import(&known, &source), TVAE_E_INVALID);
    source.size = sizeof(tvi_first) - 1;
    ASSERT_STATUS(import(&known, &source), TVAE_E_INVALID);
    source.size = 4097;
    ASSERT_STATUS(import(&known, &source), TVAE_E_INVALID);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "4097"));
    ck_assert(known.a == 10 && known.b == 20);
}
END_TEST

START_TEST(export_fills_structs_of_every_age)
{
    const tvi_present defaults = {sizeof defaults, 10, 20};
    tvi_first old[2] = {{7, 7}, {7, 7}};
    tvi_future newer = {7, 7, 7, 7};

    ASSERT_OK(tvi_options_export(old, sizeof old[0], sizeof old[0], &defaults,
                                 sizeof defaults, "call"));
    ck_assert(old[0].size == sizeof old[0] && old[0].a == 10);
    ck_assert(old[1].size == 7 && old[1].a == 7);
    ASSERT_OK(tvi_options_export(&newer, sizeof newer, sizeof old[0], &defaults,
                                 sizeof defaults, "call"));
    ck_assert(newer.size == sizeof newer && newer.a == 10 && newer.b == 20 &&
              newer.c == 0);
}
END_TEST

START_TEST(export_rejects_null_and_impossible_sizes)
{
    const tvi_present defaults = {sizeof defaults, 10, 20};
    tvi_present target = {7, 7, 7};

    ASSERT_STATUS(tvi_options_export(NULL, sizeof target, sizeof target, &defaults,
                                     sizeof defaults, "call"),
                  TVAE_E_INVALID);
    ASSERT_STATUS(
        tvi_options_export(&target, 8, sizeof target, &defaults, sizeof defaults, "call"),
        TVAE_E_INVALID);
    ck_assert(target.size == 7);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("options");
    TCase *tests = tcase_create("options");

    tcase_add_test(tests, import_keeps_defaults_for_null_and_old_callers);
    tcase_add_test(tests, import_takes_newer_callers_with_a_zero_tail);
    tcase_add_test(tests, import_rejects_impossible_sizes);
    tcase_add_test(tests, export_fills_structs_of_every_age);
    tcase_add_test(tests, export_rejects_null_and_impossible_sizes);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
