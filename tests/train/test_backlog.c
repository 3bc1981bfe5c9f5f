/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backlog_training.h"
#include "base/memory.h"
#include "code_path.h"

/* A training in which updates wait gives the bits of one in which none does, whoever
 * looks at it, sets something in it, or goes. */

enum { N_LONG = 200, N_SHORT = 30, N_HOSTS = 4 };

static char folder[32];

static void set_up(void)
{
    (void)snprintf(folder, sizeof folder, "/tmp/tvae-backlog-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void tear_down(void)
{
    ck_assert_int_eq(rmdir(folder), 0);
}

typedef struct bytes {
    size_t n;
    unsigned char *values;
} bytes;

static bytes read_and_remove(const char *path)
{
    FILE *file = fopen(path, "rb");
    bytes b = {0};

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    b.n = (size_t)ftell(file);
    rewind(file);
    b.values = malloc(b.n);
    ck_assert_ptr_nonnull(b.values);
    ck_assert_uint_eq(fread(b.values, 1, b.n, file), b.n);
    ck_assert_int_eq(fclose(file), 0);
    ck_assert_int_eq(unlink(path), 0);
    return b;
}

static void assert_equal_files(const char *a, const char *b)
{
    bytes x = read_and_remove(a), y = read_and_remove(b);

    ck_assert_uint_eq(x.n, y.n);
    ck_assert_mem_eq(x.values, y.values, x.n);
    free(x.values);
    free(y.values);
}

static const char *path_of(const char *name, char path[64])
{
    (void)snprintf(path, 64, "%s/%s.safetensors", folder, name);
    return path;
}

/* Parameters, momenta, everything. */
static void assert_equal_states(const twins *t)
{
    char a[64], b[64];

    ASSERT_OK(tvae_trainer_save(t->waiting.trainer, path_of("waiting", a)));
    ASSERT_OK(tvae_trainer_save(t->eager.trainer, path_of("eager", b)));
    assert_equal_files(a, b);
}

static tvae_train_options options_of_schedule(int32_t schedule)
{
    tvae_train_options options = sgd_options();

    options.schedule = schedule;
    options.schedule_steps = schedule == TVAE_SCHEDULE_STEP ? 3 : N_LONG;
    options.schedule_gamma = 0.97;
    return options;
}

static void set_rates(const twins *t, double rate)
{
    ASSERT_OK(tvae_trainer_set_learning_rate(t->waiting.trainer, rate));
    ASSERT_OK(tvae_trainer_set_learning_rate(t->eager.trainer, rate));
}

/* _i: the schedule; + 3 with two threads. */
START_TEST(waiting_gives_the_same_bits)
{
    const tvae_train_options options = options_of_schedule(_i % 3);
    twins t;

    if (_i >= 3)
        ASSERT_OK(tvae_set_threads(2));
    t = create_twins(&options);
    train_twins(&t, 0, N_LONG / 2);
    ck_assert_int_eq(is_behind(&t), should_wait());
    set_rates(&t, 0.02);
    train_twins(&t, N_LONG / 2, N_LONG);
    ck_assert_int_eq(is_behind(&t), should_wait());
    assert_equal_states(&t);
    ck_assert(!is_behind(&t));
    destroy_twins(&t);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* Every so many steps somebody looks. */
START_TEST(settling_between_steps_changes_nothing)
{
    twins t = create_twins(NULL);

    for (size_t step = 0; step < N_LONG; step++) {
        train_twins(&t, step, step + 1);
        if (step % 17 == 0)
            assert_models_close(t.waiting.model, t.eager.model, 0.0);
    }
    assert_equal_states(&t);
    destroy_twins(&t);
}
END_TEST

START_TEST(state_saved_in_the_middle_resumes)
{
    twins t = create_twins(NULL);
    twins resumed = create_twins(NULL);
    char path[64];

    train_twins(&t, 0, N_SHORT);
    ASSERT_OK(tvae_trainer_save(t.waiting.trainer, path_of("middle", path)));
    train_one(&resumed.waiting, 0, N_SHORT / 2); /* its own backlog is of no use */
    ASSERT_OK(tvae_trainer_load(resumed.waiting.trainer, path));
    ck_assert_int_eq(unlink(path), 0);
    train_twins(&t, N_SHORT, 2 * N_SHORT);
    train_one(&resumed.waiting, N_SHORT, 2 * N_SHORT);
    assert_models_close(resumed.waiting.model, t.eager.model, 0.0);
    assert_equal_states(&t);
    destroy_twins(&resumed);
    destroy_twins(&t);
}
END_TEST

/* What a reader gets from a model. */
typedef struct outputs {
    float z[N_SEQUENCES * FRAMES * CAPSULES * WIDTH];
    float t[N_SEQUENCES * FRAMES * CAPSULES * WIDTH];
    double terms[TVAE_N_TERMS];
} outputs;

typedef void (*reader)(tvae_model *model, tvae_workspace *work, const tvae_tensor *x,
                       outputs *o);

static tvae_tensor *wrap(float *values)
{
    const size_t shape[3] = {N_SEQUENCES, FRAMES, CAPSULES * WIDTH};
    tvae_tensor *tensor = NULL;

    ASSERT_OK(tvae_tensor_wrap(values, 3, shape, &tensor));
    return tensor;
}

static void encode(tvae_model *model, tvae_workspace *work, const tvae_tensor *x,
                   outputs *o)
{
    tvae_tensor *t = wrap(o->t);

    ASSERT_OK(tvae_model_encode(model, work, x, t));
    tvae_tensor_destroy(&t);
}

static void find_posterior(tvae_model *model, tvae_workspace *work, const tvae_tensor *x,
                           outputs *o)
{
    tvae_tensor *z = wrap(o->z), *t = wrap(o->t);

    ASSERT_OK(tvae_model_posterior(model, work, x, z, NULL, t, NULL));
    tvae_tensor_destroy(&z);
    tvae_tensor_destroy(&t);
}

static void evaluate(tvae_model *model, tvae_workspace *work, const tvae_tensor *x,
                     outputs *o)
{
    ASSERT_OK(tvae_model_elbo(model, work, x, NULL, NULL, o->terms, TVAE_N_TERMS));
}

static void find_gradient(tvae_model *model, tvae_workspace *work, const tvae_tensor *x,
                          outputs *o)
{
    ASSERT_OK(
        tvae_model_elbo_gradient(model, work, x, NULL, NULL, o->terms, TVAE_N_TERMS));
}

static void save_and_load(tvae_model *model, tvae_workspace *work, const tvae_tensor *x,
                          outputs *o)
{
    tvae_model *loaded = NULL;
    char path[64];

    ASSERT_OK(tvae_model_save(model, path_of("model", path)));
    ASSERT_OK(tvae_model_load(path, &loaded));
    ck_assert_int_eq(unlink(path), 0);
    encode(loaded, work, x, o);
    tvae_model_destroy(&loaded);
}

static const reader readers[] = {encode, find_posterior, evaluate, find_gradient,
                                 save_and_load};
enum { N_READERS = sizeof readers / sizeof readers[0] };

static void read_model(reader read, tvae_model *model, outputs *o)
{
    tvae_tensor *x = build_sparse_batch(0); /* lights every pixel */
    tvae_workspace *work = NULL;

    memset(o, 0, sizeof *o);
    ASSERT_OK(tvae_workspace_create(&work));
    read(model, work, x, o);
    tvae_workspace_destroy(&work);
    tvae_tensor_destroy(&x);
}

/* _i: the reader; + N_READERS after the trainer has gone. */
START_TEST(readers_see_all_steps)
{
    const reader read = readers[_i % N_READERS];
    twins t = create_twins(NULL);
    static outputs got, want;

    train_twins(&t, 0, N_SHORT);
    if (_i >= N_READERS)
        tvae_trainer_destroy(&t.waiting.trainer);
    ck_assert_int_eq(is_behind(&t), _i < N_READERS && should_wait());
    read_model(read, t.waiting.model, &got);
    read_model(read, t.eager.model, &want);
    ck_assert_mem_eq(&got, &want, sizeof got);
    destroy_twins(&t);
}
END_TEST

/* A host thread that reads. */
typedef struct host {
    tvae_model *model;
    outputs seen;
} host;

static void *run_host(void *argument)
{
    host *h = argument;

    read_model(encode, h->model, &h->seen);
    return NULL;
}

/* _i: with two threads of the library. */
START_TEST(hosts_see_all_steps_at_once)
{
    pthread_t threads[N_HOSTS];
    static host hosts[N_HOSTS];
    static outputs want;
    twins t;

    if (_i)
        ASSERT_OK(tvae_set_threads(2));
    t = create_twins(NULL);
    for (size_t round = 0; round < 5; round++) {
        train_twins(&t, round * N_SHORT, (round + 1) * N_SHORT);
        ck_assert_int_eq(is_behind(&t), should_wait());
        for (size_t i = 0; i < N_HOSTS; i++) {
            hosts[i].model = t.waiting.model;
            ck_assert_int_eq(pthread_create(&threads[i], NULL, run_host, &hosts[i]), 0);
        }
        if (round == 4)
            tvae_trainer_destroy(&t.waiting.trainer);
        read_model(encode, t.eager.model, &want);
        for (size_t i = 0; i < N_HOSTS; i++) {
            ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
            ck_assert_mem_eq(&hosts[i].seen, &want, sizeof want);
        }
    }
    destroy_twins(&t);
}
END_TEST

static void set_first_weight(tvae_model *model)
{
    static const char name[] = "z_encoder.model.0.weight";
    const size_t shape[4] = {3 * CAPSULES * WIDTH, 1, SIDE, SIDE};
    tvae_tensor *value = NULL;

    ASSERT_OK(tvae_tensor_create(4, shape, &value));
    fill_uniform(tvae_tensor_data(value), tvae_tensor_count(value), -0.1, 0.1, 3);
    ASSERT_OK(tvae_model_set_parameter(model, name, value));
    tvae_tensor_destroy(&value);
}

/* What is set is not overtaken by updates from before; _i: or all is drawn anew. */
START_TEST(parameters_set_between_steps_stay)
{
    twins t = create_twins(NULL);

    train_twins(&t, 0, N_SHORT);
    if (_i) {
        ASSERT_OK(tvae_model_initialise(t.waiting.model, 77));
        ASSERT_OK(tvae_model_initialise(t.eager.model, 77));
    } else {
        set_first_weight(t.waiting.model);
        set_first_weight(t.eager.model);
    }
    ck_assert(!is_behind(&t));
    train_twins(&t, N_SHORT, 2 * N_SHORT);
    assert_equal_states(&t);
    destroy_twins(&t);
}
END_TEST

/* Another optimiser of the same model, by turns with the first. */
static training add_trainer(const training *t, int32_t optimizer, double longest)
{
    tvae_train_options options = sgd_options();
    training more = *t;

    options.optimizer = optimizer;
    options.max_gradient_norm = longest;
    more.trainer = NULL;
    ASSERT_OK(tvae_trainer_create(more.model, &options, &more.trainer));
    return more;
}

/* _i: SGD, Adam, or SGD with clipping. */
START_TEST(two_trainers_of_a_model_take_turns)
{
    const int32_t optimizer = _i == 1 ? TVAE_OPTIMIZER_ADAM : TVAE_OPTIMIZER_SGD;
    const double longest = _i == 2 ? 1.0 : 0.0;
    twins t = create_twins(NULL);
    twins more = {add_trainer(&t.waiting, optimizer, longest),
                  add_trainer(&t.eager, optimizer, longest)};

    for (size_t step = 0; step < 2 * N_SHORT; step += 10) {
        train_twins(&t, step, step + 6);
        train_twins(&more, step + 6, step + 10);
    }
    assert_equal_states(&t);
    assert_equal_states(&more);
    train_twins(&more, 0, 5);
    train_twins(&t, 5, 10);
    tvae_trainer_destroy(&more.waiting.trainer);
    tvae_trainer_destroy(&more.eager.trainer);
    train_twins(&t, 10, 20);
    assert_equal_states(&t);
    destroy_twins(&t);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("backlog");
    TCase *tests = tcase_create("backlog");

    tcase_add_checked_fixture(tests, set_up, tear_down);
    tcase_add_loop_test(tests, waiting_gives_the_same_bits, 0, 6);
    tcase_add_test(tests, settling_between_steps_changes_nothing);
    tcase_add_test(tests, state_saved_in_the_middle_resumes);
    tcase_add_loop_test(tests, readers_see_all_steps, 0, 2 * N_READERS);
    tcase_add_loop_test(tests, hosts_see_all_steps_at_once, 0, 2);
    tcase_add_loop_test(tests, parameters_set_between_steps_stay, 0, 2);
    tcase_add_loop_test(tests, two_trainers_of_a_model_take_turns, 0, 3);
    suite_add_tcase(suite, tests);
    return run_suite(suite);
}
