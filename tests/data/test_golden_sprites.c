/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "data/sprites.h"

enum { PIXELS = 64 * 64, N_SHAPES = 3 };

/* Least mean intersection over union with the real frames, a shape. */
static const double wanted[N_SHAPES] = {0.995, 0.99, 0.98};
static const char *const names[N_SHAPES] = {"square", "ellipse", "heart"};

/* Path of the real frames, or NULL, with a line that says so, without them. A path given
 * in TVAE_DSPRITES_FRAMES must exist. */
static const char *frames_path(void)
{
    static char path[4096];
    const char *chosen = getenv("TVAE_DSPRITES_FRAMES");
    const char *source = getenv("TVAE_SOURCE_DIR");
    struct stat info;

    if (chosen && *chosen)
        return chosen;
    (void)snprintf(path, sizeof path, "%s/../shared/data/dsprites/frames.npz",
                   source ? source : ".");
    if (stat(path, &info) == 0)
        return path;
    printf("SKIP golden_sprites: no file %s (set TVAE_DSPRITES_FRAMES)\n", path);
    return NULL;
}

/* All 737,280 images, drawn. */
static tvae_dataset *create_all_sprites(void)
{
    tvae_sprites_options options;
    tvae_dataset *dataset = NULL;

    ASSERT_OK(tvae_sprites_options_init(&options, sizeof options));
    for (size_t f = 0; f < TVAE_N_SPRITE_FACTORS; f++) {
        options.start[f] = 0;
        options.stride[f] = 1;
        options.max_values[f] = 64;
    }
    ASSERT_OK(tvae_dataset_create_sprites(&options, &dataset));
    return dataset;
}

static double intersection_over_union(const float *a, const float *b)
{
    size_t both = 0, either = 0;

    for (size_t i = 0; i < PIXELS; i++) {
        both += a[i] > 0.0f && b[i] > 0.0f;
        either += a[i] > 0.0f || b[i] > 0.0f;
    }
    return (double)both / (double)either;
}

START_TEST(sprites_match_the_real_frames)
{
    const char *path = frames_path();
    tvae_archive *archive = NULL;
    tvae_tensor *images = NULL, *latents = NULL;
    tvae_dataset *dataset;
    double sum[N_SHAPES] = {0.0};
    size_t n_frames[N_SHAPES] = {0};
    float drawn[PIXELS];

    if (!path)
        return;
    ASSERT_OK(tvae_archive_load(path, &archive));
    ASSERT_OK(tvae_archive_get(archive, "imgs", &images));
    ASSERT_OK(tvae_archive_get(archive, "latents_classes", &latents));
    ck_assert_uint_eq(tvae_tensor_count(images), tvae_tensor_extent(latents, 0) * PIXELS);
    ck_assert_uint_eq(tvae_tensor_extent(latents, 1), TVAE_N_SPRITE_FACTORS);
    dataset = create_all_sprites();
    for (size_t n = 0; n < tvae_tensor_extent(latents, 0); n++) {
        size_t labels[TVAE_N_SPRITE_FACTORS];

        for (size_t f = 0; f < TVAE_N_SPRITE_FACTORS; f++) {
            labels[f] = (size_t)tvae_tensor_data(latents)[n * TVAE_N_SPRITE_FACTORS + f];
            ck_assert_uint_lt(labels[f], tvi_sprite_totals[f]);
        }
        ((tvi_sprites *)dataset)->draw((tvi_sprites *)dataset, labels, drawn);
        sum[labels[0]] +=
            intersection_over_union(drawn, tvae_tensor_data(images) + n * PIXELS);
        n_frames[labels[0]]++;
    }
    for (size_t shape = 0; shape < N_SHAPES; shape++) {
        const double mean = sum[shape] / (double)n_frames[shape];

        if (n_frames[shape] == 0)
            continue;
        printf("%s: mean intersection over union %.5f over %zu real frames\n",
               names[shape], mean, n_frames[shape]);
        ck_assert_msg(mean >= wanted[shape], "%s: %.5f, want at least %.3f", names[shape],
                      mean, wanted[shape]);
    }
    tvae_dataset_destroy(&dataset);
    tvae_tensor_destroy(&images);
    tvae_tensor_destroy(&latents);
    tvae_archive_destroy(&archive);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden_sprites");
    TCase *cases = tcase_create("golden_sprites");

    tcase_add_test(cases, sprites_match_the_real_frames);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
