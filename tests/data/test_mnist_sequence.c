/* SPDX-License-Identifier: MIT */
#include "data/hue.h"
#include "data/mnist_sequence.h"
#include "data/perspective.h"
#include "data/warp.h"
#include "support.h"

enum { HEIGHT = 9, WIDTH = 12, PIXELS = HEIGHT * WIDTH, FRAME = 3 * PIXELS };
enum { N_DRAWS = 20000, TURN_AND_HUE = 1 << TVI_MNIST_ROTATION | 1 << TVI_MNIST_HUE };

START_TEST(hue_of_red_is_exact_at_the_corners)
{
    /* red, yellow, green, cyan, blue, magenta */
    static const float corners[6][3] = {{1, 0, 0}, {1, 1, 0}, {0, 1, 0},
                                        {0, 1, 1}, {0, 0, 1}, {1, 0, 1}};

    for (int turn = -2; turn <= 2; turn++)
        for (int corner = 0; corner < 6; corner++) {
            float colour[3];

            tvi_hue_of_red(360.0 * turn + 60.0 * corner, colour);
            for (size_t channel = 0; channel < 3; channel++)
                ck_assert(colour[channel] == corners[corner][channel]);
        }
}
END_TEST

/* GOLDEN 5.2's table of colours, read over 3; column x = 20 k. */
START_TEST(hue_of_red_gives_the_table)
{
    static const int thirds[3][18] = {
        {0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 3, 3, 3, 2, 1, 0, 0, 0},
        {3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 3, 3, 3},
        {3, 3, 3, 3, 3, 3, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 1, 2}};

    for (uint32_t k = 0; k < 18; k++) {
        float colour[3];

        tvi_hue_of_red(tvi_mnist_hue(k), colour);
        for (size_t channel = 0; channel < 3; channel++) {
            const double want = thirds[channel][k] / 3.0;

            assert_near("colour", (double)colour[channel], want, 0.0, 1e-6);
            if (thirds[channel][k] == 0) /* products with it must vanish exactly */
                ck_assert(colour[channel] == 0.0f);
        }
    }
}
END_TEST

START_TEST(hue_shift_turns_any_colour)
{
    /* grey, black, white and half-saturated pixels; planes of red, green, blue */
    const float rgb[3][4] = {
        {0.5f, 0.0f, 1.0f, 0.75f}, {0.5f, 0.0f, 1.0f, 0.25f}, {0.5f, 0.0f, 1.0f, 0.25f}};
    const float third[3][4] = {
        {0.5f, 0.0f, 1.0f, 0.25f}, {0.5f, 0.0f, 1.0f, 0.75f}, {0.5f, 0.0f, 1.0f, 0.25f}};
    float shifted[12];

    tvi_hue_shift(4, rgb[0], 120.0, shifted);
    assert_close("turned by a third", shifted, third[0], 12, 0.0, 1e-7);
    tvi_hue_shift(4, shifted, -120.0, shifted);
    assert_close("turned back in place", shifted, rgb[0], 12, 0.0, 1e-7);
}
END_TEST

/* The general path on an image with red alone is the fast one. */
START_TEST(hue_shift_of_red_is_red_times_colour)
{
    float rgb[FRAME] = {0}, shifted[FRAME];

    fill_uniform(rgb, PIXELS, 0.0, 1.0, 11);
    rgb[3] = 0.0f;
    rgb[4] = 1.0f;
    for (uint32_t k = 0; k < 18; k++) {
        float colour[3];

        tvi_hue_shift(PIXELS, rgb, tvi_mnist_hue(k), shifted);
        tvi_hue_of_red(tvi_mnist_hue(k), colour);
        for (size_t i = 0; i < FRAME; i++)
            assert_near("pixel", (double)shifted[i],
                        (double)(rgb[i % PIXELS] * colour[i / PIXELS]), 0.0, 1e-6);
    }
}
END_TEST

START_TEST(frame_values_run_and_wrap)
{
    uint32_t values[3];

    for (uint32_t running = 0; running < 8; running++) {
        const tvi_mnist_choice choice = {
            .transform = TVAE_TRANSFORM_RANDOM, .running = running, .values = {3, 16, 5}};

        for (uint32_t frame = 0; frame < 18; frame++) {
            tvi_mnist_frame_values(&choice, frame, values);
            for (size_t factor = 0; factor < 3; factor++)
                ck_assert_uint_eq(
                    values[factor],
                    (choice.values[factor] + (running >> factor & 1) * frame) % 18);
        }
    }
}
END_TEST

/* Each frame is the warp and the hue shift of the digit as an RGB image. */
static void check_render(int32_t transform, uint32_t running)
{
    const tvi_mnist_choice choice = {
        .transform = transform, .running = running, .values = {7, 11, 4}};
    float digit[PIXELS], padded[(HEIGHT + 2) * (WIDTH + 2)], plane[PIXELS];
    static float x[18 * FRAME];

    fill_uniform(digit, PIXELS, 0.0, 1.0, 12);
    tvi_warp_pad(HEIGHT, WIDTH, digit, padded);
    tvi_mnist_render(&choice, HEIGHT, WIDTH, padded, plane, x);
    for (uint32_t frame = 0; frame < 18; frame++) {
        float want[FRAME] = {0};
        uint32_t values[3];

        tvi_mnist_frame_values(&choice, frame, values);
        if (transform == TVAE_TRANSFORM_PERSPECTIVE)
            tvi_perspective_warp(HEIGHT, WIDTH, padded, 20.0 * values[0], want);
        else
            tvi_warp(HEIGHT, WIDTH, padded, 20.0 * values[0],
                     transform == TVAE_TRANSFORM_RANDOM ? tvi_mnist_scale(values[1])
                                                        : 1.0,
                     want);
        tvi_hue_shift(PIXELS, want, tvi_mnist_hue(values[2]), want);
        assert_close("frame", x + frame * FRAME, want, FRAME, 0.0, 1e-6);
    }
}

START_TEST(render_is_warp_then_hue)
{
    for (uint32_t factor = 0; factor < 3; factor++)
        check_render(TVAE_TRANSFORM_RANDOM, 1u << factor);
    check_render(TVAE_TRANSFORM_DUAL, TURN_AND_HUE);
    check_render(TVAE_TRANSFORM_PERSPECTIVE, TURN_AND_HUE);
}
END_TEST

static void assert_uniform(const char *what, const size_t *counts, size_t n, double bound)
{
    const double want = N_DRAWS / (double)n;
    double spread = 0.0;

    for (size_t i = 0; i < n; i++)
        spread += ((double)counts[i] - want) * ((double)counts[i] - want) / want;
    ck_assert_msg(spread < bound, "chi-squared of %s is %g", what, spread);
}

/* Chi-squared of 20,000 draws; the bounds are exceeded once in a million good streams. */
START_TEST(random_draws_are_uniform)
{
    size_t running[3] = {0}, values[3][18] = {{0}};

    for (uint64_t draw = 0; draw < N_DRAWS; draw++) {
        tvi_mnist_choice choice;
        tvi_rng rng;

        tvi_rng_init(&rng, 99, TVI_RNG_TRANSFORM, draw);
        tvi_mnist_draw(&rng, TVAE_TRANSFORM_RANDOM, &choice);
        ck_assert_int_eq(choice.transform, TVAE_TRANSFORM_RANDOM);
        ck_assert(choice.running == 1 || choice.running == 2 || choice.running == 4);
        running[choice.running / 2]++;
        for (size_t factor = 0; factor < 3; factor++)
            values[factor][choice.values[factor]]++;
    }
    assert_uniform("the running factor", running, 3, 27.6);
    for (size_t factor = 0; factor < 3; factor++)
        assert_uniform("a factor's value", values[factor], 18, 60.0);
}
END_TEST

START_TEST(draws_of_rotation_fix_the_others_at_random)
{
    size_t values[3][18] = {{0}};

    for (uint64_t draw = 0; draw < N_DRAWS; draw++) {
        tvi_mnist_choice choice;
        tvi_rng rng;

        tvi_rng_init(&rng, 97, TVI_RNG_TRANSFORM, draw);
        tvi_mnist_draw(&rng, TVAE_TRANSFORM_ROTATION, &choice);
        ck_assert_uint_eq(choice.running, 1 << TVI_MNIST_ROTATION);
        for (size_t factor = 0; factor < 3; factor++)
            values[factor][choice.values[factor]]++;
    }
    for (size_t factor = 0; factor < 3; factor++)
        assert_uniform("a factor's value", values[factor], 18, 60.0);
}
END_TEST

/* Turn and hue run together with starts that are independent of each other. */
START_TEST(draws_of_two_running_factors_are_independent)
{
    static const int32_t transforms[] = {TVAE_TRANSFORM_DUAL, TVAE_TRANSFORM_PERSPECTIVE};

    for (size_t i = 0; i < 2; i++) {
        size_t starts[18 * 18] = {0};

        for (uint64_t draw = 0; draw < N_DRAWS; draw++) {
            tvi_mnist_choice choice;
            tvi_rng rng;

            tvi_rng_init(&rng, 98, TVI_RNG_TRANSFORM, draw);
            tvi_mnist_draw(&rng, transforms[i], &choice);
            ck_assert_int_eq(choice.transform, transforms[i]);
            ck_assert_uint_eq(choice.running, TURN_AND_HUE);
            ck_assert_uint_eq(choice.values[1], 10); /* 0.99, the nearest to 1 */
            starts[choice.values[0] * 18 + choice.values[2]]++;
        }
        assert_uniform("the pair of starts", starts, 18 * 18, 459.0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mnist_sequence");
    TCase *tc = tcase_create("mnist_sequence");

    tcase_add_test(tc, hue_of_red_is_exact_at_the_corners);
    tcase_add_test(tc, hue_of_red_gives_the_table);
    tcase_add_test(tc, hue_shift_turns_any_colour);
    tcase_add_test(tc, hue_shift_of_red_is_red_times_colour);
    tcase_add_test(tc, frame_values_run_and_wrap);
    tcase_add_test(tc, render_is_warp_then_hue);
    tcase_add_test(tc, random_draws_are_uniform);
    tcase_add_test(tc, draws_of_rotation_fix_the_others_at_random);
    tcase_add_test(tc, draws_of_two_running_factors_are_independent);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
