/* SPDX-License-Identifier: MIT */
#include "experiment/run.h"

#include <math.h>
#include <string.h>
#include <sys/resource.h>

#include "base/memory.h"
#include "base/options.h"
#include "experiment/checkpoint.h"
#include "io/io.h"

/* Opening runs: to train from the start, to go on, to be read. */

double tvi_peak_rss_bytes(void)
{
    struct rusage usage;

    if (getrusage(RUSAGE_SELF, &usage) != 0)
        return NAN;
    return 1024.0 * (double)usage.ru_maxrss;
}

tvae_status tvi_hook_import(tvae_progress_hook *hook, const tvae_progress_hook *source,
                            const char *call)
{
    *hook = (tvae_progress_hook){.size = sizeof *hook};
    return tvi_options_import(hook, sizeof *hook, sizeof *hook, source, call);
}

/* ---- handles ---- */

static void release_run(tvae_run *run)
{
    tvi_folder_unlock(&run->lock);
    tvae_trainer_destroy(&run->trainer);
    tvae_model_destroy(&run->model);
    tvae_dataset_destroy(&run->data);
    tvae_config_destroy(&run->config);
    if (run->exchange)
        tvi_exchange_release(run->exchange);
    tvi_free(run->exchange);
    tvi_free(run->folder);
    tvi_free(run);
}

static tvae_status new_run(const char *folder, tvae_run **out)
{
    tvae_run *run = tvi_alloc_array(1, sizeof *run);

    if (!run)
        return TVAE_E_NOMEM;
    tvi_refcount_init(&run->references);
    run->lock = -1;
    run->folder = tvi_copy_string(folder);
    if (!run->folder) {
        release_run(run);
        return TVAE_E_NOMEM;
    }
    *out = run;
    return TVAE_OK;
}

void tvae_run_destroy(tvae_run **run)
{
    if (!run || !*run)
        return;
    if (tvi_refcount_release(&(*run)->references))
        release_run(*run);
    *run = NULL;
}

const char *tvae_run_folder(const tvae_run *run)
{
    return run ? run->folder : NULL;
}

tvae_status tvae_run_config(const tvae_run *run, tvae_config **out)
{
    if (!out)
        return tvi_fail(TVAE_E_INVALID, "run_config: out is NULL");
    *out = NULL;
    if (!run)
        return tvi_fail(TVAE_E_INVALID, "run_config: run is NULL");
    return tvi_config_from_settings(&run->config->settings, out);
}

/* ---- opening ---- */

static tvae_status load_config(const char *folder, tvae_config **out)
{
    char *path = tvi_path_join(folder, TVI_CONFIG_FILE);
    tvae_status st = path ? tvae_config_load(path, out) : TVAE_E_NOMEM;

    tvi_free(path);
    return st;
}

static tvae_status save_config(const tvae_run *run)
{
    char *path = tvi_path_join(run->folder, TVI_CONFIG_FILE);
    tvae_status st = path ? tvae_config_save(run->config, path) : TVAE_E_NOMEM;

    tvi_free(path);
    return st;
}

/* Open the training data if it is needed to know the frames, or if `at_once`. */
static tvae_status prepare_data(tvae_run *run, bool at_once, const char *call)
{
    tvi_settings *s = &run->config->settings;
    tvae_status st;

    if (run->data || (!at_once && tvi_settings_fit(s)))
        return TVAE_OK;
    st = tvi_settings_open_data(s, TVAE_SPLIT_TRAIN, &run->data);
    return st == TVAE_OK ? tvi_settings_fit_data(s, run->data, call) : st;
}

static tvae_status build_trainer(tvae_run *run)
{
    const tvi_settings *s = &run->config->settings;
    tvae_train_options options;
    tvae_status st = tvae_train_options_init(&options, sizeof options);

    if (st == TVAE_OK)
        st = tvae_config_build_model(run->config, &run->model);
    if (st != TVAE_OK)
        return st;
    options.seed = (uint64_t)s->seed;
    options.optimizer = (int32_t)s->optimizer;
    options.learning_rate = s->learning_rate;
    options.momentum = s->momentum;
    options.beta1 = s->beta1;
    options.beta2 = s->beta2;
    options.epsilon = s->adam_epsilon;
    options.weight_decay = s->weight_decay;
    options.schedule = (int32_t)s->schedule;
    options.schedule_steps = s->schedule_steps;
    options.schedule_gamma = s->schedule_gamma;
    options.min_learning_rate = s->min_learning_rate;
    options.max_gradient_norm = s->max_gradient_norm;
    options.kl_weight = s->kl_weight;
    options.kl_warmup_steps = s->kl_warmup_steps;
    return tvae_trainer_create(run->model, &options, &run->trainer);
}

/* The folder's own configuration, if it has one, must allow what is asked for. */
static tvae_status match_folder(tvae_run *run, int64_t n_ranks, const char *call)
{
    tvae_config *kept = NULL;
    tvae_status st;

    if (!tvi_folder_has(run->folder, TVI_CONFIG_FILE)) {
        if (!tvi_folder_has_state(run->folder) &&
            !tvi_folder_has(run->folder, TVI_MODEL_FILE))
            return TVAE_OK;
        return tvi_fail(TVAE_E_INVALID,
                        "%s: %s holds a checkpoint or a model, but no " TVI_CONFIG_FILE
                        " that tells its experiment: use another folder",
                        call, run->folder);
    }
    st = load_config(run->folder, &kept);
    if (st == TVAE_OK && run->config) {
        tvi_config_inherit(run->config, kept);
        st = tvi_config_match(kept, run->config, call);
    } else if (st == TVAE_OK) {
        run->config = kept;
        return tvi_config_share_batch(&kept->settings, n_ranks, call);
    }
    tvae_config_destroy(&kept);
    return st;
}

static tvae_status copy_config(const tvae_config *config, const char *folder,
                               int64_t n_ranks, const char *call, tvae_run *run)
{
    if (config) {
        tvi_settings settings = config->settings;

        settings.n_ranks = n_ranks;
        return tvi_config_from_settings(&settings, &run->config);
    }
    if (!tvi_folder_has(folder, TVI_CONFIG_FILE))
        return tvi_fail(TVAE_E_NOT_FOUND,
                        "%s: %s is no run folder: it has no " TVI_CONFIG_FILE, call,
                        folder);
    return TVAE_OK;
}

static tvae_status open_locked(tvae_run *run, const char *call)
{
    tvae_status st = tvi_folder_make(run->folder, call);

    if (st == TVAE_OK)
        st = tvi_folder_lock(run->folder, &run->lock, call);
    if (st == TVAE_OK)
        tvi_folder_clean(run->folder);
    return st;
}

tvae_status tvae_run_create(const tvae_config *config, const char *folder, tvae_run **out)
{
    return tvi_run_create(config, folder, 1, out);
}

tvae_status tvi_run_create(const tvae_config *config, const char *folder, int64_t n_ranks,
                           tvae_run **out)
{
    tvae_run *run = NULL;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "run_create: out is NULL");
    *out = NULL;
    if (!config || !folder || !*folder)
        return tvi_fail(TVAE_E_INVALID, "run_create: %s is NULL or empty",
                        config ? "folder" : "config");
    st = new_run(folder, &run);
    if (st != TVAE_OK)
        return st;
    st = copy_config(config, folder, n_ranks, "run_create", run);
    if (st == TVAE_OK) /* before a folder is made: bad data must leave no trace */
        st = prepare_data(run, true, "run_create");
    if (st == TVAE_OK)
        st = build_trainer(run);
    if (st == TVAE_OK)
        st = open_locked(run, "run_create");
    if (st == TVAE_OK && tvi_folder_has_state(folder))
        st = tvi_fail(TVAE_E_INVALID,
                      "run_create: %s holds a checkpoint already: resume it (tvae train "
                      "--resume), or use another folder",
                      folder);
    if (st == TVAE_OK)
        st = match_folder(run, n_ranks, "run_create");
    if (st == TVAE_OK)
        st = tvi_log_cut(folder, 0);
    if (st == TVAE_OK)
        st = save_config(run);
    if (st == TVAE_OK)
        *out = run;
    else
        tvae_run_destroy(&run);
    return st;
}

tvae_status tvae_run_resume(const tvae_config *config, const char *folder, tvae_run **out)
{
    return tvi_run_resume(config, folder, 1, out);
}

tvae_status tvi_run_resume(const tvae_config *config, const char *folder, int64_t n_ranks,
                           tvae_run **out)
{
    tvae_run *run = NULL;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "run_resume: out is NULL");
    *out = NULL;
    if (!folder || !*folder)
        return tvi_fail(TVAE_E_INVALID, "run_resume: folder is NULL or empty");
    st = new_run(folder, &run);
    if (st != TVAE_OK)
        return st;
    st = copy_config(config, folder, n_ranks, "run_resume", run);
    if (st == TVAE_OK)
        st = open_locked(run, "run_resume");
    if (st == TVAE_OK)
        st = match_folder(run, n_ranks, "run_resume");
    if (st == TVAE_OK)
        st = prepare_data(run, false, "run_resume");
    if (st == TVAE_OK)
        st = build_trainer(run);
    if (st == TVAE_OK)
        st = tvi_checkpoint_restore(run);
    if (st == TVAE_OK)
        st = save_config(run);
    if (st == TVAE_OK)
        *out = run;
    else
        tvae_run_destroy(&run);
    return st;
}

tvae_status tvi_run_follow(const tvi_settings *settings, const char *folder, bool trains,
                           tvae_run **out)
{
    tvae_run *run = NULL;
    tvae_status st = new_run(folder, &run);

    *out = NULL;
    if (st == TVAE_OK)
        st = tvi_config_from_settings(settings, &run->config);
    if (st == TVAE_OK && trains)
        st = prepare_data(run, true, "run_create");
    if (st == TVAE_OK && trains)
        st = build_trainer(run);
    if (st == TVAE_OK)
        *out = run;
    else
        tvae_run_destroy(&run);
    return st;
}

tvae_status tvae_run_open(const char *folder, tvae_run **out)
{
    tvae_run *run = NULL;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "run_open: out is NULL");
    *out = NULL;
    if (!folder)
        return tvi_fail(TVAE_E_INVALID, "run_open: folder is NULL");
    st = new_run(folder, &run);
    if (st != TVAE_OK)
        return st;
    st = copy_config(NULL, folder, 1, "run_open", run);
    if (st == TVAE_OK)
        st = load_config(folder, &run->config);
    if (st == TVAE_OK)
        *out = run;
    else
        tvae_run_destroy(&run);
    return st;
}

tvae_status tvae_run_model(tvae_run *run, tvae_model **out)
{
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "run_model: out is NULL");
    *out = NULL;
    if (!run)
        return tvi_fail(TVAE_E_INVALID, "run_model: run is NULL");
    st = tvi_run_check_reads(run, "run_model");
    return st == TVAE_OK ? tvi_checkpoint_model(run, out) : st;
}
