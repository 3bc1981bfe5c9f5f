/* SPDX-License-Identifier: MIT */
#include "support.h"

#include "io/name_hash.h"

static const tvi_hash_key key = {0x0706050403020100u, 0x0f0e0d0c0b0a0908u};
static unsigned char counting[15];

static void fill_counting(void)
{
    for (size_t i = 0; i < sizeof counting; i++)
        counting[i] = (unsigned char)i;
}

/* The example of the paper's appendix A, and the authors' vectors for 0 and 8 bytes. */
START_TEST(hash_gives_the_published_values)
{
    ck_assert_uint_eq(tvi_name_hash(key, counting, 15), 0xa129ca6149be45e5u);
    ck_assert_uint_eq(tvi_name_hash(key, counting, 0), 0x726fdb47dd0e0e31u);
    ck_assert_uint_eq(tvi_name_hash(key, counting, 8), 0x93f5f5799a932462u);
}
END_TEST

START_TEST(keys_differ_from_draw_to_draw)
{
    const tvi_hash_key a = tvi_hash_key_draw(), b = tvi_hash_key_draw();

    ck_assert(a.low != b.low || a.high != b.high);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("name_hash");
    TCase *hash = tcase_create("hash");

    fill_counting();
    tcase_add_test(hash, hash_gives_the_published_values);
    tcase_add_test(hash, keys_differ_from_draw_to_draw);
    suite_add_tcase(suite, hash);
    return run_suite(suite);
}
