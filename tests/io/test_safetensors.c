/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "io/io.h"
#include "scratch.h"
#include "support.h"

/* A file of a header, as text, and data; returns its path. */
static const char *write_file(const char *header, const void *data, size_t n_data)
{
    const char *path = scratch_path("file.safetensors");
    const size_t n_header = strlen(header);
    unsigned char *bytes = calloc(1, 8 + n_header + n_data);

    ck_assert_ptr_nonnull(bytes);
    for (int i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(n_header >> (8 * i));
    memcpy(bytes + 8, header, n_header);
    if (n_data)
        memcpy(bytes + 8 + n_header, data, n_data);
    write_bytes(path, bytes, 8 + n_header + n_data);
    free(bytes);
    return path;
}

static tvae_archive *make_archive(void)
{
    const size_t shape[] = {2, 3};
    tvae_archive *archive = NULL;
    tvae_tensor *matrix = NULL, *scalar = NULL;

    ASSERT_OK(tvae_archive_create(&archive));
    ASSERT_OK(tvae_tensor_create(2, shape, &matrix));
    ASSERT_OK(tvae_tensor_create(0, NULL, &scalar));
    for (size_t i = 0; i < 6; i++)
        tvae_tensor_data(matrix)[i] = (float)i - 2.5f;
    tvae_tensor_data(matrix)[4] = NAN;
    tvae_tensor_data(scalar)[0] = -INFINITY;
    ASSERT_OK(tvae_archive_put(archive, "z.weight", matrix));
    ASSERT_OK(tvae_archive_put(archive, "a \"quoted\" \xc3\xa9", scalar));
    ASSERT_OK(tvae_archive_set_metadata(archive, "second", "line\nbreak"));
    ASSERT_OK(tvae_archive_set_metadata(archive, "first", ""));
    tvae_tensor_destroy(&matrix);
    tvae_tensor_destroy(&scalar);
    return archive;
}

START_TEST(save_and_load_keep_everything)
{
    const char *path = scratch_path("kept.safetensors");
    tvae_archive *saved = make_archive(), *loaded = NULL;

    ASSERT_OK(tvae_archive_save(saved, path));
    ASSERT_OK(tvae_archive_load(path, &loaded));
    ck_assert_uint_eq(tvae_archive_count(loaded), 2);
    for (size_t i = 0; i < 2; i++) {
        const char *name = tvae_archive_name(saved, i);
        tvae_tensor *want = NULL, *got = NULL;

        ck_assert_str_eq(tvae_archive_name(loaded, i), name);
        ASSERT_OK(tvae_archive_get(saved, name, &want));
        ASSERT_OK(tvae_archive_get(loaded, name, &got));
        ck_assert_int_eq(tvae_tensor_rank(got), tvae_tensor_rank(want));
        ck_assert_uint_eq(tvae_tensor_extent(got, 1), tvae_tensor_extent(want, 1));
        ck_assert_mem_eq(tvae_tensor_data(got), tvae_tensor_data(want),
                         tvae_tensor_count(want) * sizeof(float));
        tvae_tensor_destroy(&want);
        tvae_tensor_destroy(&got);
    }
    ck_assert_str_eq(tvae_archive_metadata(loaded, "second"), "line\nbreak");
    ck_assert_str_eq(tvae_archive_metadata(loaded, "first"), "");
    tvae_archive_destroy(&saved);
    tvae_archive_destroy(&loaded);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* The exact bytes, so that the writing never changes unnoticed. */
START_TEST(save_writes_the_header_in_order)
{
    static const char header[] =
        "{\"__metadata__\":{\"second\":\"line\\nbreak\",\"first\":\"\"},"
        "\"z.weight\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
        "\"a \\\"quoted\\\" \xc3\xa9\":{\"dtype\":\"F32\",\"shape\":[],"
        "\"data_offsets\":[24,28]}}";
    const size_t n_text = sizeof header - 1, n_header = (n_text + 7) / 8 * 8;
    const char *path = scratch_path("bytes.safetensors");
    tvae_archive *archive = make_archive();
    unsigned char *bytes;
    size_t n_bytes;

    ASSERT_OK(tvae_archive_save(archive, path));
    bytes = read_bytes(path, &n_bytes);
    ck_assert_uint_eq(n_bytes, 8 + n_header + 28);
    ck_assert_uint_eq(bytes[0] + 256u * bytes[1], n_header);
    ck_assert_mem_eq(bytes + 8, header, n_text);
    for (size_t i = n_text; i < n_header; i++)
        ck_assert_int_eq(bytes[8 + i], ' ');
    free(bytes);
    tvae_archive_destroy(&archive);
}
END_TEST

START_TEST(save_of_nothing_loads)
{
    const char *path = scratch_path("empty.safetensors");
    tvae_archive *archive = NULL;

    ASSERT_OK(tvae_archive_create(&archive));
    ASSERT_OK(tvae_archive_save(archive, path));
    tvae_archive_destroy(&archive);
    ASSERT_OK(tvae_archive_load(path, &archive));
    ck_assert_uint_eq(tvae_archive_count(archive), 0);
    tvae_archive_destroy(&archive);
}
END_TEST

START_TEST(save_refuses_the_reserved_name)
{
    const char *path = scratch_path("reserved.safetensors");
    tvae_archive *archive = NULL;
    tvae_tensor *scalar = NULL;

    ASSERT_OK(tvae_archive_create(&archive));
    ASSERT_OK(tvae_tensor_create(0, NULL, &scalar));
    ASSERT_OK(tvae_archive_put(archive, "__metadata__", scalar));
    ASSERT_STATUS(tvae_archive_save(archive, path), TVAE_E_INVALID);
    ck_assert(!tvi_file_exists(path));
    tvae_tensor_destroy(&scalar);
    tvae_archive_destroy(&archive);
}
END_TEST

/* One tensor "x" of an element type. */
static void assert_converts(const char *dtype, const void *data, size_t n_data,
                            size_t count, const float *want)
{
    char header[200];
    tvae_archive *archive = NULL;
    tvae_tensor *x = NULL;

    (void)snprintf(header, sizeof header,
                   "{\"x\": {\"dtype\": \"%s\", \"shape\": [%zu], \"data_offsets\": [0, "
                   "%zu]}}",
                   dtype, count, n_data);
    ASSERT_OK(tvae_archive_load(write_file(header, data, n_data), &archive));
    ASSERT_OK(tvae_archive_get(archive, "x", &x));
    ck_assert_uint_eq(tvae_tensor_count(x), count);
    for (size_t i = 0; i < count; i++)
        ck_assert_msg(tvae_tensor_data(x)[i] == want[i] &&
                          signbit(tvae_tensor_data(x)[i]) == signbit(want[i]),
                      "%s: element %zu is %.9g, want %.9g", dtype, i,
                      (double)tvae_tensor_data(x)[i], (double)want[i]);
    tvae_tensor_destroy(&x);
    tvae_archive_destroy(&archive);
}

START_TEST(load_converts_every_type)
{
    const uint16_t half[] = {0x3c00, 0xc000, 0x0001, 0x83ff,
                             0x7c00, 0x7bff, 0x8000, 0x3555};
    const float half_want[] = {1.0f,     -2.0f,    0x1p-24f, -0x1.ff8p-15f,
                               INFINITY, 65504.0f, -0.0f,    0x1.554p-2f};
    const uint16_t brain[] = {0x3f80, 0xc049, 0x0001, 0xff80};
    const float brain_want[] = {1.0f, -3.140625f, 0x1p-133f, -INFINITY};
    const double wide[] = {0.1, -1e300, 1e-300, 16777217.0};
    const float wide_want[] = {0.1f, -INFINITY, 0.0f, 16777216.0f};
    const int8_t i8[] = {-128, 127};
    const float i8_want[] = {-128.0f, 127.0f};
    const uint8_t u8[] = {0, 255}, flags[] = {0, 1, 7};
    const float u8_want[] = {0.0f, 255.0f}, flags_want[] = {0.0f, 1.0f, 1.0f};
    const int16_t i16[] = {-32768, 32767};
    const float i16_want[] = {-32768.0f, 32767.0f};
    const uint16_t u16[] = {65535};
    const float u16_want[] = {65535.0f};
    const int32_t i32[] = {-16777216, INT32_MIN};
    const float i32_want[] = {-16777216.0f, -0x1p31f};
    const uint32_t u32[] = {16777216, 1u << 31};
    const float u32_want[] = {16777216.0f, 0x1p31f};
    const int64_t i64[] = {-1, INT64_MIN, INT64_C(1) << 40};
    const float i64_want[] = {-1.0f, -0x1p63f, 0x1p40f};
    const uint64_t u64[] = {UINT64_C(1) << 63};
    const float u64_want[] = {0x1p63f};

    assert_converts("F16", half, sizeof half, 8, half_want);
    assert_converts("BF16", brain, sizeof brain, 4, brain_want);
    assert_converts("F64", wide, sizeof wide, 4, wide_want);
    assert_converts("I8", i8, sizeof i8, 2, i8_want);
    assert_converts("U8", u8, sizeof u8, 2, u8_want);
    assert_converts("BOOL", flags, sizeof flags, 3, flags_want);
    assert_converts("I16", i16, sizeof i16, 2, i16_want);
    assert_converts("U16", u16, sizeof u16, 1, u16_want);
    assert_converts("I32", i32, sizeof i32, 2, i32_want);
    assert_converts("U32", u32, sizeof u32, 2, u32_want);
    assert_converts("I64", i64, sizeof i64, 3, i64_want);
    assert_converts("U64", u64, sizeof u64, 1, u64_want);
}
END_TEST

START_TEST(load_converts_across_buffers)
{
    enum { COUNT = 20001 };
    static int16_t values[COUNT];
    static float want[COUNT];

    for (int i = 0; i < COUNT; i++) {
        values[i] = (int16_t)(i * 3 - 30000);
        want[i] = (float)(i * 3 - 30000);
    }
    assert_converts("I16", values, sizeof values, COUNT, want);
}
END_TEST

static void assert_refused(tvae_status status, const char *header, size_t n_data,
                           const char *reason)
{
    static const unsigned char data[64];
    tvae_archive *archive = NULL;

    ck_assert_uint_le(n_data, sizeof data);
    ASSERT_STATUS(tvae_archive_load(write_file(header, data, n_data), &archive), status);
    ck_assert_ptr_null(archive);
    ck_assert_msg(strstr(tvae_last_error(), reason) != NULL, "\"%s\" lacks \"%s\"",
                  tvae_last_error(), reason);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}

#define X(shape, offsets) \
    "{\"x\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":" offsets "}}"
#define Y(shape, offsets) \
    "\"y\":{\"dtype\":\"U8\",\"shape\":" shape ",\"data_offsets\":" offsets "}"

START_TEST(load_refuses_contradictions)
{
    assert_refused(TVAE_E_FORMAT, "", 0, "not a JSON object");
    assert_refused(TVAE_E_FORMAT, "[]", 0, "not a JSON object");
    assert_refused(TVAE_E_FORMAT, "{} x", 0, "not a JSON object");
    assert_refused(TVAE_E_FORMAT, "{}", 1, "1 bytes follow");
    assert_refused(TVAE_E_FORMAT, "{\"x\":1}", 0, "no dtype");
    assert_refused(TVAE_E_FORMAT, "{\"x\":{\"dtype\":\"F32\"}}", 0, "no shape");
    assert_refused(TVAE_E_FORMAT, "{\"x\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4,
                   "data_offsets");
    assert_refused(TVAE_E_FORMAT, X("[2]", "[0,4]"), 4, "do not fill");
    assert_refused(TVAE_E_FORMAT, X("[1]", "[0,4]"), 3, "truncated");
    assert_refused(TVAE_E_FORMAT, X("[1]", "[4,8]"), 8, "gap");
    assert_refused(TVAE_E_FORMAT, X("[1]", "[4,0]"), 8, "rising");
    assert_refused(TVAE_E_FORMAT, X("[1]", "[-4,0]"), 8, "rising");
    assert_refused(TVAE_E_FORMAT, X("[1]", "[0,4,8]"), 8, "two");
    assert_refused(TVAE_E_FORMAT, X("[1.0]", "[0,4]"), 4, "natural number");
    assert_refused(TVAE_E_FORMAT, X("[-1,-1]", "[0,4]"), 4, "natural number");
    assert_refused(TVAE_E_FORMAT, X("[4294967296,4294967296,4294967296]", "[0,4]"), 4,
                   "overflows");
    assert_refused(TVAE_E_FORMAT, X("[4611686018427387905]", "[0,4]"), 4, "do not fill");
    assert_refused(TVAE_E_FORMAT, X("[99999999999999999999]", "[0,4]"), 4, "JSON");
    assert_refused(TVAE_E_UNSUPPORTED, X("[0]", "[0,0]"), 0, "no elements");
    assert_refused(TVAE_E_UNSUPPORTED, X("[1,1,1,1,1,1,1,1,1]", "[0,4]"), 4, "9 axes");
    assert_refused(TVAE_E_UNSUPPORTED,
                   "{\"x\":{\"dtype\":\"F8_E4M3\",\"shape\":[1],\"data_offsets\":[0,1]}}",
                   1, "F8_E4M3");
    assert_refused(TVAE_E_FORMAT, "{" Y("[4]", "[0,4]") "," Y("[4]", "[4,8]") "}", 8,
                   "uplicate");
    assert_refused(TVAE_E_FORMAT,
                   "{" Y("[4]", "[0,4]") ",\"x\":{\"dtype\":\"U8\",\"shape\":[4],"
                                         "\"data_offsets\":[3,7]}}",
                   7, "overlap");
    assert_refused(TVAE_E_FORMAT,
                   "{\"\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4,
                   "is empty");
    assert_refused(TVAE_E_FORMAT, "{\"__metadata__\":{\"k\":1}}", 0, "not a text");
    assert_refused(TVAE_E_FORMAT, "{\"__metadata__\":3}", 0, "not a JSON object");
    assert_refused(TVAE_E_FORMAT, "{\"__metadata__\":{\"\":\"v\"}}", 0, "empty");
}
END_TEST

START_TEST(load_refuses_inexact_integers)
{
    const int32_t odd[] = {1, 16777217};
    const uint64_t most[] = {UINT64_MAX};
    const int64_t near_most[] = {INT64_MAX};
    tvae_archive *archive = NULL;

    ASSERT_STATUS(tvae_archive_load(write_file("{\"x\":{\"dtype\":\"I32\",\"shape\":[2],"
                                               "\"data_offsets\":[0,8]}}",
                                               odd, 8),
                                    &archive),
                  TVAE_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "element 1"));
    ASSERT_STATUS(tvae_archive_load(write_file("{\"x\":{\"dtype\":\"U64\",\"shape\":[1],"
                                               "\"data_offsets\":[0,8]}}",
                                               most, 8),
                                    &archive),
                  TVAE_E_UNSUPPORTED);
    ASSERT_STATUS(tvae_archive_load(write_file("{\"x\":{\"dtype\":\"I64\",\"shape\":[1],"
                                               "\"data_offsets\":[0,8]}}",
                                               near_most, 8),
                                    &archive),
                  TVAE_E_UNSUPPORTED);
}
END_TEST

/* Offsets may come in any order; tensors keep the header's. */
START_TEST(load_accepts_data_in_another_order)
{
    const unsigned char data[] = {1, 2, 3};
    tvae_archive *archive = NULL;
    tvae_tensor *x = NULL;

    ASSERT_OK(tvae_archive_load(
        write_file("{\"x\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]}," Y(
                       "[2]", "[0,2]") "}   ",
                   data, 3),
        &archive));
    ck_assert_str_eq(tvae_archive_name(archive, 0), "x");
    ASSERT_OK(tvae_archive_get(archive, "x", &x));
    ck_assert(tvae_tensor_data(x)[0] == 3.0f);
    tvae_tensor_destroy(&x);
    tvae_archive_destroy(&archive);
}
END_TEST

START_TEST(load_refuses_huge_stated_headers)
{
    static const uint64_t lengths[] = {3, 100000001, UINT64_MAX, UINT64_MAX - 7};
    const char *path = scratch_path("huge.safetensors");
    tvae_archive *archive = NULL;

    for (size_t i = 0; i < 4; i++) {
        unsigned char bytes[10] = {0, 0, 0, 0, 0, 0, 0, 0, '{', '}'};

        memcpy(bytes, &lengths[i], 8);
        write_bytes(path, bytes, sizeof bytes);
        ASSERT_STATUS(tvae_archive_load(path, &archive), TVAE_E_FORMAT);
    }
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
    const char *path = scratch_path("small.safetensors");
    tvae_archive *archive = make_archive();
    unsigned char *bytes;
    size_t n_bytes;

    ASSERT_OK(tvae_archive_save(archive, path));
    tvae_archive_destroy(&archive);
    bytes = read_bytes(path, &n_bytes);
    assert_no_prefix_loads(path, bytes, n_bytes, load_path);
    ck_assert_uint_gt(load_all_mutations(path, bytes, n_bytes, load_path), n_bytes);
    free(bytes);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("safetensors");
    TCase *save = tcase_create("save"), *load = tcase_create("load");

    tcase_add_checked_fixture(save, scratch_begin, scratch_end);
    tcase_add_test(save, save_and_load_keep_everything);
    tcase_add_test(save, save_writes_the_header_in_order);
    tcase_add_test(save, save_of_nothing_loads);
    tcase_add_test(save, save_refuses_the_reserved_name);
    suite_add_tcase(suite, save);
    tcase_add_checked_fixture(load, scratch_begin, scratch_end);
    tcase_add_test(load, load_converts_every_type);
    tcase_add_test(load, load_converts_across_buffers);
    tcase_add_test(load, load_refuses_contradictions);
    tcase_add_test(load, load_refuses_inexact_integers);
    tcase_add_test(load, load_accepts_data_in_another_order);
    tcase_add_test(load, load_refuses_huge_stated_headers);
    tcase_add_test(load, load_survives_truncation_and_mutation);
    suite_add_tcase(suite, load);
    return run_suite(suite);
}
