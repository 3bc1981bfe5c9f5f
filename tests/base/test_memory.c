/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "host_memory.h"

/* A host's allocator that counts, and refuses call number `refused` (from 1). */
typedef struct tvi_counting_heap {
    size_t n_calls, refused, live_bytes, released_bytes;
    size_t worst_align;
} tvi_counting_heap;

static void *take(void *user, size_t bytes, size_t align)
{
    tvi_counting_heap *heap = user;

    heap->n_calls++;
    if (heap->n_calls == heap->refused)
        return NULL;
    heap->live_bytes += bytes;
    heap->worst_align = align;
    return alloc_any(user, bytes, align);
}

static void give_back(void *user, void *memory, size_t bytes)
{
    tvi_counting_heap *heap = user;

    ck_assert_ptr_nonnull(memory);
    heap->live_bytes -= bytes;
    heap->released_bytes += bytes;
    free(memory);
}

static tvae_allocator hook_of(tvi_counting_heap *heap)
{
    const tvae_allocator hook = {
        .size = sizeof hook, .user = heap, .alloc = take, .release = give_back};

    return hook;
}

START_TEST(alloc_array_gives_zeroed_aligned_memory)
{
    for (size_t count = 0; count < 300; count += 37) {
        const size_t live = tvi_live_blocks();
        unsigned char *block = tvi_alloc_array(count, 3);

        ck_assert_ptr_nonnull(block);
        ck_assert_uint_eq((uintptr_t)block % 64, 0);
        ck_assert_uint_eq(tvi_live_blocks(), live + 1);
        for (size_t i = 0; i < 3 * count; i++)
            ck_assert_uint_eq(block[i], 0);
        memset(block, 0xff, 3 * count);
        tvi_free(block);
        ck_assert_uint_eq(tvi_live_blocks(), live);
    }
    tvi_free(NULL);
}
END_TEST

START_TEST(alloc_array_refuses_sizes_that_overflow)
{
    ck_assert_ptr_null(tvi_alloc_array(SIZE_MAX, 2));
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "overflow"));
    ck_assert_ptr_null(tvi_alloc_array(SIZE_MAX, 1));
    ck_assert_ptr_null(tvi_alloc_array(SIZE_MAX - 63, 1));
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(arithmetic_detects_overflow)
{
    size_t result = 7;

    ck_assert(tvi_multiply(SIZE_MAX, 1, &result) && result == SIZE_MAX);
    ck_assert(tvi_multiply(SIZE_MAX, 0, &result) && result == 0);
    ck_assert(!tvi_multiply(SIZE_MAX / 2 + 1, 2, &result) && result == 0);
    ck_assert(tvi_add(SIZE_MAX - 1, 1, &result) && result == SIZE_MAX);
    ck_assert(!tvi_add(SIZE_MAX, 1, &result) && result == SIZE_MAX);
}
END_TEST

START_TEST(copy_string_copies)
{
    char *copy = tvi_copy_string("capsule");

    ck_assert_str_eq(copy, "capsule");
    tvi_free(copy);
}
END_TEST

START_TEST(set_allocator_carries_every_block)
{
    tvi_counting_heap heap = {0};
    const tvae_allocator hook = hook_of(&heap);
    const size_t shape[] = {3, 5};
    tvae_tensor *t = NULL;

    ASSERT_OK(tvae_set_allocator(&hook));
    ASSERT_OK(tvae_tensor_create(2, shape, &t));
    ck_assert_uint_gt(heap.n_calls, 0);
    ck_assert_uint_eq(heap.worst_align, 64);
    ck_assert_uint_gt(heap.live_bytes, 15 * sizeof(float));
    ASSERT_STATUS(tvae_set_allocator(NULL), TVAE_E_STATE);
    tvae_tensor_destroy(&t);
    ck_assert_uint_eq(heap.live_bytes, 0);
    ASSERT_OK(tvae_set_allocator(NULL));
}
END_TEST

START_TEST(failed_allocations_leave_nothing_behind)
{
    const size_t shape[] = {3, 5};
    bool done = false;

    for (size_t refused = 1; !done; refused++) {
        tvi_counting_heap heap = {.refused = refused};
        const tvae_allocator hook = hook_of(&heap);
        tvae_tensor *t = NULL;
        tvae_status st;

        ASSERT_OK(tvae_set_allocator(&hook));
        st = tvae_tensor_create(2, shape, &t);
        done = st == TVAE_OK;
        ck_assert(done || (st == TVAE_E_NOMEM && !t));
        ck_assert_uint_eq(done, heap.n_calls < refused);
        tvae_tensor_destroy(&t);
        ck_assert_uint_eq(heap.live_bytes, 0);
        ASSERT_OK(tvae_set_allocator(NULL));
    }
}
END_TEST

START_TEST(set_allocator_rejects_incomplete_hooks)
{
    tvi_counting_heap heap = {0};
    tvae_allocator hook = hook_of(&heap);

    hook.alloc = NULL;
    ASSERT_STATUS(tvae_set_allocator(&hook), TVAE_E_INVALID);
    hook = hook_of(&heap);
    hook.release = NULL;
    ASSERT_STATUS(tvae_set_allocator(&hook), TVAE_E_INVALID);
    hook = hook_of(&heap);
    hook.size = 8;
    ASSERT_STATUS(tvae_set_allocator(&hook), TVAE_E_INVALID);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("memory");
    TCase *tests = tcase_create("memory");

    tcase_add_test(tests, alloc_array_gives_zeroed_aligned_memory);
    tcase_add_test(tests, alloc_array_refuses_sizes_that_overflow);
    tcase_add_test(tests, arithmetic_detects_overflow);
    tcase_add_test(tests, copy_string_copies);
    tcase_add_test(tests, set_allocator_carries_every_block);
    tcase_add_test(tests, failed_allocations_leave_nothing_behind);
    tcase_add_test(tests, set_allocator_rejects_incomplete_hooks);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
