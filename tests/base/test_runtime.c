/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdio.h>

#include <string.h>

#include "base/blas.h"
#include "base/cpu.h"

START_TEST(runtime_info_describes_this_machine)
{
    tvae_runtime_facts facts;

    ASSERT_OK(tvae_runtime_info(&facts, sizeof facts));
    ck_assert_uint_eq(facts.size, sizeof facts);
    ck_assert_int_eq(facts.n_threads, 1);
    ck_assert_int_ge(facts.n_cpus, 1);
    ck_assert_int_eq(facts.kernel_level, facts.machine_level);
    ck_assert_uint_gt(strlen(facts.cpu), 0);
    ck_assert_uint_gt(strlen(facts.blas_kernel), 0);
    ck_assert_uint_gt(strlen(facts.blas_config), 0);
    ASSERT_OK(tvae_set_threads(2));
    ASSERT_OK(tvae_runtime_info(&facts, sizeof facts));
    ck_assert_int_eq(facts.n_threads, 2);
}
END_TEST

START_TEST(runtime_info_rejects_null_and_impossible_sizes)
{
    tvae_runtime_facts facts;

    ASSERT_STATUS(tvae_runtime_info(NULL, sizeof facts), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_runtime_info(&facts, 4), TVAE_E_INVALID);
}
END_TEST

/* What the compiler's own test of the CPU says, where there is one. */
START_TEST(machine_level_agrees_with_the_compiler)
{
#if defined(__x86_64__) && defined(__GNUC__)
    int32_t wanted = TVAE_KERNEL_PORTABLE;

    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        wanted = TVAE_KERNEL_AVX2;
    if (wanted == TVAE_KERNEL_AVX2 && __builtin_cpu_supports("avx512f") &&
        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl"))
        wanted = TVAE_KERNEL_AVX512;
    ck_assert_int_eq(tvi_machine_level(), wanted);
#else
    ck_assert_int_eq(tvi_machine_level(), TVAE_KERNEL_PORTABLE);
#endif
}
END_TEST

START_TEST(set_kernel_level_caps_the_level)
{
    const int32_t best = tvi_machine_level();

    ASSERT_STATUS(tvae_set_kernel_level(-1), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_set_kernel_level(3), TVAE_E_INVALID);
    for (int32_t cap = TVAE_KERNEL_PORTABLE; cap <= TVAE_KERNEL_AVX512; cap++) {
        ASSERT_OK(tvae_set_kernel_level(cap));
        ck_assert_int_eq(tvi_kernel_level(), cap < best ? cap : best);
    }
}
END_TEST

START_TEST(blas_advice_names_what_would_be_faster)
{
    static const char config[] = "OpenBLAS 0.3.21 DYNAMIC_ARCH MAX_THREADS=64";

    ck_assert_str_eq(tvi_blas_advice("Haswell", config, TVAE_KERNEL_AVX512), "SkylakeX");
    ck_assert_str_eq(tvi_blas_advice("Zen", config, TVAE_KERNEL_AVX512), "SkylakeX");
    ck_assert_str_eq(tvi_blas_advice("SkylakeX", config, TVAE_KERNEL_AVX512), "");
    ck_assert_str_eq(tvi_blas_advice("Cooperlake", config, TVAE_KERNEL_AVX512), "");
    ck_assert_str_eq(tvi_blas_advice("Haswell", config, TVAE_KERNEL_AVX2), "");
    ck_assert_str_eq(tvi_blas_advice("Prescott", config, TVAE_KERNEL_AVX2), "Haswell");
    ck_assert_str_eq(tvi_blas_advice("Prescott", config, TVAE_KERNEL_PORTABLE), "");
    ck_assert_str_eq(tvi_blas_advice("Haswell", "OpenBLAS Haswell", TVAE_KERNEL_AVX512),
                     "");
    ck_assert_str_eq(tvi_blas_advice("unknown", "unknown", TVAE_KERNEL_AVX512), "");
}
END_TEST

START_TEST(version_is_that_of_the_headers)
{
    char parts[32];

    (void)snprintf(parts, sizeof parts, "%d.%d.%d", TVAE_VERSION_MAJOR,
                   TVAE_VERSION_MINOR, TVAE_VERSION_PATCH);
    ck_assert_str_eq(tvae_version(), TVAE_VERSION_STRING);
    ck_assert_str_eq(tvae_version(), parts);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("runtime");
    TCase *tests = tcase_create("runtime");

    tcase_add_test(tests, version_is_that_of_the_headers);
    tcase_add_test(tests, runtime_info_describes_this_machine);
    tcase_add_test(tests, runtime_info_rejects_null_and_impossible_sizes);
    tcase_add_test(tests, machine_level_agrees_with_the_compiler);
    tcase_add_test(tests, set_kernel_level_caps_the_level);
    tcase_add_test(tests, blas_advice_names_what_would_be_faster);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
