/* SPDX-License-Identifier: MIT */
#ifndef TVI_IO_NAME_MAP_H
#define TVI_IO_NAME_MAP_H

#include "base/memory.h"
#include "io/name_hash.h"

/* Named values in the order they were added, found by hashing: a file may hold a million
 * names. All zero is an empty map. */
typedef struct tvi_name_map {
    char **names;
    void **values;
    size_t count;
    size_t capacity;
    size_t *slots;  /* open addressing: index + 1, or 0 for a free slot */
    size_t n_slots; /* a power of two, at least 2 * capacity; 0 without slots */
    tvi_hash_key key;
} tvi_name_map;

/* The index of a name, or SIZE_MAX. */
size_t tvi_name_map_find(const tvi_name_map *map, const char *name);

/* Store a value under a name (copied). `*replaced` gets the value it takes the place of,
 * or NULL. TVAE_E_NOMEM leaves the map as it was. */
tvae_status tvi_name_map_put(tvi_name_map *map, const char *name, void *value,
                             void **replaced);

void tvi_name_map_release(tvi_name_map *map, void (*release_value)(void *value));

#endif
