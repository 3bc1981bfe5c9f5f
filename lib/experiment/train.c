/* SPDX-License-Identifier: MIT */
#include "experiment/checkpoint.h"
#include "experiment/validate.h"

#include <math.h>

#include "base/error.h"

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

/* Has the host asked to stop? */
static bool report(const training *t, int64_t done)
{
    const tvae_progress progress = {.size = sizeof progress,
                                    .phase = "train",
                                    .done = done,
                                    .total = t->total,
                                    .seconds = tvi_seconds_now() - t->began,
                                    .loss = t->loss,
                                    .first = t->first};

    return t->hook.progress && t->hook.progress(t->hook.user, &progress) != 0;
}

static tvae_status take_step(training *t)
{
    tvae_run *run = t->run;
    const tvi_settings *s = &run->config->settings;
    const double began = tvi_seconds_now();
    double terms[TVAE_N_TERMS];
    int64_t step;
    tvae_status st = tvae_loader_next(t->loader, t->x, NULL, NULL);

    if (st == TVAE_OK)
        st = tvae_trainer_step(run->trainer, t->x, terms, TVAE_N_TERMS);
    if (st != TVAE_OK)
        return st;
    t->loss = terms[TVAE_TERM_LOSS];
    tvi_log_add(&run->sums, terms, tvi_seconds_now() - began);
    step = tvae_trainer_step_count(run->trainer);
    if (step % s->log_steps == 0)
        st = tvi_log_write(run->folder, step, step / t->steps_per_epoch, &run->sums);
    if (st == TVAE_OK && s->eval_steps && step % s->eval_steps == 0)
        st = tvi_validation_measure(&t->validation, run, step, step / t->steps_per_epoch);
    return st;
}

static tvae_status run_steps(training *t)
{
    tvae_run *run = t->run;
    const int64_t between = run->config->settings.checkpoint_steps;
    int64_t step = t->first;
    bool stop = false;
    tvae_status st = TVAE_OK;

    while (step < t->total && !stop && st == TVAE_OK) {
        st = take_step(t);
        step = tvae_trainer_step_count(run->trainer);
        if (st != TVAE_OK)
            break;
        stop = report(t, step);
        if (stop || step >= t->total || step % between == 0)
            st = tvi_checkpoint_save(run);
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
    st = tvi_hook_import(&t.hook, hook, "run_train");
    if (st != TVAE_OK)
        return st;
    t.first = tvae_trainer_step_count(run->trainer);
    if (run->config->settings.steps > 0 && run->config->settings.steps <= t.first)
        return TVAE_OK;
    st = open_loader(&t);
    if (st == TVAE_OK)
        st = find_total(&t);
    if (st == TVAE_OK && run->config->settings.eval_steps)
        st = tvi_validation_open(&t.validation, run);
    if (st == TVAE_OK)
        st = run_steps(&t);
    run->failed = st != TVAE_OK && st != TVAE_E_CANCELLED;
    tvi_validation_close(&t.validation);
    tvae_loader_destroy(&t.loader);
    tvae_tensor_destroy(&t.x);
    return st;
}
