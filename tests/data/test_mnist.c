/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "base/memory.h"
#include "data/hue.h"
#include "data/mnist_sequence.h"
#include "data/numpy_split.h"
#include "data/perspective.h"
#include "data/warp.h"
#include "support.h"

/* Small files in MNIST's format, written by the tests: image i has pixels of its own, and
 * the label i mod 10. */
enum { N_TRAIN = 23, N_TEST = 7, HEIGHT = 8, WIDTH = 10, PIXELS = HEIGHT * WIDTH };
enum { FRAME = 3 * PIXELS, SEQUENCE = 18 * FRAME, MAX_BYTES = 4096 };

static const char *const train_images = "train-images-idx3-ubyte";
static const char *const train_labels = "train-labels-idx1-ubyte";
static const char *const test_images = "t10k-images-idx3-ubyte";
static const char *const test_labels = "t10k-labels-idx1-ubyte";

static char folder[64];

static unsigned char pixel_of(size_t image, size_t pixel)
{
    return (unsigned char)((image * 37 + pixel * 11) % 256);
}

static char *path_of(const char *name)
{
    static char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_bytes(const char *name, const unsigned char *bytes, size_t n)
{
    FILE *file = fopen(path_of(name), "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
    ck_assert_int_eq(fclose(file), 0);
}

static size_t put_header(unsigned char *bytes, size_t rank, const size_t *shape)
{
    size_t used = 0;

    bytes[used++] = 0;
    bytes[used++] = 0;
    bytes[used++] = 8;
    bytes[used++] = (unsigned char)rank;
    for (size_t axis = 0; axis < rank; axis++)
        for (int shift = 24; shift >= 0; shift -= 8)
            bytes[used++] = (unsigned char)(shape[axis] >> shift & 0xff);
    return used;
}

static size_t make_images(unsigned char bytes[MAX_BYTES], size_t n)
{
    const size_t shape[] = {n, HEIGHT, WIDTH};
    size_t used = put_header(bytes, 3, shape);

    for (size_t i = 0; i < n * PIXELS; i++)
        bytes[used++] = pixel_of(i / PIXELS, i % PIXELS);
    return used;
}

static size_t make_labels(unsigned char bytes[MAX_BYTES], size_t n)
{
    size_t used = put_header(bytes, 1, &n);

    for (size_t i = 0; i < n; i++)
        bytes[used++] = (unsigned char)(i % 10);
    return used;
}

static void write_pair(const char *images, const char *labels, size_t n)
{
    unsigned char bytes[MAX_BYTES];

    write_bytes(images, bytes, make_images(bytes, n));
    write_bytes(labels, bytes, make_labels(bytes, n));
}

static void make_folder(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/tvae-test-mnist-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void remove_file(const char *name)
{
    char gzipped[64];

    (void)snprintf(gzipped, sizeof gzipped, "%s.gz", name);
    (void)unlink(path_of(name));
    (void)unlink(path_of(gzipped));
}

static void remove_folder(void)
{
    remove_file(train_images);
    remove_file(train_labels);
    remove_file(test_images);
    remove_file(test_labels);
    ck_assert_int_eq(rmdir(folder), 0);
}

static tvae_mnist_options options_of(int32_t split, int32_t transform)
{
    tvae_mnist_options options;

    ASSERT_OK(tvae_mnist_options_init(&options, sizeof options));
    options.split = split;
    options.transform = transform;
    return options;
}

static tvae_dataset *open_split(int32_t split, int32_t transform)
{
    const tvae_mnist_options options = options_of(split, transform);
    tvae_dataset *dataset = NULL;

    ASSERT_OK(tvae_dataset_create_mnist(folder, &options, &dataset));
    return dataset;
}

/* Item's frames and factors into plain arrays. */
static void get(const tvae_dataset *dataset, size_t item, uint64_t seed, uint64_t draw,
                float *x, float *factors)
{
    size_t shape[4], factors_shape[2];
    tvae_tensor *frames = NULL, *values = NULL;

    ASSERT_OK(tvae_dataset_shape(dataset, shape));
    factors_shape[0] = shape[0];
    factors_shape[1] = tvae_dataset_factor_count(dataset);
    ASSERT_OK(tvae_tensor_wrap(x, 4, shape, &frames));
    ASSERT_OK(tvae_tensor_wrap(factors, 2, factors_shape, &values));
    ASSERT_OK(tvae_dataset_get(dataset, item, seed, draw, frames, values));
    tvae_tensor_destroy(&frames);
    tvae_tensor_destroy(&values);
}

static void assert_image(const tvae_dataset *dataset, size_t item, size_t image)
{
    float x[PIXELS], label = -1.0f;

    get(dataset, item, 0, 0, x, &label);
    for (size_t i = 0; i < PIXELS; i++)
        ck_assert(x[i] == (float)pixel_of(image, i) / 255.0f);
    ck_assert(label == (float)(image % 10));
}

START_TEST(options_init_gives_the_reference)
{
    tvae_mnist_options options;

    ASSERT_OK(tvae_mnist_options_init(&options, sizeof options));
    ck_assert_uint_eq(options.size, sizeof options);
    ck_assert_uint_eq(options.split_seed, 1);
    assert_near("fraction", options.validation_fraction, 0.2, 0.0, 0.0);
    ck_assert_int_eq(options.split, TVAE_SPLIT_TRAIN);
    ck_assert_int_eq(options.transform, TVAE_TRANSFORM_RANDOM);
    ASSERT_STATUS(tvae_mnist_options_init(NULL, sizeof options), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_mnist_options_init(&options, 8), TVAE_E_INVALID);
}
END_TEST

START_TEST(split_is_the_references_shuffle)
{
    uint32_t order[N_TRAIN];
    tvae_dataset *held_out, *train;

    write_pair(train_images, train_labels, N_TRAIN);
    tvi_numpy_shuffle(1, N_TRAIN, order);
    held_out = open_split(TVAE_SPLIT_VALIDATION, TVAE_TRANSFORM_NONE);
    train = open_split(TVAE_SPLIT_TRAIN, TVAE_TRANSFORM_NONE);
    ck_assert_uint_eq(tvae_dataset_count(held_out), 4); /* floor(0.2 * 23) */
    ck_assert_uint_eq(tvae_dataset_count(train), 19);
    for (size_t i = 0; i < 4; i++)
        assert_image(held_out, i, order[i]);
    for (size_t i = 0; i < 19; i++)
        assert_image(train, i, order[4 + i]);
    tvae_dataset_destroy(&held_out);
    tvae_dataset_destroy(&train);
}
END_TEST

START_TEST(split_depends_on_its_seed)
{
    tvae_mnist_options options = options_of(TVAE_SPLIT_TRAIN, TVAE_TRANSFORM_NONE);
    uint32_t order[N_TRAIN];
    tvae_dataset *dataset = NULL;

    write_pair(train_images, train_labels, N_TRAIN);
    options.split_seed = 7;
    options.validation_fraction = 0.0;
    ASSERT_OK(tvae_dataset_create_mnist(folder, &options, &dataset));
    ck_assert_uint_eq(tvae_dataset_count(dataset), N_TRAIN);
    tvi_numpy_shuffle(7, N_TRAIN, order);
    for (size_t i = 0; i < N_TRAIN; i++)
        assert_image(dataset, i, order[i]);
    tvae_dataset_destroy(&dataset);
}
END_TEST

START_TEST(test_split_needs_only_its_files_and_keeps_their_order)
{
    tvae_dataset *dataset;

    write_pair(test_images, test_labels, N_TEST);
    dataset = open_split(TVAE_SPLIT_TEST, TVAE_TRANSFORM_NONE);
    ck_assert_uint_eq(tvae_dataset_count(dataset), N_TEST);
    for (size_t i = 0; i < N_TEST; i++)
        assert_image(dataset, i, i);
    tvae_dataset_destroy(&dataset);
}
END_TEST

START_TEST(gzipped_files_are_read)
{
    unsigned char bytes[MAX_BYTES];
    tvae_dataset *dataset;

    for (int labels = 0; labels < 2; labels++) {
        const size_t n = labels ? make_labels(bytes, N_TEST) : make_images(bytes, N_TEST);
        char name[64];
        gzFile file;

        (void)snprintf(name, sizeof name, "%s.gz", labels ? test_labels : test_images);
        file = gzopen(path_of(name), "wb");
        ck_assert_ptr_nonnull(file);
        ck_assert_int_eq(gzwrite(file, bytes, (unsigned)n), (int)n);
        ck_assert_int_eq(gzclose(file), Z_OK);
    }
    dataset = open_split(TVAE_SPLIT_TEST, TVAE_TRANSFORM_NONE);
    assert_image(dataset, 3, 3);
    tvae_dataset_destroy(&dataset);
}
END_TEST

START_TEST(single_images_have_the_label_as_factor)
{
    const size_t want[] = {1, 1, HEIGHT, WIDTH};
    size_t shape[4];
    tvae_dataset *dataset;

    write_pair(test_images, test_labels, N_TEST);
    dataset = open_split(TVAE_SPLIT_TEST, TVAE_TRANSFORM_NONE);
    ASSERT_OK(tvae_dataset_shape(dataset, shape));
    ck_assert_mem_eq(shape, want, sizeof want);
    ck_assert_uint_eq(tvae_dataset_factor_count(dataset), 1);
    ck_assert_str_eq(tvae_dataset_factor_name(dataset, 0), "label");
    ck_assert_uint_eq(tvae_dataset_factor_values(dataset, 0), 10);
    tvae_dataset_destroy(&dataset);
}
END_TEST

static void check_factors(int32_t transform, const char *const *names, size_t n_names)
{
    const size_t want[] = {18, 3, HEIGHT, WIDTH};
    tvae_dataset *dataset = open_split(TVAE_SPLIT_TEST, transform);
    size_t shape[4];

    ASSERT_OK(tvae_dataset_shape(dataset, shape));
    ck_assert_mem_eq(shape, want, sizeof want);
    ck_assert_uint_eq(tvae_dataset_factor_count(dataset), n_names);
    for (size_t factor = 0; factor < n_names; factor++) {
        ck_assert_str_eq(tvae_dataset_factor_name(dataset, factor), names[factor]);
        ck_assert_uint_eq(tvae_dataset_factor_values(dataset, factor), 18);
    }
    tvae_dataset_destroy(&dataset);
}

START_TEST(sequences_have_the_factors_of_their_transform)
{
    static const char *const rotation[] = {"rotation", "scale", "hue"};
    static const char *const perspective[] = {"perspective", "hue"};

    write_pair(test_images, test_labels, N_TEST);
    check_factors(TVAE_TRANSFORM_RANDOM, rotation, 3);
    check_factors(TVAE_TRANSFORM_DUAL, rotation, 3);
    check_factors(TVAE_TRANSFORM_PERSPECTIVE, perspective, 2);
}
END_TEST

/* What a frame with these factors must be, by the general path. */
static void draw_frame(size_t image, int32_t transform, const float *values,
                       float frame[FRAME])
{
    const double degrees = tvi_mnist_rotation((uint32_t)values[0]);
    const bool has_scale = transform != TVAE_TRANSFORM_PERSPECTIVE;
    float digit[PIXELS], padded[(HEIGHT + 2) * (WIDTH + 2)];

    for (size_t i = 0; i < PIXELS; i++)
        digit[i] = (float)pixel_of(image, i) / 255.0f;
    memset(frame, 0, FRAME * sizeof *frame);
    tvi_warp_pad(HEIGHT, WIDTH, digit, padded);
    if (has_scale)
        tvi_warp(HEIGHT, WIDTH, padded, degrees,
                 transform == TVAE_TRANSFORM_DUAL ? 1.0
                                                  : tvi_mnist_scale((uint32_t)values[1]),
                 frame);
    else
        tvi_perspective_warp(HEIGHT, WIDTH, padded, degrees, frame);
    tvi_hue_shift(PIXELS, frame, tvi_mnist_hue((uint32_t)values[has_scale ? 2 : 1]),
                  frame);
}

START_TEST(factors_say_what_the_frames_show)
{
    static float x[SEQUENCE];
    float factors[18][3], want[FRAME];
    size_t n_running[3] = {0};
    tvae_dataset *dataset;

    write_pair(test_images, test_labels, N_TEST);
    dataset = open_split(TVAE_SPLIT_TEST, TVAE_TRANSFORM_RANDOM);
    for (uint64_t draw = 0; draw < 30; draw++) {
        get(dataset, draw % N_TEST, 5, draw, x, factors[0]);
        for (size_t frame = 0; frame < 18; frame++) {
            draw_frame(draw % N_TEST, TVAE_TRANSFORM_RANDOM, factors[frame], want);
            assert_close("frame", x + frame * FRAME, want, FRAME, 0.0, 1e-6);
        }
        for (size_t factor = 0; factor < 3; factor++)
            n_running[factor] += factors[0][factor] != factors[1][factor];
    }
    ck_assert_uint_eq(n_running[0] + n_running[1] + n_running[2], 30);
    for (size_t factor = 0; factor < 3; factor++)
        ck_assert_uint_gt(n_running[factor], 0);
    tvae_dataset_destroy(&dataset);
}
END_TEST

/* Turn and hue move on together, one value a frame, from starts of their own; any other
 * factor stays. */
static void check_two_running(int32_t transform, size_t n_factors)
{
    static float x[SEQUENCE];
    tvae_dataset *dataset = open_split(TVAE_SPLIT_TEST, transform);
    size_t n_apart = 0;

    for (uint64_t draw = 0; draw < 10; draw++) {
        float factors[18 * 3], want[FRAME];

        get(dataset, draw % N_TEST, 5, draw, x, factors);
        n_apart += factors[0] != factors[n_factors - 1];
        for (size_t frame = 0; frame < 18; frame++) {
            const float *values = factors + frame * n_factors;

            for (size_t factor = 0; factor < n_factors; factor++) {
                const size_t step = factor == 0 || factor == n_factors - 1 ? frame : 0;

                ck_assert(values[factor] ==
                          (float)(((size_t)factors[factor] + step) % 18));
            }
            draw_frame(draw % N_TEST, transform, values, want);
            assert_close("frame", x + frame * FRAME, want, FRAME, 0.0, 1e-6);
        }
    }
    ck_assert_uint_gt(n_apart, 0);
    tvae_dataset_destroy(&dataset);
}

START_TEST(turn_and_hue_run_together)
{
    write_pair(test_images, test_labels, N_TEST);
    check_two_running(TVAE_TRANSFORM_DUAL, 3);
    check_two_running(TVAE_TRANSFORM_PERSPECTIVE, 2);
}
END_TEST

/* What the generalisation experiment does: a transform for training, another to test. */
START_TEST(splits_can_have_transforms_of_their_own)
{
    static float x[SEQUENCE];
    float factors[54];
    tvae_dataset *train, *test;

    write_pair(train_images, train_labels, N_TRAIN);
    write_pair(test_images, test_labels, N_TEST);
    train = open_split(TVAE_SPLIT_TRAIN, TVAE_TRANSFORM_RANDOM);
    test = open_split(TVAE_SPLIT_TEST, TVAE_TRANSFORM_DUAL);
    for (uint64_t draw = 0; draw < 5; draw++) {
        size_t n_running = 0;

        get(train, draw, 1, draw, x, factors);
        for (size_t factor = 0; factor < 3; factor++)
            n_running += factors[factor] != factors[3 + factor];
        ck_assert_uint_eq(n_running, 1);
        get(test, draw, 1, draw, x, factors);
        ck_assert(factors[0] != factors[3] && factors[1] == factors[4] &&
                  factors[2] != factors[5]);
    }
    tvae_dataset_destroy(&train);
    tvae_dataset_destroy(&test);
}
END_TEST

START_TEST(sequences_depend_on_item_seed_and_draw_alone)
{
    static float x[SEQUENCE], again[SEQUENCE], factors[54], other[54];
    tvae_dataset *dataset;

    write_pair(test_images, test_labels, N_TEST);
    dataset = open_split(TVAE_SPLIT_TEST, TVAE_TRANSFORM_RANDOM);
    get(dataset, 2, 1, 9, x, factors);
    get(dataset, 5, 1, 10, again, other);
    ck_assert_mem_ne(factors, other, sizeof factors);
    get(dataset, 2, 2, 9, again, other);
    ck_assert_mem_ne(factors, other, sizeof factors);
    get(dataset, 2, 1, 9, again, other);
    ck_assert_mem_eq(factors, other, sizeof factors);
    ck_assert_mem_eq(x, again, sizeof x);
    tvae_dataset_destroy(&dataset);
}
END_TEST

/* The call fails with this status, and its sentence has these words. */
static void assert_refused(int32_t split, tvae_status wanted, const char *words)
{
    const tvae_mnist_options options = options_of(split, TVAE_TRANSFORM_RANDOM);
    tvae_dataset *dataset = (tvae_dataset *)(void *)folder;

    ASSERT_STATUS(tvae_dataset_create_mnist(folder, &options, &dataset), wanted);
    ck_assert_ptr_null(dataset);
    ck_assert_msg(strstr(tvae_last_error(), words) != NULL, "\"%s\" lacks \"%s\"",
                  tvae_last_error(), words);
    ck_assert_ptr_null(strchr(tvae_last_error(), '\n'));
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}

START_TEST(missing_files_are_named_with_the_remedy)
{
    assert_refused(TVAE_SPLIT_TRAIN, TVAE_E_NOT_FOUND, train_images);
    assert_refused(TVAE_SPLIT_TRAIN, TVAE_E_NOT_FOUND, "examples/fetch-data.sh mnist");
    assert_refused(TVAE_SPLIT_TEST, TVAE_E_NOT_FOUND, test_images);
    write_pair(train_images, train_labels, N_TRAIN);
    remove_file(train_labels);
    assert_refused(TVAE_SPLIT_TRAIN, TVAE_E_NOT_FOUND, train_labels);
    assert_refused(TVAE_SPLIT_TEST, TVAE_E_NOT_FOUND, test_images);
}
END_TEST

START_TEST(bad_files_are_refused_by_name)
{
    unsigned char bytes[MAX_BYTES];
    size_t n;

    write_pair(train_images, train_labels, N_TRAIN);
    write_bytes(train_labels, bytes, make_labels(bytes, N_TRAIN - 1));
    assert_refused(TVAE_SPLIT_TRAIN, TVAE_E_FORMAT, "22 labels");
    write_bytes(train_labels, bytes, make_images(bytes, N_TRAIN));
    assert_refused(TVAE_SPLIT_TRAIN, TVAE_E_FORMAT, train_labels);
    n = make_images(bytes, N_TRAIN);
    write_bytes(train_images, bytes, n - 1);
    assert_refused(TVAE_SPLIT_TRAIN, TVAE_E_FORMAT, train_images);
    write_bytes(train_images, bytes, n + 1);
    assert_refused(TVAE_SPLIT_TRAIN, TVAE_E_FORMAT, train_images);
    bytes[2] = 0x0d;
    write_bytes(train_images, bytes, n);
    assert_refused(TVAE_SPLIT_TRAIN, TVAE_E_FORMAT, train_images);
}
END_TEST

START_TEST(truncated_gzip_is_refused_by_name)
{
    unsigned char bytes[MAX_BYTES], packed[MAX_BYTES];
    const size_t n = make_images(bytes, N_TEST);
    char name[64];
    size_t n_packed;
    gzFile file;
    FILE *whole;

    write_pair(test_images, test_labels, N_TEST);
    remove_file(test_images);
    (void)snprintf(name, sizeof name, "%s.gz", test_images);
    file = gzopen(path_of(name), "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(gzwrite(file, bytes, (unsigned)n), (int)n);
    ck_assert_int_eq(gzclose(file), Z_OK);
    whole = fopen(path_of(name), "rb");
    ck_assert_ptr_nonnull(whole);
    n_packed = fread(packed, 1, sizeof packed, whole);
    ck_assert_int_eq(fclose(whole), 0);
    ck_assert_uint_gt(n_packed, 12);
    write_bytes(name, packed, n_packed - 12);
    assert_refused(TVAE_SPLIT_TEST, TVAE_E_FORMAT, test_images);
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
    tvae_mnist_options options = options_of(TVAE_SPLIT_TRAIN, TVAE_TRANSFORM_RANDOM);
    const tvae_mnist_options good = options;
    tvae_dataset *dataset = NULL;

    write_pair(train_images, train_labels, N_TRAIN);
    ASSERT_STATUS(tvae_dataset_create_mnist(NULL, NULL, &dataset), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_dataset_create_mnist(folder, NULL, NULL), TVAE_E_INVALID);
    options.split = 3;
    ASSERT_STATUS(tvae_dataset_create_mnist(folder, &options, &dataset), TVAE_E_INVALID);
    options = good;
    options.transform = -1;
    ASSERT_STATUS(tvae_dataset_create_mnist(folder, &options, &dataset), TVAE_E_INVALID);
    options.transform = TVAE_TRANSFORM_ROTATION + 1;
    ASSERT_STATUS(tvae_dataset_create_mnist(folder, &options, &dataset), TVAE_E_INVALID);
    options = good;
    options.split_seed = (uint64_t)1 << 32;
    ASSERT_STATUS(tvae_dataset_create_mnist(folder, &options, &dataset), TVAE_E_INVALID);
    options = good;
    options.size = 4;
    ASSERT_STATUS(tvae_dataset_create_mnist(folder, &options, &dataset), TVAE_E_INVALID);
    for (int i = 0; i < 3; i++) {
        static const double fractions[] = {-0.1, 1.0, (double)NAN};

        options = good;
        options.validation_fraction = fractions[i];
        ASSERT_STATUS(tvae_dataset_create_mnist(folder, &options, &dataset),
                      TVAE_E_INVALID);
    }
    options.validation_fraction = 0.01;
    options.split = TVAE_SPLIT_VALIDATION;
    ASSERT_STATUS(tvae_dataset_create_mnist(folder, &options, &dataset), TVAE_E_INVALID);
    ck_assert_ptr_null(dataset);
}
END_TEST

/* An allocator that refuses one request. */
static size_t n_until_refusal;

static void *alloc_until_refusal(void *user, size_t bytes, size_t align)
{
    void *memory = NULL;

    (void)user;
    if (n_until_refusal-- == 0)
        return NULL;
    return posix_memalign(&memory, align, bytes) == 0 ? memory : NULL;
}

static void release_block(void *user, void *memory, size_t bytes)
{
    (void)user;
    (void)bytes;
    free(memory);
}

START_TEST(every_refused_allocation_is_survived)
{
    const tvae_allocator allocator = {
        .size = sizeof allocator, .alloc = alloc_until_refusal, .release = release_block};
    size_t n_refusals = 0;

    write_pair(train_images, train_labels, N_TRAIN);
    ASSERT_OK(tvae_set_allocator(&allocator));
    for (tvae_status st = TVAE_E_NOMEM; st != TVAE_OK; n_refusals++) {
        static float x[SEQUENCE], factors[54];
        const size_t frames_shape[] = {18, 3, HEIGHT, WIDTH}, factors_shape[] = {18, 3};
        tvae_dataset *dataset = NULL;
        tvae_tensor *frames = NULL, *values = NULL;

        ck_assert_uint_lt(n_refusals, 100);
        n_until_refusal = SIZE_MAX;
        ASSERT_OK(tvae_tensor_wrap(x, 4, frames_shape, &frames));
        ASSERT_OK(tvae_tensor_wrap(factors, 2, factors_shape, &values));
        n_until_refusal = n_refusals;
        st = tvae_dataset_create_mnist(folder, NULL, &dataset);
        if (st == TVAE_OK)
            st = tvae_dataset_get(dataset, 0, 1, 1, frames, values);
        ck_assert(st == TVAE_OK || st == TVAE_E_NOMEM);
        tvae_dataset_destroy(&dataset);
        tvae_tensor_destroy(&frames);
        tvae_tensor_destroy(&values);
        ck_assert_uint_eq(tvi_live_blocks(), 0);
    }
    ck_assert_uint_gt(n_refusals, 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("mnist");
    TCase *tc = tcase_create("mnist");

    tcase_add_checked_fixture(tc, make_folder, remove_folder);
    tcase_add_test(tc, options_init_gives_the_reference);
    tcase_add_test(tc, split_is_the_references_shuffle);
    tcase_add_test(tc, split_depends_on_its_seed);
    tcase_add_test(tc, test_split_needs_only_its_files_and_keeps_their_order);
    tcase_add_test(tc, gzipped_files_are_read);
    tcase_add_test(tc, single_images_have_the_label_as_factor);
    tcase_add_test(tc, sequences_have_the_factors_of_their_transform);
    tcase_add_test(tc, factors_say_what_the_frames_show);
    tcase_add_test(tc, turn_and_hue_run_together);
    tcase_add_test(tc, splits_can_have_transforms_of_their_own);
    tcase_add_test(tc, sequences_depend_on_item_seed_and_draw_alone);
    tcase_add_test(tc, missing_files_are_named_with_the_remedy);
    tcase_add_test(tc, bad_files_are_refused_by_name);
    tcase_add_test(tc, truncated_gzip_is_refused_by_name);
    tcase_add_test(tc, bad_arguments_are_refused);
    tcase_add_test(tc, every_refused_allocation_is_survived);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
