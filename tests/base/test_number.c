/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>

#include "base/number.h"

static void check_round_trip(double value, const char *want)
{
    char text[TVI_NUMBER_TEXT];
    double back = -1.0;

    ck_assert_str_eq(tvi_format_real(value, text), want);
    ck_assert(tvi_parse_real(text, &back));
    ck_assert_msg(back == value, "%s reads back as %.17g", text, back);
}

START_TEST(format_real_is_short_and_exact)
{
    check_round_trip(0.9, "0.9");
    check_round_trip(1e-4, "0.0001");
    check_round_trip(1.0 / 3.0, "0.3333333333333333");
    check_round_trip(-2.5e-300, "-2.5e-300");
    check_round_trip(0.1 + 0.2, "0.30000000000000004");
}
END_TEST

START_TEST(numbers_ignore_the_host_locale)
{
    static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "nl_NL.UTF-8",
                                        "de_DE.utf8", "ru_RU.UTF-8"};
    bool found = false;

    for (size_t i = 0; i < sizeof names / sizeof names[0] && !found; i++)
        found = setlocale(LC_ALL, names[i]) && *localeconv()->decimal_point == ',';
    if (!found)
        printf("no locale with a decimal comma here: tested in the C locale only\n");
    check_round_trip(0.125, "0.125");
    (void)setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(parse_refuses_what_is_no_number)
{
    static const char *const bad[] = {"",    " 1",    "1 ",  "1,5",   "nan", "inf",
                                      "0x1", "1e999", "--1", "1.5.2", "e"};
    double real = 7.0;
    int64_t integer = 7;
    uint64_t count = 7;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(!tvi_parse_real(bad[i], &real), "\"%s\" is taken", bad[i]);
        ck_assert_msg(!tvi_parse_integer(bad[i], &integer), "\"%s\" is taken", bad[i]);
    }
    ck_assert(!tvi_parse_integer("9223372036854775808", &integer));
    ck_assert(!tvi_parse_integer("1.0", &integer));
    ck_assert(!tvi_parse_unsigned("-1", &count));
    ck_assert(!tvi_parse_unsigned("18446744073709551616", &count));
    ck_assert(real == 7.0 && integer == 7 && count == 7);
    ck_assert(tvi_parse_integer("-9223372036854775808", &integer));
    ck_assert(integer == INT64_MIN);
    ck_assert(tvi_parse_unsigned("18446744073709551615", &count));
    ck_assert(count == UINT64_MAX);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("number");
    TCase *tcase = tcase_create("unit");

    tcase_add_test(tcase, format_real_is_short_and_exact);
    tcase_add_test(tcase, numbers_ignore_the_host_locale);
    tcase_add_test(tcase, parse_refuses_what_is_no_number);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
