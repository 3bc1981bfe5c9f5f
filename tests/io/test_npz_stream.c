/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <zip.h>

#include "base/memory.h"
#include "io/io.h"
#include "scratch.h"
#include "support.h"
#include "zip_file.h"

enum { N_FRAMES = 50, FRAME = 4096 };

/* A dataset in the form of dSprites: deflated images and integers, and a pickle. */
static unsigned char *make_images(void)
{
    unsigned char *images = malloc(N_FRAMES * FRAME);

    ck_assert_ptr_nonnull(images);
    for (size_t i = 0; i < N_FRAMES * FRAME; i++)
        images[i] = (i / 37 + i / FRAME) % 5 == 0;
    return images;
}

static void write_dataset(const char *path, int method)
{
    static const int64_t classes[4] = {0, 1, -7, INT64_C(1) << 40};
    unsigned char *images = make_images();
    const zip_member members[] = {
        {"metadata.npy", "{'descr': '|O', 'fortran_order': False, 'shape': (), }",
         "\x80\x02}.", 4},
        {"notes.txt", NULL, "hello", 5},
        {"imgs.npy", "{'descr': '|u1', 'fortran_order': False, 'shape': (50, 64, 64), }",
         images, N_FRAMES * FRAME},
        {"latents_classes.npy",
         "{'descr': '<i8', 'fortran_order': False, 'shape': (2, 2), }", classes,
         sizeof classes},
        {"floats.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), }",
         "\0\0\x80\x3f", 4},
    };

    write_zip(path, members, sizeof members / sizeof members[0], method);
    free(images);
}

static void assert_dataset(const char *path)
{
    unsigned char *images = make_images(), frame[FRAME];
    tvi_npz_stream *stream = NULL;
    int64_t classes[4];

    ASSERT_OK(tvi_npz_open(path, "imgs", &stream));
    ck_assert_int_eq(tvi_npz_rank(stream), 3);
    ck_assert_uint_eq(tvi_npz_shape(stream)[0], N_FRAMES);
    ck_assert_uint_eq(tvi_npz_shape(stream)[2], 64);
    ck_assert_uint_eq(tvi_npz_element_bytes(stream), 1);
    for (size_t i = 0; i < N_FRAMES; i++) {
        ASSERT_OK(tvi_npz_read(stream, frame, FRAME));
        ck_assert_mem_eq(frame, images + i * FRAME, FRAME);
    }
    ASSERT_STATUS(tvi_npz_read(stream, frame, 1), TVAE_E_FORMAT);
    tvi_npz_close(&stream);
    ck_assert_ptr_null(stream);
    ASSERT_OK(tvi_npz_open(path, "latents_classes", &stream));
    ck_assert_uint_eq(tvi_npz_element_bytes(stream), 8);
    ASSERT_OK(tvi_npz_read(stream, classes, sizeof classes));
    ck_assert_int_eq(classes[2], -7);
    ck_assert_int_eq(classes[3], INT64_C(1) << 40);
    tvi_npz_close(&stream);
    tvi_npz_close(&stream);
    free(images);
}

START_TEST(open_reads_members_beside_a_pickle)
{
    write_dataset(scratch_path("deflated.npz"), ZIP_CM_DEFLATE);
    assert_dataset(scratch_path("deflated.npz"));
    write_dataset(scratch_path("stored.npz"), ZIP_CM_STORE);
    assert_dataset(scratch_path("stored.npz"));
}
END_TEST

START_TEST(open_refuses_other_members)
{
    tvi_npz_stream *stream = NULL;
    const char *path = scratch_path("dataset.npz");

    write_dataset(path, ZIP_CM_STORE);
    ASSERT_STATUS(tvi_npz_open(path, "metadata", &stream), TVAE_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "pickled"));
    ASSERT_STATUS(tvi_npz_open(path, "floats", &stream), TVAE_E_UNSUPPORTED);
    ASSERT_STATUS(tvi_npz_open(path, "absent", &stream), TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvi_npz_open(scratch_path("absent.npz"), "imgs", &stream),
                  TVAE_E_NOT_FOUND);
    ASSERT_STATUS(tvi_npz_open(scratch_path("."), "imgs", &stream), TVAE_E_IO);
    ck_assert_ptr_null(stream);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(read_checks_the_crc_at_the_end)
{
    const char *path = scratch_path("damaged.npz");
    unsigned char *bytes, frame[FRAME], last = 0;
    tvi_npz_stream *stream = NULL;
    size_t n_bytes;

    write_dataset(path, ZIP_CM_STORE);
    bytes = read_bytes(path, &n_bytes);
    bytes[n_bytes / 2] ^= 1; /* among the stored images */
    write_bytes(path, bytes, n_bytes);
    free(bytes);
    ASSERT_OK(tvi_npz_open(path, "imgs", &stream));
    for (size_t i = 0; i + 1 < N_FRAMES; i++)
        ASSERT_OK(tvi_npz_read(stream, frame, FRAME));
    ASSERT_OK(tvi_npz_read(stream, frame, FRAME - 1));
    ASSERT_STATUS(tvi_npz_read(stream, &last, 1), TVAE_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "CRC"));
    tvi_npz_close(&stream);
}
END_TEST

static tvae_status stream_all(const char *path)
{
    unsigned char part[64];
    tvi_npz_stream *stream = NULL;
    size_t n_left;
    tvae_status st = tvi_npz_open(path, "x", &stream);

    if (st != TVAE_OK)
        return st;
    n_left = tvi_npz_element_bytes(stream);
    for (int32_t axis = 0; axis < tvi_npz_rank(stream); axis++)
        n_left *= tvi_npz_shape(stream)[axis];
    while (st == TVAE_OK && n_left > 0) {
        const size_t n = n_left < sizeof part ? n_left : sizeof part;

        st = tvi_npz_read(stream, part, n);
        n_left -= n;
    }
    tvi_npz_close(&stream);
    return st;
}

static unsigned char *write_small(const char *path, size_t *n_bytes)
{
    static const zip_member member = {
        "x.npy", "{'descr': '|b1', 'fortran_order': False, 'shape': (3, 2), }",
        "\0\1\0\1\1\0", 6};

    write_zip(path, &member, 1, ZIP_CM_DEFLATE);
    return read_bytes(path, n_bytes);
}

START_TEST(open_survives_truncation_and_mutation)
{
    const char *path = scratch_path("small.npz");
    size_t n_bytes;
    unsigned char *bytes = write_small(path, &n_bytes);

    ASSERT_OK(stream_all(path));
    assert_no_prefix_loads(path, bytes, n_bytes, stream_all);
    ck_assert_uint_gt(load_all_mutations(path, bytes, n_bytes, stream_all), n_bytes);
    free(bytes);
}
END_TEST

static tvae_status stream_context(void *context)
{
    return stream_all(context);
}

START_TEST(open_survives_failing_allocations)
{
    char path[4096];
    size_t n_bytes;

    (void)strcpy(path, scratch_path("memory.npz"));
    free(write_small(path, &n_bytes));
    ck_assert_uint_ge(sweep_allocation_failures(stream_context, path), 4);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("npz_stream");
    TCase *read = tcase_create("read");

    tcase_add_checked_fixture(read, scratch_begin, scratch_end);
    tcase_add_test(read, open_reads_members_beside_a_pickle);
    tcase_add_test(read, open_refuses_other_members);
    tcase_add_test(read, read_checks_the_crc_at_the_end);
    tcase_add_test(read, open_survives_truncation_and_mutation);
    tcase_add_test(read, open_survives_failing_allocations);
    suite_add_tcase(suite, read);
    return run_suite(suite);
}
