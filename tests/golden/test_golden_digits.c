/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "data/warp.h"
#include "golden.h"
#include "io/io.h"
#include "support.h"

/* transforms.npz: the digits are those of MNIST, and the warp goes where the reference's
 * matrices say (GOLDEN section 5). */

static tvae_archive *archive;

static void open_archive(void)
{
    archive = golden_open("transforms.npz");
}

static void close_archive(void)
{
    tvae_archive_destroy(&archive);
}

/* The MNIST folder beside the source tree; false, with a line that says so, without it.
 */
static bool find_mnist(char folder[4096])
{
    const char *source = getenv("TVAE_SOURCE_DIR");
    struct stat info;

    (void)snprintf(folder, 4096, "%s/../shared/data/mnist", source ? source : ".");
    if (stat(folder, &info) == 0)
        return true;
    printf("SKIP digits: no folder %s\n", folder);
    return false;
}

static void read_idx(const char *folder, const char *name, int32_t rank, tvi_idx *idx)
{
    char path[4200];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    ASSERT_OK(tvi_idx_read(path, rank, idx));
}

START_TEST(digits_are_those_of_mnist)
{
    tvae_tensor *index, *label, *red;
    tvi_idx images, labels;
    char folder[4096];
    size_t n;

    if (!archive || !find_mnist(folder))
        return;
    index = golden_get(archive, "digit", "index");
    label = golden_get(archive, "digit", "label");
    red = golden_get(archive, "digit", "red");
    read_idx(folder, "train-images-idx3-ubyte", 3, &images);
    read_idx(folder, "train-labels-idx1-ubyte", 1, &labels);
    n = images.shape[1] * images.shape[2];
    ck_assert_uint_eq(tvae_tensor_count(red), tvae_tensor_count(index) * n);
    for (size_t digit = 0; digit < tvae_tensor_count(index); digit++) {
        const size_t at = (size_t)tvae_tensor_data(index)[digit];

        ck_assert_uint_lt(at, labels.count);
        ck_assert_uint_eq(labels.values[at], (unsigned)tvae_tensor_data(label)[digit]);
        for (size_t i = 0; i < n; i++)
            ck_assert((float)images.values[at * n + i] / 255.0f ==
                      tvae_tensor_data(red)[digit * n + i]);
    }
    tvi_idx_release(&images);
    tvi_idx_release(&labels);
    tvae_tensor_destroy(&index);
    tvae_tensor_destroy(&label);
    tvae_tensor_destroy(&red);
}
END_TEST

/* ---- matrices ---- */

enum { COLUMN, ROW, ONE, N_RAMPS };

/* Images of the pixels' own columns, of their rows, and of ones: warped, they tell where
 * each target pixel was sampled, and whether that is inside. */
static void warp_ramps(size_t height, size_t width, double degrees, double scale,
                       float *ramps[N_RAMPS])
{
    float *image = calloc(height * width, sizeof *image);
    float *padded = calloc(tvi_warp_padded_count(height, width), sizeof *padded);

    ck_assert(image && padded);
    for (int ramp = 0; ramp < N_RAMPS; ramp++) {
        for (size_t i = 0; i < height * width; i++)
            image[i] = ramp == COLUMN ? (float)(i % width)
                       : ramp == ROW  ? (float)(i / width)
                                      : 1.0f;
        tvi_warp_pad(height, width, image, padded);
        tvi_warp(height, width, padded, degrees, scale, ramps[ramp]);
    }
    free(image);
    free(padded);
}

/* The matrix maps where a pixel was sampled back to the pixel. */
static void check_matrix(const char *what, const float m[6], size_t height, size_t width,
                         float *const ramps[N_RAMPS])
{
    size_t n_compared = 0;

    for (size_t i = 0; i < height * width; i++) {
        const double x = (double)ramps[COLUMN][i], y = (double)ramps[ROW][i];

        if (fabsf(ramps[ONE][i] - 1.0f) > 1e-6f)
            continue;
        n_compared++;
        assert_near(what, (double)m[0] * x + (double)m[1] * y + (double)m[2],
                    (double)(i % width), 0.0, 1e-4);
        assert_near(what, (double)m[3] * x + (double)m[4] * y + (double)m[5],
                    (double)(i / width), 0.0, 1e-4);
    }
    ck_assert_uint_gt(n_compared, height * width / 8);
}

/* Both of the file's matrices, the reference's float32 and the formula's float64, which
 * comes as float32. */
START_TEST(warp_goes_where_the_matrices_say)
{
    tvae_tensor *pairs, *m, *m64, *gray;
    float *ramps[N_RAMPS];
    size_t height, width;

    if (!archive)
        return;
    pairs = golden_get(archive, "warp", "pairs");
    m = golden_get(archive, "warp", "M");
    m64 = golden_get(archive, "warp", "M64");
    gray = golden_get(archive, "warp", "gray");
    height = tvae_tensor_extent(gray, 2);
    width = tvae_tensor_extent(gray, 3);
    for (int ramp = 0; ramp < N_RAMPS; ramp++) {
        ramps[ramp] = calloc(height * width, sizeof *ramps[ramp]);
        ck_assert_ptr_nonnull(ramps[ramp]);
    }
    for (size_t i = 0; i < tvae_tensor_extent(pairs, 0); i++) {
        const float *pair = tvae_tensor_data(pairs) + 2 * i;

        warp_ramps(height, width, (double)pair[0], (double)pair[1], ramps);
        check_matrix("warp.M", tvae_tensor_data(m) + 6 * i, height, width, ramps);
        check_matrix("warp.M64", tvae_tensor_data(m64) + 6 * i, height, width, ramps);
    }
    for (int ramp = 0; ramp < N_RAMPS; ramp++)
        free(ramps[ramp]);
    tvae_tensor_destroy(&pairs);
    tvae_tensor_destroy(&m);
    tvae_tensor_destroy(&m64);
    tvae_tensor_destroy(&gray);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden_digits");
    TCase *tc = tcase_create("golden_digits");

    tcase_add_checked_fixture(tc, open_archive, close_archive);
    tcase_add_test(tc, digits_are_those_of_mnist);
    tcase_add_test(tc, warp_goes_where_the_matrices_say);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
