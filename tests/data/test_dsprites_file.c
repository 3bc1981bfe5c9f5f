/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zip.h>

#include "../io/scratch.h"
#include "../io/zip_file.h"
#include "base/memory.h"
#include "data/sprites.h"
#include "failing_allocation.h"
#include "support.h"

/* A stand-in with fewer values a factor; image n shows n in binary and one pixel more. */
enum { FACTORS = TVAE_N_SPRITE_FACTORS, PIXELS = 64 * 64, N_IMAGES = 3 * 6 * 5 * 4 * 3 };

static const size_t totals[FACTORS] = {3, 6, 5, 4, 3};

typedef struct stand_in {
    unsigned char *images; /* [N_IMAGES, 64, 64] */
    int64_t latents[N_IMAGES][1 + FACTORS];
    const char *images_header;
    const char *latents_header;
} stand_in;

static stand_in *make_stand_in(void)
{
    stand_in *file = calloc(1, sizeof *file);

    ck_assert_ptr_nonnull(file);
    file->images = calloc(N_IMAGES, PIXELS);
    ck_assert_ptr_nonnull(file->images);
    file->images_header =
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1080, 64, 64), }";
    file->latents_header =
        "{'descr': '<i8', 'fortran_order': False, 'shape': (1080, 6), }";
    for (size_t n = 0; n < N_IMAGES; n++) {
        size_t rest = n;

        for (size_t bit = 0; bit < 11; bit++)
            file->images[n * PIXELS + bit * 65] = n >> bit & 1;
        file->images[n * PIXELS + PIXELS - 1] = 1;
        for (size_t f = FACTORS; f-- > 0; rest /= totals[f])
            file->latents[n][f + 1] = (int64_t)(rest % totals[f]);
    }
    return file;
}

static void free_stand_in(stand_in *file)
{
    free(file->images);
    free(file);
}

static const char *write_stand_in(const stand_in *file)
{
    const char *path = scratch_path("sprites.npz");
    const zip_member members[] = {
        {"metadata.npy", "{'descr': '|O', 'fortran_order': False, 'shape': (), }",
         "\x80\x02}.", 4},
        {"imgs.npy", file->images_header, file->images, N_IMAGES * PIXELS},
        {"latents_classes.npy", file->latents_header, file->latents,
         sizeof file->latents}};

    write_zip(path, members, sizeof members / sizeof *members, ZIP_CM_DEFLATE);
    return path;
}

/* Everything but scale 0 and the odd columns, all of it for training. */
static tvae_sprites_options subset_options(void)
{
    tvae_sprites_options options;

    ASSERT_OK(tvae_sprites_options_init(&options, sizeof options));
    options.n_frames = 3;
    options.stride[TVAE_FACTOR_ORIENTATION] = 1;
    options.stride[TVAE_FACTOR_POS_Y] = 1;
    options.test_fraction = 0.0;
    return options;
}

/* The number that an image shows. */
static size_t read_number(const float *image)
{
    size_t number = 0, n_grey = 0;

    for (size_t i = 0; i < PIXELS; i++)
        n_grey += image[i] != 0.0f && image[i] != 1.0f;
    ck_assert_uint_eq(n_grey, 0);
    ck_assert(image[PIXELS - 1] == 1.0f);
    for (size_t bit = 0; bit < 11; bit++)
        number |= (size_t)image[bit * 65] << bit;
    return number;
}

START_TEST(get_gives_the_images_of_its_factors)
{
    static const size_t kept[FACTORS] = {3, 5, 5, 2, 3};
    const size_t x_shape[] = {3, 1, 64, 64}, f_shape[] = {3, FACTORS};
    const tvae_sprites_options options = subset_options();
    stand_in *file = make_stand_in();
    tvae_dataset *dataset = NULL;
    tvae_tensor *x = NULL, *f = NULL;

    ASSERT_OK(tvi_dsprites_create(write_stand_in(file), &options, totals, &dataset));
    free_stand_in(file);
    ck_assert_uint_eq(tvae_dataset_count(dataset), 450);
    for (size_t factor = 0; factor < FACTORS; factor++)
        ck_assert_uint_eq(tvae_dataset_factor_values(dataset, factor), kept[factor]);
    ASSERT_OK(tvae_tensor_create(4, x_shape, &x));
    ASSERT_OK(tvae_tensor_create(2, f_shape, &f));
    for (size_t item = 0; item < 450; item++) {
        ASSERT_OK(tvae_dataset_get(dataset, item, 1, item, x, f));
        for (size_t frame = 0; frame < 3; frame++) {
            const float *v = tvae_tensor_data(f) + frame * FACTORS;
            const size_t shape = (size_t)v[0], scale = 1 + (size_t)v[1];
            const size_t turn = (size_t)v[2], column = 2 * (size_t)v[3];
            const size_t row = (size_t)v[4];

            ck_assert_uint_eq(read_number(tvae_tensor_data(x) + frame * PIXELS),
                              (((shape * 6 + scale) * 5 + turn) * 4 + column) * 3 + row);
        }
    }
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&f);
    tvae_dataset_destroy(&dataset);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* The sentence of a file that is refused names `word`. */
static void assert_refused(const stand_in *file, const char *word)
{
    const tvae_sprites_options options = subset_options();
    tvae_dataset *dataset = NULL;

    ASSERT_STATUS(tvi_dsprites_create(write_stand_in(file), &options, totals, &dataset),
                  TVAE_E_FORMAT);
    ck_assert_ptr_null(dataset);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), word));
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "sprites.npz"));
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}

START_TEST(create_refuses_a_file_without_images)
{
    static const zip_member other = {
        "other.npy", "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), }", "x", 1};
    const char *path = scratch_path("other.npz");
    tvae_dataset *dataset = NULL;

    write_zip(path, &other, 1, ZIP_CM_STORE);
    ASSERT_STATUS(tvae_dataset_create_dsprites(path, NULL, &dataset), TVAE_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "latents_classes"));
}
END_TEST

START_TEST(create_refuses_what_is_not_dsprites)
{
    stand_in *file = make_stand_in();

    file->latents[700][4] ^= 1;
    assert_refused(file, "row 700 of latents_classes");
    file->latents[700][4] ^= 1;
    file->images[1079 * PIXELS + 5] = 2;
    assert_refused(file, "image 1079");
    file->images[1079 * PIXELS + 5] = 0;
    file->images_header =
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1080, 4096), }";
    assert_refused(file, "imgs");
    file->images_header =
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1080, 32, 128), }";
    assert_refused(file, "imgs");
    file->images_header =
        "{'descr': '<i8', 'fortran_order': False, 'shape': (1080, 64, 8), }";
    assert_refused(file, "imgs");
    file->latents_header =
        "{'descr': '<i8', 'fortran_order': False, 'shape': (1296, 5), }";
    assert_refused(file, "latents_classes");
    free_stand_in(file);
}
END_TEST

START_TEST(create_rejects_bad_arguments)
{
    tvae_sprites_options options = subset_options();
    tvae_dataset *dataset = NULL;
    stand_in *file = make_stand_in();
    const char *path = write_stand_in(file);

    free_stand_in(file);
    ASSERT_STATUS(tvae_dataset_create_dsprites(NULL, NULL, &dataset), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_dataset_create_dsprites(path, NULL, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_dataset_create_dsprites(scratch_path("none.npz"), NULL, &dataset),
                  TVAE_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "fetch-data.sh"));
    /* The stand-in is not the real file, whose name the sentence gives. */
    ASSERT_STATUS(tvae_dataset_create_dsprites(path, NULL, &dataset), TVAE_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "737280"));
    options.image_size = 32;
    ASSERT_STATUS(tvae_dataset_create_dsprites(path, &options, &dataset), TVAE_E_INVALID);
    options.image_size = 64;
    options.n_frames = 0;
    ASSERT_STATUS(tvae_dataset_create_dsprites(path, &options, &dataset), TVAE_E_INVALID);
    ck_assert_ptr_null(dataset);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

static tvae_status create_and_destroy(void *path)
{
    const tvae_sprites_options options = subset_options();
    tvae_dataset *dataset = NULL;
    const tvae_status st = tvi_dsprites_create(path, &options, totals, &dataset);

    tvae_dataset_destroy(&dataset);
    return st;
}

START_TEST(create_survives_every_refused_allocation)
{
    stand_in *file = make_stand_in();
    char path[4096];

    (void)snprintf(path, sizeof path, "%s", write_stand_in(file));
    free_stand_in(file);
    ck_assert_uint_ge(sweep_allocation_failures(create_and_destroy, path), 3);
}
END_TEST

/* One allocation fails, and those after it do not. */
START_TEST(create_survives_each_allocation_failing_once)
{
    stand_in *file = make_stand_in();
    char path[4096];
    tvae_status st = TVAE_E_NOMEM;
    long k = 0;

    (void)snprintf(path, sizeof path, "%s", write_stand_in(file));
    free_stand_in(file);
    ASSERT_OK(tvae_set_allocator(&failing_allocator));
    while (st == TVAE_E_NOMEM) {
        fail_allocation(++k);
        st = create_and_destroy(path);
        ck_assert_uint_eq(tvi_live_blocks(), 0);
    }
    ASSERT_OK(st);
    ck_assert_int_lt(count_allocations(), k);
    ck_assert_int_gt(k, 9); /* the dataset, its items and images, and two streams */
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("dsprites_file");
    TCase *cases = tcase_create("dsprites_file");

    tcase_add_checked_fixture(cases, scratch_begin, scratch_end);
    tcase_add_test(cases, get_gives_the_images_of_its_factors);
    tcase_add_test(cases, create_refuses_a_file_without_images);
    tcase_add_test(cases, create_refuses_what_is_not_dsprites);
    tcase_add_test(cases, create_rejects_bad_arguments);
    tcase_add_test(cases, create_survives_every_refused_allocation);
    tcase_add_test(cases, create_survives_each_allocation_failing_once);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
