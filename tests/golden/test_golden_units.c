/* SPDX-License-Identifier: MIT */
#include "golden.h"
#include "support.h"

/* Covariances, class selectivity and maximum activations of units against the reference
 * (GOLDEN section 4). */

static tvae_archive *archive;

static void open_metrics(void)
{
    archive = golden_open("metrics.npz");
}

static void close_metrics(void)
{
    tvae_archive_destroy(&archive);
}

/* ---- covariances ---- */

/* Added in two parts, the first of them one sample. */
static void add_in_parts(tvae_covariance *covariance, tvae_tensor *x, tvae_tensor *y)
{
    size_t shape[] = {1, tvae_tensor_extent(x, 1)}, first = 0;

    for (int part = 0; part < 2; part++) {
        tvae_tensor *some_x = NULL, *some_y = NULL;

        ASSERT_OK(tvae_tensor_view(x, first, 2, shape, &some_x));
        ASSERT_OK(tvae_tensor_view(y, first, 2, shape, &some_y));
        ASSERT_OK(tvae_covariance_add(covariance, some_x, x == y ? NULL : some_y));
        tvae_tensor_destroy(&some_x);
        tvae_tensor_destroy(&some_y);
        first = shape[1];
        shape[0] = tvae_tensor_extent(x, 0) - 1;
    }
}

static void check_covariance(const char *y_name, int32_t kind, int32_t zero_diagonal,
                             const char *wanted)
{
    tvae_tensor *x = golden_get(archive, "cov", "x");
    tvae_tensor *y = golden_get(archive, "cov", y_name);
    tvae_tensor *want = golden_get(archive, "cov", wanted), *got = NULL;
    const size_t n = tvae_tensor_extent(x, 1), shape[] = {n, n};
    tvae_covariance *covariance = NULL;

    ASSERT_OK(tvae_tensor_create(2, shape, &got));
    ASSERT_OK(tvae_covariance_create(n, n, kind, &covariance));
    add_in_parts(covariance, x, y);
    ASSERT_OK(tvae_covariance_matrix(covariance, zero_diagonal, got));
    ck_assert_uint_eq(tvae_tensor_count(want), n * n);
    assert_close(wanted, tvae_tensor_data(got), tvae_tensor_data(want), n * n, 1e-5, 0.0);
    tvae_covariance_destroy(&covariance);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
    tvae_tensor_destroy(&want);
    tvae_tensor_destroy(&got);
}

START_TEST(covariances_match)
{
    if (!archive)
        return;
    check_covariance("x", TVAE_COVARIANCE_SQUARES, 1, "c_x2");
    check_covariance("y", TVAE_COVARIANCE_VALUES, 1, "c_xy");
    check_covariance("x", TVAE_COVARIANCE_VALUES, 0, "c_xx_diag");
}
END_TEST

/* ---- selectivity ---- */

START_TEST(class_selectivity_matches)
{
    tvae_tensor *s, *label, *want, *want_map, *d_prime = NULL, *map = NULL;
    tvae_selectivity *selectivity = NULL;
    size_t shape[2];

    if (!archive)
        return;
    s = golden_get(archive, "sel", "s");
    label = golden_get(archive, "sel", "label");
    want = golden_get(archive, "sel", "dprime");
    want_map = golden_get(archive, "sel", "map");
    shape[0] = tvae_tensor_extent(want, 0);
    shape[1] = tvae_tensor_extent(want, 1);
    ASSERT_OK(tvae_tensor_create(2, shape, &d_prime));
    ASSERT_OK(tvae_selectivity_create(shape[1], shape[0], &selectivity));
    ASSERT_OK(tvae_selectivity_add(selectivity, s, label));
    ASSERT_OK(tvae_selectivity_d_prime(selectivity, d_prime));
    assert_close("sel.dprime", tvae_tensor_data(d_prime), tvae_tensor_data(want),
                 tvae_tensor_count(want), 1e-5, 0.0);
    shape[0] = tvae_tensor_extent(want_map, 0);
    shape[1] = tvae_tensor_extent(want_map, 1);
    ASSERT_OK(tvae_tensor_create(2, shape, &map));
    ASSERT_OK(tvae_selectivity_map(selectivity, 0.85, map));
    ck_assert_mem_eq(tvae_tensor_data(map), tvae_tensor_data(want_map),
                     tvae_tensor_count(map) * sizeof(float));
    tvae_selectivity_destroy(&selectivity);
    tvae_tensor_destroy(&s);
    tvae_tensor_destroy(&label);
    tvae_tensor_destroy(&want);
    tvae_tensor_destroy(&want_map);
    tvae_tensor_destroy(&d_prime);
    tvae_tensor_destroy(&map);
}
END_TEST

/* ---- maximum activations ---- */

START_TEST(maximum_activations_match)
{
    tvae_tensor *s, *x, *want, *want_images;
    tvae_max_activation *found = NULL;
    size_t n_units, n_pixels;

    if (!archive)
        return;
    s = golden_get(archive, "sel", "s");
    x = golden_get(archive, "maxact", "x");
    want = golden_get(archive, "maxact", "idx");
    want_images = golden_get(archive, "maxact", "img");
    n_units = tvae_tensor_extent(s, 1);
    n_pixels = tvae_tensor_extent(x, 1);
    ck_assert_uint_eq(tvae_tensor_count(want), n_units);
    ASSERT_OK(tvae_max_activation_create(n_units, &found));
    ASSERT_OK(tvae_max_activation_add(found, s));
    for (size_t i = 0; i < n_units; i++) {
        uint64_t sample = UINT64_MAX;

        ASSERT_OK(tvae_max_activation_find(found, i, &sample, NULL));
        ck_assert_uint_eq(sample, (uint64_t)tvae_tensor_data(want)[i]);
        ck_assert_mem_eq(tvae_tensor_data(x) + sample * n_pixels,
                         tvae_tensor_data(want_images) + i * n_pixels,
                         n_pixels * sizeof(float));
    }
    tvae_max_activation_destroy(&found);
    tvae_tensor_destroy(&s);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&want);
    tvae_tensor_destroy(&want_images);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden_units");
    TCase *tc = tcase_create("golden_units");

    tcase_add_checked_fixture(tc, open_metrics, close_metrics);
    tcase_add_test(tc, covariances_match);
    tcase_add_test(tc, class_selectivity_matches);
    tcase_add_test(tc, maximum_activations_match);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
