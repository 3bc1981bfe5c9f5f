/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "report/canvas.h"
#include "report/log.h"
#include "report/plot.h"

static const tvi_colour black = {0, 0, 0}, white = {255, 255, 255};

/* Pixels of a canvas that are not white. */
static size_t count_ink(const tvi_canvas *canvas)
{
    size_t n = 0;

    for (size_t i = 0; i < (size_t)canvas->width * (size_t)canvas->height; i++)
        n += canvas->pixels[3 * i] != 255;
    return n;
}

START_TEST(shapes_outside_the_canvas_are_clipped)
{
    tvi_canvas canvas;

    ASSERT_OK(tvi_canvas_create(10, 6, white, &canvas));
    tvi_canvas_fill(&canvas, -5, -5, 7, 8, black);
    ck_assert_uint_eq(count_ink(&canvas), 2 * 3);
    tvi_canvas_fill(&canvas, 8, 4, 100, 100, black);
    ck_assert_uint_eq(count_ink(&canvas), 2 * 3 + 2 * 2);
    tvi_canvas_line(&canvas, -50, 3, 50, 3, 1, black);
    ck_assert_uint_eq(count_ink(&canvas), 2 * 3 + 2 * 2 + 10);
    tvi_canvas_text(&canvas, 9, -3, 2, "far too long a text", black);
    tvi_canvas_release(&canvas);
    ASSERT_STATUS(tvi_canvas_create(0, 6, white, &canvas), TVAE_E_SHAPE);
    ASSERT_STATUS(tvi_canvas_create(10, 1 << 20, white, &canvas), TVAE_E_SHAPE);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(every_glyph_differs_from_the_others)
{
    for (char a = ' '; a <= '~'; a++)
        for (char b = ' '; b < a; b++)
            ck_assert_msg(memcmp(tvi_glyph(a), tvi_glyph(b), TVI_GLYPH_COLUMNS) != 0,
                          "'%c' and '%c' look the same", a, b);
    ck_assert_ptr_eq(tvi_glyph('\n'), tvi_glyph('?'));
    ck_assert_ptr_eq(tvi_glyph((char)0xe9), tvi_glyph('?'));
}
END_TEST

START_TEST(axis_holds_all_finite_values)
{
    const double values[] = {3.2, (double)NAN, -7.9, (double)INFINITY, 12.0};
    const double equal[] = {5.0, 5.0}, none[] = {(double)NAN};
    tvi_axis axis = tvi_axis_around(values, 5, "");

    ck_assert(axis.low <= -7.9 && axis.low > -20.0);
    ck_assert(axis.high >= 12.0 && axis.high < 25.0);
    axis = tvi_axis_around(equal, 2, "");
    ck_assert(axis.low < 5.0 && axis.high > 5.0);
    axis = tvi_axis_around(none, 1, "");
    ck_assert(axis.low < axis.high);
}
END_TEST

START_TEST(line_is_drawn_between_its_points)
{
    const double x[] = {0.0, 1.0}, y[] = {0.0, 1.0};
    tvi_canvas canvas;
    tvi_plot plot = {&canvas, 0, 0, 21, 21, {0.0, 1.0, ""}, {0.0, 1.0, ""}};

    ASSERT_OK(tvi_canvas_create(21, 21, white, &canvas));
    tvi_plot_line(&plot, x, y, 2, black);
    for (size_t i = 0; i < 21; i++) /* from the lower left to the upper right */
        ck_assert_uint_eq(canvas.pixels[3 * ((20 - i) * 21 + i)], 0);
    tvi_canvas_release(&canvas);
}
END_TEST

static char folder[64], path[128];

static void make_folder(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/tvae-figures-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/log.jsonl", folder);
}

static void remove_folder(void)
{
    (void)unlink(path);
    ck_assert_msg(rmdir(folder) == 0, "%s is not empty", folder);
}

static void write_log(const char *text)
{
    FILE *file = fopen(path, "w");

    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(fputs(text, file), 0);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(log_tells_training_from_validation_and_skips_the_rest)
{
    tvi_run_log log;

    write_log("{\"step\": 1, \"loss\": 5.5, \"kl_z\": 0.5}\n"
              "{\"step\": 2, \"eval\": {\"loss\": 1}}\n"
              "not JSON at all\n\n"
              "{\"step\": \"3\", \"loss\": 4}\n"
              "{\"step\": 4, \"loss\": 4.5, \"kl_z\": \"<script>\"}\n"
              "{\"step\": 5, \"loss\": 3");
    ASSERT_OK(tvi_run_log_read(folder, &log));
    ck_assert_uint_eq(log.training.n_lines, 2);
    ck_assert(log.training.columns[TVI_LOG_STEP][1] == 4.0);
    ck_assert(log.training.columns[TVI_LOG_LOSS][0] == 5.5);
    ck_assert(log.training.columns[TVI_LOG_KL_Z][0] == 0.5);
    ck_assert(isnan(log.training.columns[TVI_LOG_KL_Z][1]));
    ck_assert_uint_eq(log.validation.n_lines, 1);
    ck_assert(log.validation.columns[TVI_LOG_STEP][0] == 2.0);
    ck_assert(log.validation.columns[TVI_LOG_LOSS][0] == 1.0);
    tvi_run_log_release(&log);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(log_that_is_missing_is_empty)
{
    tvi_run_log log;

    ASSERT_OK(tvi_run_log_read(folder, &log));
    ck_assert_uint_eq(log.training.n_lines, 0);
    tvi_run_log_release(&log);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(log_that_is_long_is_thinned_to_its_end)
{
    const int n = 3 * TVI_MAX_LOG_LINES;
    FILE *file = fopen(path, "w");
    tvi_run_log log;

    ck_assert_ptr_nonnull(file);
    for (int i = 1; i <= n; i++)
        ck_assert_int_gt(fprintf(file, "{\"step\": %d, \"loss\": 1}\n", i), 0);
    ck_assert_int_eq(fclose(file), 0);
    ASSERT_OK(tvi_run_log_read(folder, &log));
    ck_assert_uint_le(log.training.n_lines, TVI_MAX_LOG_LINES + 1);
    ck_assert_uint_gt(log.training.n_lines, TVI_MAX_LOG_LINES / 2);
    ck_assert(log.training.columns[TVI_LOG_STEP][log.training.n_lines - 1] == (double)n);
    tvi_run_log_release(&log);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("figures");
    TCase *tc = tcase_create("figures");

    tcase_add_checked_fixture(tc, make_folder, remove_folder);
    tcase_add_test(tc, shapes_outside_the_canvas_are_clipped);
    tcase_add_test(tc, every_glyph_differs_from_the_others);
    tcase_add_test(tc, axis_holds_all_finite_values);
    tcase_add_test(tc, line_is_drawn_between_its_points);
    tcase_add_test(tc, log_tells_training_from_validation_and_skips_the_rest);
    tcase_add_test(tc, log_that_is_missing_is_empty);
    tcase_add_test(tc, log_that_is_long_is_thinned_to_its_end);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
