/* SPDX-License-Identifier: MIT */
#include "kernel/kernel.h"

#include <pthread.h>

#include <tvae/base.h>

#include "base/cpu.h"
#include "kernel/level.h"

enum { N_LEVELS = TVAE_KERNEL_AVX512 + 1 };

static tvi_kernels tables[N_LEVELS];
static pthread_once_t tables_once = PTHREAD_ONCE_INIT;

#define FILL_TABLE(table, isa)              \
    do {                                    \
        tvi_set_activation_##isa(&(table)); \
        tvi_set_bernoulli_##isa(&(table));  \
        tvi_set_bfloat16_##isa(&(table));   \
        tvi_set_gather_##isa(&(table));     \
        tvi_set_gaussian_##isa(&(table));   \
        tvi_set_momentum_##isa(&(table));   \
        tvi_set_optimiser_##isa(&(table));  \
        tvi_set_reduction_##isa(&(table));  \
    } while (0)

/* Only the levels this machine can run: the functions that fill a table are themselves
 * compiled for its level. */
static void fill_tables(void)
{
    FILL_TABLE(tables[TVAE_KERNEL_PORTABLE], portable);
#if defined(__x86_64__) || defined(__i386__)
    if (tvi_machine_level() >= TVAE_KERNEL_AVX2) {
        FILL_TABLE(tables[TVAE_KERNEL_AVX2], avx2);
        tvi_set_tile_avx2(&tables[TVAE_KERNEL_AVX2]);
    }
    if (tvi_machine_level() >= TVAE_KERNEL_AVX512) {
        FILL_TABLE(tables[TVAE_KERNEL_AVX512], avx512);
        tvi_set_tile_avx512(&tables[TVAE_KERNEL_AVX512]);
    }
#endif
}

const tvi_kernels *tvi_kernel(void)
{
    pthread_once(&tables_once, fill_tables);
    return &tables[tvi_kernel_level()];
}

const tvi_kernels *tvi_kernel_at(int level)
{
    if (level < TVAE_KERNEL_PORTABLE || level > tvi_machine_level())
        return NULL;
    pthread_once(&tables_once, fill_tables);
    return &tables[level];
}
