/* SPDX-License-Identifier: MIT */
#include "io/name_map.h"

#include <string.h>

enum { FIRST_CAPACITY = 16 };

/* The slot that holds the name, or the free one where it belongs. */
static size_t find_slot(const tvi_name_map *map, const char *name)
{
    size_t slot =
        (size_t)tvi_name_hash(map->key, name, strlen(name)) & (map->n_slots - 1);

    while (map->slots[slot] && strcmp(map->names[map->slots[slot] - 1], name) != 0)
        slot = (slot + 1) & (map->n_slots - 1);
    return slot;
}

size_t tvi_name_map_find(const tvi_name_map *map, const char *name)
{
    size_t slot;

    if (!map->n_slots)
        return SIZE_MAX;
    slot = find_slot(map, name);
    return map->slots[slot] ? map->slots[slot] - 1 : SIZE_MAX;
}

static tvae_status grow(tvi_name_map *map)
{
    const size_t capacity = map->capacity ? map->capacity * 2 : FIRST_CAPACITY;
    tvi_name_map larger = *map;

    if (!map->n_slots)
        larger.key = tvi_hash_key_draw();
    larger.capacity = capacity;
    larger.n_slots = capacity * 2;
    larger.names = tvi_alloc_array(capacity, sizeof *larger.names);
    larger.values = tvi_alloc_array(capacity, sizeof *larger.values);
    larger.slots = tvi_alloc_array(larger.n_slots, sizeof *larger.slots);
    if (!larger.names || !larger.values || !larger.slots) {
        tvi_free(larger.names);
        tvi_free(larger.values);
        tvi_free(larger.slots);
        return TVAE_E_NOMEM;
    }
    for (size_t i = 0; i < map->count; i++) {
        larger.names[i] = map->names[i];
        larger.values[i] = map->values[i];
        larger.slots[find_slot(&larger, map->names[i])] = i + 1;
    }
    tvi_free(map->names);
    tvi_free(map->values);
    tvi_free(map->slots);
    *map = larger;
    return TVAE_OK;
}

tvae_status tvi_name_map_put(tvi_name_map *map, const char *name, void *value,
                             void **replaced)
{
    const size_t found = tvi_name_map_find(map, name);
    char *copy;
    tvae_status st;

    *replaced = NULL;
    if (found != SIZE_MAX) {
        *replaced = map->values[found];
        map->values[found] = value;
        return TVAE_OK;
    }
    if (map->count == map->capacity) {
        st = grow(map);
        if (st != TVAE_OK)
            return st;
    }
    copy = tvi_copy_string(name);
    if (!copy)
        return TVAE_E_NOMEM;
    map->slots[find_slot(map, name)] = map->count + 1;
    map->names[map->count] = copy;
    map->values[map->count] = value;
    map->count++;
    return TVAE_OK;
}

void tvi_name_map_release(tvi_name_map *map, void (*release_value)(void *value))
{
    for (size_t i = 0; i < map->count; i++) {
        tvi_free(map->names[i]);
        release_value(map->values[i]);
    }
    tvi_free(map->names);
    tvi_free(map->values);
    tvi_free(map->slots);
    *map = (tvi_name_map){0};
}
