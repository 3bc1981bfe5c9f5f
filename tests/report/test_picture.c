/* SPDX-License-Identifier: MIT */
#include "scarce_memory.h"
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <png.h>

#include "base/memory.h"

enum { ROWS = 2, COLUMNS = 3, HEIGHT = 4, WIDTH = 5, GAP = 2, SCALE = 3 };

static char folder[64], path[128];

static void make_folder(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/tvae-picture-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/picture.png", folder);
}

static void remove_folder(void)
{
    (void)unlink(path);
    ck_assert_msg(rmdir(folder) == 0, "%s is not empty", folder);
}

static tvae_tensor *make_frames(size_t n_channels, float *values)
{
    const size_t shape[] = {ROWS, COLUMNS, n_channels, HEIGHT, WIDTH};
    tvae_tensor *frames = NULL;

    ASSERT_OK(tvae_tensor_wrap(values, 5, shape, &frames));
    fill_uniform(values, tvae_tensor_count(frames), -0.5, 1.5, 31);
    return frames;
}

/* The picture's RGB pixels, which the caller frees. */
static unsigned char *read_pixels(size_t *width, size_t *height)
{
    png_image image = {.version = PNG_IMAGE_VERSION};
    unsigned char *pixels;

    ck_assert_msg(png_image_begin_read_from_file(&image, path), "%s", image.message);
    image.format = PNG_FORMAT_RGB;
    pixels = malloc(PNG_IMAGE_SIZE(image));
    ck_assert_ptr_nonnull(pixels);
    ck_assert_msg(png_image_finish_read(&image, NULL, pixels, 0, NULL), "%s",
                  image.message);
    *width = image.width;
    *height = image.height;
    return pixels;
}

/* What colour of a pixel should be; 128 in the gaps. */
static int wanted_level(const float *values, size_t n_channels, size_t scale, size_t x,
                        size_t y, size_t colour)
{
    const size_t cell_x = WIDTH * scale + GAP, cell_y = HEIGHT * scale + GAP;
    const size_t channel = n_channels == 3 ? colour : 0;
    const size_t frame = y / cell_y * COLUMNS + x / cell_x;
    double value;

    if (x % cell_x >= WIDTH * scale || y % cell_y >= HEIGHT * scale)
        return 128;
    value = (double)
        values[((frame * n_channels + channel) * HEIGHT + y % cell_y / scale) * WIDTH +
               x % cell_x / scale];
    return (int)lround(fmin(fmax(value, 0.0), 1.0) * 255.0);
}

static void check_picture(size_t n_channels, size_t scale)
{
    float values[ROWS * COLUMNS * 3 * HEIGHT * WIDTH];
    tvae_tensor *frames = make_frames(n_channels, values);
    size_t width, height;
    unsigned char *pixels;

    ASSERT_OK(tvae_picture_write(path, frames, (int64_t)scale));
    pixels = read_pixels(&width, &height);
    ck_assert_uint_eq(width, COLUMNS * WIDTH * scale + (COLUMNS - 1) * GAP);
    ck_assert_uint_eq(height, ROWS * HEIGHT * scale + (ROWS - 1) * GAP);
    for (size_t i = 0; i < width * height * 3; i++) {
        const int wanted =
            wanted_level(values, n_channels, scale, i / 3 % width, i / 3 / width, i % 3);

        ck_assert_msg(abs(pixels[i] - wanted) <= 1, "byte %zu is %d, want %d", i,
                      pixels[i], wanted);
    }
    free(pixels);
    tvae_tensor_destroy(&frames);
}

START_TEST(write_gives_the_grid_back)
{
    check_picture(1, 1);
    check_picture(3, 1);
    check_picture(1, SCALE);
    check_picture(3, SCALE);
}
END_TEST

START_TEST(write_rejects_bad_arguments)
{
    const size_t flat[] = {ROWS, COLUMNS, HEIGHT, WIDTH}, two[] = {1, 1, 2, 2, 2};
    const size_t wide[] = {1, 40000, 1, 1, 1};
    static float values[40000];
    tvae_tensor *frames = make_frames(3, values), *other = NULL;

    ASSERT_STATUS(tvae_picture_write(NULL, frames, 1), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_picture_write(path, NULL, 1), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_picture_write(folder, frames, 1), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_picture_write(".png", frames, 1), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_picture_write(path, frames, 0), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_picture_write(path, frames, 17), TVAE_E_INVALID);
    ASSERT_OK(tvae_tensor_wrap(values, 4, flat, &other));
    ASSERT_STATUS(tvae_picture_write(path, other, 1), TVAE_E_SHAPE);
    tvae_tensor_destroy(&other);
    ASSERT_OK(tvae_tensor_wrap(values, 5, two, &other));
    ASSERT_STATUS(tvae_picture_write(path, other, 1), TVAE_E_SHAPE);
    tvae_tensor_destroy(&other);
    ASSERT_OK(tvae_tensor_wrap(values, 5, wide, &other));
    ASSERT_STATUS(tvae_picture_write(path, other, 1), TVAE_E_SHAPE);
    tvae_tensor_destroy(&other);
    values[9] = NAN;
    ASSERT_STATUS(tvae_picture_write(path, frames, 1), TVAE_E_NUMERIC);
    ck_assert_int_ne(access(path, F_OK), 0);
    tvae_tensor_destroy(&frames);
}
END_TEST

START_TEST(write_says_what_a_missing_folder_is)
{
    float values[ROWS * COLUMNS * HEIGHT * WIDTH];
    tvae_tensor *frames = make_frames(1, values);
    char missing[128];

    (void)snprintf(missing, sizeof missing, "%s/missing/picture.png", folder);
    ck_assert_int_ne(tvae_picture_write(missing, frames, 1), TVAE_OK);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), missing));
    tvae_tensor_destroy(&frames);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* ---- allocation failures */

START_TEST(failed_allocations_leak_nothing)
{
    const tvae_allocator some = {sizeof some, NULL, alloc_some, release_any};
    float values[ROWS * COLUMNS * HEIGHT * WIDTH];
    tvae_tensor *frames;
    tvae_status st = TVAE_E_NOMEM;
    size_t n_allowed, before;

    ASSERT_OK(tvae_set_allocator(&some));
    allocations_left = 100;
    frames = make_frames(1, values);
    before = tvi_live_blocks();
    for (n_allowed = 0; st != TVAE_OK; n_allowed++) {
        allocations_left = n_allowed;
        st = tvae_picture_write(path, frames, 1);
        ck_assert_uint_eq(tvi_live_blocks(), before);
        ck_assert_msg(st == TVAE_OK || st == TVAE_E_NOMEM, "got %s after %zu blocks",
                      tvae_status_name(st), n_allowed);
        ck_assert_int_eq(access(path, F_OK) == 0, st == TVAE_OK);
    }
    ck_assert_uint_gt(n_allowed, 2);
    tvae_tensor_destroy(&frames);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("picture");
    TCase *tc = tcase_create("picture");

    tcase_add_checked_fixture(tc, make_folder, remove_folder);
    tcase_add_test(tc, write_gives_the_grid_back);
    tcase_add_test(tc, write_rejects_bad_arguments);
    tcase_add_test(tc, write_says_what_a_missing_folder_is);
    tcase_add_test(tc, failed_allocations_leak_nothing);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
