/* SPDX-License-Identifier: MIT */
#include "ranks_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../train/trainer_model.h"
#include "base/memory.h"
#include "experiment/run.h"
#include "failing_system.h"

/* Runs that ranks train together are the run of one process with the whole batch. */

enum { BATCH = 6 }; /* of all ranks */

/* Parameters after some tens of steps; sums in another order change the last bits. */
static const double rounding = 5e-5;

/* What all ranks do, but for what one of them does differently. */
typedef struct plan {
    char folder[200], wrong_folder[200]; /* rank 0's; what the others are told */
    tvae_config *configs[MOST_RANKS];    /* NULL: the folder's own */
    int32_t resumes;
    int32_t stopping_rank; /* asks to stop after step stop_after; none: -1 */
    int64_t stop_after;
    bool goes_on;                    /* after the stop, in the same run */
    int64_t done[MOST_RANKS];        /* as last reported */
    tvae_model *models[MOST_RANKS];  /* at the end */
    int64_t batch_sizes[MOST_RANKS]; /* of the opened run */
} plan;

typedef struct listener {
    plan *p;
    int32_t rank;
} listener;

/* The same on all ranks, validated every 4 steps. */
static tvae_config *shared_config(int32_t n_ranks, int steps)
{
    tvae_config *config = tiny_config("sprites_quick", steps, 3);
    char text[16];

    (void)snprintf(text, sizeof text, "%d", (int)(BATCH / n_ranks));
    set_key(config, "batch_size", text);
    set_key(config, "optimizer", "sgd"); /* Adam enlarges rounding */
    set_key(config, "learning_rate", "0.001");
    set_key(config, "eval_steps", "4");
    set_key(config, "eval_sequences", "41");
    set_key(config, "exchange_seconds", "30");
    return config;
}

static void set_plan(plan *p, const char *run, int32_t n_ranks, int steps)
{
    memset(p, 0, sizeof *p);
    (void)snprintf(p->folder, sizeof p->folder, "%s", scratch(run));
    (void)snprintf(p->wrong_folder, sizeof p->wrong_folder, "%s", scratch("elsewhere"));
    p->stopping_rank = -1;
    for (int32_t rank = 0; rank < n_ranks; rank++)
        p->configs[rank] = shared_config(n_ranks, steps);
}

static void release_plan(plan *p)
{
    for (int32_t rank = 0; rank < MOST_RANKS; rank++) {
        tvae_config_destroy(&p->configs[rank]);
        tvae_model_destroy(&p->models[rank]);
    }
}

static int32_t note_progress(void *user, const tvae_progress *progress)
{
    const listener *l = user;
    plan *p = l->p;

    p->done[l->rank] = progress->done;
    return l->rank == p->stopping_rank && progress->done == p->stop_after;
}

static tvae_status train_as_rank(rank_job *job)
{
    plan *p = job->context;
    listener l = {p, job->exchange->rank};
    const tvae_progress_hook hook = {
        .size = sizeof hook, .user = &l, .progress = note_progress};
    tvae_run *run = NULL;
    tvae_status st = tvae_run_create_distributed(
        p->configs[l.rank], l.rank == 0 ? p->folder : p->wrong_folder, p->resumes,
        job->exchange, &run);

    if (st == TVAE_OK)
        st = tvae_run_train(run, &hook);
    if (st == TVAE_E_CANCELLED && p->goes_on)
        st = tvae_run_train(run, &hook);
    if (st == TVAE_OK) {
        p->batch_sizes[l.rank] = run->config->settings.batch_size;
        p->models[l.rank] = tvae_model_retain(run->model);
    }
    tvae_run_destroy(&run);
    return st;
}

static void train_together(plan *p, int32_t n_ranks, rank_job *jobs)
{
    for (int32_t rank = 0; rank < n_ranks; rank++)
        tvae_model_destroy(&p->models[rank]);
    run_ranks(n_ranks, train_as_rank, p, jobs);
    ck_assert(!exists(p->wrong_folder));
}

static void train_well(const char *run, int32_t n_ranks, int steps, int32_t resumes)
{
    rank_job jobs[MOST_RANKS];
    plan p;

    set_plan(&p, run, n_ranks, steps);
    p.resumes = resumes;
    train_together(&p, n_ranks, jobs);
    assert_all_ok(jobs, n_ranks);
    for (int32_t rank = 0; rank < n_ranks; rank++)
        assert_models_close(p.models[rank], p.models[0], 0.0);
    release_plan(&p);
}

static void train_alone(const char *run, int steps)
{
    tvae_config *config = shared_config(1, steps);

    train_run(config, run);
    tvae_config_destroy(&config);
}

static void compare_models(const char *run, const char *wanted, const char *file)
{
    tvae_model *got = NULL, *want = NULL;

    ASSERT_OK(tvae_model_load(run_file(run, file), &got));
    ASSERT_OK(tvae_model_load(run_file(wanted, file), &want));
    assert_models_close(got, want, rounding);
    tvae_model_destroy(&got);
    tvae_model_destroy(&want);
}

static void compare_runs(const char *run, const char *wanted)
{
    assert_close_json(run_file(run, "log.jsonl"), run_file(wanted, "log.jsonl"),
                      rounding);
    compare_models(run, wanted, "model.safetensors");
    compare_models(run, wanted, "best.safetensors");
}

START_TEST(any_number_of_ranks_makes_the_run_of_one)
{
    char name[16];

    train_alone("alone", 14);
    for (int32_t n_ranks = 1; n_ranks <= MOST_RANKS; n_ranks++) {
        (void)snprintf(name, sizeof name, "run%d", (int)n_ranks);
        train_well(name, n_ranks, 14, 0);
        compare_runs(name, "alone");
    }
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* Stopped between two validations, and between log lines. */
START_TEST(other_ranks_go_on_as_if_unbroken)
{
    rank_job jobs[MOST_RANKS];
    plan p;

    train_alone("alone", 20);
    train_well("run", 3, 10, 0);
    train_well("run", 2, 15, 1);
    train_well("run", 1, 17, 1);
    train_well("run", 3, 20, 1);
    compare_runs("run", "alone");
    set_plan(&p, "run", 0, 20); /* the folder's own configuration, shared out anew */
    p.resumes = 1;
    train_together(&p, 2, jobs);
    assert_all_ok(jobs, 2);
    ck_assert_int_eq(p.batch_sizes[0], BATCH / 2);
    ck_assert_int_eq(p.batch_sizes[1], BATCH / 2);
    release_plan(&p);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* Ranks that train on with the same bits as if they had not stopped. */
START_TEST(the_same_ranks_go_on_to_the_bit)
{
    train_well("whole", 2, 14, 0);
    train_well("parts", 2, 6, 0);
    train_well("parts", 2, 14, 1);
    assert_equal_logs(run_file("whole", "log.jsonl"), run_file("parts", "log.jsonl"));
    assert_equal_files(run_file("whole", "model.safetensors"),
                       run_file("parts", "model.safetensors"));
}
END_TEST

static void set_all(plan *p, const char *key, const char *value)
{
    for (int32_t rank = 0; rank < MOST_RANKS && p->configs[rank]; rank++)
        set_key(p->configs[rank], key, value);
}

START_TEST(another_whole_batch_is_refused)
{
    rank_job jobs[MOST_RANKS];
    plan p;

    train_well("run", 3, 4, 0);
    set_plan(&p, "run", 2, 8);
    set_all(&p, "batch_size", "2");
    p.resumes = 1;
    train_together(&p, 2, jobs);
    assert_all_fail(jobs, 2, TVAE_E_INVALID, "batch_size");
    ck_assert_ptr_nonnull(strstr(jobs[1].message, "rank 0 has failed"));
    release_plan(&p);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(configurations_that_differ_are_refused_on_all)
{
    rank_job jobs[MOST_RANKS];
    plan p;

    set_plan(&p, "run", MOST_RANKS, 4);
    set_key(p.configs[1], "learning_rate", "0.002");
    train_together(&p, MOST_RANKS, jobs);
    assert_all_fail(jobs, MOST_RANKS, TVAE_E_INVALID, "learning_rate=0.002");
    tvae_config_destroy(&p.configs[1]);
    p.resumes = 1; /* for which a rank need not have one */
    train_together(&p, MOST_RANKS, jobs);
    assert_all_fail(jobs, MOST_RANKS, TVAE_E_INVALID, "configuration=");
    ck_assert(!exists(p.folder));
    release_plan(&p);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(a_stop_on_one_rank_stops_all_and_saves)
{
    rank_job jobs[MOST_RANKS];
    plan p;

    set_plan(&p, "run", MOST_RANKS, 14);
    p.stopping_rank = 1;
    p.stop_after = 6;
    train_together(&p, MOST_RANKS, jobs);
    assert_all_fail(jobs, MOST_RANKS, TVAE_E_CANCELLED, "after step 7 of 14");
    for (int32_t rank = 0; rank < MOST_RANKS; rank++)
        ck_assert_int_eq(p.done[rank], 7);
    release_plan(&p);
    train_well("run", MOST_RANKS, 14, 1);
    train_well("whole", MOST_RANKS, 14, 0);
    assert_equal_files(run_file("run", "model.safetensors"),
                       run_file("whole", "model.safetensors"));
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(a_stopped_run_may_train_on)
{
    rank_job jobs[MOST_RANKS];
    plan p;

    train_well("whole", 2, 12, 0);
    set_plan(&p, "run", 2, 12);
    p.stopping_rank = 1;
    p.stop_after = 3;
    p.goes_on = true;
    train_together(&p, 2, jobs);
    assert_all_ok(jobs, 2);
    assert_equal_files(run_file("run", "model.safetensors"),
                       run_file("whole", "model.safetensors"));
    release_plan(&p);
}
END_TEST

START_TEST(a_rank_without_others_may_stop)
{
    rank_job jobs[MOST_RANKS];
    plan p;

    set_plan(&p, "run", 1, 14);
    p.stopping_rank = 0;
    p.stop_after = 6;
    train_together(&p, 1, jobs);
    assert_all_fail(jobs, 1, TVAE_E_CANCELLED, "after step 6 of 14");
    release_plan(&p);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_fails_on_all)
{
    rank_job jobs[MOST_RANKS];
    plan p;

    write_file(scratch("file"), "in the way");
    set_plan(&p, "file/run", MOST_RANKS, 4);
    train_together(&p, MOST_RANKS, jobs);
    assert_all_fail(jobs, MOST_RANKS, TVAE_E_IO, "file");
    ck_assert_ptr_nonnull(strstr(jobs[1].message, "rank 0 has failed"));
    ck_assert_ptr_nonnull(strstr(jobs[2].message, "rank 0 has failed"));
    release_plan(&p);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

static void set_vectors(plan *p, const char *run, const char *data)
{
    memset(p, 0, sizeof *p);
    set_plan(p, run, 0, 0);
    for (int32_t rank = 0; rank < MOST_RANKS; rank++)
        ASSERT_OK(tvae_config_create("own_vectors", &p->configs[rank]));
    set_all(p, "n_capsules", "1");
    set_all(p, "batch_size", "2");
    set_all(p, "steps", "4");
    set_all(p, "exchange_seconds", "30");
    set_all(p, "data", data);
}

START_TEST(data_that_fail_on_one_rank_fail_on_all)
{
    rank_job jobs[MOST_RANKS];
    plan p;

    write_vectors(scratch("vectors.npz"), 120);
    write_vectors(scratch("fewer.npz"), 60);
    set_vectors(&p, "run", scratch("vectors.npz"));
    set_key(p.configs[1], "data", scratch("none.npz"));
    train_together(&p, MOST_RANKS, jobs);
    assert_all_fail(jobs, MOST_RANKS, TVAE_E_NOT_FOUND, "none.npz");
    ck_assert_ptr_nonnull(strstr(jobs[0].message, "rank 1 has failed"));
    ck_assert_ptr_nonnull(strstr(jobs[2].message, "rank 1 has failed"));
    set_key(p.configs[1], "data", scratch("fewer.npz"));
    train_together(&p, MOST_RANKS, jobs);
    assert_all_fail(jobs, MOST_RANKS, TVAE_E_INVALID, "rank 1 has \"training sequences=");
    ck_assert(!exists(run_file("run", "model.safetensors")));
    release_plan(&p);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(a_copy_of_the_data_does)
{
    rank_job jobs[MOST_RANKS];
    plan p;

    write_vectors(scratch("vectors.npz"), 120);
    write_vectors(scratch("copy.npz"), 120);
    set_vectors(&p, "run", scratch("vectors.npz"));
    set_key(p.configs[2], "data", scratch("copy.npz"));
    train_together(&p, MOST_RANKS, jobs);
    assert_all_ok(jobs, MOST_RANKS);
    release_plan(&p);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* One run of two ranks in which call `n` of rank 0 fails; false when there is no such
 * call. */
static bool train_with_fault(const char *name, fault kind, size_t n)
{
    rank_job jobs[MOST_RANKS];
    plan p;
    bool due;

    set_plan(&p, name, 2, 6);
    faults_begin(kind, n);
    train_together(&p, 2, jobs);
    due = faults_end();
    ck_assert_msg(jobs[0].status == jobs[1].status, "call %zu: %s, but %s", n,
                  jobs[0].message, jobs[1].message);
    if (jobs[0].status != TVAE_OK)
        ck_assert_ptr_nonnull(strstr(jobs[1].message, "rank 0 has failed"));
    release_plan(&p);
    return due;
}

/* Every write of rank 0 fails once: all ranks end, and go on from what was saved. */
START_TEST(every_write_may_fail)
{
    char name[32];
    size_t n = 0;
    bool due = true;

    train_well("whole", 2, 6, 0);
    while (due) {
        (void)snprintf(name, sizeof name, "run%zu", ++n);
        due = train_with_fault(name, (fault)_i, n);
        faults_begin((fault)_i, 0);
        train_well(name, 2, 6, 1);
        (void)faults_end();
        assert_equal_files(run_file(name, "model.safetensors"),
                           run_file("whole", "model.safetensors"));
    }
    printf("%zu calls, each failing with %s\n", n - 1, fault_names[_i]);
    ck_assert_uint_gt(n, 50);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("distributed");
    TCase *tcase = tcase_create("unit");

    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_add_test(tcase, any_number_of_ranks_makes_the_run_of_one);
    tcase_add_test(tcase, other_ranks_go_on_as_if_unbroken);
    tcase_add_test(tcase, the_same_ranks_go_on_to_the_bit);
    tcase_add_test(tcase, another_whole_batch_is_refused);
    tcase_add_test(tcase, configurations_that_differ_are_refused_on_all);
    tcase_add_test(tcase, a_stop_on_one_rank_stops_all_and_saves);
    tcase_add_test(tcase, a_stopped_run_may_train_on);
    tcase_add_test(tcase, a_rank_without_others_may_stop);
    tcase_add_test(tcase, a_folder_that_cannot_be_made_fails_on_all);
    tcase_add_test(tcase, data_that_fail_on_one_rank_fail_on_all);
    tcase_add_test(tcase, a_copy_of_the_data_does);
    tcase_add_loop_test(tcase, every_write_may_fail, FAULT_FULL, FAULT_SHORT);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
