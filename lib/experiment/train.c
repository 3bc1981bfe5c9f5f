/* SPDX-License-Identifier: MIT */
#include "experiment/checkpoint.h"
#include "experiment/validate.h"

#include <math.h>
#include <stdio.h>

#include "base/error.h"
#include "train/team.h"

/* The training loop: loader, step, log, checkpoint. */

typedef struct training {
    tvae_run *run;
    tvae_loader *loader;
    tvae_tensor *x; /* [batch, frames, channels, height, width] */
    tvae_progress_hook hook;
    int64_t first, total; /* steps: at the start, wanted in all */
    int64_t steps_per_epoch;
    double began; /* seconds */
    double loss;  /* of the latest step */
    tvi_validation validation;
} training;

static tvae_status open_loader(training *t)
{
    tvae_run *run = t->run;
    tvi_settings *s = &run->config->settings;
    size_t shape[5];
    tvae_loader_options options;
    tvae_status st = tvae_loader_options_init(&options, sizeof options);

    if (st == TVAE_OK && !run->data) {
        st = tvi_settings_open_data(s, TVAE_SPLIT_TRAIN, &run->data);
        if (st == TVAE_OK)
            st = tvi_settings_fit_data(s, run->data, "run_train");
    }
    if (st != TVAE_OK)
        return st;
    options.batch_size = s->batch_size;
    options.seed = (uint64_t)s->seed;
    options.first_batch = t->first;
    options.n_prefetch = s->n_prefetch;
    if (run->exchange) {
        options.n_shards = run->exchange->table.n_ranks;
        options.shard = run->exchange->table.rank;
    }
    st = tvae_loader_create(run->data, &options, &t->loader);
    if (st == TVAE_OK)
        st = tvae_dataset_shape(run->data, shape + 1);
    if (st != TVAE_OK)
        return st;
    shape[0] = (size_t)s->batch_size;
    t->steps_per_epoch = (int64_t)tvae_loader_batches_per_epoch(t->loader);
    return tvae_tensor_create(5, shape, &t->x);
}

static tvae_status find_total(training *t)
{
    const tvi_settings *s = &t->run->config->settings;

    t->total = s->steps;
    if (s->steps > 0)
        return TVAE_OK;
    if (s->epochs == 0)
        return tvi_fail(TVAE_E_INVALID,
                        "run_train: steps and epochs are both 0, want one of them set");
    if (s->epochs > INT64_MAX / t->steps_per_epoch)
        return tvi_fail(TVAE_E_INVALID, "run_train: epochs is %lld, want fewer",
                        (long long)s->epochs);
    t->total = s->epochs * t->steps_per_epoch;
    return TVAE_OK;
}

/* What the hosts' data must have in common for their steps to be those of one run. */
static tvae_status agree(const training *t, tvae_status own)
{
    enum { BYTES = 160 };
    const tvae_dataset *held_out = t->validation.batches.data;
    char text[BYTES];

    if (!t->run->exchange)
        return own;
    (void)snprintf(text, sizeof text,
                   "training sequences=%zu\nvalidation sequences=%zu\nsteps=%lld\n",
                   tvae_dataset_count(t->run->data),
                   held_out ? tvae_dataset_count(held_out) : 0, (long long)t->total);
    return tvi_exchange_agree(t->run->exchange, own, text, "run_train");
}

/* Has a host asked to stop? With others, all hear of it after the same step. */
static bool report(const training *t, int64_t done)
{
    const tvae_progress progress = {.size = sizeof progress,
                                    .phase = "train",
                                    .done = done,
                                    .total = t->total,
                                    .seconds = tvi_seconds_now() - t->began,
                                    .loss = t->loss,
                                    .first = t->first};

    const bool stops = t->hook.progress && t->hook.progress(t->hook.user, &progress) != 0;

    if (!t->run->exchange)
        return stops;
    if (stops)
        tvi_team_ask_to_stop(t->run->trainer);
    return tvi_team_stops(t->run->trainer);
}

static tvae_status take_step(training *t)
{
    tvae_run *run = t->run;
    const double began = tvi_seconds_now();
    double terms[TVAE_N_TERMS];
    tvae_status st = tvae_loader_next(t->loader, t->x, NULL, NULL);

    if (st != TVAE_OK)
        return run->exchange ? tvi_team_decline(run->trainer, st) : st;
    st = tvae_trainer_step(run->trainer, t->x, terms, TVAE_N_TERMS);
    if (st != TVAE_OK)
        return st;
    t->loss = terms[TVAE_TERM_LOSS];
    tvi_log_add(&run->sums, terms, tvi_seconds_now() - began);
    return TVAE_OK;
}

static tvae_status write_log(training *t, int64_t step)
{
    tvae_run *run = t->run;

    return tvi_run_writes(run)
               ? tvi_log_write(run->folder, step, step / t->steps_per_epoch, &run->sums)
               : TVAE_OK;
}

/* What a step may be followed by; all ranks come to know how it went. */
static tvae_status follow_up(training *t, int64_t step, bool is_last)
{
    tvae_run *run = t->run;
    const tvi_settings *s = &run->config->settings;
    const bool logs = step % s->log_steps == 0,
               validates = s->eval_steps && step % s->eval_steps == 0,
               saves = is_last || step % s->checkpoint_steps == 0;
    tvae_status st = TVAE_OK;

    if (logs)
        st = write_log(t, step);
    if (validates)
        st = tvi_validation_measure(&t->validation, run, st, step,
                                    step / t->steps_per_epoch);
    if (st == TVAE_OK && saves && tvi_run_writes(run))
        st = tvi_checkpoint_save(run);
    return logs || validates || saves ? tvi_run_settle(run, st, "run_train") : st;
}

static tvae_status run_steps(training *t)
{
    tvae_run *run = t->run;
    int64_t step = t->first;
    bool stop = false;
    tvae_status st = TVAE_OK;

    while (step < t->total && !stop && st == TVAE_OK) {
        st = take_step(t);
        step = tvae_trainer_step_count(run->trainer);
        if (st != TVAE_OK)
            break;
        stop = report(t, step);
        st = follow_up(t, step, stop || step >= t->total);
    }
    if (st == TVAE_OK && stop && step < t->total)
        st = tvi_fail(TVAE_E_CANCELLED,
                      "run_train: stopped on request after step %lld of %lld; saved, "
                      "resume to go on",
                      (long long)step, (long long)t->total);
    return st;
}

tvae_status tvae_run_train(tvae_run *run, const tvae_progress_hook *hook)
{
    training t = {.run = run, .loss = NAN, .began = tvi_seconds_now()};
    tvae_status st;

    if (!run)
        return tvi_fail(TVAE_E_INVALID, "run_train: run is NULL");
    if (!run->trainer)
        return tvi_fail(
            TVAE_E_INVALID,
            "run_train: the run of %s was opened to be read: resume it instead",
            run->folder);
    if (run->failed)
        return tvi_fail(TVAE_E_STATE,
                        "run_train: training in %s has failed before: resume it from its "
                        "last good checkpoint",
                        run->folder);
    st = tvi_run_settle(run, tvi_hook_import(&t.hook, hook, "run_train"), "run_train");
    if (st != TVAE_OK)
        return st;
    t.first = tvae_trainer_step_count(run->trainer);
    if (run->config->settings.steps > 0 && run->config->settings.steps <= t.first)
        return TVAE_OK;
    tvi_team_go_on(run->trainer);
    st = open_loader(&t);
    if (st == TVAE_OK)
        st = find_total(&t);
    if (st == TVAE_OK && run->config->settings.eval_steps)
        st = tvi_validation_open(&t.validation, run);
    st = agree(&t, st);
    if (st == TVAE_OK)
        st = run_steps(&t);
    run->failed = st != TVAE_OK && st != TVAE_E_CANCELLED;
    tvi_validation_close(&t.validation);
    tvae_loader_destroy(&t.loader);
    tvae_tensor_destroy(&t.x);
    return st;
}
