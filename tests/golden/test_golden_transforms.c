/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "data/hue.h"
#include "data/mnist_sequence.h"
#include "data/perspective.h"
#include "data/warp.h"
#include "golden.h"
#include "support.h"

/* transforms.npz: the reference's warps and hue shifts, GOLDEN section 5, through the
 * functions that the MNIST dataset uses. Every size comes from the file. */

static const double tolerance = 5e-5, hue_tolerance = 1e-5, perspective_tolerance = 1e-4;

static tvae_archive *archive;

static void open_archive(void)
{
    archive = golden_open("transforms.npz");
}

static void close_archive(void)
{
    tvae_archive_destroy(&archive);
}

static size_t extent(const tvae_tensor *tensor, int32_t axis)
{
    return tvae_tensor_extent(tensor, axis);
}

static float *new_floats(size_t n)
{
    float *values = calloc(n, sizeof *values);

    ck_assert_ptr_nonnull(values);
    return values;
}

/* Values of tensor[index], where the tensor is [..., height, width] and `n` is the number
 * of values in each part. */
static const float *part(const tvae_tensor *tensor, size_t index, size_t n)
{
    ck_assert_uint_le((index + 1) * n, tvae_tensor_count(tensor));
    return tvae_tensor_data_const(tensor) + index * n;
}

static void warp_plane(size_t height, size_t width, const float *image, double degrees,
                       double scale, float *target)
{
    float *padded = new_floats(tvi_warp_padded_count(height, width));

    tvi_warp_pad(height, width, image, padded);
    tvi_warp(height, width, padded, degrees, scale, target);
    free(padded);
}

/* Compare frames [3, n_pixels]; where the mask of the red channel is set, the reference's
 * bug or its rounding decides, and nothing is compared. */
static void assert_frame(const char *what, const float *got, const float *want,
                         const float *mask, size_t n_pixels, double absolute)
{
    size_t n_masked = 0;

    for (size_t i = 0; i < 3 * n_pixels; i++) {
        if (i < n_pixels && mask && mask[i] > 0.0f) {
            n_masked++;
            continue;
        }
        assert_near(what, (double)got[i], (double)want[i], 0.0, absolute);
    }
    ck_assert_uint_lt(n_masked, n_pixels);
}

/* The red channel `plane` in the colour of hue `index`, as three channels. */
static void colour_plane(const float *plane, uint32_t index, size_t n_pixels,
                         float *frame)
{
    float colour[3];

    tvi_hue_of_red(tvi_mnist_hue(index), colour);
    for (size_t i = 0; i < 3 * n_pixels; i++)
        frame[i] = colour[i / n_pixels] * plane[i % n_pixels];
}

static double degrees_of(float radians)
{
    return (double)radians * 180.0 / acos(-1.0);
}

START_TEST(warp_matches_the_reference)
{
    tvae_tensor *digits, *pairs, *gray;
    size_t n_digits, height, width, n;
    float *got;

    if (!archive)
        return;
    digits = golden_get(archive, "digit", "red");
    pairs = golden_get(archive, "warp", "pairs");
    gray = golden_get(archive, "warp", "gray");
    n_digits = extent(gray, 1);
    height = extent(gray, 2);
    width = extent(gray, 3);
    n = height * width;
    got = new_floats(n);
    for (size_t pair = 0; pair < extent(gray, 0); pair++)
        for (size_t digit = 0; digit < n_digits; digit++) {
            const float *parameters = part(pairs, pair, 2);

            warp_plane(height, width, part(digits, digit, n), (double)parameters[0],
                       (double)parameters[1], got);
            assert_close("warp", got, part(gray, pair * n_digits + digit, n), n, 0.0,
                         tolerance);
        }
    free(got);
    tvae_tensor_destroy(&digits);
    tvae_tensor_destroy(&pairs);
    tvae_tensor_destroy(&gray);
}
END_TEST

START_TEST(warp_of_oblong_colour_images_matches)
{
    tvae_tensor *pairs, *in, *out;
    size_t n_planes, height, width, n;
    float *got;

    if (!archive)
        return;
    pairs = golden_get(archive, "warp", "pairs");
    in = golden_get(archive, "warp2", "in");
    out = golden_get(archive, "warp2", "out");
    n_planes = extent(in, 0) * extent(in, 1);
    height = extent(in, 2);
    width = extent(in, 3);
    n = height * width;
    got = new_floats(n);
    for (size_t pair = 0; pair < extent(out, 0); pair++)
        for (size_t plane = 0; plane < n_planes; plane++) {
            const float *parameters = part(pairs, pair, 2);

            warp_plane(height, width, part(in, plane, n), (double)parameters[0],
                       (double)parameters[1], got);
            assert_close("warp2", got, part(out, pair * n_planes + plane, n), n, 0.0,
                         tolerance);
        }
    free(got);
    tvae_tensor_destroy(&pairs);
    tvae_tensor_destroy(&in);
    tvae_tensor_destroy(&out);
}
END_TEST

START_TEST(hue_list_and_colours_match_the_reference)
{
    tvae_tensor *factors, *sectors, *fractions;

    if (!archive)
        return;
    factors = golden_get(archive, "hue", "factor");
    sectors = golden_get(archive, "hue", "sector");
    fractions = golden_get(archive, "hue", "frac");
    ck_assert_uint_eq(tvae_tensor_count(factors), TVI_MNIST_N_FRAMES);
    for (uint32_t k = 0; k < TVI_MNIST_N_FRAMES; k++) {
        const double f = (double)tvae_tensor_data_const(fractions)[k];
        const double table[6][3] = {{1, f, 0},     {1 - f, 1, 0}, {0, 1, f},
                                    {0, 1 - f, 1}, {f, 0, 1},     {1, 0, 1 - f}};
        const size_t sector = (size_t)tvae_tensor_data_const(sectors)[k];
        float colour[3];

        assert_near("hue", tvi_mnist_hue(k),
                    degrees_of(tvae_tensor_data_const(factors)[k]), 0.0, 1e-4);
        tvi_hue_of_red(tvi_mnist_hue(k), colour);
        ck_assert_uint_lt(sector, 6);
        for (size_t channel = 0; channel < 3; channel++)
            assert_near("colour", (double)colour[channel], table[sector][channel], 0.0,
                        1e-6);
    }
    tvae_tensor_destroy(&factors);
    tvae_tensor_destroy(&sectors);
    tvae_tensor_destroy(&fractions);
}
END_TEST

/* Digits in all hues, by the colour of red and by the general path. The reference's bug
 * hits the red channel of pixels of value exactly 1 in sector 0. */
START_TEST(hue_of_digits_matches_the_reference)
{
    tvae_tensor *digits, *factors, *sectors, *out;
    size_t n_digits, n;
    float *got, *rgb, *mask;

    if (!archive)
        return;
    digits = golden_get(archive, "digit", "red");
    factors = golden_get(archive, "hue", "factor");
    sectors = golden_get(archive, "hue", "sector");
    out = golden_get(archive, "hue", "out");
    n_digits = extent(out, 1);
    n = extent(out, 3) * extent(out, 4);
    got = new_floats(3 * n);
    rgb = new_floats(3 * n);
    mask = new_floats(n);
    for (size_t k = 0; k < extent(out, 0); k++)
        for (size_t digit = 0; digit < n_digits; digit++) {
            const float *red = part(digits, digit, n);
            const float *want = part(out, k * n_digits + digit, 3 * n);

            for (size_t i = 0; i < n; i++) {
                rgb[i] = red[i];
                mask[i] =
                    tvae_tensor_data_const(sectors)[k] == 0.0f && red[i] == 1.0f ? 1 : 0;
            }
            colour_plane(red, (uint32_t)k, n, got);
            assert_frame("colour of red", got, want, mask, n, hue_tolerance);
            tvi_hue_shift(n, rgb, degrees_of(tvae_tensor_data_const(factors)[k]), got);
            assert_frame("hue shift", got, want, mask, n, hue_tolerance);
        }
    free(got);
    free(rgb);
    free(mask);
    tvae_tensor_destroy(&digits);
    tvae_tensor_destroy(&factors);
    tvae_tensor_destroy(&sectors);
    tvae_tensor_destroy(&out);
}
END_TEST

START_TEST(hue_of_any_colours_matches_the_reference)
{
    tvae_tensor *in, *factors, *out, *mask;
    size_t n_images, n, n_compared = 0;
    float *got;

    if (!archive)
        return;
    in = golden_get(archive, "hueg", "in");
    factors = golden_get(archive, "hue", "factor");
    out = golden_get(archive, "hueg", "out");
    mask = golden_get(archive, "hueg", "mask");
    n_images = extent(in, 0);
    n = extent(in, 2) * extent(in, 3);
    got = new_floats(3 * n);
    for (size_t k = 0; k < extent(out, 0); k++)
        for (size_t image = 0; image < n_images; image++) {
            const float *want = part(out, k * n_images + image, 3 * n);
            const float *skip = part(mask, k * n_images + image, n);

            tvi_hue_shift(n, part(in, image, 3 * n),
                          degrees_of(tvae_tensor_data_const(factors)[k]), got);
            for (size_t i = 0; i < 3 * n; i++)
                if (!(skip[i % n] > 0.0f)) {
                    assert_near("hueg", (double)got[i], (double)want[i], 0.0,
                                hue_tolerance);
                    n_compared++;
                }
        }
    ck_assert_uint_gt(n_compared, tvae_tensor_count(out) / 2);
    free(got);
    tvae_tensor_destroy(&in);
    tvae_tensor_destroy(&factors);
    tvae_tensor_destroy(&out);
    tvae_tensor_destroy(&mask);
}
END_TEST

START_TEST(warp_then_hue_matches_the_reference)
{
    enum { FIRST_DIGIT = 4 };
    tvae_tensor *digits, *parameters, *out, *mask;
    size_t n_digits, height, width, n;
    float *plane, *got;

    if (!archive)
        return;
    digits = golden_get(archive, "digit", "red");
    parameters = golden_get(archive, "comb", "par");
    out = golden_get(archive, "comb", "out");
    mask = golden_get(archive, "comb", "mask");
    n_digits = extent(out, 1);
    height = extent(out, 3);
    width = extent(out, 4);
    n = height * width;
    plane = new_floats(n);
    got = new_floats(3 * n);
    for (size_t i = 0; i < extent(out, 0); i++)
        for (size_t digit = 0; digit < n_digits; digit++) {
            const float *p = part(parameters, i, 3);
            const size_t place = i * n_digits + digit;

            warp_plane(height, width, part(digits, FIRST_DIGIT + digit, n), (double)p[0],
                       (double)p[1], plane);
            colour_plane(plane, (uint32_t)p[2], n, got);
            assert_frame("comb", got, part(out, place, 3 * n), part(mask, place, n), n,
                         tolerance);
        }
    free(plane);
    free(got);
    tvae_tensor_destroy(&digits);
    tvae_tensor_destroy(&parameters);
    tvae_tensor_destroy(&out);
    tvae_tensor_destroy(&mask);
}
END_TEST

START_TEST(perspective_matches_the_reference)
{
    tvae_tensor *digits, *angles, *out;
    size_t n_digits, height, width, n;
    float *padded, *got;

    if (!archive)
        return;
    digits = golden_get(archive, "digit", "red");
    angles = golden_get(archive, "persp", "angle");
    out = golden_get(archive, "persp", "out");
    n_digits = extent(out, 1);
    height = extent(out, 2);
    width = extent(out, 3);
    n = height * width;
    padded = new_floats(tvi_warp_padded_count(height, width));
    got = new_floats(n);
    ck_assert_uint_eq(tvae_tensor_count(angles), extent(out, 0));
    for (size_t k = 0; k < extent(out, 0); k++)
        for (size_t digit = 0; digit < n_digits; digit++) {
            tvi_warp_pad(height, width, part(digits, digit, n), padded);
            tvi_perspective_warp(height, width, padded, (double)*part(angles, k, 1), got);
            assert_close("persp", got, part(out, k * n_digits + digit, n), n, 0.0,
                         perspective_tolerance);
        }
    free(padded);
    free(got);
    tvae_tensor_destroy(&digits);
    tvae_tensor_destroy(&angles);
    tvae_tensor_destroy(&out);
}
END_TEST

/* Where the view looks, sent through the reference's matrix, comes back to the target.
 * The archive rounds the matrix to float32. */
static void check_view(const tvi_perspective *view, const float *matrix, size_t height,
                       size_t width)
{
    size_t n_compared = 0;

    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            const double target[] = {(double)x, (double)y};
            double from_x, from_y, step_x, step_y, depth;

            tvi_perspective_column(view, target[0], &from_x, &from_y, &step_x, &step_y);
            from_x += target[1] * step_x;
            from_y += target[1] * step_y;
            if (fabs(from_x) > (double)width || fabs(from_y) > (double)height)
                continue;
            n_compared++;
            depth = (double)matrix[6] * from_x + (double)matrix[7] * from_y +
                    (double)matrix[8];
            for (size_t row = 0; row < 2; row++)
                assert_near("target",
                            ((double)matrix[3 * row] * from_x +
                             (double)matrix[3 * row + 1] * from_y +
                             (double)matrix[3 * row + 2]) /
                                depth,
                            target[row], 0.0, 1e-3);
        }
    ck_assert_uint_gt(n_compared, 0);
}

START_TEST(perspective_views_match_the_reference)
{
    tvae_tensor *angles, *used, *focal, *matrices, *out;

    if (!archive)
        return;
    angles = golden_get(archive, "persp", "angle");
    used = golden_get(archive, "persp", "angle_used");
    focal = golden_get(archive, "persp", "focal");
    matrices = golden_get(archive, "persp", "M");
    out = golden_get(archive, "persp", "out");
    for (size_t k = 0; k < tvae_tensor_count(angles); k++) {
        const size_t height = extent(out, 2), width = extent(out, 3);
        tvi_perspective view;

        tvi_perspective_setup(height, width, (double)*part(angles, k, 1), &view);
        assert_near("angle", view.degrees, (double)*part(used, k, 1), 0.0, 0.0);
        assert_near("focal", view.focal, (double)*part(focal, k, 1), 1e-6, 0.0);
        if (view.degrees > 0.0)
            check_view(&view, part(matrices, k, 9), height, width);
    }
    tvae_tensor_destroy(&angles);
    tvae_tensor_destroy(&used);
    tvae_tensor_destroy(&focal);
    tvae_tensor_destroy(&matrices);
    tvae_tensor_destroy(&out);
}
END_TEST

/* The reference rotates its lists by the first three draws and then indexes the rotated
 * lists: `i` and `j` are the two fixed factors, in the order of the factors. */
static tvi_mnist_choice random_choice(const tvae_tensor *draws)
{
    const float *drawn = part(draws, 0, 6);
    const uint32_t varying = (uint32_t)drawn[3];
    tvi_mnist_choice choice = {.transform = TVAE_TRANSFORM_RANDOM,
                               .running = 1u << varying};
    size_t next = 4;

    for (uint32_t factor = 0; factor < TVI_MNIST_N_FACTORS; factor++) {
        const uint32_t start = (uint32_t)drawn[factor];
        const uint32_t step = factor == varying ? 0 : (uint32_t)drawn[next++];

        choice.values[factor] = (start + step) % TVI_MNIST_N_FRAMES;
    }
    return choice;
}

/* Two factors run; the last two draws are their starts. */
static tvi_mnist_choice double_choice(int32_t transform, const tvae_tensor *draws)
{
    const float *drawn = part(draws, 0, tvae_tensor_count(draws));
    const size_t n = tvae_tensor_count(draws);
    tvi_mnist_choice choice = {.transform = transform,
                               .running = 1u << TVI_MNIST_ROTATION | 1u << TVI_MNIST_HUE};

    ck_assert_uint_ge(n, 2);
    choice.values[TVI_MNIST_ROTATION] = (uint32_t)drawn[n - 2];
    choice.values[TVI_MNIST_HUE] = (uint32_t)drawn[n - 1];
    return choice;
}

static void check_sequence(const char *name, int32_t transform, double absolute)
{
    enum { DIGIT = 7 };
    tvae_tensor *digits = golden_get(archive, "digit", "red");
    tvae_tensor *draws = golden_get(archive, name, "rand");
    tvae_tensor *out = golden_get(archive, name, "out");
    tvae_tensor *mask = golden_get(archive, name, "mask");
    const size_t height = extent(out, 2), width = extent(out, 3), n = height * width;
    const tvi_mnist_choice choice = transform == TVAE_TRANSFORM_RANDOM
                                        ? random_choice(draws)
                                        : double_choice(transform, draws);
    float *padded = new_floats(tvi_warp_padded_count(height, width));
    float *plane = new_floats(n), *x = new_floats(TVI_MNIST_N_FRAMES * 3 * n);

    ck_assert_uint_eq(extent(out, 0), TVI_MNIST_N_FRAMES);
    tvi_warp_pad(height, width, part(digits, DIGIT, n), padded);
    tvi_mnist_render(&choice, height, width, padded, plane, x);
    for (size_t frame = 0; frame < TVI_MNIST_N_FRAMES; frame++)
        assert_frame(name, x + frame * 3 * n, part(out, frame, 3 * n),
                     part(mask, frame, n), n, absolute);
    free(padded);
    free(plane);
    free(x);
    tvae_tensor_destroy(&digits);
    tvae_tensor_destroy(&draws);
    tvae_tensor_destroy(&out);
    tvae_tensor_destroy(&mask);
}

START_TEST(render_matches_the_reference_sequences)
{
    if (!archive)
        return;
    check_sequence("seq_random0", TVAE_TRANSFORM_RANDOM, tolerance);
    check_sequence("seq_random1", TVAE_TRANSFORM_RANDOM, tolerance);
    check_sequence("seq_random2", TVAE_TRANSFORM_RANDOM, tolerance);
    check_sequence("seq_dual", TVAE_TRANSFORM_DUAL, tolerance);
    check_sequence("seq_persp", TVAE_TRANSFORM_PERSPECTIVE, perspective_tolerance);
}
END_TEST

/* The reference of single frames is the identity warp: the digit itself. Its lists have
 * one element each, so that seq_gray1.rand, where in them it stands, says nothing. */
START_TEST(single_frame_is_the_digit)
{
    enum { DIGIT = 8 };
    tvae_tensor *digits, *out;
    size_t n;

    if (!archive)
        return;
    digits = golden_get(archive, "digit", "red");
    out = golden_get(archive, "seq_gray1", "out");
    n = tvae_tensor_count(out);
    assert_close("seq_gray1", part(digits, DIGIT, n), part(out, 0, n), n, 0.0, tolerance);
    tvae_tensor_destroy(&digits);
    tvae_tensor_destroy(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden_transforms");
    TCase *tc = tcase_create("golden_transforms");

    tcase_add_checked_fixture(tc, open_archive, close_archive);
    tcase_add_test(tc, warp_matches_the_reference);
    tcase_add_test(tc, warp_of_oblong_colour_images_matches);
    tcase_add_test(tc, hue_list_and_colours_match_the_reference);
    tcase_add_test(tc, hue_of_digits_matches_the_reference);
    tcase_add_test(tc, hue_of_any_colours_matches_the_reference);
    tcase_add_test(tc, warp_then_hue_matches_the_reference);
    tcase_add_test(tc, perspective_matches_the_reference);
    tcase_add_test(tc, perspective_views_match_the_reference);
    tcase_add_test(tc, render_matches_the_reference_sequences);
    tcase_add_test(tc, single_frame_is_the_digit);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
