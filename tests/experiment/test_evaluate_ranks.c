/* SPDX-License-Identifier: MIT */
#include "ranks_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* Ranks that evaluate a run together find what one process finds. */

enum { SEQUENCES = 101 }; /* three ranks with 32 each, then 5 for the first one alone */

/* What all ranks do, but for what one of them does differently. */
typedef struct plan {
    char folder[200];
    tvae_evaluate_options options;
    char data[MOST_RANKS][200]; /* "": the configured */
    int32_t odd_rank;           /* has another seed; none: -1 */
    int32_t stopping_rank;      /* asks to stop after the first batch; none: -1 */
    int64_t done[MOST_RANKS];   /* as last reported */
    char wrong_folder[200];     /* what the others are told, who must not use it */
} plan;

typedef struct listener {
    plan *p;
    int32_t rank;
} listener;

static void set_plan(plan *p, const char *run)
{
    memset(p, 0, sizeof *p);
    (void)snprintf(p->folder, sizeof p->folder, "%s", scratch(run));
    (void)snprintf(p->wrong_folder, sizeof p->wrong_folder, "%s", scratch("elsewhere"));
    ASSERT_OK(tvae_evaluate_options_init(&p->options, sizeof p->options));
    p->options.n_samples = 3;
    p->options.n_sequences = SEQUENCES;
    p->options.seed = 4;
    p->odd_rank = p->stopping_rank = -1;
}

static int32_t note_progress(void *user, const tvae_progress *progress)
{
    const listener *l = user;

    l->p->done[l->rank] = progress->done;
    return l->rank == l->p->stopping_rank;
}

static tvae_status evaluate_as_rank(rank_job *job)
{
    plan *p = job->context;
    listener l = {p, job->exchange->rank};
    const tvae_progress_hook hook = {
        .size = sizeof hook, .user = &l, .progress = note_progress};
    const char *data = p->data[l.rank];
    tvae_evaluate_options options = p->options;
    tvae_run *run = NULL;
    tvae_status st = tvae_run_open_distributed(l.rank == 0 ? p->folder : p->wrong_folder,
                                               job->exchange, &run);

    options.seed += l.rank == p->odd_rank ? 1 : 0;
    if (st == TVAE_OK)
        st = tvae_run_evaluate(run, &options, *data ? data : NULL, &hook);
    tvae_run_destroy(&run);
    return st;
}

static void evaluate_together(plan *p, int32_t n_ranks, rank_job *jobs)
{
    run_ranks(n_ranks, evaluate_as_rank, p, jobs);
    ck_assert(!exists(p->wrong_folder));
}

static void evaluate_alone(const plan *p)
{
    tvae_run *run = NULL;

    ASSERT_OK(tvae_run_open(p->folder, &run));
    ASSERT_OK(tvae_run_evaluate(run, &p->options, NULL, NULL));
    tvae_run_destroy(&run);
}

/* Move the summary of `run` away, so that the next one is known to be new. */
static void keep_summary(const char *run)
{
    ck_assert_int_eq(rename(run_file(run, "summary.json"), scratch("alone.json")), 0);
}

static void assert_same_as_alone(plan *p, const char *run)
{
    rank_job jobs[MOST_RANKS];

    evaluate_alone(p);
    keep_summary(run);
    for (int32_t n_ranks = 1; n_ranks <= MOST_RANKS; n_ranks++) {
        evaluate_together(p, n_ranks, jobs);
        assert_all_ok(jobs, n_ranks);
        assert_close_json(run_file(run, "summary.json"), scratch("alone.json"), 1e-6);
        ck_assert_int_eq(remove(run_file(run, "summary.json")), 0);
        for (int32_t rank = 0; rank < n_ranks; rank++)
            ck_assert_int_eq(p->done[rank], p->options.n_sequences);
    }
}

static void train_sprites(const char *run)
{
    tvae_config *config = tiny_config("sprites_quick", 30, 1);

    set_key(config, "eval_steps", "10");
    set_key(config, "learning_rate", "0.01");
    train_run(config, run);
    tvae_config_destroy(&config);
}

START_TEST(ranks_find_what_one_process_finds)
{
    plan p;

    train_sprites("run");
    set_plan(&p, "run");
    assert_same_as_alone(&p, "run");
    p.options.at_means = 1;
    assert_same_as_alone(&p, "run");
    p.options.at_means = 0;
    p.options.best = 1;
    p.options.split = TVAE_SPLIT_VALIDATION;
    assert_same_as_alone(&p, "run");
    p.options.n_sequences = 2; /* none for the third rank */
    assert_same_as_alone(&p, "run");
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

static void train_vectors(const char *run)
{
    tvae_config *config = NULL;

    write_vectors(scratch("vectors.npz"), 120);
    ASSERT_OK(tvae_config_create("own_vectors", &config));
    set_key(config, "data", scratch("vectors.npz"));
    set_key(config, "batch_size", "4");
    set_key(config, "steps", "4");
    set_key(config, "n_capsules", "1");
    train_run(config, run);
    tvae_config_destroy(&config);
}

/* A model over vectors with labels has what the other has not, and the other way round.
 */
START_TEST(so_they_do_with_labels_and_data_of_their_own)
{
    plan p;

    train_vectors("run");
    set_plan(&p, "run");
    p.options.split = TVAE_SPLIT_TRAIN;
    p.options.n_sequences = 70;
    write_vectors(scratch("copy.npz"), 120);
    (void)snprintf(p.data[1], sizeof p.data[1], "%s", scratch("copy.npz"));
    assert_same_as_alone(&p, "run");
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(data_that_fail_on_one_rank_fail_on_all)
{
    rank_job jobs[MOST_RANKS];
    plan p;

    train_vectors("run");
    set_plan(&p, "run");
    (void)snprintf(p.data[1], sizeof p.data[1], "%s", scratch("none.npz"));
    evaluate_together(&p, MOST_RANKS, jobs);
    assert_all_fail(jobs, MOST_RANKS, TVAE_E_NOT_FOUND, "none.npz");
    ck_assert_ptr_nonnull(strstr(jobs[0].message, "rank 1 has failed"));
    ck_assert_ptr_nonnull(strstr(jobs[2].message, "rank 1 has failed"));
    ck_assert(!exists(run_file("run", "summary.json")));
    write_vectors(scratch("fewer.npz"), 60);
    (void)snprintf(p.data[1], sizeof p.data[1], "%s", scratch("fewer.npz"));
    evaluate_together(&p, MOST_RANKS, jobs);
    assert_all_fail(jobs, MOST_RANKS, TVAE_E_INVALID, "rank 1 has \"sequences=");
    ck_assert(!exists(run_file("run", "summary.json")));
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(options_that_differ_are_refused_on_all)
{
    rank_job jobs[MOST_RANKS];
    plan p;

    train_sprites("run");
    set_plan(&p, "run");
    p.odd_rank = 2;
    evaluate_together(&p, MOST_RANKS, jobs);
    assert_all_fail(jobs, MOST_RANKS, TVAE_E_INVALID, "\"seed=5\"");
    p.odd_rank = -1;
    p.options.n_samples = 0;
    evaluate_together(&p, MOST_RANKS, jobs);
    assert_all_fail(jobs, MOST_RANKS, TVAE_E_INVALID, "n_samples is 0");
    ck_assert(!exists(run_file("run", "summary.json")));
}
END_TEST

START_TEST(a_missing_model_fails_on_all)
{
    rank_job jobs[MOST_RANKS];
    plan p;

    train_vectors("run");
    set_plan(&p, "run");
    p.options.best = 1;
    evaluate_together(&p, MOST_RANKS, jobs);
    assert_all_fail(jobs, MOST_RANKS, TVAE_E_NOT_FOUND, "best.safetensors");
    ck_assert_ptr_nonnull(strstr(jobs[1].message, "rank 0 has failed"));
    (void)snprintf(p.folder, sizeof p.folder, "%s", scratch("none"));
    evaluate_together(&p, MOST_RANKS, jobs);
    assert_all_fail(jobs, MOST_RANKS, TVAE_E_NOT_FOUND, "is no run folder");
}
END_TEST

START_TEST(a_stop_on_one_rank_stops_all_after_the_same_batch)
{
    rank_job jobs[MOST_RANKS];
    plan p;

    train_sprites("run");
    set_plan(&p, "run");
    p.stopping_rank = 1;
    evaluate_together(&p, MOST_RANKS, jobs);
    assert_all_fail(jobs, MOST_RANKS, TVAE_E_CANCELLED, "96 of 101");
    ck_assert_ptr_nonnull(strstr(jobs[0].message, "rank 1 has stopped"));
    for (int32_t rank = 0; rank < MOST_RANKS; rank++)
        ck_assert_int_eq(p.done[rank], 96);
    ck_assert(!exists(run_file("run", "summary.json")));
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* The folder is rank 0's. */
static tvae_status read_as_rank(rank_job *job)
{
    const plan *p = job->context;
    const bool first = job->exchange->rank == 0;
    tvae_model *model = NULL;
    tvae_run *run = NULL;
    double steps = 0.0;
    tvae_status st = tvae_run_open_distributed(p->folder, job->exchange, &run);

    if (st == TVAE_OK)
        st = tvae_run_evaluate(run, &p->options, NULL, NULL);
    if (st == TVAE_OK && tvae_run_model(run, &model) != (first ? 0 : TVAE_E_UNSUPPORTED))
        st = TVAE_E_STATE;
    if (st == TVAE_OK)
        st = tvae_run_summary_number(run, "steps", &steps);
    tvae_model_destroy(&model);
    tvae_run_destroy(&run);
    return st;
}

START_TEST(files_are_read_on_the_first_rank_alone)
{
    rank_job jobs[MOST_RANKS];
    plan p;

    train_sprites("run");
    set_plan(&p, "run");
    run_ranks(2, read_as_rank, &p, jobs);
    assert_all_ok(jobs, 1);
    ck_assert_int_eq(jobs[1].status, TVAE_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(jobs[1].message, "ask rank 0"));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("evaluate ranks");
    TCase *tcase = tcase_create("unit");

    tcase_add_checked_fixture(tcase, make_scratch, remove_scratch);
    tcase_add_test(tcase, ranks_find_what_one_process_finds);
    tcase_add_test(tcase, so_they_do_with_labels_and_data_of_their_own);
    tcase_add_test(tcase, data_that_fail_on_one_rank_fail_on_all);
    tcase_add_test(tcase, options_that_differ_are_refused_on_all);
    tcase_add_test(tcase, a_missing_model_fails_on_all);
    tcase_add_test(tcase, a_stop_on_one_rank_stops_all_after_the_same_batch);
    tcase_add_test(tcase, files_are_read_on_the_first_rank_alone);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
