/* SPDX-License-Identifier: MIT */
#include "base/cpu.h"

#include <stdatomic.h>
#include <string.h>

#include "base/error.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#define TVI_X86 1
#else
#define TVI_X86 0
#endif

enum { LEVEL_UNKNOWN = -1 };

static atomic_int machine_level = LEVEL_UNKNOWN;
static atomic_int level_cap = TVAE_KERNEL_AVX512;

#if TVI_X86
/* Register state the operating system saves at a context switch (XCR0). */
static unsigned saved_register_state(void)
{
    unsigned low, high;

    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static int32_t detect_level(void)
{
    const unsigned xmm_ymm = 0x6, opmask_zmm = 0xe0;
    const unsigned wanted_512 = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    unsigned a, b, c, d, saved;

    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_FMA))
        return TVAE_KERNEL_PORTABLE;
    saved = saved_register_state();
    if ((saved & xmm_ymm) != xmm_ymm || !__get_cpuid_count(7, 0, &a, &b, &c, &d) ||
        !(b & bit_AVX2))
        return TVAE_KERNEL_PORTABLE;
    if ((saved & opmask_zmm) != opmask_zmm || (b & wanted_512) != wanted_512)
        return TVAE_KERNEL_AVX2;
    return TVAE_KERNEL_AVX512;
}

void tvi_cpu_name(char name[64])
{
    unsigned words[12];

    strcpy(name, "unknown");
    for (unsigned i = 0; i < 3; i++)
        if (!__get_cpuid(0x80000002u + i, words + 4 * i, words + 4 * i + 1,
                         words + 4 * i + 2, words + 4 * i + 3))
            return;
    memset(name, 0, 64);
    memcpy(name, words, sizeof words);
}
#else
static int32_t detect_level(void)
{
    return TVAE_KERNEL_PORTABLE;
}

void tvi_cpu_name(char name[64])
{
    strcpy(name, "unknown");
}
#endif

int32_t tvi_machine_level(void)
{
    int32_t level = atomic_load_explicit(&machine_level, memory_order_relaxed);

    if (level == LEVEL_UNKNOWN) {
        level = detect_level();
        atomic_store_explicit(&machine_level, level, memory_order_relaxed);
    }
    return level;
}

int32_t tvi_kernel_level(void)
{
    const int32_t level = tvi_machine_level();
    const int32_t cap = atomic_load_explicit(&level_cap, memory_order_relaxed);

    return level < cap ? level : cap;
}

tvae_status tvae_set_kernel_level(int32_t level)
{
    if (level < TVAE_KERNEL_PORTABLE || level > TVAE_KERNEL_AVX512)
        return tvi_fail(
            TVAE_E_INVALID,
            "set_kernel_level: level is %d, want %d (portable) to %d (AVX-512)",
            (int)level, TVAE_KERNEL_PORTABLE, TVAE_KERNEL_AVX512);
    atomic_store(&level_cap, level);
    return TVAE_OK;
}
