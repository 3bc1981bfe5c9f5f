/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "io/io.h"
#include "io/text.h"
#include "scratch.h"
#include "support.h"

static tvae_tensor *make_scalar(float value)
{
    tvae_tensor *tensor = NULL;

    ASSERT_OK(tvae_tensor_create(0, NULL, &tensor));
    tvae_tensor_data(tensor)[0] = value;
    return tensor;
}

static void put_scalar(tvae_archive *archive, const char *name, float value)
{
    tvae_tensor *tensor = make_scalar(value);

    ASSERT_OK(tvae_archive_put(archive, name, tensor));
    tvae_tensor_destroy(&tensor);
}

static float get_scalar(const tvae_archive *archive, const char *name)
{
    tvae_tensor *tensor = NULL;
    float value;

    ASSERT_OK(tvae_archive_get(archive, name, &tensor));
    value = tvae_tensor_data(tensor)[0];
    tvae_tensor_destroy(&tensor);
    return value;
}

START_TEST(put_keeps_order_and_replaces)
{
    tvae_archive *archive = NULL;
    char name[32];

    ASSERT_OK(tvae_archive_create(&archive));
    ck_assert_uint_eq(tvae_archive_count(archive), 0);
    ck_assert_ptr_null(tvae_archive_name(archive, 0));
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(name, sizeof name, "tensor %d", 999 - i);
        put_scalar(archive, name, (float)i);
    }
    put_scalar(archive, "tensor 500", -1.0f);
    ck_assert_uint_eq(tvae_archive_count(archive), 1000);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(name, sizeof name, "tensor %d", 999 - i);
        ck_assert_str_eq(tvae_archive_name(archive, (size_t)i), name);
        ck_assert(get_scalar(archive, name) == (i == 499 ? -1.0f : (float)i));
    }
    ck_assert_ptr_null(tvae_archive_name(archive, 1000));
    tvae_archive_destroy(&archive);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(put_shares_the_tensor)
{
    tvae_tensor *tensor = make_scalar(1.0f), *shared = NULL;
    tvae_archive *archive = NULL, *second;

    ASSERT_OK(tvae_archive_create(&archive));
    ASSERT_OK(tvae_archive_put(archive, "x", tensor));
    ASSERT_OK(tvae_archive_put(archive, "x", tensor));
    second = tvae_archive_retain(archive);
    ck_assert_ptr_eq(second, archive);
    tvae_archive_destroy(&archive);
    ck_assert_ptr_null(archive);
    ASSERT_OK(tvae_archive_get(second, "x", &shared));
    ck_assert_ptr_eq(tvae_tensor_data(shared), tvae_tensor_data(tensor));
    tvae_archive_destroy(&second);
    tvae_tensor_destroy(&tensor);
    ck_assert(tvae_tensor_data(shared)[0] == 1.0f);
    tvae_tensor_destroy(&shared);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(put_refuses_bad_names)
{
    tvae_tensor *tensor = make_scalar(1.0f);
    tvae_archive *archive = NULL;
    char name[257];

    ASSERT_OK(tvae_archive_create(&archive));
    memset(name, 'n', 256);
    name[256] = '\0';
    ASSERT_STATUS(tvae_archive_put(archive, name, tensor), TVAE_E_INVALID);
    name[255] = '\0';
    ASSERT_OK(tvae_archive_put(archive, name, tensor));
    ASSERT_STATUS(tvae_archive_put(archive, "", tensor), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_archive_put(archive, "\xff", tensor), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_archive_put(NULL, "x", tensor), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_archive_put(archive, NULL, tensor), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_archive_put(archive, "x", NULL), TVAE_E_INVALID);
    ck_assert_uint_eq(tvae_archive_count(archive), 1);
    tvae_archive_destroy(&archive);
    tvae_tensor_destroy(&tensor);
}
END_TEST

START_TEST(get_lists_near_names)
{
    tvae_archive *archive = NULL;
    tvae_tensor *out = NULL;

    ASSERT_OK(tvae_archive_create(&archive));
    ASSERT_STATUS(tvae_archive_get(archive, "x", &out), TVAE_E_NOT_FOUND);
    put_scalar(archive, "grouper.mu", 0.0f);
    put_scalar(archive, "z_encoder.weight", 0.0f);
    put_scalar(archive, "z_encoder.bias", 0.0f);
    put_scalar(archive, "u_encoder.weight", 0.0f);
    ASSERT_STATUS(tvae_archive_get(archive, "z_encoder.weights", &out), TVAE_E_NOT_FOUND);
    ck_assert_ptr_null(out);
    ck_assert_msg(strstr(tvae_last_error(), "near ones: \"z_encoder.weight\", "
                                            "\"u_encoder.weight\"") != NULL,
                  "%s", tvae_last_error());
    ck_assert_ptr_null(strstr(tvae_last_error(), "grouper"));
    ASSERT_STATUS(tvae_archive_get(archive, "?", &out), TVAE_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "grouper.mu"));
    ASSERT_STATUS(tvae_archive_get(NULL, "x", &out), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_archive_get(archive, NULL, &out), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_archive_get(archive, "x", NULL), TVAE_E_INVALID);
    tvae_archive_destroy(&archive);
}
END_TEST

START_TEST(metadata_is_copied_and_replaced)
{
    tvae_archive *archive = NULL;
    char text[] = "one";

    ASSERT_OK(tvae_archive_create(&archive));
    ck_assert_ptr_null(tvae_archive_metadata(archive, "key"));
    ASSERT_OK(tvae_archive_set_metadata(archive, "key", text));
    text[0] = 'x';
    ck_assert_str_eq(tvae_archive_metadata(archive, "key"), "one");
    ASSERT_OK(tvae_archive_set_metadata(archive, "key", "two"));
    ck_assert_str_eq(tvae_archive_metadata(archive, "key"), "two");
    ASSERT_STATUS(tvae_archive_set_metadata(archive, "", "x"), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_archive_set_metadata(archive, "k", "\xc3"), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_archive_set_metadata(archive, NULL, "x"), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_archive_set_metadata(archive, "k", NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_archive_set_metadata(NULL, "k", "x"), TVAE_E_INVALID);
    ck_assert_ptr_null(tvae_archive_metadata(archive, NULL));
    ck_assert_ptr_null(tvae_archive_metadata(NULL, "k"));
    tvae_archive_destroy(&archive);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(calls_accept_null)
{
    tvae_archive *archive = NULL;

    ASSERT_STATUS(tvae_archive_create(NULL), TVAE_E_INVALID);
    ck_assert_ptr_null(tvae_archive_retain(NULL));
    tvae_archive_destroy(NULL);
    tvae_archive_destroy(&archive);
    ck_assert_uint_eq(tvae_archive_count(NULL), 0);
    ck_assert_ptr_null(tvae_archive_name(NULL, 0));
    ASSERT_STATUS(tvae_archive_load(NULL, &archive), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_archive_load("x.npz", NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_archive_save(NULL, "x.npz"), TVAE_E_INVALID);
    ASSERT_OK(tvae_archive_create(&archive));
    ASSERT_STATUS(tvae_archive_save(archive, NULL), TVAE_E_INVALID);
    tvae_archive_destroy(&archive);
}
END_TEST

START_TEST(load_and_save_tell_formats_by_ending)
{
    static const char *const names[] = {"absent.safetensors", "absent.npz", "absent.npy"};
    tvae_archive *archive = NULL;

    for (size_t i = 0; i < 3; i++) {
        ASSERT_STATUS(tvae_archive_load(scratch_path(names[i]), &archive),
                      TVAE_E_NOT_FOUND);
        ck_assert_ptr_nonnull(strstr(tvae_last_error(), names[i]));
    }
    ASSERT_STATUS(tvae_archive_load(scratch_path("absent.pt"), &archive),
                  TVAE_E_UNSUPPORTED);
    ASSERT_OK(tvae_archive_create(&archive));
    ASSERT_STATUS(tvae_archive_save(archive, scratch_path("x.pt")), TVAE_E_UNSUPPORTED);
    for (size_t i = 0; i < 2; i++) {
        char path[64];

        (void)snprintf(path, sizeof path, "no-such-folder/%s", names[i]);
        ASSERT_STATUS(tvae_archive_save(archive, scratch_path(path)), TVAE_E_IO);
        ck_assert_ptr_nonnull(strstr(tvae_last_error(), "create its folder first"));
    }
    tvae_archive_destroy(&archive);
}
END_TEST

START_TEST(is_utf8_knows_the_edges)
{
    static const char *const good[] = {"",
                                       "abc",
                                       "\xc2\x80",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf"};
    static const char *const bad[] = {"\x80",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xe0\x9f\xbf",
                                      "\xed\xa0\x80",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf4\x90\x80\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xe2\x82",
                                      "a\xff"};

    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(tvi_is_utf8(good[i]), "good text %zu", i);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!tvi_is_utf8(bad[i]), "bad text %zu", i);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("archive");
    TCase *archive = tcase_create("archive");

    tcase_add_checked_fixture(archive, scratch_begin, scratch_end);
    tcase_add_test(archive, put_keeps_order_and_replaces);
    tcase_add_test(archive, put_shares_the_tensor);
    tcase_add_test(archive, put_refuses_bad_names);
    tcase_add_test(archive, get_lists_near_names);
    tcase_add_test(archive, metadata_is_copied_and_replaced);
    tcase_add_test(archive, calls_accept_null);
    tcase_add_test(archive, load_and_save_tell_formats_by_ending);
    tcase_add_test(archive, is_utf8_knows_the_edges);
    suite_add_tcase(suite, archive);
    return run_suite(suite);
}
