/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <string.h>

#include <Random123/philox.h>

#include "base/normal.h"
#include "base/rng.h"

enum { N_DRAWS = 100000 };

static float draws[N_DRAWS], again[N_DRAWS];

START_TEST(word_gives_the_published_philox_vectors)
{
    static const uint32_t zero[] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    tvi_rng rng;

    tvi_rng_init(&rng, 0, TVI_RNG_USER, 0);
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(tvi_rng_word(&rng), zero[i]);
}
END_TEST

/* Box-Muller of one block's words, in double. */
static void normals_of(const uint32_t words[4], double normals[4])
{
    for (size_t pair = 0; pair < 2; pair++) {
        const float u = ((float)(words[2 * pair] >> 8) + 0.5f) * 0x1p-24f;
        const double angle = (words[2 * pair + 1] >> 8) * 0x1p-24 * 2 * acos(-1.0);
        const double radius = sqrt(-2.0 * log((double)u));

        normals[2 * pair] = radius * cos(angle);
        normals[2 * pair + 1] = radius * sin(angle);
    }
}

static void assert_draws(const float *got, const uint32_t words[4])
{
    double wanted[4];

    normals_of(words, wanted);
    for (size_t i = 0; i < 4; i++)
        assert_near("draw", (double)got[i], wanted[i], 3e-7, 2e-7);
}

/* Published vectors: counter and key of the digits of pi, and of ones. */
START_TEST(normal_blocks_give_the_published_philox_vectors)
{
    static const uint32_t pi[] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
    static const uint32_t ones[] = {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
    float got[TVI_NORMAL_DRAWS];

    for (int level = 0; tvi_normal_function_at(level); level++) {
        tvi_normal_function_at(level)(0x299f31d0a4093822, 0x03707344, 0x13198a2e85a308d3,
                                      0x243f6a88, got);
        assert_draws(got, pi);
        tvi_normal_function_at(level)(UINT64_MAX, UINT32_MAX, UINT64_MAX, UINT32_MAX,
                                      got);
        assert_draws(got, ones);
    }
}
END_TEST

START_TEST(fill_normal_matches_random123_and_the_formula)
{
    const philox4x32_key_t key = {{42, 0}};

    tvi_rng_fill_normal(42, TVI_RNG_NOISE_U, 7, 0, N_DRAWS, draws);
    for (uint32_t block = 0; block < N_DRAWS / 4; block++) {
        const philox4x32_ctr_t counter = {{block, 7, 0, TVI_RNG_NOISE_U}};
        const philox4x32_ctr_t words = philox4x32(counter, key);

        assert_draws(draws + 4 * block, words.v);
    }
}
END_TEST

START_TEST(fill_normal_is_equal_to_the_bit_at_every_level)
{
    ASSERT_OK(tvae_set_kernel_level(TVAE_KERNEL_PORTABLE));
    tvi_rng_fill_normal(3, TVI_RNG_NOISE_Z, 1, 0, N_DRAWS, draws);
    for (int level = TVAE_KERNEL_AVX2; level <= TVAE_KERNEL_AVX512; level++) {
        ASSERT_OK(tvae_set_kernel_level(level));
        tvi_rng_fill_normal(3, TVI_RNG_NOISE_Z, 1, 0, N_DRAWS, again);
        ck_assert_mem_eq(draws, again, sizeof draws);
    }
}
END_TEST

START_TEST(fill_normal_gives_the_same_draw_at_the_same_address)
{
    static const size_t starts[] = {0, 1, 2, 3, 4, 255, 256, 257, 1021};
    static const size_t counts[] = {0, 1, 3, 5, 253, 256, 1000};

    tvi_rng_fill_normal(3, TVI_RNG_NOISE_Z, 1, 0, 4096, draws);
    for (size_t s = 0; s < sizeof starts / sizeof starts[0]; s++)
        for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++) {
            again[counts[c]] = 99.0f;
            tvi_rng_fill_normal(3, TVI_RNG_NOISE_Z, 1, starts[s], counts[c], again);
            ck_assert_mem_eq(again, draws + starts[s], counts[c] * sizeof *draws);
            ck_assert(again[counts[c]] == 99.0f);
        }
}
END_TEST

START_TEST(fill_normal_separates_streams)
{
    static const uint64_t streams[][3] = {{1, 0, 0},          {2, 0, 0},
                                          {1, 1, 0},          {1, 0, 1},
                                          {1ull << 32, 0, 0}, {1, 0, 1ull << 32}};
    enum { N_STREAMS = sizeof streams / sizeof streams[0] };
    float first[N_STREAMS];

    for (size_t i = 0; i < N_STREAMS; i++) {
        tvi_rng_fill_normal(streams[i][0], (tvi_rng_purpose)streams[i][1], streams[i][2],
                            0, 1, first + i);
        for (size_t j = 0; j < i; j++)
            ck_assert(first[i] != first[j]);
    }
}
END_TEST

/* Moments of 100,000 draws, to about five standard errors. */
START_TEST(fill_normal_is_standard)
{
    double sum = 0.0, squares = 0.0, products = 0.0, fourth = 0.0;

    tvi_rng_fill_normal(5, TVI_RNG_USER, 0, 0, N_DRAWS, draws);
    for (size_t i = 0; i < N_DRAWS; i++) {
        const double x = (double)draws[i];

        ck_assert(isfinite(x));
        sum += x;
        squares += x * x;
        fourth += x * x * x * x;
        products += i ? x * (double)draws[i - 1] : 0.0;
    }
    assert_near("mean", sum / N_DRAWS, 0.0, 0.0, 0.016);
    assert_near("variance", squares / N_DRAWS, 1.0, 0.0, 0.023);
    assert_near("fourth moment", fourth / N_DRAWS, 3.0, 0.0, 0.16);
    assert_near("correlation of neighbours", products / N_DRAWS, 0.0, 0.0, 0.016);
}
END_TEST

START_TEST(fill_uniform_stays_in_range_and_repeats)
{
    double sum = 0.0;

    tvi_rng_fill_uniform(5, TVI_RNG_PARAMETERS, 2, -0.5f, 1.5f, N_DRAWS, draws);
    tvi_rng_fill_uniform(5, TVI_RNG_PARAMETERS, 2, -0.5f, 1.5f, 1001, again);
    ck_assert_mem_eq(draws, again, 1001 * sizeof *draws);
    for (size_t i = 0; i < N_DRAWS; i++) {
        ck_assert(draws[i] >= -0.5f && draws[i] < 1.5f);
        sum += (double)draws[i];
    }
    assert_near("mean", sum / N_DRAWS, 0.5, 0.0, 0.01);
}
END_TEST

START_TEST(below_covers_its_range_evenly)
{
    unsigned counts[7] = {0};
    tvi_rng rng;

    tvi_rng_init(&rng, 11, TVI_RNG_ORDER, 3);
    for (int i = 0; i < 70000; i++) {
        const uint32_t value = tvi_rng_below(&rng, 7);

        ck_assert_uint_lt(value, 7);
        counts[value]++;
    }
    for (size_t i = 0; i < 7; i++)
        ck_assert(counts[i] > 9500 && counts[i] < 10500);
    ck_assert_uint_eq(tvi_rng_below(&rng, 1), 0);
}
END_TEST

START_TEST(uniform_stays_in_range)
{
    double sum = 0.0;
    tvi_rng rng;

    tvi_rng_init(&rng, 11, TVI_RNG_TRANSFORM, 3);
    for (int i = 0; i < 10000; i++) {
        const double value = tvi_rng_uniform(&rng);

        ck_assert(value >= 0.0 && value < 1.0);
        sum += value;
    }
    assert_near("mean", sum / 10000, 0.5, 0.0, 0.015);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("rng");
    TCase *tests = tcase_create("rng");

    tcase_add_test(tests, word_gives_the_published_philox_vectors);
    tcase_add_test(tests, normal_blocks_give_the_published_philox_vectors);
    tcase_add_test(tests, fill_normal_matches_random123_and_the_formula);
    tcase_add_test(tests, fill_normal_is_equal_to_the_bit_at_every_level);
    tcase_add_test(tests, fill_normal_gives_the_same_draw_at_the_same_address);
    tcase_add_test(tests, fill_normal_separates_streams);
    tcase_add_test(tests, fill_normal_is_standard);
    tcase_add_test(tests, fill_uniform_stays_in_range_and_repeats);
    tcase_add_test(tests, below_covers_its_range_evenly);
    tcase_add_test(tests, uniform_stays_in_range);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
