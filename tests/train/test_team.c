/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "code_path.h"
#include "in_process_exchange.h"
#include "trainer_model.h"

/* Ranks that train together have the parameters of one trainer that has the whole batch,
 * to rounding, whoever has which sequences. The ranks are threads of this process. */

enum { MOST_RANKS = 4, STEPS = 6, TOTAL = 5 };

/* What is tried, the same on all ranks. */
typedef struct setting {
    int32_t n_ranks;
    bool topographic;
    tvae_train_options train;
    tvae_exchange_options exchange;
    size_t parts[MOST_RANKS]; /* sequences of each rank; TOTAL in all */
    size_t n_dark;            /* pixels at the end of every frame that are never lit */
} setting;

typedef struct rank_job {
    const setting *s;
    in_process_group *group;
    int32_t rank;
    tvae_model *model;
    double terms[STEPS][TVAE_N_TERMS];
    tvae_exchange_facts facts;
    tvae_status status; /* of the latest call */
    int64_t n_steps;
    size_t n_blocks; /* allocated by the last steps */
    char message[400];
    double spoil_at; /* before this step a value that is not finite comes in; 0: never */
    double leave_at; /* before this step the rank goes away; 0: never */
} rank_job;

static void set_defaults(setting *s)
{
    memset(s, 0, sizeof *s);
    s->topographic = true;
    ASSERT_OK(tvae_train_options_init(&s->train, sizeof s->train));
    ASSERT_OK(tvae_exchange_options_init(&s->exchange, sizeof s->exchange));
    s->train.learning_rate = 1e-3;
    s->train.seed = 11;
    s->exchange.bucket_bytes = 4096; /* several buckets */
    s->exchange.timeout_seconds = 20.0;
}

/* The batch of all ranks. */
static tvae_tensor *build_whole(const setting *s, int step)
{
    tvae_tensor *whole = build_batch(TOTAL, (uint64_t)step);

    for (size_t frame = 0; frame < (size_t)TOTAL * FRAMES; frame++)
        memset(tvae_tensor_data(whole) + (frame + 1) * SIDE * SIDE - s->n_dark, 0,
               s->n_dark * sizeof(float));
    return whole;
}

/* TOTAL sequences dealt out as evenly as it goes. */
static void deal(setting *s, int32_t n_ranks)
{
    s->n_ranks = n_ranks;
    for (int32_t rank = 0; rank < n_ranks; rank++)
        s->parts[rank] = (size_t)(TOTAL / n_ranks + (rank < TOTAL % n_ranks ? 1 : 0));
}

/* Sequences first .. first + n - 1 of a batch; NULL for none. */
static tvae_tensor *cut(const tvae_tensor *whole, size_t first, size_t n)
{
    const size_t shape[5] = {n, FRAMES, 1, SIDE, SIDE};
    const size_t one = (size_t)FRAMES * SIDE * SIDE;
    tvae_tensor *part = NULL;

    if (n == 0)
        return NULL;
    ASSERT_OK(tvae_tensor_create(5, shape, &part));
    memcpy(tvae_tensor_data(part), tvae_tensor_data_const(whole) + first * one,
           n * one * sizeof(float));
    return part;
}

static size_t place_of(const setting *s, int32_t rank)
{
    size_t first = 0;

    for (int32_t i = 0; i < rank; i++)
        first += s->parts[i];
    return first;
}

static void take_steps(rank_job *job, tvae_trainer *trainer)
{
    const setting *s = job->s;

    for (int step = 0; step < STEPS && job->status == TVAE_OK; step++) {
        tvae_tensor *whole = build_whole(s, step);
        const size_t first = place_of(s, job->rank);
        tvae_tensor *x = cut(whole, first, s->parts[job->rank]);

        if (job->leave_at > 0.0 && step + 1 == (int)job->leave_at) {
            in_process_group_leave(job->group, job->rank);
            job->status = TVAE_E_CANCELLED;
        } else {
            if (job->spoil_at > 0.0 && step + 1 == (int)job->spoil_at)
                tvae_tensor_data(x)[3] = NAN;
            job->status = tvae_trainer_step_part(trainer, x, x ? 0 : FRAMES, first, TOTAL,
                                                 job->terms[step], TVAE_N_TERMS);
        }
        tvae_tensor_destroy(&x);
        tvae_tensor_destroy(&whole);
    }
}

static void *train_rank(void *context)
{
    rank_job *job = context;
    const setting *s = job->s;
    tvae_trainer *trainer = NULL;
    tvae_exchange table;

    in_process_group_table(job->group, job->rank, &table);
    job->status = tvae_trainer_create(job->model, &s->train, &trainer);
    if (job->status == TVAE_OK)
        job->status = tvae_trainer_set_exchange(trainer, &table, &s->exchange);
    if (job->status == TVAE_OK)
        take_steps(job, trainer);
    job->n_steps = tvae_trainer_step_count(trainer);
    if (job->status != TVAE_OK)
        (void)snprintf(job->message, sizeof job->message, "%s", tvae_last_error());
    ASSERT_OK(tvae_trainer_exchange_facts(trainer, &job->facts, sizeof job->facts));
    tvae_trainer_destroy(&trainer);
    return NULL;
}

/* All ranks at once; models are the caller's to destroy. */
static void run_ranks(const setting *s, rank_job *jobs, void *(*body)(void *))
{
    in_process_group *group = in_process_group_create(s->n_ranks);
    pthread_t threads[MOST_RANKS];

    ck_assert_ptr_nonnull(group);
    for (int32_t rank = 0; rank < s->n_ranks; rank++) {
        jobs[rank].s = s;
        jobs[rank].group = group;
        jobs[rank].rank = rank;
        /* Unequal at first: the state of rank 0 becomes everyone's. */
        jobs[rank].model = build_small_model(s->topographic, 5 + (uint64_t)rank);
        ck_assert_int_eq(pthread_create(&threads[rank], NULL, body, &jobs[rank]), 0);
    }
    for (int32_t rank = 0; rank < s->n_ranks; rank++)
        ck_assert_int_eq(pthread_join(threads[rank], NULL), 0);
    in_process_group_destroy(group);
}

static void train_together(const setting *s, rank_job *jobs)
{
    run_ranks(s, jobs, train_rank);
}

static void destroy_models(rank_job *jobs, int32_t n_ranks)
{
    for (int32_t rank = 0; rank < n_ranks; rank++)
        tvae_model_destroy(&jobs[rank].model);
}

static tvae_model *train_alone(const setting *s, double terms[STEPS][TVAE_N_TERMS])
{
    tvae_model *model = build_small_model(s->topographic, 5);
    tvae_trainer *trainer = NULL;

    ASSERT_OK(tvae_trainer_create(model, &s->train, &trainer));
    for (int step = 0; step < STEPS; step++) {
        tvae_tensor *x = build_whole(s, step);

        ASSERT_OK(tvae_trainer_step(trainer, x, terms[step], TVAE_N_TERMS));
        tvae_tensor_destroy(&x);
    }
    tvae_trainer_destroy(&trainer);
    return model;
}

static void assert_same_as_alone(const setting *s, double relative)
{
    double alone[STEPS][TVAE_N_TERMS];
    rank_job jobs[MOST_RANKS] = {0};
    tvae_model *model = train_alone(s, alone);

    train_together(s, jobs);
    for (int32_t rank = 0; rank < s->n_ranks; rank++) {
        ck_assert_msg(jobs[rank].status == TVAE_OK, "rank %d: %s", rank,
                      jobs[rank].message);
        ck_assert_int_eq(jobs[rank].n_steps, STEPS);
        assert_models_close(jobs[rank].model, model, relative);
        assert_models_close(jobs[rank].model, jobs[0].model, 0.0);
        for (int step = 0; step < STEPS; step++)
            for (size_t i = 0; i < TVAE_N_TERMS; i++) {
                assert_near("term", jobs[rank].terms[step][i], alone[step][i], relative,
                            1e-9);
                ck_assert(jobs[rank].terms[step][i] == jobs[0].terms[step][i]);
            }
    }
    destroy_models(jobs, s->n_ranks);
    tvae_model_destroy(&model);
}

START_TEST(any_number_of_ranks_gives_the_run_of_one)
{
    setting s;

    for (int32_t n_ranks = 2; n_ranks <= MOST_RANKS; n_ranks++) {
        set_defaults(&s);
        deal(&s, n_ranks);
        assert_same_as_alone(&s, 2e-5);
        s.exchange.factors = 0;
        assert_same_as_alone(&s, 2e-5);
        s.exchange.row_sparse = 0;
        assert_same_as_alone(&s, 2e-5);
        s.exchange.shared_memory = 0;
        assert_same_as_alone(&s, 2e-5);
    }
}
END_TEST

START_TEST(so_do_other_optimisers_and_models)
{
    setting s;

    set_defaults(&s);
    deal(&s, 3);
    s.train.optimizer = TVAE_OPTIMIZER_ADAMW;
    assert_same_as_alone(&s, 1e-3); /* Adam enlarges the rounding of small gradients */
    set_defaults(&s);
    deal(&s, 2);
    s.topographic = false;
    s.train.momentum = 0.0;
    s.train.kl_weight = 0.5;
    assert_same_as_alone(&s, 2e-5);
}
END_TEST

START_TEST(so_does_a_gradient_that_is_clipped)
{
    setting s;

    set_defaults(&s);
    deal(&s, 3);
    s.train.max_gradient_norm = 0.05;
    s.train.learning_rate = 0.05;
    assert_same_as_alone(&s, 2e-5);
}
END_TEST

START_TEST(parts_may_be_unequal_and_empty)
{
    setting s;

    set_defaults(&s);
    s.n_ranks = 4;
    s.parts[0] = 3;
    s.parts[2] = 2;
    assert_same_as_alone(&s, 2e-5);
    s.exchange.factors = 0;
    assert_same_as_alone(&s, 2e-5);
    s.n_ranks = 2;
    s.parts[0] = 0;
    s.parts[1] = TOTAL;
    assert_same_as_alone(&s, 2e-5);
}
END_TEST

/* Eight bits of significand: the runs part, but not far. */
START_TEST(bfloat16_rounds_and_halves_the_bytes)
{
    rank_job jobs[MOST_RANKS] = {0};
    setting s;

    set_defaults(&s);
    deal(&s, 2);
    s.exchange.gradient_type = TVAE_EXCHANGE_BFLOAT16;
    s.exchange.row_sparse = 0;
    assert_same_as_alone(&s, 5e-3);
    s.exchange.shared_memory = 0;
    assert_same_as_alone(&s, 5e-3);
    train_together(&s, jobs);
    ck_assert(jobs[0].facts.sent_bytes * 2.0 == jobs[0].facts.dense_bytes);
    ck_assert_int_gt(jobs[0].facts.n_buckets, 2);
    destroy_models(jobs, 2);
}
END_TEST

/* Rows of the weights of both encoders, each as long as the first hidden layer is wide,
 * in whole cache lines. */
START_TEST(rows_that_are_dark_are_not_sent)
{
    rank_job jobs[MOST_RANKS] = {0};
    size_t shape[TVAE_MAX_RANK];
    char name[128];
    int32_t rank;
    setting s;

    set_defaults(&s);
    deal(&s, 3);
    s.n_dark = 9;
    s.exchange.factors = 0;
    assert_same_as_alone(&s, 2e-5);
    train_together(&s, jobs);
    ASSERT_OK(
        tvae_model_parameter_info(jobs[0].model, 0, name, sizeof name, &rank, shape));
    ck_assert_uint_eq(shape[1] * shape[2] * shape[3], SIDE * SIDE);
    assert_near("bytes", jobs[0].facts.dense_bytes - jobs[0].facts.sent_bytes,
                (double)(2 * s.n_dark * ((shape[0] + 15) / 16 * 16) * sizeof(float)), 0.0,
                0.0);
    destroy_models(jobs, 3);
}
END_TEST

/* The inputs of 20 frames, once for both encoders, and the gradients by 36 outputs are
 * less than 25 rows of 36 values in whole cache lines. */
START_TEST(factors_are_sent_where_they_are_less)
{
    rank_job jobs[MOST_RANKS] = {0};
    double rows, factors;
    setting s;

    set_defaults(&s);
    deal(&s, 2);
    s.exchange.factors = 0;
    train_together(&s, jobs);
    rows = jobs[0].facts.sent_bytes;
    destroy_models(jobs, 2);
    s.exchange.factors = 1;
    memset(jobs, 0, sizeof jobs);
    train_together(&s, jobs);
    factors = jobs[0].facts.sent_bytes;
    ck_assert(code_path_wanted().is_dense ? factors == rows : factors < rows);
    destroy_models(jobs, 2);
}
END_TEST

/* Rank 0 counts while all take the same batch again and again. */
static void *count_blocks(void *context)
{
    rank_job *job = context;
    const setting *s = job->s;
    tvae_tensor *x = build_batch(2, 3);
    tvae_trainer *trainer = NULL;
    tvae_exchange table;
    size_t before = 0;

    in_process_group_table(job->group, job->rank, &table);
    job->status = tvae_trainer_create(job->model, &s->train, &trainer);
    if (job->status == TVAE_OK)
        job->status = tvae_trainer_set_exchange(trainer, &table, &s->exchange);
    for (int step = 0; step < STEPS && job->status == TVAE_OK; step++) {
        if (step == 2) {
            job->status = table.barrier(table.user, 20.0);
            before = tvi_blocks_allocated();
        }
        if (job->status == TVAE_OK)
            job->status = tvae_trainer_step(trainer, x, NULL, 0);
    }
    job->n_blocks = tvi_blocks_allocated() - before;
    (void)table.barrier(table.user, 20.0);
    tvae_trainer_destroy(&trainer);
    tvae_tensor_destroy(&x);
    return NULL;
}

START_TEST(steps_allocate_nothing_after_the_first)
{
    rank_job jobs[MOST_RANKS] = {0};
    setting s;

    set_defaults(&s);
    s.n_ranks = 2;
    for (int factors = 0; factors < 2; factors++) {
        s.exchange.factors = factors;
        run_ranks(&s, jobs, count_blocks);
        for (int32_t rank = 0; rank < 2; rank++) {
            ck_assert_int_eq(jobs[rank].status, TVAE_OK);
            ck_assert_uint_eq(jobs[rank].n_blocks, 0);
        }
        destroy_models(jobs, 2);
        memset(jobs, 0, sizeof jobs);
    }
}
END_TEST

START_TEST(a_loss_that_is_not_finite_stops_all_before_the_step)
{
    rank_job jobs[MOST_RANKS] = {0};
    setting s;

    set_defaults(&s);
    deal(&s, 3);
    jobs[1].spoil_at = 3.0;
    train_together(&s, jobs);
    for (int32_t rank = 0; rank < 3; rank++) {
        ck_assert_int_eq(jobs[rank].status, TVAE_E_NUMERIC);
        ck_assert_int_eq(jobs[rank].n_steps, 2);
        ck_assert_ptr_nonnull(strstr(jobs[rank].message, "at step 3"));
        assert_models_close(jobs[rank].model, jobs[0].model, 0.0);
    }
    destroy_models(jobs, 3);
}
END_TEST

START_TEST(a_rank_that_leaves_ends_the_others)
{
    rank_job jobs[MOST_RANKS] = {0};
    setting s;

    set_defaults(&s);
    deal(&s, 3);
    jobs[2].leave_at = 4.0;
    train_together(&s, jobs);
    for (int32_t rank = 0; rank < 2; rank++) {
        ck_assert(jobs[rank].status == TVAE_E_IO ||
                  jobs[rank].status == TVAE_E_STATE); /* the second to notice */
        ck_assert_int_eq(jobs[rank].n_steps, 3);
        ck_assert_ptr_nonnull(strstr(jobs[rank].message, "exchange"));
    }
    destroy_models(jobs, 3);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("team");
    TCase *tcase = tcase_create("unit");

    tcase_add_test(tcase, any_number_of_ranks_gives_the_run_of_one);
    tcase_add_test(tcase, so_do_other_optimisers_and_models);
    tcase_add_test(tcase, so_does_a_gradient_that_is_clipped);
    tcase_add_test(tcase, parts_may_be_unequal_and_empty);
    tcase_add_test(tcase, bfloat16_rounds_and_halves_the_bytes);
    tcase_add_test(tcase, rows_that_are_dark_are_not_sent);
    tcase_add_test(tcase, factors_are_sent_where_they_are_less);
    tcase_add_test(tcase, steps_allocate_nothing_after_the_first);
    tcase_add_test(tcase, a_loss_that_is_not_finite_stops_all_before_the_step);
    tcase_add_test(tcase, a_rank_that_leaves_ends_the_others);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
