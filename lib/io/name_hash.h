/* SPDX-License-Identifier: MIT */
#ifndef TVI_IO_NAME_HASH_H
#define TVI_IO_NAME_HASH_H

#include <stddef.h>
#include <stdint.h>

/* SipHash-2-4 (Aumasson and Bernstein 2012): who does not know the key cannot choose
 * names that fall into one place of a table, which would make a file of many names take
 * hours. */
typedef struct tvi_hash_key {
    uint64_t low, high;
} tvi_hash_key;

/* From the system's random numbers; no result depends on it. */
tvi_hash_key tvi_hash_key_draw(void);

uint64_t tvi_name_hash(tvi_hash_key key, const void *bytes, size_t n_bytes);

#endif
