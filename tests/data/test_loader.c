/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../io/scratch.h"
#include "base/memory.h"
#include "data/data.h"

/* A dataset whose sequences tell where they come from: x is [item, draw's first word],
 * the factor is the item. Items `fails_at` on fail. */
enum { N_ITEMS = 23, NEVER = 1000 };

typedef struct telling_dataset {
    tvae_dataset head;
    size_t fails_at;
} telling_dataset;

static tvae_status tell(const tvae_dataset *dataset, size_t item, tvi_rng *rng, float *x,
                        float *factors)
{
    if (item >= ((const telling_dataset *)dataset)->fails_at)
        return tvi_fail(TVAE_E_NUMERIC, "tell: item %zu is bad", item);
    x[0] = (float)item;
    x[1] = (float)(tvi_rng_word(rng) >> 8);
    if (factors)
        factors[0] = (float)item;
    return TVAE_OK;
}

static void release_nothing(tvae_dataset *dataset)
{
    (void)dataset;
}

static const tvi_dataset_class telling_class = {.get = tell, .release = release_nothing};

static tvae_dataset *create_telling(size_t fails_at)
{
    tvae_dataset *dataset = tvi_dataset_alloc(sizeof(telling_dataset), &telling_class);
    const size_t shape[] = {1, 1, 1, 2};

    ck_assert_ptr_nonnull(dataset);
    dataset->n_items = N_ITEMS;
    memcpy(dataset->shape, shape, sizeof shape);
    tvi_dataset_add_factor(dataset, "item", N_ITEMS);
    ((telling_dataset *)dataset)->fails_at = fails_at;
    return dataset;
}

static tvae_loader_options options_for(int64_t batch_size, int64_t n_prefetch)
{
    tvae_loader_options options;

    ASSERT_OK(tvae_loader_options_init(&options, sizeof options));
    options.seed = 11;
    options.batch_size = batch_size;
    options.n_prefetch = n_prefetch;
    return options;
}

/* A loader over the telling dataset, which only the loader keeps. */
static tvae_loader *create_loader(const tvae_loader_options *options, size_t fails_at)
{
    tvae_dataset *dataset = create_telling(fails_at);
    tvae_loader *loader = NULL;

    ASSERT_OK(tvae_loader_create(dataset, options, &loader));
    tvae_dataset_destroy(&dataset);
    return loader;
}

static tvae_tensor *create_x(size_t batch_size)
{
    const size_t shape[] = {batch_size, 1, 1, 1, 2};
    tvae_tensor *x = NULL;

    ASSERT_OK(tvae_tensor_create(5, shape, &x));
    return x;
}

static tvae_tensor *create_factors(size_t batch_size)
{
    const size_t shape[] = {batch_size, 1, 1};
    tvae_tensor *factors = NULL;

    ASSERT_OK(tvae_tensor_create(3, shape, &factors));
    return factors;
}

/* Both loaders give the same next `n_batches` batches, the first one `n_skipped` later.
 */
static void assert_same_batches(const tvae_loader_options *a, size_t n_skipped,
                                const tvae_loader_options *b, size_t n_batches)
{
    const size_t batch_size = (size_t)a->batch_size;
    tvae_loader *one = create_loader(a, NEVER), *two = create_loader(b, NEVER);
    tvae_tensor *x = create_x(batch_size), *y = create_x(batch_size);
    size_t n_x = 0, n_y = 0;

    for (size_t i = 0; i < n_skipped; i++)
        ASSERT_OK(tvae_loader_next(one, x, NULL, NULL));
    for (size_t i = 0; i < n_batches; i++) {
        ASSERT_OK(tvae_loader_next(one, x, NULL, &n_x));
        ASSERT_OK(tvae_loader_next(two, y, NULL, &n_y));
        ck_assert_uint_eq(n_x, n_y);
        ck_assert_mem_eq(tvae_tensor_data(x), tvae_tensor_data(y),
                         n_x * 2 * sizeof(float));
    }
    tvae_loader_destroy(&one);
    tvae_loader_destroy(&two);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&y);
}

START_TEST(next_does_not_depend_on_prefetch)
{
    const tvae_loader_options on_demand = options_for(4, 0), one = options_for(4, 1);
    tvae_loader_options ahead = options_for(4, 4);

    assert_same_batches(&on_demand, 0, &ahead, 40);
    assert_same_batches(&one, 0, &ahead, 40);
    ahead.drop_last = 0;
    assert_same_batches(&ahead, 0, &ahead, 40);
}
END_TEST

START_TEST(first_batch_resumes_anywhere)
{
    for (int32_t drop_last = 0; drop_last < 2; drop_last++)
        for (int64_t first = 0; first < 14; first++) {
            tvae_loader_options whole = options_for(4, 3);
            tvae_loader_options resumed = options_for(4, first % 2 ? 0 : 3);

            whole.drop_last = resumed.drop_last = drop_last;
            resumed.first_batch = first;
            assert_same_batches(&whole, (size_t)first, &resumed, 8);
        }
}
END_TEST

START_TEST(next_numbers_draws_over_all_batches)
{
    tvae_loader_options options = options_for(4, 2);
    tvae_loader *loader;
    tvae_tensor *x = create_x(4), *factors = create_factors(4);
    size_t n = 0;

    options.drop_last = 0;
    loader = create_loader(&options, NEVER);
    for (uint64_t batch = 0; batch < 13; batch++) {
        ASSERT_OK(tvae_loader_next(loader, x, factors, &n));
        ck_assert_uint_eq(n, batch % 6 == 5 ? 3 : 4);
        for (size_t i = 0; i < n; i++) {
            const float *sequence = tvae_tensor_data(x) + 2 * i;
            tvi_rng rng;

            tvi_rng_init(&rng, 11, TVI_RNG_TRANSFORM, batch * 4 + i);
            ck_assert(sequence[0] == tvae_tensor_data(factors)[i]);
            ck_assert(sequence[1] == (float)(tvi_rng_word(&rng) >> 8));
        }
    }
    tvae_loader_destroy(&loader);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&factors);
}
END_TEST

/* Items of the next epoch, in order; returns how many. */
static size_t read_epoch(tvae_loader *loader, size_t batch_size, size_t *items)
{
    tvae_tensor *x = create_x(batch_size);
    size_t n_items = 0, n = 0;

    for (size_t i = 0; i < tvae_loader_batches_per_epoch(loader); i++) {
        ASSERT_OK(tvae_loader_next(loader, x, NULL, &n));
        for (size_t j = 0; j < n; j++)
            items[n_items++] = (size_t)tvae_tensor_data(x)[2 * j];
    }
    tvae_tensor_destroy(&x);
    return n_items;
}

START_TEST(epoch_holds_every_item_once)
{
    tvae_loader_options options = options_for(5, 3);
    size_t epochs[3][N_ITEMS], n_items;
    tvae_loader *loader;

    options.drop_last = 0;
    loader = create_loader(&options, NEVER);
    ck_assert_uint_eq(tvae_loader_batches_per_epoch(loader), 5);
    for (size_t epoch = 0; epoch < 3; epoch++) {
        unsigned seen[N_ITEMS] = {0};

        n_items = read_epoch(loader, 5, epochs[epoch]);
        ck_assert_uint_eq(n_items, N_ITEMS);
        for (size_t i = 0; i < n_items; i++)
            ck_assert_uint_eq(++seen[epochs[epoch][i]], 1);
    }
    ck_assert_mem_ne(epochs[0], epochs[1], sizeof epochs[0]);
    ck_assert_mem_ne(epochs[1], epochs[2], sizeof epochs[0]);
    tvae_loader_destroy(&loader);
}
END_TEST

START_TEST(seed_changes_order_and_unshuffled_keeps_it)
{
    tvae_loader_options options = options_for(5, 3);
    size_t first[N_ITEMS], second[N_ITEMS];
    tvae_loader *loader = create_loader(&options, NEVER);

    ck_assert_uint_eq(tvae_loader_batches_per_epoch(loader), 4);
    ck_assert_uint_eq(read_epoch(loader, 5, first), 20);
    tvae_loader_destroy(&loader);
    options.seed = 12;
    loader = create_loader(&options, NEVER);
    ck_assert_uint_eq(read_epoch(loader, 5, second), 20);
    ck_assert_mem_ne(first, second, 20 * sizeof *first);
    tvae_loader_destroy(&loader);
    options.shuffle = 0;
    loader = create_loader(&options, NEVER);
    for (int epoch = 0; epoch < 2; epoch++) {
        ck_assert_uint_eq(read_epoch(loader, 5, first), 20);
        for (size_t i = 0; i < 20; i++)
            ck_assert_uint_eq(first[i], i);
    }
    tvae_loader_destroy(&loader);
}
END_TEST

START_TEST(next_delivers_errors_in_their_place)
{
    const int64_t n_prefetch = _i ? 4 : 0;
    tvae_loader_options options = options_for(5, n_prefetch);
    tvae_tensor *x = create_x(5);
    tvae_loader *loader;

    options.shuffle = 0;
    loader = create_loader(&options, 10);
    for (int epoch = 0; epoch < 2; epoch++) {
        ASSERT_OK(tvae_loader_next(loader, x, NULL, NULL));
        ASSERT_OK(tvae_loader_next(loader, x, NULL, NULL));
        ck_assert(tvae_tensor_data(x)[0] == 5.0f);
        ASSERT_STATUS(tvae_loader_next(loader, x, NULL, NULL), TVAE_E_NUMERIC);
        ck_assert_str_eq(tvae_last_error(), "tell: item 10 is bad");
        ASSERT_STATUS(tvae_loader_next(loader, x, NULL, NULL), TVAE_E_NUMERIC);
        ck_assert_str_eq(tvae_last_error(), "tell: item 15 is bad");
    }
    tvae_loader_destroy(&loader);
    tvae_tensor_destroy(&x);
}
END_TEST

START_TEST(destroy_is_clean_at_any_stage)
{
    tvae_tensor *x = create_x(4);

    for (int64_t n_prefetch = 0; n_prefetch < 6; n_prefetch++)
        for (int n_taken = 0; n_taken < 8; n_taken++) {
            const tvae_loader_options options = options_for(4, n_prefetch);
            tvae_loader *loader = create_loader(&options, NEVER);

            for (int i = 0; i < n_taken; i++)
                ASSERT_OK(tvae_loader_next(loader, x, NULL, NULL));
            tvae_loader_destroy(&loader);
            ck_assert_ptr_null(loader);
        }
    tvae_tensor_destroy(&x);
    tvae_loader_destroy(NULL);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(next_allocates_nothing)
{
    const tvae_loader_options options = options_for(4, 3);
    tvae_loader *loader = create_loader(&options, NEVER);
    tvae_tensor *x = create_x(4), *factors = create_factors(4);
    const size_t before = tvi_blocks_allocated();

    for (int i = 0; i < 50; i++)
        ASSERT_OK(tvae_loader_next(loader, x, factors, NULL));
    ck_assert_uint_eq(tvi_blocks_allocated(), before);
    tvae_loader_destroy(&loader);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&factors);
}
END_TEST

START_TEST(next_rejects_bad_arguments)
{
    const tvae_loader_options options = options_for(4, 2);
    tvae_loader *loader = create_loader(&options, NEVER);
    tvae_tensor *x = create_x(4), *wide = create_x(5), *factors = create_factors(5);
    size_t n = 77;

    ASSERT_STATUS(tvae_loader_next(NULL, x, NULL, &n), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_loader_next(loader, NULL, NULL, &n), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_loader_next(loader, wide, NULL, &n), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_loader_next(loader, x, factors, &n), TVAE_E_SHAPE);
    ck_assert_uint_eq(n, 77);
    ck_assert_uint_eq(tvae_loader_batches_per_epoch(NULL), 0);
    tvae_loader_destroy(&loader);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&wide);
    tvae_tensor_destroy(&factors);
}
END_TEST

static void assert_refused(tvae_loader_options options, const char *word)
{
    tvae_dataset *dataset = create_telling(NEVER);
    tvae_loader *loader = NULL;

    ASSERT_STATUS(tvae_loader_create(dataset, &options, &loader), TVAE_E_INVALID);
    ck_assert_ptr_null(loader);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), word));
    tvae_dataset_destroy(&dataset);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}

/* Refused when `member` has `value`; the sentence names the member. */
#define ASSERT_REFUSED(member, value)                     \
    do {                                                  \
        tvae_loader_options options_ = options_for(4, 2); \
        options_.member = (value);                        \
        assert_refused(options_, #member);                \
    } while (0)

START_TEST(create_rejects_bad_options)
{
    tvae_dataset *dataset = create_telling(NEVER);
    tvae_loader_options options = options_for(30, 2);
    tvae_tensor *x = create_x(30);
    tvae_loader *loader = NULL;
    size_t n = 0;

    ASSERT_STATUS(tvae_loader_create(NULL, NULL, &loader), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_loader_create(dataset, NULL, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_loader_options_init(NULL, sizeof options), TVAE_E_INVALID);
    options.drop_last = 0;
    ASSERT_OK(tvae_loader_create(dataset, &options, &loader));
    tvae_dataset_destroy(&dataset);
    ASSERT_OK(tvae_loader_next(loader, x, NULL, &n));
    ck_assert_uint_eq(n, N_ITEMS);
    tvae_loader_destroy(&loader);
    tvae_tensor_destroy(&x);
    ASSERT_REFUSED(batch_size, 0);
    ASSERT_REFUSED(batch_size, N_ITEMS + 1);
    ASSERT_REFUSED(batch_size, INT64_MAX);
    ASSERT_REFUSED(first_batch, -1);
    ASSERT_REFUSED(n_prefetch, -1);
    ASSERT_REFUSED(n_prefetch, 1000000);
    ASSERT_REFUSED(shuffle, 2);
    ASSERT_REFUSED(drop_last, -1);
}
END_TEST

/* Sprites and a loader over them. */
static tvae_status create_both(void *context)
{
    tvae_sprites_options sprites;
    const tvae_loader_options options = options_for(2, 2);
    tvae_dataset *dataset = NULL;
    tvae_loader *loader = NULL;
    tvae_status st;

    (void)context;
    ASSERT_OK(tvae_sprites_options_init(&sprites, sizeof sprites));
    sprites.image_size = 8;
    sprites.stride[2] = sprites.stride[3] = sprites.stride[4] = 20;
    st = tvae_dataset_create_sprites(&sprites, &dataset);
    if (st == TVAE_OK)
        st = tvae_loader_create(dataset, &options, &loader);
    ck_assert(st == TVAE_OK || !loader);
    tvae_dataset_destroy(&dataset);
    tvae_loader_destroy(&loader);
    return st;
}

START_TEST(create_survives_every_refused_allocation)
{
    ck_assert_uint_ge(sweep_allocation_failures(create_both, NULL), 6);
}
END_TEST

START_TEST(next_after_fork_says_so)
{
    const tvae_loader_options options = options_for(4, 2);
    tvae_loader *loader = create_loader(&options, NEVER);
    tvae_tensor *x = create_x(4);
    int status = 0;
    pid_t child;

    ASSERT_OK(tvae_loader_next(loader, x, NULL, NULL));
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        const tvae_status st = tvae_loader_next(loader, x, NULL, NULL);

        tvae_loader_destroy(&loader);
        _exit(st == TVAE_E_STATE ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ASSERT_OK(tvae_loader_next(loader, x, NULL, NULL));
    tvae_loader_destroy(&loader);
    tvae_tensor_destroy(&x);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("loader");
    TCase *cases = tcase_create("loader");

    tcase_add_test(cases, next_does_not_depend_on_prefetch);
    tcase_add_test(cases, first_batch_resumes_anywhere);
    tcase_add_test(cases, next_numbers_draws_over_all_batches);
    tcase_add_test(cases, epoch_holds_every_item_once);
    tcase_add_test(cases, seed_changes_order_and_unshuffled_keeps_it);
    tcase_add_loop_test(cases, next_delivers_errors_in_their_place, 0, 2);
    tcase_add_test(cases, destroy_is_clean_at_any_stage);
    tcase_add_test(cases, next_allocates_nothing);
    tcase_add_test(cases, next_rejects_bad_arguments);
    tcase_add_test(cases, create_rejects_bad_options);
    tcase_add_test(cases, create_survives_every_refused_allocation);
    tcase_add_test(cases, next_after_fork_says_so);
    suite_add_tcase(suite, cases);
    return run_suite(suite);
}
