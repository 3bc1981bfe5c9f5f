/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdlib.h>

#include "data/perspective.h"
#include "data/warp.h"
#include "support.h"

enum { MAX_PIXELS = 64 * 64 };

/* GOLDEN 5.3 word for word: the image of a source point in homogeneous coordinates, as
 * the rows of the matrix applied to (x, y, 1). */
static void make_matrix(size_t height, size_t width, double degrees, double m[3][3])
{
    const double r = degrees * acos(-1.0) / 180.0, c = cos(r), s = sin(r);
    const double cx = (double)width / 2.0, cy = (double)height / 2.0;
    const double f = sqrt((double)(height * height + width * width)) / (2.0 * s);

    for (size_t column = 0; column < 3; column++) {
        const double x = (column == 0) - (column == 2) * cx;
        const double y = (column == 1) - (column == 2) * cy;
        const double one = column == 2;
        const double p = c * x - s * y, q = s * x + c * y;
        const double depth = s * p + (c + f) * one;

        m[0][column] = f * (c * p - s * one) + cx * depth;
        m[1][column] = f * q + cy * depth;
        m[2][column] = depth;
    }
}

static void invert(double m[3][3], double inverse[3][3])
{
    double determinant = 0.0;

    for (size_t i = 0; i < 3; i++)
        for (size_t j = 0; j < 3; j++) {
            const size_t i1 = (j + 1) % 3, i2 = (j + 2) % 3;
            const size_t j1 = (i + 1) % 3, j2 = (i + 2) % 3;

            inverse[i][j] = m[i1][j1] * m[i2][j2] - m[i1][j2] * m[i2][j1];
        }
    for (size_t j = 0; j < 3; j++)
        determinant += m[0][j] * inverse[j][0];
    for (size_t i = 0; i < 9; i++)
        inverse[i / 3][i % 3] /= determinant;
}

static double sample(size_t height, size_t width, const float *image, double x, double y)
{
    double sum = 0.0;

    for (int neighbour = 0; neighbour < 4; neighbour++) {
        const double xi = floor(x) + neighbour % 2, yi = floor(y) + neighbour / 2;
        const double weight = (1.0 - fabs(x - xi)) * (1.0 - fabs(y - yi));

        if (xi >= 0.0 && xi < (double)width && yi >= 0.0 && yi < (double)height)
            sum += weight * (double)image[(size_t)yi * width + (size_t)xi];
    }
    return sum;
}

static double warp_pixel(size_t height, size_t width, const float *image,
                         double inverse[3][3], size_t row, size_t column)
{
    double source[3];

    for (size_t i = 0; i < 3; i++)
        source[i] =
            inverse[i][0] * (double)column + inverse[i][1] * (double)row + inverse[i][2];
    if (!(fabs(source[2]) > 1e-8)) /* at infinity */
        return 0.0;
    return sample(height, width, image, source[0] / source[2], source[1] / source[2]);
}

/* Compare at `degrees`, with the matrix of the angle that is meant to be `used`. */
static void check_perspective(size_t height, size_t width, double degrees, double used)
{
    const size_t n = height * width;
    float image[MAX_PIXELS], want[MAX_PIXELS], got[MAX_PIXELS + 2];
    float *padded = malloc(tvi_warp_padded_count(height, width) * sizeof *padded);
    double matrix[3][3], inverse[3][3];

    ck_assert_ptr_nonnull(padded);
    ck_assert_uint_le(n, MAX_PIXELS);
    fill_uniform(image, n, 0.0, 1.0, 5);
    make_matrix(height, width, used, matrix);
    invert(matrix, inverse);
    for (size_t i = 0; i < n; i++)
        want[i] = (float)warp_pixel(height, width, image, inverse, i / width, i % width);
    got[0] = got[n + 1] = 123.0f;
    tvi_warp_pad(height, width, image, padded);
    tvi_perspective_warp(height, width, padded, degrees, got + 1);
    assert_close("perspective", got + 1, want, n, 0.0, 1e-6);
    ck_assert(got[0] == 123.0f && got[n + 1] == 123.0f);
    free(padded);
}

START_TEST(warp_matches_the_formula)
{
    static const size_t sizes[][2] = {{28, 28}, {11, 17}, {17, 11}, {1, 1}, {1, 9},
                                      {9, 1},   {2, 2},   {64, 64}, {7, 40}};
    static const double others[] = {0.25, 45.0, 90.0, 135.5, 179.0, 181.0, 270.0, -30.0};

    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const size_t height = sizes[i][0], width = sizes[i][1];

        for (int k = 1; k < 18; k++)
            check_perspective(height, width, 20.0 * k, k == 9 ? 181.0 : 20.0 * k);
        for (size_t k = 0; k < sizeof others / sizeof *others; k++)
            check_perspective(height, width, others[k], others[k]);
    }
}
END_TEST

START_TEST(no_turn_gives_the_image_itself)
{
    float image[11 * 17], padded[13 * 19], got[11 * 17];

    fill_uniform(image, 11 * 17, 0.0, 1.0, 6);
    tvi_warp_pad(11, 17, image, padded);
    tvi_perspective_warp(11, 17, padded, 0.0, got);
    ck_assert_mem_eq(got, image, sizeof image);
}
END_TEST

/* Whatever the angle, coordinates out of bounds or not finite read nothing outside, and
 * each pixel is an average of the image's and of zeros. */
START_TEST(any_angle_gives_a_mean_of_the_pixels)
{
    enum { HEIGHT = 5, WIDTH = 6 };
    float image[HEIGHT * WIDTH], padded[(HEIGHT + 2) * (WIDTH + 2)], got[HEIGHT * WIDTH];

    fill_uniform(image, HEIGHT * WIDTH, 0.5, 1.0, 7);
    tvi_warp_pad(HEIGHT, WIDTH, image, padded);
    for (int k = -4000; k < 4000; k++) {
        tvi_perspective_warp(HEIGHT, WIDTH, padded, 0.09 * k, got);
        for (size_t i = 0; i < HEIGHT * WIDTH; i++)
            ck_assert_msg(got[i] >= 0.0f && got[i] <= 1.0f, "%g degrees: pixel is %g",
                          0.09 * k, (double)got[i]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("perspective");
    TCase *tc = tcase_create("perspective");

    tcase_set_timeout(tc, 60.0);
    tcase_add_test(tc, warp_matches_the_formula);
    tcase_add_test(tc, no_turn_gives_the_image_itself);
    tcase_add_test(tc, any_angle_gives_a_mean_of_the_pixels);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
