/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zip.h>

#include "../io/scratch.h"
#include "../io/zip_file.h"
#include "base/memory.h"
#include "support.h"

/* Files of sequences whose elements count up from 0, so that any of them is known by its
 * first one. */
enum { N = 20, FRAMES = 3, CHANNELS = 2, HEIGHT = 4, WIDTH = 5, FACTORS = 2 };
enum { SEQUENCE = FRAMES * CHANNELS * HEIGHT * WIDTH };

static const size_t x_shape[] = {N, FRAMES, CHANNELS, HEIGHT, WIDTH};
static const size_t factors_shape[] = {N, FRAMES, FACTORS};
static const size_t labels_shape[] = {N};

static tvae_archive *archive;

static void begin(void)
{
    scratch_begin();
    ASSERT_OK(tvae_archive_create(&archive));
}

static void end(void)
{
    tvae_archive_destroy(&archive);
    scratch_end();
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}

/* Put an array that counts up; returns its elements, which stay the archive's. */
static float *put(const char *name, int32_t rank, const size_t *shape)
{
    tvae_tensor *tensor = NULL;
    float *values;

    ASSERT_OK(tvae_tensor_create(rank, shape, &tensor));
    values = tvae_tensor_data(tensor);
    for (size_t i = 0; i < tvae_tensor_count(tensor); i++)
        values[i] = (float)i;
    ASSERT_OK(tvae_archive_put(archive, name, tensor));
    tvae_tensor_destroy(&tensor);
    return values;
}

/* Sequence i has label i mod 7. */
static float *put_labels(void)
{
    float *labels = put("labels", 1, labels_shape);

    for (size_t i = 0; i < N; i++)
        labels[i] = (float)(i % 7);
    return labels;
}

static const char *save(const char *name)
{
    const char *path = scratch_path(name);

    ASSERT_OK(tvae_archive_save(archive, path));
    return path;
}

static tvae_npz_options all_in_order(void)
{
    tvae_npz_options options;

    ASSERT_OK(tvae_npz_options_init(&options, sizeof options));
    options.test_fraction = 0.0;
    options.random_split = 0;
    return options;
}

/* The archive as a dataset of all its sequences in order. */
static tvae_dataset *open_file(const char *name)
{
    const tvae_npz_options options = all_in_order();
    tvae_dataset *dataset = NULL;

    ASSERT_OK(tvae_dataset_create_npz(save(name), &options, &dataset));
    return dataset;
}

/* An item's frames and factors (NULL: not asked for). */
static void get(const tvae_dataset *dataset, size_t item, float *x, float *factors)
{
    const size_t n_factors = tvae_dataset_factor_count(dataset);
    size_t shape[4], wanted[2];
    tvae_tensor *frames = NULL, *values = NULL;

    ASSERT_OK(tvae_dataset_shape(dataset, shape));
    wanted[0] = shape[0];
    wanted[1] = n_factors;
    ASSERT_OK(tvae_tensor_wrap(x, 4, shape, &frames));
    if (factors)
        ASSERT_OK(tvae_tensor_wrap(factors, 2, wanted, &values));
    ASSERT_OK(tvae_dataset_get(dataset, item, 1, 1, frames, values));
    tvae_tensor_destroy(&frames);
    tvae_tensor_destroy(&values);
}

static void assert_shape(const tvae_dataset *dataset, size_t n_items, size_t frames,
                         size_t channels, size_t height, size_t width)
{
    const size_t want[] = {frames, channels, height, width};
    size_t shape[4];

    ck_assert_uint_eq(tvae_dataset_count(dataset), n_items);
    ASSERT_OK(tvae_dataset_shape(dataset, shape));
    ck_assert_mem_eq(shape, want, sizeof want);
}

START_TEST(options_init_gives_the_defaults)
{
    tvae_npz_options options;

    ASSERT_OK(tvae_npz_options_init(&options, sizeof options));
    ck_assert_uint_eq(options.size, sizeof options);
    ck_assert_uint_eq(options.split_seed, 1);
    assert_near("fraction", options.test_fraction, 0.1, 0.0, 0.0);
    ck_assert_int_eq(options.split, TVAE_SPLIT_TRAIN);
    ck_assert_int_eq(options.random_split, 1);
    ASSERT_STATUS(tvae_npz_options_init(NULL, sizeof options), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_npz_options_init(&options, 8), TVAE_E_INVALID);
}
END_TEST

START_TEST(items_are_the_files_sequences)
{
    tvae_dataset *dataset;
    float x[SEQUENCE], factors[FRAMES][FACTORS + 1];

    put("x", 5, x_shape);
    put("factors", 3, factors_shape);
    put_labels();
    put("something", 5, x_shape);
    dataset = open_file("all.npz");
    assert_shape(dataset, N, FRAMES, CHANNELS, HEIGHT, WIDTH);
    ck_assert_uint_eq(tvae_dataset_factor_count(dataset), FACTORS + 1);
    ck_assert_str_eq(tvae_dataset_factor_name(dataset, 1), "factor1");
    ck_assert_str_eq(tvae_dataset_factor_name(dataset, 2), "label");
    ck_assert_uint_eq(tvae_dataset_factor_values(dataset, 0), 0);
    ck_assert_uint_eq(tvae_dataset_factor_values(dataset, 2), 7);
    for (size_t item = 0; item < N; item++) {
        get(dataset, item, x, factors[0]);
        for (size_t i = 0; i < SEQUENCE; i++)
            ck_assert(x[i] == (float)(item * SEQUENCE + i));
        for (size_t frame = 0; frame < FRAMES; frame++) {
            const size_t place = (item * FRAMES + frame) * FACTORS;

            ck_assert(factors[frame][0] == (float)place);
            ck_assert(factors[frame][1] == (float)(place + 1));
            ck_assert(factors[frame][2] == (float)(item % 7));
        }
    }
    tvae_dataset_destroy(&dataset);
}
END_TEST

START_TEST(factors_and_labels_are_optional)
{
    tvae_dataset *dataset;
    float x[SEQUENCE], factors[FRAMES][FACTORS];

    put("x", 5, x_shape);
    dataset = open_file("bare.npz");
    ck_assert_uint_eq(tvae_dataset_factor_count(dataset), 0);
    get(dataset, 3, x, NULL);
    ck_assert(x[0] == 3 * SEQUENCE);
    tvae_dataset_destroy(&dataset);
    put("factors", 3, factors_shape);
    dataset = open_file("factors.npz");
    ck_assert_uint_eq(tvae_dataset_factor_count(dataset), FACTORS);
    get(dataset, 3, x, factors[0]);
    ck_assert(factors[2][1] == (3 * FRAMES + 2) * FACTORS + 1);
    tvae_dataset_destroy(&dataset);
}
END_TEST

START_TEST(vectors_are_frames_of_one_row)
{
    const size_t sequences[] = {N, FRAMES, WIDTH}, rows[] = {N, WIDTH};
    float x[FRAMES * WIDTH], labels[FRAMES];
    tvae_dataset *dataset;

    put("x", 3, sequences);
    put_labels();
    dataset = open_file("sequences.npz");
    assert_shape(dataset, N, FRAMES, 1, 1, WIDTH);
    get(dataset, 4, x, labels);
    ck_assert(x[FRAMES * WIDTH - 1] == 5 * FRAMES * WIDTH - 1);
    ck_assert(labels[0] == 4.0f && labels[FRAMES - 1] == 4.0f);
    tvae_dataset_destroy(&dataset);
    put("x", 2, rows);
    dataset = open_file("rows.npz");
    assert_shape(dataset, N, 1, 1, 1, WIDTH);
    get(dataset, 8, x, labels);
    ck_assert(x[0] == 8 * WIDTH && labels[0] == 1.0f);
    tvae_dataset_destroy(&dataset);
}
END_TEST

START_TEST(sequences_are_found_under_any_name)
{
    const size_t rows[] = {N, WIDTH};
    tvae_dataset *dataset;

    put("frames", 5, x_shape);
    put("means", 2, rows);
    put("factors", 3, factors_shape);
    dataset = open_file("frames.npz");
    assert_shape(dataset, N, FRAMES, CHANNELS, HEIGHT, WIDTH);
    tvae_dataset_destroy(&dataset);
    dataset = open_file("frames.safetensors");
    assert_shape(dataset, N, FRAMES, CHANNELS, HEIGHT, WIDTH);
    tvae_dataset_destroy(&dataset);
    tvae_archive_destroy(&archive);
    ASSERT_OK(tvae_archive_create(&archive));
    put("features", 2, rows);
    put("factors", 3, (const size_t[]){N, 1, 1});
    dataset = open_file("features.npz");
    assert_shape(dataset, N, 1, 1, 1, WIDTH);
    ck_assert_uint_eq(tvae_dataset_factor_count(dataset), 1);
    tvae_dataset_destroy(&dataset);
}
END_TEST

START_TEST(npy_is_the_sequences_alone)
{
    tvae_dataset *dataset;

    put("any", 5, x_shape);
    dataset = open_file("alone.npy");
    assert_shape(dataset, N, FRAMES, CHANNELS, HEIGHT, WIDTH);
    tvae_dataset_destroy(&dataset);
}
END_TEST

/* Which sequences a split has, in its order; returns how many. */
static size_t list_items(const char *path, const tvae_npz_options *options,
                         size_t items[N])
{
    tvae_dataset *dataset = NULL;
    size_t count;

    ASSERT_OK(tvae_dataset_create_npz(path, options, &dataset));
    count = tvae_dataset_count(dataset);
    ck_assert_uint_le(count, N);
    for (size_t item = 0; item < count; item++) {
        float x[SEQUENCE];

        get(dataset, item, x, NULL);
        items[item] = (size_t)x[0] / SEQUENCE;
    }
    tvae_dataset_destroy(&dataset);
    return count;
}

START_TEST(splits_part_the_sequences_by_their_seed)
{
    size_t train[N], test[N], other[N], n_seen[N] = {0};
    tvae_npz_options options;
    const char *path;

    put("x", 5, x_shape);
    path = save("split.npz");
    ASSERT_OK(tvae_npz_options_init(&options, sizeof options));
    options.test_fraction = 0.25;
    ck_assert_uint_eq(list_items(path, &options, train), 15);
    options.split = TVAE_SPLIT_TEST;
    ck_assert_uint_eq(list_items(path, &options, test), 5);
    for (size_t i = 0; i < N; i++)
        n_seen[i < 15 ? train[i] : test[i - 15]]++;
    for (size_t i = 0; i < N; i++)
        ck_assert_uint_eq(n_seen[i], 1);
    options.split = TVAE_SPLIT_VALIDATION;
    ck_assert_uint_eq(list_items(path, &options, other), 5);
    ck_assert_mem_eq(test, other, 5 * sizeof *test);
    options.split_seed = 2;
    ck_assert_uint_eq(list_items(path, &options, other), 5);
    ck_assert_mem_ne(test, other, 5 * sizeof *test);
}
END_TEST

START_TEST(split_in_order_holds_out_the_end)
{
    tvae_npz_options options = all_in_order();
    size_t items[N];
    const char *path;

    put("x", 5, x_shape);
    path = save("order.npz");
    options.test_fraction = 0.25;
    ck_assert_uint_eq(list_items(path, &options, items), 15);
    for (size_t i = 0; i < 15; i++)
        ck_assert_uint_eq(items[i], i);
    options.split = TVAE_SPLIT_TEST;
    ck_assert_uint_eq(list_items(path, &options, items), 5);
    for (size_t i = 0; i < 5; i++)
        ck_assert_uint_eq(items[i], 15 + i);
}
END_TEST

/* The archive as a file is refused with this status; the sentence names the file and has
 * these words. */
static void assert_refused(tvae_status wanted, const char *words)
{
    const tvae_npz_options options = all_in_order();
    const size_t n_blocks = tvi_live_blocks();
    const char *path = save("refused.npz");
    tvae_dataset *dataset = NULL;

    ASSERT_STATUS(tvae_dataset_create_npz(path, &options, &dataset), wanted);
    ck_assert_ptr_null(dataset);
    ck_assert_msg(strstr(tvae_last_error(), words) != NULL, "\"%s\" lacks \"%s\"",
                  tvae_last_error(), words);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "refused.npz"));
    ck_assert_uint_eq(tvi_live_blocks(), n_blocks);
}

START_TEST(files_without_clear_sequences_are_refused)
{
    const size_t rows[] = {N, WIDTH};

    put("labels", 1, labels_shape);
    put("factors", 3, factors_shape);
    assert_refused(TVAE_E_FORMAT, "want \"x\" of [sequences, frames,");
    put("a", 2, rows);
    put("b", 3, factors_shape);
    assert_refused(TVAE_E_FORMAT, "both \"a\" and \"b\"");
    put("c", 5, x_shape);
    put("d", 5, x_shape);
    assert_refused(TVAE_E_FORMAT, "both \"c\" and \"d\"");
    put("x", 4, x_shape);
    assert_refused(TVAE_E_SHAPE, "x in");
    put("x", 1, x_shape);
    assert_refused(TVAE_E_SHAPE, "is [20]");
}
END_TEST

START_TEST(factors_that_do_not_fit_are_refused)
{
    static const size_t shapes[][3] = {
        {N + 1, FRAMES, 1}, {N, FRAMES + 1, 1}, {N, FRAMES, 17}};

    put("x", 5, x_shape);
    for (size_t i = 0; i < 3; i++) {
        put("factors", 3, shapes[i]);
        assert_refused(TVAE_E_SHAPE, "want [20, 3, factors] with 1 to 16 factors");
    }
    put("factors", 2, factors_shape);
    assert_refused(TVAE_E_SHAPE, "factors in");
    put("factors", 3, (const size_t[]){N, FRAMES, 16});
    put_labels();
    assert_refused(TVAE_E_SHAPE, "1 to 15 factors");
}
END_TEST

START_TEST(labels_that_are_none_are_refused)
{
    static const float wrong[] = {-1.0f, 0.5f, 65536.0f, (float)NAN, (float)INFINITY};

    put("x", 5, x_shape);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        put_labels()[13] = wrong[i];
        assert_refused(TVAE_E_FORMAT, "label 13 in");
    }
    put("labels", 1, (const size_t[]){N - 1});
    assert_refused(TVAE_E_SHAPE, "labels in");
    put("labels", 2, (const size_t[]){N, 1});
    assert_refused(TVAE_E_SHAPE, "want [20]");
}
END_TEST

START_TEST(values_that_are_not_finite_are_refused)
{
    float *x = put("x", 5, x_shape), *factors;

    x[7 * SEQUENCE + SEQUENCE - 1] = (float)NAN;
    assert_refused(TVAE_E_NUMERIC, "sequence 7");
    x[7 * SEQUENCE + SEQUENCE - 1] = -(float)INFINITY;
    assert_refused(TVAE_E_NUMERIC, "x in");
    x[7 * SEQUENCE + SEQUENCE - 1] = 0.0f;
    factors = put("factors", 3, factors_shape);
    factors[N * FRAMES * FACTORS - 1] = (float)NAN;
    assert_refused(TVAE_E_NUMERIC, "factors in");
}
END_TEST

START_TEST(bad_arguments_are_refused)
{
    static const double fractions[] = {-0.1, 1.0, (double)NAN};
    tvae_npz_options options = all_in_order();
    const tvae_npz_options good = options;
    tvae_dataset *dataset = NULL;
    const char *path;

    put("x", 5, x_shape);
    path = save("good.npz");
    ASSERT_STATUS(tvae_dataset_create_npz(NULL, NULL, &dataset), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_dataset_create_npz(path, NULL, NULL), TVAE_E_INVALID);
    for (size_t i = 0; i < 3; i++) {
        options.test_fraction = fractions[i];
        ASSERT_STATUS(tvae_dataset_create_npz(path, &options, &dataset), TVAE_E_INVALID);
    }
    options = good;
    options.split = 3;
    ASSERT_STATUS(tvae_dataset_create_npz(path, &options, &dataset), TVAE_E_INVALID);
    options = good;
    options.random_split = 2;
    ASSERT_STATUS(tvae_dataset_create_npz(path, &options, &dataset), TVAE_E_INVALID);
    options = good;
    options.size = 4;
    ASSERT_STATUS(tvae_dataset_create_npz(path, &options, &dataset), TVAE_E_INVALID);
    options = good;
    options.split = TVAE_SPLIT_TEST; /* of nothing */
    ASSERT_STATUS(tvae_dataset_create_npz(path, &options, &dataset), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_dataset_create_npz(scratch_path("none.npz"), NULL, &dataset),
                  TVAE_E_NOT_FOUND);
    ck_assert_ptr_null(dataset);
}
END_TEST

static tvae_status create_from(const char *path)
{
    tvae_dataset *dataset = NULL;
    const tvae_status st = tvae_dataset_create_npz(path, NULL, &dataset);

    tvae_dataset_destroy(&dataset);
    return st;
}

/* Cut and altered files give a status, whatever they hold. */
START_TEST(hostile_files_are_survived)
{
    unsigned char *bytes;
    size_t n_bytes;
    const char *path;

    put("x", 3, (const size_t[]){2, 2, 2});
    put("factors", 3, (const size_t[]){2, 2, 1});
    put("labels", 1, (const size_t[]){2});
    path = save("hostile.npz");
    tvae_archive_destroy(&archive);
    bytes = read_bytes(path, &n_bytes);
    assert_no_prefix_loads(path, bytes, n_bytes, create_from);
    ck_assert_uint_gt(load_all_mutations(path, bytes, n_bytes, create_from), 0);
    free(bytes);
}
END_TEST

/* Arrays of other types than float32, and of no elements. */
START_TEST(element_types_are_converted)
{
    static const unsigned char bytes[] = {0, 1, 2, 255};
    static const int64_t labels[] = {3, 0};
    const zip_member members[] = {
        {"x.npy", "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 2), }", bytes,
         sizeof bytes},
        {"labels.npy", "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }",
         labels, sizeof labels}};
    const zip_member empty = {
        "x.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 2), }", bytes, 0};
    const tvae_npz_options options = all_in_order();
    const char *path = scratch_path("types.npz");
    tvae_dataset *dataset = NULL;
    float x[2], label;

    write_zip(path, members, 2, ZIP_CM_DEFLATE);
    ASSERT_OK(tvae_dataset_create_npz(path, &options, &dataset));
    ck_assert_uint_eq(tvae_dataset_factor_values(dataset, 0), 4);
    get(dataset, 1, x, &label);
    ck_assert(x[0] == 2.0f && x[1] == 255.0f && label == 0.0f);
    tvae_dataset_destroy(&dataset);
    write_zip(path, &empty, 1, ZIP_CM_STORE);
    ck_assert_int_ne(tvae_dataset_create_npz(path, &options, &dataset), TVAE_OK);
    ck_assert_ptr_null(dataset);
}
END_TEST

static tvae_status create_from_context(void *path)
{
    return create_from(path);
}

START_TEST(create_survives_every_refused_allocation)
{
    char path[4096];

    put("frames", 5, x_shape);
    put("factors", 3, factors_shape);
    put_labels();
    (void)snprintf(path, sizeof path, "%s", save("sweep.npz"));
    tvae_archive_destroy(&archive);
    ck_assert_uint_ge(sweep_allocation_failures(create_from_context, path), 6);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("npz_dataset");
    TCase *tc = tcase_create("npz_dataset");

    tcase_set_timeout(tc, 60.0);
    tcase_add_checked_fixture(tc, begin, end);
    tcase_add_test(tc, options_init_gives_the_defaults);
    tcase_add_test(tc, items_are_the_files_sequences);
    tcase_add_test(tc, factors_and_labels_are_optional);
    tcase_add_test(tc, vectors_are_frames_of_one_row);
    tcase_add_test(tc, sequences_are_found_under_any_name);
    tcase_add_test(tc, npy_is_the_sequences_alone);
    tcase_add_test(tc, splits_part_the_sequences_by_their_seed);
    tcase_add_test(tc, split_in_order_holds_out_the_end);
    tcase_add_test(tc, files_without_clear_sequences_are_refused);
    tcase_add_test(tc, factors_that_do_not_fit_are_refused);
    tcase_add_test(tc, labels_that_are_none_are_refused);
    tcase_add_test(tc, values_that_are_not_finite_are_refused);
    tcase_add_test(tc, bad_arguments_are_refused);
    tcase_add_test(tc, hostile_files_are_survived);
    tcase_add_test(tc, element_types_are_converted);
    tcase_add_test(tc, create_survives_every_refused_allocation);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
