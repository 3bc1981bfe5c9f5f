/* SPDX-License-Identifier: MIT */
/* After the first step or call of its size nothing is allocated and nothing grows, as a
 * host sees it through its own allocator: training with every optimiser, with batches of
 * any density; inference of every kind; 1 and 2 threads. */
#include "host_memory.h"
#include "support.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    SEQUENCES = 4,
    N_FRAMES = 5,
    PIXELS_A_SIDE = 20,
    N_CAPSULES = 4,
    CAPSULE_WIDTH = 5,
    N_LATENTS = N_CAPSULES * CAPSULE_WIDTH,
    N_SAMPLES = 3,
    N_ROUNDS = 4
};

/* Batches of different density: the library may take another path for each. */
static const double densities[] = {0.05, 0.3, 1.0, 0.0};
enum { N_DENSITIES = sizeof densities / sizeof densities[0] };

/* A host's allocator that keeps count. */
typedef struct counting_heap {
    atomic_size_t n_allocated;
    atomic_size_t bytes_in_use;
} counting_heap;

static counting_heap heap;

static void *count_and_alloc(void *user, size_t bytes, size_t align)
{
    counting_heap *counts = user;

    atomic_fetch_add(&counts->n_allocated, 1);
    atomic_fetch_add(&counts->bytes_in_use, bytes);
    return alloc_any(user, bytes, align);
}

static void count_and_release(void *user, void *memory, size_t bytes)
{
    counting_heap *counts = user;

    atomic_fetch_sub(&counts->bytes_in_use, bytes);
    free(memory);
}

static void install_counting_heap(void)
{
    const tvae_allocator hook = {.size = sizeof hook,
                                 .user = &heap,
                                 .alloc = count_and_alloc,
                                 .release = count_and_release};

    ASSERT_OK(tvae_set_allocator(&hook));
}

/* What must stay as it is. */
typedef struct heap_state {
    size_t n_allocated, bytes_in_use;
} heap_state;

static heap_state heap_now(void)
{
    return (heap_state){atomic_load(&heap.n_allocated), atomic_load(&heap.bytes_in_use)};
}

static void assert_heap_is(heap_state before, const char *what)
{
    const heap_state now = heap_now();

    ck_assert_msg(now.n_allocated == before.n_allocated, "%s: %zu allocations, want none",
                  what, now.n_allocated - before.n_allocated);
    ck_assert_msg(now.bytes_in_use == before.bytes_in_use,
                  "%s: %zu bytes in use, want %zu as before", what, now.bytes_in_use,
                  before.bytes_in_use);
}

static tvae_model *create_model(void)
{
    tvae_neighbourhood *neighbourhood = NULL;
    tvae_prior_options prior_options;
    tvae_model_options options;
    tvae_prior *prior = NULL;
    tvae_model *model = NULL;

    ASSERT_OK(tvae_prior_options_init(&prior_options, sizeof prior_options));
    prior_options.n_capsules = N_CAPSULES;
    prior_options.capsule_dims[0] = CAPSULE_WIDTH;
    prior_options.mu_init = 5.0;
    ASSERT_OK(tvae_neighbourhood_create_shifting(3, 3, 0, &neighbourhood));
    ASSERT_OK(tvae_prior_create(&prior_options, &neighbourhood, 1, &prior));
    ASSERT_OK(tvae_model_options_init(&options, sizeof options));
    options.channels = 1;
    options.height = PIXELS_A_SIDE;
    options.width = PIXELS_A_SIDE;
    ASSERT_OK(tvae_model_create(&options, prior, &model));
    ASSERT_OK(tvae_model_initialise(model, 1));
    tvae_prior_destroy(&prior);
    tvae_neighbourhood_destroy(&neighbourhood);
    return model;
}

static tvae_tensor *create_frames(double density, uint64_t seed)
{
    const size_t shape[5] = {SEQUENCES, N_FRAMES, 1, PIXELS_A_SIDE, PIXELS_A_SIDE};
    tvae_tensor *x = NULL;
    float *chance;

    ASSERT_OK(tvae_tensor_create(5, shape, &x));
    chance = malloc(tvae_tensor_count(x) * sizeof *chance);
    ck_assert_ptr_nonnull(chance);
    fill_uniform(tvae_tensor_data(x), tvae_tensor_count(x), 0.0, 1.0, seed);
    fill_uniform(chance, tvae_tensor_count(x), 0.0, 1.0, seed + 1);
    for (size_t i = 0; i < tvae_tensor_count(x); i++)
        if (!((double)chance[i] < density))
            tvae_tensor_data(x)[i] = 0.0f;
    free(chance);
    return x;
}

static tvae_train_options options_of(int kind)
{
    tvae_train_options options;

    ASSERT_OK(tvae_train_options_init(&options, sizeof options));
    options.optimizer = kind == 3 ? TVAE_OPTIMIZER_SGD : kind;
    options.max_gradient_norm = kind == 3 ? 1.0 : 0.0;
    return options;
}

/* _i: the optimiser, or 3 for SGD with clipping; + 4 with two threads. */
START_TEST(training_allocates_nothing)
{
    const tvae_train_options options = options_of(_i % 4);
    tvae_tensor *batches[N_DENSITIES];
    tvae_trainer *trainer = NULL;
    tvae_model *model;
    heap_state before;

    install_counting_heap();
    ASSERT_OK(tvae_set_threads(_i < 4 ? 1 : 2));
    model = create_model();
    for (size_t b = 0; b < N_DENSITIES; b++)
        batches[b] = create_frames(densities[b], 2 * b);
    ASSERT_OK(tvae_trainer_create(model, &options, &trainer));
    ASSERT_OK(tvae_trainer_step(trainer, batches[0], NULL, 0));
    before = heap_now();
    for (size_t step = 0; step < N_ROUNDS * N_DENSITIES; step++) {
        ASSERT_OK(tvae_trainer_step(trainer, batches[step % N_DENSITIES], NULL, 0));
        assert_heap_is(before, "trainer_step");
    }
    tvae_trainer_destroy(&trainer);
    for (size_t b = 0; b < N_DENSITIES; b++)
        tvae_tensor_destroy(&batches[b]);
    tvae_model_destroy(&model);
    ck_assert_uint_eq(heap_now().bytes_in_use, 0);
}
END_TEST

/* What inference reads and writes. */
typedef struct arrays {
    tvae_tensor *x, *noise_z, *noise_u, *z, *u, *t, *frames, *likelihood;
} arrays;

static arrays create_arrays(void)
{
    const size_t latents[3] = {SEQUENCES, N_FRAMES, N_LATENTS};
    const size_t frames[5] = {SEQUENCES, N_FRAMES, 1, PIXELS_A_SIDE, PIXELS_A_SIDE};
    arrays a = {.x = create_frames(densities[0], 3)};
    tvae_tensor **const of_latents[] = {&a.noise_z, &a.noise_u, &a.z, &a.u, &a.t};

    for (size_t i = 0; i < sizeof of_latents / sizeof of_latents[0]; i++)
        ASSERT_OK(tvae_tensor_create(3, latents, of_latents[i]));
    ASSERT_OK(tvae_tensor_fill_normal(a.noise_z, 1, 1));
    ASSERT_OK(tvae_tensor_fill_normal(a.noise_u, 1, 2));
    ASSERT_OK(tvae_tensor_create(5, frames, &a.frames));
    ASSERT_OK(tvae_tensor_create(2, latents, &a.likelihood));
    return a;
}

static void destroy_arrays(arrays *a)
{
    tvae_tensor **const all[] = {&a->x, &a->noise_z, &a->noise_u, &a->z,
                                 &a->u, &a->t,       &a->frames,  &a->likelihood};

    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        tvae_tensor_destroy(all[i]);
}

static void infer_all(const tvae_model *model, tvae_workspace *work, const arrays *a)
{
    double terms[TVAE_N_TERMS];

    ASSERT_OK(tvae_model_posterior(model, work, a->x, a->z, NULL, a->u, NULL));
    ASSERT_OK(tvae_model_encode(model, work, a->x, a->t));
    ASSERT_OK(tvae_model_sample(model, work, a->x, a->noise_z, a->noise_u, a->t));
    ASSERT_OK(tvae_model_decode(model, work, a->t, a->frames));
    ASSERT_OK(
        tvae_model_elbo(model, work, a->x, a->noise_z, a->noise_u, terms, TVAE_N_TERMS));
    ASSERT_OK(
        tvae_model_log_likelihood(model, work, a->x, N_SAMPLES, 7, a->likelihood, NULL));
}

/* _i + 1 threads. */
START_TEST(inference_allocates_nothing)
{
    tvae_workspace *work = NULL;
    tvae_model *model;
    heap_state before;
    arrays a;

    install_counting_heap();
    ASSERT_OK(tvae_set_threads(_i + 1));
    model = create_model();
    a = create_arrays();
    ASSERT_OK(tvae_workspace_create(&work));
    infer_all(model, work, &a);
    before = heap_now();
    for (size_t round = 0; round < N_ROUNDS * N_DENSITIES; round++) {
        tvae_tensor *x = create_frames(densities[round % N_DENSITIES], round);

        memcpy(tvae_tensor_data(a.x), tvae_tensor_data(x),
               tvae_tensor_count(x) * sizeof(float));
        tvae_tensor_destroy(&x);
        before.n_allocated = heap_now().n_allocated;
        infer_all(model, work, &a);
        assert_heap_is(before, "inference");
    }
    tvae_workspace_destroy(&work);
    destroy_arrays(&a);
    tvae_model_destroy(&model);
    ck_assert_uint_eq(heap_now().bytes_in_use, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("steady_state");
    TCase *tc = tcase_create("unit");

    tcase_add_loop_test(tc, training_allocates_nothing, 0, 8);
    tcase_add_loop_test(tc, inference_allocates_nothing, 0, 2);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
