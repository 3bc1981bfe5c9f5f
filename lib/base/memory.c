/* SPDX-License-Identifier: MIT */
#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/options.h"

enum { ALIGNMENT = 64, HEADER_BYTES = 64, HUGE_PAGE_BYTES = 1 << 21 };

/* Large blocks begin at huge pages, and Linux is asked for such: products walk through
 * megabytes of weights a row at a time, which costs a page table lookup each otherwise. A
 * system that refuses changes nothing. */
static void *default_alloc(void *user, size_t bytes, size_t align)
{
    const bool is_large = bytes >= HUGE_PAGE_BYTES && align <= HUGE_PAGE_BYTES;
    const size_t unit = is_large ? HUGE_PAGE_BYTES : align;
    const size_t rounded = (bytes + align - 1) / align * align;
    void *block = NULL;

    (void)user;
    /* aligned_alloc() would want a size that is a multiple of the alignment */
    if (rounded < bytes || posix_memalign(&block, unit, rounded) != 0)
        return NULL;
#if defined(MADV_HUGEPAGE)
    if (is_large)
        (void)madvise(block, rounded, MADV_HUGEPAGE);
#endif
    return block;
}

static void default_release(void *user, void *memory, size_t bytes)
{
    (void)user;
    (void)bytes;
    free(memory);
}

static tvae_allocator allocator = {
    .size = sizeof(tvae_allocator), .alloc = default_alloc, .release = default_release};
static atomic_size_t live_blocks;
static atomic_size_t blocks_allocated;

tvae_status tvae_set_allocator(const tvae_allocator *replacement)
{
    tvae_allocator copy = {
        .size = sizeof copy, .alloc = default_alloc, .release = default_release};
    tvae_status st =
        tvi_options_import(&copy, sizeof copy, sizeof copy, replacement, "set_allocator");

    if (st != TVAE_OK)
        return st;
    if (!copy.alloc || !copy.release)
        return tvi_fail(TVAE_E_INVALID, "set_allocator: %s is NULL, want a function",
                        copy.alloc ? "release" : "alloc");
    if (atomic_load(&live_blocks))
        return tvi_fail(
            TVAE_E_STATE,
            "set_allocator: %zu blocks of the previous allocator are in use, want "
            "none: call it before anything else",
            (size_t)atomic_load(&live_blocks));
    allocator = copy;
    return TVAE_OK;
}

void *tvi_alloc_array(size_t count, size_t element_bytes)
{
    size_t bytes, total;
    unsigned char *block;

    if (!tvi_multiply(count, element_bytes, &bytes) ||
        !tvi_add(bytes, HEADER_BYTES, &total)) {
        (void)tvi_fail(TVAE_E_NOMEM, "out of memory: %zu elements of %zu bytes overflow",
                       count, element_bytes);
        return NULL;
    }
    block = allocator.alloc(allocator.user, total, ALIGNMENT);
    if (!block) {
        (void)tvi_fail(TVAE_E_NOMEM, "out of memory: %zu bytes were refused", bytes);
        return NULL;
    }
    memset(block, 0, total);
    memcpy(block, &total, sizeof total);
    atomic_fetch_add(&live_blocks, 1);
    atomic_fetch_add(&blocks_allocated, 1);
    return block + HEADER_BYTES;
}

void tvi_free(void *memory)
{
    unsigned char *block;
    size_t total;

    if (!memory)
        return;
    block = (unsigned char *)memory - HEADER_BYTES;
    memcpy(&total, block, sizeof total);
    allocator.release(allocator.user, block, total);
    atomic_fetch_sub(&live_blocks, 1);
}

char *tvi_copy_string(const char *text)
{
    const size_t length = strlen(text);
    char *copy = tvi_alloc_array(length + 1, 1);

    if (copy)
        memcpy(copy, text, length);
    return copy;
}

bool tvi_multiply(size_t a, size_t b, size_t *product)
{
    if (b && a > SIZE_MAX / b)
        return false;
    *product = a * b;
    return true;
}

bool tvi_add(size_t a, size_t b, size_t *sum)
{
    if (a > SIZE_MAX - b)
        return false;
    *sum = a + b;
    return true;
}

size_t tvi_live_blocks(void)
{
    return atomic_load(&live_blocks);
}

size_t tvi_blocks_allocated(void)
{
    return atomic_load(&blocks_allocated);
}

tvae_status tvi_grow_floats(float **values, size_t *capacity, size_t count)
{
    float *larger;

    if (count <= *capacity)
        return TVAE_OK;
    larger = tvi_alloc_array(count, sizeof *larger);
    if (!larger)
        return TVAE_E_NOMEM;
    tvi_free(*values);
    *values = larger;
    *capacity = count;
    return TVAE_OK;
}
