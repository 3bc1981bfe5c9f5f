/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <zlib.h>

#include "base/memory.h"
#include "io/io.h"
#include "scratch.h"
#include "support.h"

/* Two images of 2 x 3. */
static const unsigned char images[] = {0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2,  0,  0,
                                       0, 3, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 255};

/* The gzip form of some bytes, as one member; returns its size. */
static size_t pack(const void *bytes, size_t n_bytes, unsigned char *packed,
                   size_t n_room)
{
    z_stream stream = {0};

    ck_assert_int_eq(deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
                     Z_OK);
    stream.next_in = (Bytef *)(uintptr_t)bytes;
    stream.avail_in = (uInt)n_bytes;
    stream.next_out = packed;
    stream.avail_out = (uInt)n_room;
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    ck_assert_int_eq(deflateEnd(&stream), Z_OK);
    return n_room - stream.avail_out;
}

static tvae_status load_images(const char *path)
{
    tvi_idx idx;
    const tvae_status st = tvi_idx_read(path, 3, &idx);

    if (st != TVAE_OK)
        ck_assert_ptr_null(idx.values);
    tvi_idx_release(&idx);
    return st;
}

static void assert_images(const char *path)
{
    tvi_idx idx;

    ASSERT_OK(tvi_idx_read(path, 3, &idx));
    ck_assert_int_eq(idx.rank, 3);
    ck_assert_uint_eq(idx.shape[0], 2);
    ck_assert_uint_eq(idx.shape[1], 2);
    ck_assert_uint_eq(idx.shape[2], 3);
    ck_assert_uint_eq(idx.count, 12);
    ck_assert_mem_eq(idx.values, images + 16, 12);
    tvi_idx_release(&idx);
    ck_assert_ptr_null(idx.values);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}

START_TEST(read_gives_values_of_plain_and_gzipped_files)
{
    unsigned char packed[200];
    const size_t n_packed = pack(images, sizeof images, packed, sizeof packed);

    write_bytes(scratch_path("plain"), images, sizeof images);
    assert_images(scratch_path("plain"));
    write_bytes(scratch_path("packed.gz"), packed, n_packed);
    assert_images(scratch_path("packed.gz"));
    assert_images(scratch_path("packed"));
    write_bytes(scratch_path("packed-without-ending"), packed, n_packed);
    assert_images(scratch_path("packed-without-ending"));
    write_bytes(scratch_path("plain-with-ending.gz"), images, sizeof images);
    assert_images(scratch_path("plain-with-ending.gz"));
}
END_TEST

START_TEST(read_accepts_several_gzip_members)
{
    unsigned char packed[400];
    size_t n_packed = pack(images, 10, packed, sizeof packed);

    n_packed += pack(images + 10, sizeof images - 10, packed + n_packed,
                     sizeof packed - n_packed);
    write_bytes(scratch_path("two.gz"), packed, n_packed);
    assert_images(scratch_path("two.gz"));
}
END_TEST

START_TEST(read_inflates_more_than_a_buffer)
{
    const size_t n_rows = 3000, n_bytes = 12 + n_rows * 100;
    unsigned char *bytes = malloc(n_bytes), *packed = malloc(2 * n_bytes);
    uint32_t state = 1;
    tvi_idx idx;

    ck_assert(bytes && packed);
    memcpy(bytes, (const unsigned char[]){0, 0, 8, 2, 0, 0, 0x0b, 0xb8, 0, 0, 0, 100},
           12);
    for (size_t i = 12; i < n_bytes; i++) {
        state = state * 1664525u + 1013904223u;
        bytes[i] = (unsigned char)(state >> 24);
    }
    write_bytes(scratch_path("rows.gz"), packed,
                pack(bytes, n_bytes, packed, 2 * n_bytes));
    ASSERT_OK(tvi_idx_read(scratch_path("rows.gz"), 2, &idx));
    ck_assert_uint_eq(idx.count, n_bytes - 12);
    ck_assert_mem_eq(idx.values, bytes + 12, n_bytes - 12);
    tvi_idx_release(&idx);
    free(bytes);
    free(packed);
}
END_TEST

START_TEST(read_refuses_every_truncation)
{
    unsigned char packed[200];
    const size_t n_packed = pack(images, sizeof images, packed, sizeof packed);

    assert_no_prefix_loads(scratch_path("cut"), images, sizeof images, load_images);
    assert_no_prefix_loads(scratch_path("cut.gz"), packed, n_packed, load_images);
}
END_TEST

START_TEST(read_survives_every_mutation)
{
    unsigned char packed[200];
    const size_t n_packed = pack(images, sizeof images, packed, sizeof packed);

    /* All of a plain header's 16 bytes matter; its values can be anything. */
    ck_assert_uint_eq(
        load_all_mutations(scratch_path("bad"), images, sizeof images, load_images),
        16 * 3);
    ck_assert_uint_gt(
        load_all_mutations(scratch_path("bad.gz"), packed, n_packed, load_images),
        n_packed);
}
END_TEST

static void assert_refused(const unsigned char *bytes, size_t n_bytes, int32_t rank,
                           const char *reason)
{
    const char *path = scratch_path("refused");
    tvi_idx idx;

    write_bytes(path, bytes, n_bytes);
    ASSERT_STATUS(tvi_idx_read(path, rank, &idx), TVAE_E_FORMAT);
    ck_assert_msg(strstr(tvae_last_error(), reason) != NULL, "\"%s\" lacks \"%s\"",
                  tvae_last_error(), reason);
    ck_assert_ptr_null(idx.values);
}

START_TEST(read_says_what_is_wrong)
{
    unsigned char bytes[sizeof images + 1] = {0}, packed[200];
    size_t n_packed;
    tvi_idx idx;

    memcpy(bytes, images, sizeof images);
    assert_refused(bytes, sizeof bytes, 3, "1 trailing bytes");
    n_packed = pack(bytes, sizeof bytes, packed, sizeof packed);
    assert_refused(packed, n_packed, 3, "trailing bytes");
    n_packed = pack(images, sizeof images, packed, sizeof packed);
    packed[n_packed] = 'x';
    assert_refused(packed, n_packed + 1, 3, "trailing bytes");
    packed[n_packed - 8] ^= 1;
    assert_refused(packed, n_packed, 3, "incorrect data check");
    assert_refused(packed, n_packed - 5, 3, "truncated");
    assert_refused(images, sizeof images, 1, "0x00000803, want 0x00000801");
    bytes[2] = 0x0d;
    assert_refused(bytes, sizeof images, 3, "0x00000d03, want 0x00000803");
    bytes[2] = 8;
    bytes[7] = 3;
    assert_refused(bytes, sizeof images, 3, "[3, 2, 3]");
    bytes[7] = 0;
    assert_refused(bytes, sizeof images, 3, "no elements");
    memset(bytes + 4, 0xff, 12);
    assert_refused(bytes, sizeof images, 3, "[4294967295, 4294967295, 4294967295]");
    n_packed = pack(bytes, sizeof images, packed, sizeof packed);
    assert_refused(packed, n_packed, 3, "more bytes than the file has");

    ASSERT_STATUS(tvi_idx_read(scratch_path("absent"), 3, &idx), TVAE_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "absent.gz"));
    ASSERT_STATUS(tvi_idx_read(scratch_path("."), 3, &idx), TVAE_E_IO);
    ASSERT_STATUS(tvi_idx_read(scratch_path("refused"), 5, &idx), TVAE_E_INVALID);
    ASSERT_STATUS(tvi_idx_read(scratch_path("refused"), 0, &idx), TVAE_E_INVALID);
}
END_TEST

static tvae_status load_from_context(void *context)
{
    return load_images(context);
}

START_TEST(read_survives_failing_allocations)
{
    unsigned char packed[200];
    const size_t n_packed = pack(images, sizeof images, packed, sizeof packed);
    char path[4096], stem[4096];

    (void)strcpy(stem, scratch_path("memory"));
    (void)strcpy(path, scratch_path("memory.gz"));
    write_bytes(path, packed, n_packed);
    /* The name with .gz, the stream, zlib's state and window, the values. */
    ck_assert_uint_ge(sweep_allocation_failures(load_from_context, stem), 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("idx");
    TCase *read = tcase_create("read");

    tcase_add_checked_fixture(read, scratch_begin, scratch_end);
    tcase_add_test(read, read_gives_values_of_plain_and_gzipped_files);
    tcase_add_test(read, read_accepts_several_gzip_members);
    tcase_add_test(read, read_inflates_more_than_a_buffer);
    tcase_add_test(read, read_refuses_every_truncation);
    tcase_add_test(read, read_survives_every_mutation);
    tcase_add_test(read, read_says_what_is_wrong);
    tcase_add_test(read, read_survives_failing_allocations);
    suite_add_tcase(suite, read);
    return run_suite(suite);
}
