/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "io/io.h"
#include "scratch.h"
#include "support.h"
#include "zip_file.h"

#define HEADER(descr, order, shape) \
    "{'descr': '" descr "', 'fortran_order': " order ", 'shape': " shape ", }"

static const float six[] = {1.0f, 2.0f, 3.0f, -4.0f, 5.5f, 6.0f};

static const char *write_npy(const char *header, const void *data, size_t n_data)
{
    const char *path = scratch_path("array.npy");
    size_t n_bytes;
    unsigned char *bytes = make_npy(header, data, n_data, &n_bytes);

    write_bytes(path, bytes, n_bytes);
    free(bytes);
    return path;
}

static tvae_tensor *load_data(const char *path)
{
    tvae_archive *archive = NULL;
    tvae_tensor *tensor = NULL;

    ASSERT_OK(tvae_archive_load(path, &archive));
    ck_assert_uint_eq(tvae_archive_count(archive), 1);
    ASSERT_OK(tvae_archive_get(archive, "data", &tensor));
    tvae_archive_destroy(&archive);
    return tensor;
}

/* A file of `six` whose header says the shape. */
static void assert_shape(const char *header, int32_t rank, size_t last)
{
    tvae_tensor *tensor = load_data(write_npy(header, six, sizeof six));

    ck_assert_int_eq(tvae_tensor_rank(tensor), rank);
    ck_assert_uint_eq(tvae_tensor_extent(tensor, rank - 1), last);
    ck_assert_mem_eq(tvae_tensor_data(tensor), six, sizeof six);
    tvae_tensor_destroy(&tensor);
}

START_TEST(load_reads_every_way_of_writing_a_header)
{
    assert_shape(HEADER("<f4", "False", "(2, 3)"), 2, 3);
    assert_shape(HEADER("<f4", "False", "(6,)"), 1, 6);
    assert_shape(HEADER("<f4", "True", "(6,)"), 1, 6);
    assert_shape("{\"descr\": \"<f4\", \"shape\": (2, 3,), \"fortran_order\": False}", 2,
                 3);
    assert_shape("{'shape':(2L,3L),'fortran_order':False,'descr':'<f4'}      ", 2, 3);
    assert_shape(HEADER("<f4", "False", "(1, 1, 1, 1, 1, 1, 2, 3)"), 8, 3);
}
END_TEST

START_TEST(load_reads_a_scalar)
{
    tvae_tensor *tensor = load_data(write_npy(HEADER("<f4", "False", "()"), six, 4));

    ck_assert_int_eq(tvae_tensor_rank(tensor), 0);
    ck_assert_uint_eq(tvae_tensor_count(tensor), 1);
    tvae_tensor_destroy(&tensor);
}
END_TEST

/* Versions 2 and 3 have a longer length field. */
START_TEST(load_reads_three_versions)
{
    static const char header[] = HEADER("<f4", "False", "(2, 3)") "\n";
    const char *path = scratch_path("version.npy");
    unsigned char bytes[200] = {0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, sizeof header - 1};
    const size_t n_bytes = 12 + sizeof header - 1 + sizeof six;
    tvae_archive *archive = NULL;

    memcpy(bytes + 12, header, sizeof header - 1);
    memcpy(bytes + 12 + sizeof header - 1, six, sizeof six);
    for (unsigned char version = 2; version <= 3; version++) {
        tvae_tensor *tensor;

        bytes[6] = version;
        write_bytes(path, bytes, n_bytes);
        tensor = load_data(path);
        ck_assert_mem_eq(tvae_tensor_data(tensor), six, sizeof six);
        tvae_tensor_destroy(&tensor);
    }
    bytes[6] = 4;
    write_bytes(path, bytes, n_bytes);
    ASSERT_STATUS(tvae_archive_load(path, &archive), TVAE_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "version 4.0"));
    bytes[6] = 3;
    memset(bytes + 8, 0xff, 4);
    write_bytes(path, bytes, n_bytes);
    ASSERT_STATUS(tvae_archive_load(path, &archive), TVAE_E_FORMAT);
}
END_TEST

START_TEST(load_converts_types)
{
    const int64_t i64[] = {-3, 70000};
    const uint8_t bytes[] = {0, 200};
    const double f64[] = {0.25, -1e10};
    const uint16_t half[] = {0x3c00, 0xbc00};
    static const struct {
        const char *header;
        size_t bytes;
        float want[2];
    } cases[] = {
        {HEADER("<i8", "False", "(2,)"), 16, {-3.0f, 70000.0f}},
        {HEADER("|u1", "False", "(2,)"), 2, {0.0f, 200.0f}},
        {HEADER("|b1", "False", "(2,)"), 2, {0.0f, 1.0f}},
        {HEADER("|i1", "False", "(2,)"), 2, {0.0f, -56.0f}},
        {HEADER("<u1", "False", "(2,)"), 2, {0.0f, 200.0f}},
        {HEADER("<f8", "False", "(2,)"), 16, {0.25f, -1e10f}},
        {HEADER("<f2", "False", "(2,)"), 4, {1.0f, -1.0f}},
    };
    const void *data[] = {i64, bytes, bytes, bytes, bytes, f64, half};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tvae_tensor *tensor =
            load_data(write_npy(cases[i].header, data[i], cases[i].bytes));

        for (size_t k = 0; k < 2; k++)
            ck_assert_msg(tvae_tensor_data(tensor)[k] == cases[i].want[k], "%s: %g",
                          cases[i].header, (double)tvae_tensor_data(tensor)[k]);
        tvae_tensor_destroy(&tensor);
    }
}
END_TEST

static void assert_refused(tvae_status status, const char *header, const char *reason)
{
    tvae_archive *archive = NULL;

    ASSERT_STATUS(tvae_archive_load(write_npy(header, six, sizeof six), &archive),
                  status);
    ck_assert_msg(strstr(tvae_last_error(), reason) != NULL, "\"%s\" lacks \"%s\"",
                  tvae_last_error(), reason);
    ck_assert_ptr_null(archive);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}

START_TEST(load_says_what_it_cannot_read)
{
    assert_refused(TVAE_E_UNSUPPORTED, HEADER(">f4", "False", "(6,)"), "little-endian");
    assert_refused(TVAE_E_UNSUPPORTED, HEADER("<f4", "True", "(2, 3)"), "Fortran");
    assert_refused(TVAE_E_UNSUPPORTED, HEADER("|O", "False", "(6,)"), "pickled");
    assert_refused(TVAE_E_UNSUPPORTED, HEADER("<c8", "False", "(3,)"), "\"<c8\"");
    assert_refused(TVAE_E_UNSUPPORTED, HEADER("<U6", "False", "(1,)"), "\"<U6\"");
    assert_refused(TVAE_E_UNSUPPORTED, HEADER("", "False", "(1,)"), "\"\"");
    assert_refused(TVAE_E_UNSUPPORTED,
                   "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }",
                   "named fields");
    assert_refused(TVAE_E_UNSUPPORTED, HEADER("<f4", "False", "(1,1,1,1,1,1,1,1,6)"),
                   "8 axes");
}
END_TEST

START_TEST(load_refuses_an_empty_array)
{
    tvae_archive *archive = NULL;

    ASSERT_STATUS(
        tvae_archive_load(write_npy(HEADER("<f4", "False", "(2, 0)"), six, 0), &archive),
        TVAE_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "no elements"));
}
END_TEST

START_TEST(load_refuses_bad_headers)
{
    static const char *const headers[] = {
        "",
        "{",
        "{}",
        "x",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'shape': (6,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,), 'more': 1}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,)} x",
        "{'descr': '<f4' 'fortran_order': False, 'shape': (6,)}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (6,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 6}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-6,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6 6)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (6,",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (5,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (7,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387910,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4294967296,4294967296,6)}",
        "{'descr': 'a word that is far too long for a type', 'fortran_order': False, }",
    };

    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
        assert_refused(TVAE_E_FORMAT, headers[i], "array.npy: ");
}
END_TEST

START_TEST(save_and_load_keep_shape_and_bits)
{
    static const size_t shapes[][8] = {{0}, {7}, {2, 3}, {2, 1, 3, 1, 1, 1, 1, 2}};
    static const int32_t ranks[] = {0, 1, 2, 8};
    const char *path = scratch_path("kept.npy");

    for (size_t i = 0; i < 4; i++) {
        tvae_archive *archive = NULL;
        tvae_tensor *saved = NULL, *loaded;
        size_t n_bytes;
        unsigned char *bytes;

        ASSERT_OK(tvae_tensor_create(ranks[i], shapes[i], &saved));
        fill_uniform(tvae_tensor_data(saved), tvae_tensor_count(saved), -1.0, 1.0, i);
        tvae_tensor_data(saved)[0] = NAN;
        ASSERT_OK(tvae_archive_create(&archive));
        ASSERT_OK(tvae_archive_put(archive, "any name", saved));
        ASSERT_OK(tvae_archive_save(archive, path));
        tvae_archive_destroy(&archive);
        loaded = load_data(path);
        ck_assert_int_eq(tvae_tensor_rank(loaded), ranks[i]);
        for (int32_t axis = 0; axis < ranks[i]; axis++)
            ck_assert_uint_eq(tvae_tensor_extent(loaded, axis), shapes[i][axis]);
        ck_assert_mem_eq(tvae_tensor_data(loaded), tvae_tensor_data(saved),
                         tvae_tensor_count(saved) * sizeof(float));
        bytes = read_bytes(path, &n_bytes);
        ck_assert_uint_eq((n_bytes - tvae_tensor_count(saved) * sizeof(float)) % 64, 0);
        free(bytes);
        tvae_tensor_destroy(&saved);
        tvae_tensor_destroy(&loaded);
    }
}
END_TEST

START_TEST(save_wants_one_tensor)
{
    tvae_archive *archive = NULL;

    ASSERT_OK(tvae_archive_create(&archive));
    ASSERT_STATUS(tvae_archive_save(archive, scratch_path("x.npy")), TVAE_E_INVALID);
    ck_assert_uint_eq(count_scratch_entries(), 0);
    tvae_archive_destroy(&archive);
}
END_TEST

static tvae_status load_path(const char *path)
{
    tvae_archive *archive = NULL;
    const tvae_status st = tvae_archive_load(path, &archive);

    tvae_archive_destroy(&archive);
    return st;
}

START_TEST(load_survives_truncation_and_mutation)
{
    const char *path = write_npy(HEADER("<i4", "False", "(2, 3)"), six, sizeof six);
    size_t n_bytes;
    unsigned char *bytes = read_bytes(path, &n_bytes);

    assert_no_prefix_loads(path, bytes, n_bytes, load_path);
    ck_assert_uint_gt(load_all_mutations(path, bytes, n_bytes, load_path), n_bytes);
    free(bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("npy");
    TCase *npy = tcase_create("npy");

    tcase_add_checked_fixture(npy, scratch_begin, scratch_end);
    tcase_add_test(npy, load_reads_every_way_of_writing_a_header);
    tcase_add_test(npy, load_reads_a_scalar);
    tcase_add_test(npy, load_reads_three_versions);
    tcase_add_test(npy, load_converts_types);
    tcase_add_test(npy, load_says_what_it_cannot_read);
    tcase_add_test(npy, load_refuses_an_empty_array);
    tcase_add_test(npy, load_refuses_bad_headers);
    tcase_add_test(npy, save_and_load_keep_shape_and_bits);
    tcase_add_test(npy, save_wants_one_tensor);
    tcase_add_test(npy, load_survives_truncation_and_mutation);
    suite_add_tcase(suite, npy);
    return run_suite(suite);
}
