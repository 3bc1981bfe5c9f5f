/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "data/warp.h"
#include "support.h"

enum { MAX_PIXELS = 64 * 64 };

/* GOLDEN 5.1 word for word: each pixel by itself, bounds tested for each neighbour. */
static double warp_pixel(size_t height, size_t width, const float *image, double degrees,
                         double scale, size_t row, size_t column)
{
    const double a = degrees * acos(-1.0) / 180.0;
    const double cx = (double)width / 2.0, cy = (double)height / 2.0;
    const double dx = (double)column - cx, dy = (double)row - cy;
    const double x = cx + (cos(a) * dx - sin(a) * dy) / scale;
    const double y = cy + (sin(a) * dx + cos(a) * dy) / scale;
    double sum = 0.0;

    for (int neighbour = 0; neighbour < 4; neighbour++) {
        const double xi = floor(x) + neighbour % 2, yi = floor(y) + neighbour / 2;
        const double weight = (1.0 - fabs(x - xi)) * (1.0 - fabs(y - yi));

        if (xi >= 0.0 && xi < (double)width && yi >= 0.0 && yi < (double)height)
            sum += weight * (double)image[(size_t)yi * width + (size_t)xi];
    }
    return sum;
}

static void check_warp(size_t height, size_t width, double degrees, double scale)
{
    const size_t n = height * width;
    float image[MAX_PIXELS], want[MAX_PIXELS], got[MAX_PIXELS + 2];
    float *padded = malloc(tvi_warp_padded_count(height, width) * sizeof *padded);

    ck_assert_ptr_nonnull(padded);
    ck_assert_uint_le(n, MAX_PIXELS);
    fill_uniform(image, n, 0.0, 1.0, 5);
    for (size_t i = 0; i < n; i++)
        want[i] =
            (float)warp_pixel(height, width, image, degrees, scale, i / width, i % width);
    got[0] = got[n + 1] = 123.0f;
    tvi_warp_pad(height, width, image, padded);
    tvi_warp(height, width, padded, degrees, scale, got + 1);
    assert_close("warp", got + 1, want, n, 0.0, 1e-6);
    ck_assert(got[0] == 123.0f && got[n + 1] == 123.0f);
    free(padded);
}

START_TEST(warp_matches_the_formula)
{
    static const size_t sizes[][2] = {{28, 28}, {11, 17}, {17, 11}, {1, 1}, {1, 9},
                                      {9, 1},   {2, 2},   {64, 64}, {7, 40}};
    static const double degrees[] = {0.0,   20.0,  45.0,  90.0, 135.5,
                                     180.0, 270.0, 340.0, -30.0};
    static const double scales[] = {0.1, 0.6, 1.0, 1.26, 7.0};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (size_t j = 0; j < sizeof degrees / sizeof *degrees; j++)
            for (size_t k = 0; k < sizeof scales / sizeof *scales; k++)
                check_warp(sizes[i][0], sizes[i][1], degrees[j], scales[k]);
}
END_TEST

START_TEST(identity_warp_gives_the_image_itself)
{
    float image[11 * 17], padded[13 * 19], got[11 * 17];

    fill_uniform(image, 11 * 17, 0.0, 1.0, 6);
    tvi_warp_pad(11, 17, image, padded);
    tvi_warp(11, 17, padded, 0.0, 1.0, got);
    ck_assert_mem_eq(got, image, sizeof image);
}
END_TEST

/* Half a pixel off the true centre: 180 degrees maps column x to W - x, so that column 0
 * is lost. */
START_TEST(half_turn_maps_column_x_to_width_minus_x)
{
    float image[6 * 8], padded[8 * 10], got[6 * 8];

    fill_uniform(image, 6 * 8, 0.5, 1.0, 7);
    tvi_warp_pad(6, 8, image, padded);
    tvi_warp(6, 8, padded, 180.0, 1.0, got);
    for (size_t y = 0; y < 6; y++)
        for (size_t x = 0; x < 8; x++) {
            const bool outside = x == 0 || y == 0;
            const double want = outside ? 0.0 : (double)image[(6 - y) * 8 + 8 - x];

            assert_near("turned pixel", (double)got[y * 8 + x], want, 0.0, 1e-6);
        }
}
END_TEST

START_TEST(pad_of_bytes_divides_by_255)
{
    unsigned char bytes[2 * 3] = {0, 1, 51, 128, 254, 255};
    float padded[4 * 5];

    tvi_warp_pad_bytes(2, 3, bytes, padded);
    for (size_t y = 0; y < 4; y++)
        for (size_t x = 0; x < 5; x++) {
            const bool border = x == 0 || x == 4 || y == 0 || y == 3;
            const float want = border ? 0.0f : (float)bytes[(y - 1) * 3 + x - 1] / 255.0f;

            ck_assert(padded[y * 5 + x] == want);
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("warp");
    TCase *tc = tcase_create("warp");

    tcase_add_test(tc, warp_matches_the_formula);
    tcase_add_test(tc, identity_warp_gives_the_image_itself);
    tcase_add_test(tc, half_turn_maps_column_x_to_width_minus_x);
    tcase_add_test(tc, pad_of_bytes_divides_by_255);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
