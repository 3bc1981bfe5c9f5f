/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "data/numpy_split.h"
#include "support.h"

static uint32_t *shuffle(uint32_t seed, size_t n)
{
    uint32_t *order = malloc(n * sizeof *order);

    ck_assert_ptr_nonnull(order);
    tvi_numpy_shuffle(seed, n, order);
    return order;
}

/* FNV-1a over the order as little-endian 32-bit words. */
static uint64_t hash_order(const uint32_t *order, size_t n)
{
    uint64_t hash = 14695981039346656037u;

    for (size_t i = 0; i < n; i++)
        for (unsigned shift = 0; shift < 32; shift += 8)
            hash = (hash ^ (order[i] >> shift & 0xffu)) * 1099511628211u;
    return hash;
}

START_TEST(shuffle_starts_as_the_reference_does)
{
    static const uint32_t held_out[2][8] = {
        {15281, 21435, 44536, 13518, 47529, 53560, 41094, 6060},
        {10327, 11901, 13305, 27477, 55627, 7409, 20191, 14985}};
    static const uint32_t train[2][8] = {
        {5004, 17676, 29485, 36476, 45508, 43740, 23834, 4318},
        {6632, 41882, 57396, 41869, 49925, 57897, 15168, 58335}};

    for (uint32_t seed = 1; seed <= 2; seed++) {
        uint32_t *order = shuffle(seed, 60000);

        ck_assert_mem_eq(order, held_out[seed - 1], sizeof held_out[0]);
        ck_assert_mem_eq(order + 12000, train[seed - 1], sizeof train[0]);
        free(order);
    }
}
END_TEST

/* Hashes of whole orders that NumPy 1.24's RandomState(seed).shuffle() gave. */
START_TEST(shuffle_gives_the_whole_order)
{
    static const struct {
        uint32_t seed;
        size_t n;
        uint64_t hash;
    } cases[] = {
        {0u, 1, 0x4d25767f9dce13f5u},         {0u, 2, 0x89cd31291d2aefa4u},
        {1u, 5, 0xeed8a26fb1364341u},         {1u, 1000, 0xecf6f628019ad851u},
        {2u, 1023, 0x2b1ab373ce57dd33u},      {2u, 1024, 0x2354d5432c358175u},
        {2u, 1025, 0xb96a8b479a66dea5u},      {4294967295u, 7, 0xb40d53221bfd9cd2u},
        {1u, 60000, 0x31b15aeedc28ac51u},     {2u, 60000, 0x2dfc17162f0edb4du},
        {12345u, 60000, 0x72fc757a5a78e959u},
    };

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t *order = shuffle(cases[i].seed, cases[i].n);
        const uint64_t hash = hash_order(order, cases[i].n);

        ck_assert_msg(hash == cases[i].hash, "seed %lu, n %zu: hash is %016llx",
                      (unsigned long)cases[i].seed, cases[i].n, (unsigned long long)hash);
        free(order);
    }
}
END_TEST

START_TEST(shuffle_of_nothing_writes_nothing)
{
    uint32_t guard = 77;

    tvi_numpy_shuffle(1, 0, &guard);
    ck_assert_uint_eq(guard, 77);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("numpy_split");
    TCase *tc = tcase_create("numpy_split");

    tcase_add_test(tc, shuffle_starts_as_the_reference_does);
    tcase_add_test(tc, shuffle_gives_the_whole_order);
    tcase_add_test(tc, shuffle_of_nothing_writes_nothing);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
