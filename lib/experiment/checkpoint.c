/* SPDX-License-Identifier: MIT */
#include "experiment/checkpoint.h"

#include <math.h>

#include "base/memory.h"
#include "base/number.h"
#include "io/io.h"
#include "train/trainer.h"

/* Checkpoints: the trainer's state with what the log has gathered. */

static const char peak_key[] = "peak_rss_bytes", best_loss_key[] = "best_loss",
                  best_step_key[] = "best_step";

static tvae_status save_model(const tvae_run *run)
{
    char *path = tvi_path_join(run->folder, TVI_MODEL_FILE);
    tvae_status st = path ? tvae_model_save(run->model, path) : TVAE_E_NOMEM;

    tvi_free(path);
    return st;
}

static tvae_status save_best(const tvi_best *best, tvae_archive *state)
{
    char text[TVI_NUMBER_TEXT];
    tvae_status st;

    if (best->step == 0)
        return TVAE_OK;
    st = tvae_archive_set_metadata(state, best_loss_key,
                                   tvi_format_real(best->loss, text));
    if (st == TVAE_OK)
        st = tvae_archive_set_metadata(state, best_step_key,
                                       tvi_format_real((double)best->step, text));
    return st;
}

static double find_real(const tvae_archive *state, const char *name)
{
    const char *text = tvae_archive_metadata(state, name);
    double value;

    return text && tvi_parse_real(text, &value) ? value : NAN;
}

static void load_best(tvi_best *best, const tvae_archive *state)
{
    const double step = find_real(state, best_step_key),
                 loss = find_real(state, best_loss_key);

    *best = (tvi_best){.step = 0};
    if (step >= 1.0 && step < 9007199254740992.0 && isfinite(loss))
        *best = (tvi_best){.step = (int64_t)step, .loss = loss};
}

tvae_status tvi_checkpoint_save(tvae_run *run)
{
    char peak[TVI_NUMBER_TEXT];
    tvae_archive *state = NULL;
    tvae_status st = tvae_archive_create(&state);

    if (st == TVAE_OK)
        st = tvi_trainer_to_archive(run->trainer, state, "run_train");
    if (st == TVAE_OK)
        st = tvi_log_sums_save(&run->sums, state);
    if (st == TVAE_OK)
        st = save_best(&run->best, state);
    if (st == TVAE_OK)
        st = tvae_archive_set_metadata(state, peak_key,
                                       tvi_format_real(tvi_peak_rss_bytes(), peak));
    if (st == TVAE_OK)
        st = tvi_log_flush(run->folder);
    if (st == TVAE_OK)
        st = tvi_folder_save_state(run->folder, state);
    tvae_archive_destroy(&state);
    if (st != TVAE_OK)
        return st;
    return save_model(run);
}

tvae_status tvi_checkpoint_restore(tvae_run *run)
{
    tvae_archive *state = NULL;
    tvae_status st = tvi_folder_load_state(run->folder, true, &state);

    if (st == TVAE_E_NOT_FOUND)
        return tvi_log_cut(run->folder, 0);
    if (st == TVAE_OK)
        st = tvi_log_sums_load(&run->sums, state, "run_resume");
    if (st == TVAE_OK)
        st = tvi_trainer_from_archive(run->trainer, state, "run_resume");
    if (st == TVAE_OK)
        load_best(&run->best, state);
    tvae_archive_destroy(&state);
    if (st != TVAE_OK)
        return st;
    st = tvi_log_cut(run->folder, tvae_trainer_step_count(run->trainer));
    return st == TVAE_OK ? save_model(run) : st;
}

/* ---- reading ---- */

static tvae_status model_from_state(const tvae_run *run, tvae_model **out)
{
    tvae_archive *state = NULL;
    tvae_model *model = NULL;
    tvae_status st = tvi_folder_load_state(run->folder, false, &state);

    if (st == TVAE_E_NOT_FOUND)
        return tvi_fail(TVAE_E_NOT_FOUND, "run: %s has no checkpoint yet: train it first",
                        run->folder);
    if (st == TVAE_OK)
        st = tvae_config_build_model(run->config, &model);
    if (st == TVAE_OK)
        st = tvi_trainer_model_from_archive(model, state, "run");
    tvae_archive_destroy(&state);
    if (st != TVAE_OK)
        tvae_model_destroy(&model);
    *out = model;
    return st;
}

tvae_status tvi_checkpoint_model(const tvae_run *run, tvae_model **out)
{
    char *path = tvi_path_join(run->folder, TVI_MODEL_FILE);
    tvae_status st = path ? tvae_model_load(path, out) : TVAE_E_NOMEM;

    tvi_free(path);
    return st == TVAE_E_NOT_FOUND ? model_from_state(run, out) : st;
}

tvae_status tvi_checkpoint_best_model(const tvae_run *run, tvae_model **out)
{
    char *path = tvi_path_join(run->folder, TVI_BEST_FILE);
    tvae_status st = path ? tvae_model_load(path, out) : TVAE_E_NOMEM;

    tvi_free(path);
    if (st == TVAE_E_NOT_FOUND)
        st = tvi_fail(TVAE_E_NOT_FOUND,
                      "run: %s has no " TVI_BEST_FILE
                      ": train with eval_steps (tvae train --eval-every STEPS)",
                      run->folder);
    return st;
}

tvi_training_facts tvi_checkpoint_facts(const tvae_run *run)
{
    tvi_training_facts facts = {NAN, NAN, NAN, NAN, NAN};
    tvae_archive *state = NULL;

    if (tvi_folder_load_state(run->folder, false, &state) != TVAE_OK)
        return facts;
    facts.steps = find_real(state, "step");
    facts.seconds = find_real(state, "train_seconds");
    facts.peak_rss_bytes = find_real(state, peak_key);
    facts.best_step = find_real(state, best_step_key);
    facts.best_loss = find_real(state, best_loss_key);
    tvae_archive_destroy(&state);
    return facts;
}
