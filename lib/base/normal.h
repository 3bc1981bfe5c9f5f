/* SPDX-License-Identifier: MIT */
#ifndef TVI_BASE_NORMAL_H
#define TVI_BASE_NORMAL_H

#include <stdint.h>

/* Normal draws by the block. normal.c is compiled once per kernel level, without fused
 * multiply-adds and with logarithm, sine and cosine of its own, so that every level gives
 * the same bits. */

enum { TVI_NORMAL_BLOCKS = 64, TVI_NORMAL_DRAWS = 4 * TVI_NORMAL_BLOCKS };

/* The draws of Philox blocks first_block .. first_block + 63 of a stream. */
typedef void (*tvi_normal_function)(uint64_t seed, uint32_t purpose, uint64_t index,
                                    uint32_t first_block, float draws[TVI_NORMAL_DRAWS]);

void tvi_normal_blocks_portable(uint64_t seed, uint32_t purpose, uint64_t index,
                                uint32_t first_block, float draws[TVI_NORMAL_DRAWS]);
void tvi_normal_blocks_avx2(uint64_t seed, uint32_t purpose, uint64_t index,
                            uint32_t first_block, float draws[TVI_NORMAL_DRAWS]);
void tvi_normal_blocks_avx512(uint64_t seed, uint32_t purpose, uint64_t index,
                              uint32_t first_block, float draws[TVI_NORMAL_DRAWS]);

/* The function of a kernel level, NULL if this machine cannot run it. */
tvi_normal_function tvi_normal_function_at(int level);

#endif
