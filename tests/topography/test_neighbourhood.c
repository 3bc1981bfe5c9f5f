/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t count_shifting(int64_t frames, int64_t capsule, int64_t off_diagonal)
{
    tvae_neighbourhood *n = NULL;
    size_t count;

    ASSERT_OK(tvae_neighbourhood_create_shifting(frames, capsule, off_diagonal, &n));
    count = tvae_neighbourhood_count(n);
    tvae_neighbourhood_destroy(&n);
    ck_assert_ptr_null(n);
    return count;
}

static size_t count_stationary(int64_t frames, int64_t d1, int64_t d2, int64_t d3)
{
    const int64_t window[] = {frames, d1, d2, d3};
    tvae_neighbourhood *n = NULL;
    size_t count;

    ASSERT_OK(tvae_neighbourhood_create_stationary(window, &n));
    count = tvae_neighbourhood_count(n);
    tvae_neighbourhood_destroy(&n);
    return count;
}

/* The table of the reference's experiments. */
START_TEST(create_shifting_counts_the_experiments_taps)
{
    ck_assert_uint_eq(count_shifting(13, 13, 1), 37);
    ck_assert_uint_eq(count_shifting(18, 18, 1), 52);
    ck_assert_uint_eq(count_shifting(5, 5, 1), 13);
    ck_assert_uint_eq(count_shifting(15, 15, 0), 15);
    ck_assert_uint_eq(count_shifting(10, 10, 0), 10);
    ck_assert_uint_eq(count_shifting(5, 5, 0), 5);
    ck_assert_uint_eq(count_shifting(5, 5, 100), 25);
    ck_assert_uint_eq(count_shifting(1, 3, 0), 1);
}
END_TEST

START_TEST(create_stationary_counts_the_experiments_taps)
{
    ck_assert_uint_eq(count_stationary(5, 3, 1, 1), 15);
    ck_assert_uint_eq(count_stationary(5, 5, 1, 1), 25);
    ck_assert_uint_eq(count_stationary(1, 3, 1, 1), 3);
    ck_assert_uint_eq(count_stationary(1, 5, 5, 1), 25);
    ck_assert_uint_eq(count_stationary(2, 3, 4, 5), 120);
}
END_TEST

/* An even window reaches one step further ahead, and the band is cut at its corners. */
START_TEST(create_shifting_spans_its_window)
{
    tvae_neighbourhood *n = NULL;
    int64_t low = 0, high = 0, o[TVAE_OFFSET_AXES];
    float weight;

    ASSERT_OK(tvae_neighbourhood_create_shifting(18, 18, 1, &n));
    for (size_t i = 0; i < tvae_neighbourhood_count(n); i++) {
        ASSERT_OK(tvae_neighbourhood_offset(n, i, o, &weight));
        ck_assert_int_le(llabs(o[0] - o[1]), 1);
        ck_assert_int_ge(o[1], -8);
        ck_assert_int_le(o[1], 9);
        ck_assert_int_eq(o[2], 0);
        ck_assert_int_eq(o[3], 0);
        ck_assert(weight == 1.0f);
        low = o[0] < low ? o[0] : low;
        high = o[0] > high ? o[0] : high;
    }
    ck_assert_int_eq(low, -8);
    ck_assert_int_eq(high, 9);
    ASSERT_STATUS(tvae_neighbourhood_offset(n, 52, o, &weight), TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvae_neighbourhood_offset(NULL, 0, o, &weight), TVAE_E_INVALID);
    ASSERT_OK(tvae_neighbourhood_offset(n, 0, NULL, NULL));
    tvae_neighbourhood_destroy(&n);
}
END_TEST

/* Every frame of the range has the whole band. */
START_TEST(create_shifting_range_lists_the_whole_band)
{
    tvae_neighbourhood *n = NULL;
    int64_t o[TVAE_OFFSET_AXES];
    size_t index = 0;

    ASSERT_OK(tvae_neighbourhood_create_shifting_range(-4, -1, 2, &n));
    ck_assert_uint_eq(tvae_neighbourhood_count(n), 4 * 5);
    for (int64_t a = -4; a <= -1; a++)
        for (int64_t d = a - 2; d <= a + 2; d++, index++) {
            ASSERT_OK(tvae_neighbourhood_offset(n, index, o, NULL));
            ck_assert_int_eq(o[0], a);
            ck_assert_int_eq(o[1], d);
            ck_assert_int_eq(o[2], 0);
            ck_assert_int_eq(o[3], 0);
        }
    tvae_neighbourhood_destroy(&n);
    ASSERT_OK(tvae_neighbourhood_create_shifting_range(-4095, 4096, 0, &n));
    ck_assert_uint_eq(tvae_neighbourhood_count(n), 8192);
    tvae_neighbourhood_destroy(&n);
}
END_TEST

START_TEST(create_shifting_range_rejects_bad_arguments)
{
    tvae_neighbourhood *n = NULL;

    ASSERT_STATUS(tvae_neighbourhood_create_shifting_range(1, 0, 1, &n), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_shifting_range(-4096, 0, 1, &n),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_shifting_range(0, 4096, 1, &n),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_shifting_range(INT64_MIN, INT64_MAX, 0, &n),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_shifting_range(-1, 0, -1, &n),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_shifting_range(-1, 0, 1, NULL),
                  TVAE_E_INVALID);
    ck_assert_ptr_null(n);
}
END_TEST

static void assert_described(tvae_neighbourhood *n, const char *want)
{
    char text[2048];
    size_t needed = 0;

    ASSERT_OK(tvae_neighbourhood_describe(n, NULL, 0, &needed));
    ck_assert_uint_eq(needed, strlen(want) + 1);
    memset(text, 'x', sizeof text);
    ASSERT_STATUS(tvae_neighbourhood_describe(n, text, needed - 1, NULL), TVAE_E_INVALID);
    ck_assert_str_eq(text, "");
    ASSERT_OK(tvae_neighbourhood_describe(n, text, needed, NULL));
    ck_assert_str_eq(text, want);
    ck_assert(text[needed] == 'x');
}

START_TEST(describe_draws_frames_by_places)
{
    const int64_t two[] = {-1, 0, 0, 0, 0, 2, 0, 0};
    const float weights[] = {0.5f, 1.0f};
    tvae_neighbourhood *n = NULL;

    ASSERT_OK(tvae_neighbourhood_create_shifting_range(-2, 0, 0, &n));
    assert_described(n, "# weight 1, + another weight, . none\n"
                        "frames down, places along d1 across\n"
                        "          -2    -1    +0\n"
                        "    -2     #     .     .\n"
                        "    -1     .     #     .\n"
                        "    +0     .     .     #\n");
    tvae_neighbourhood_destroy(&n);
    ASSERT_OK(tvae_neighbourhood_create_offsets(2, two, weights, &n));
    assert_described(n, "# weight 1, + another weight, . none\n"
                        "frames down, places along d1 across\n"
                        "          +0    +1    +2\n"
                        "    -1     +     .     .\n"
                        "    +0     .     .     #\n");
    tvae_neighbourhood_destroy(&n);
}
END_TEST

START_TEST(describe_draws_a_grid_for_each_frame_of_a_torus)
{
    const int64_t window[] = {1, 2, 3, 1}, far[] = {-1, 0, 0, 1};
    tvae_neighbourhood *n = NULL;

    ASSERT_OK(tvae_neighbourhood_create_stationary(window, &n));
    assert_described(n, "# weight 1, + another weight, . none\n"
                        "frame    +0, d3    +0: d1 down, d2 across\n"
                        "          -1    +0    +1\n"
                        "    +0     #     #     #\n"
                        "    +1     #     #     #\n");
    tvae_neighbourhood_destroy(&n);
    ASSERT_OK(tvae_neighbourhood_create_offsets(1, far, NULL, &n));
    assert_described(n, "# weight 1, + another weight, . none\n"
                        "frame    -1, d3    +0: d1 down, d2 across\n"
                        "          +0\n"
                        "    +0     .\n"
                        "frame    -1, d3    +1: d1 down, d2 across\n"
                        "          +0\n"
                        "    +0     #\n"
                        "frame    +0, d3    +0: d1 down, d2 across\n"
                        "          +0\n"
                        "    +0     .\n"
                        "frame    +0, d3    +1: d1 down, d2 across\n"
                        "          +0\n"
                        "    +0     .\n");
    tvae_neighbourhood_destroy(&n);
}
END_TEST

START_TEST(describe_rejects_bad_arguments)
{
    const int64_t wide[] = {-4096, -4096, 0, 0, 4096, 4096, 0, 0};
    tvae_neighbourhood *n = NULL;
    char text[8] = "before";
    size_t needed = 0;

    ASSERT_STATUS(tvae_neighbourhood_describe(NULL, text, 8, NULL), TVAE_E_INVALID);
    ck_assert_str_eq(text, "");
    ASSERT_OK(tvae_neighbourhood_create_offsets(2, wide, NULL, &n));
    ASSERT_STATUS(tvae_neighbourhood_describe(n, NULL, 8, NULL), TVAE_E_INVALID);
    ASSERT_OK(tvae_neighbourhood_describe(n, NULL, 0, &needed));
    ck_assert_uint_gt(needed, 6u * 8193u * 8193u);
    tvae_neighbourhood_destroy(&n);
}
END_TEST

START_TEST(create_stationary_lists_the_box)
{
    const int64_t window[] = {1, 2, 3, 1};
    const int64_t want[][TVAE_OFFSET_AXES] = {{0, 0, -1, 0}, {0, 0, 0, 0}, {0, 0, 1, 0},
                                              {0, 1, -1, 0}, {0, 1, 0, 0}, {0, 1, 1, 0}};
    tvae_neighbourhood *n = NULL;
    int64_t o[TVAE_OFFSET_AXES];

    ASSERT_OK(tvae_neighbourhood_create_stationary(window, &n));
    ck_assert_uint_eq(tvae_neighbourhood_count(n), 6);
    for (size_t i = 0; i < 6; i++) {
        ASSERT_OK(tvae_neighbourhood_offset(n, i, o, NULL));
        ck_assert_mem_eq(o, want[i], sizeof o);
    }
    tvae_neighbourhood_destroy(&n);
}
END_TEST

START_TEST(create_offsets_copies_its_list)
{
    int64_t offsets[] = {-4096, 4096, 0, 1, 0, 0, 0, 0};
    float weights[] = {0.5f, 0.0f}, weight;
    int64_t o[TVAE_OFFSET_AXES];
    tvae_neighbourhood *n = NULL;

    ASSERT_OK(tvae_neighbourhood_create_offsets(2, offsets, weights, &n));
    offsets[0] = 7;
    weights[0] = 7.0f;
    ASSERT_OK(tvae_neighbourhood_offset(n, 0, o, &weight));
    ck_assert_int_eq(o[0], -4096);
    ck_assert_int_eq(o[3], 1);
    ck_assert(weight == 0.5f);
    ASSERT_OK(tvae_neighbourhood_offset(n, 1, o, &weight));
    ck_assert(weight == 0.0f);
    tvae_neighbourhood_destroy(&n);
    ASSERT_OK(tvae_neighbourhood_create_offsets(2, offsets, NULL, &n));
    ASSERT_OK(tvae_neighbourhood_offset(n, 0, NULL, &weight));
    ck_assert(weight == 1.0f);
    tvae_neighbourhood_destroy(&n);
}
END_TEST

START_TEST(create_rejects_bad_arguments)
{
    const int64_t zero_window[] = {1, 0, 1, 1}, huge_window[] = {4096, 4096, 4096, 4096};
    const int64_t twice[] = {0, 1, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0};
    const int64_t far[] = {0, 4097, 0, 0}, centre[] = {0, 0, 0, 0};
    const float nan_weight[] = {NAN}, negative[] = {-1.0f};
    tvae_neighbourhood *n = NULL;

    ASSERT_STATUS(tvae_neighbourhood_create_shifting(0, 3, 1, &n), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_shifting(3, 4097, 1, &n), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_shifting(3, 3, -1, &n), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_shifting(3, 3, 1, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_stationary(zero_window, &n), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_stationary(huge_window, &n), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_stationary(NULL, &n), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_stationary(twice, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_offsets(3, twice, NULL, &n), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_offsets(1, far, NULL, &n), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_offsets(1, centre, nan_weight, &n),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_offsets(1, centre, negative, &n),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_offsets(0, centre, NULL, &n), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_offsets(1, NULL, NULL, &n), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_neighbourhood_create_offsets(1, centre, NULL, NULL),
                  TVAE_E_INVALID);
    ck_assert_ptr_null(n);
    ck_assert_uint_eq(tvae_neighbourhood_count(NULL), 0);
    ck_assert_ptr_null(tvae_neighbourhood_retain(NULL));
    tvae_neighbourhood_destroy(NULL);
}
END_TEST

START_TEST(destroy_keeps_what_others_hold)
{
    tvae_neighbourhood *n = NULL, *second;

    ASSERT_OK(tvae_neighbourhood_create_shifting(3, 3, 0, &n));
    second = tvae_neighbourhood_retain(n);
    tvae_neighbourhood_destroy(&n);
    ck_assert_uint_eq(tvae_neighbourhood_count(second), 3);
    tvae_neighbourhood_destroy(&second);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("neighbourhood");
    TCase *tc = tcase_create("neighbourhood");

    tcase_add_test(tc, create_shifting_counts_the_experiments_taps);
    tcase_add_test(tc, create_stationary_counts_the_experiments_taps);
    tcase_add_test(tc, create_shifting_spans_its_window);
    tcase_add_test(tc, create_stationary_lists_the_box);
    tcase_add_test(tc, create_offsets_copies_its_list);
    tcase_add_test(tc, create_rejects_bad_arguments);
    tcase_add_test(tc, destroy_keeps_what_others_hold);
    tcase_add_test(tc, create_shifting_range_lists_the_whole_band);
    tcase_add_test(tc, create_shifting_range_rejects_bad_arguments);
    tcase_add_test(tc, describe_draws_frames_by_places);
    tcase_add_test(tc, describe_draws_a_grid_for_each_frame_of_a_torus);
    tcase_add_test(tc, describe_rejects_bad_arguments);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
