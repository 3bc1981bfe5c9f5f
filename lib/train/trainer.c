/* SPDX-License-Identifier: MIT */
#include "train/trainer.h"

#include <string.h>

#include "base/memory.h"
#include "train/options.h"
#include "train/schedule.h"
#include "train/team.h"

static void release_trainer(tvae_trainer *trainer)
{
    tvi_team_leave(trainer);
    tvi_optimiser_release(&trainer->optimiser);
    tvae_workspace_destroy(&trainer->work);
    tvae_model_destroy(&trainer->model);
    tvi_free(trainer->noise);
    tvi_free(trainer->scratch);
    tvi_free(trainer->block_sums);
    tvi_free(trainer);
}

tvae_status tvae_trainer_create(tvae_model *model, const tvae_train_options *options,
                                tvae_trainer **out)
{
    tvae_train_options o;
    tvae_trainer *trainer;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "trainer_create: out is NULL");
    *out = NULL;
    if (!model)
        return tvi_fail(TVAE_E_INVALID, "trainer_create: model is NULL");
    st = tvi_train_options_import(&o, options, "trainer_create");
    if (st != TVAE_OK)
        return st;

    trainer = tvi_alloc_array(1, sizeof *trainer);
    if (!trainer)
        return TVAE_E_NOMEM;
    tvi_refcount_init(&trainer->references);
    trainer->model = tvae_model_retain(model);
    trainer->initial_rate = o.learning_rate;
    st = tvae_workspace_create(&trainer->work);
    if (st == TVAE_OK)
        st = tvi_optimiser_init(&trainer->optimiser, &o, &model->parameters);
    if (st != TVAE_OK) {
        release_trainer(trainer);
        return st;
    }
    *out = trainer;
    return TVAE_OK;
}

void tvae_trainer_destroy(tvae_trainer **trainer)
{
    if (!trainer || !*trainer)
        return;
    if (tvi_refcount_release(&(*trainer)->references))
        release_trainer(*trainer);
    *trainer = NULL;
}

int64_t tvae_trainer_step_count(const tvae_trainer *trainer)
{
    return trainer ? trainer->n_steps : -1;
}

tvae_status tvae_trainer_set_learning_rate(tvae_trainer *trainer, double rate)
{
    tvae_status st;

    if (!trainer)
        return tvi_fail(TVAE_E_INVALID, "trainer_set_learning_rate: trainer is NULL");
    st = tvi_train_options_check_rate(&trainer->optimiser.options, rate,
                                      "trainer_set_learning_rate", "rate");
    if (st != TVAE_OK)
        return st;
    trainer->optimiser.options.learning_rate = rate;
    return TVAE_OK;
}

double tvae_trainer_learning_rate(const tvae_trainer *trainer)
{
    return trainer ? tvi_learning_rate_at(&trainer->optimiser.options, trainer->n_steps)
                   : -1.0;
}

double tvae_trainer_kl_weight(const tvae_trainer *trainer)
{
    return trainer ? tvi_kl_weight_at(&trainer->optimiser.options, trainer->n_steps)
                   : -1.0;
}

_Static_assert((int)TVAE_N_PARTS <= (int)TVI_STOPWATCH_PARTS, "a lap for each part");

tvae_status tvae_trainer_part_seconds(const tvae_trainer *trainer, double *seconds,
                                      size_t n_parts)
{
    if (!trainer || !seconds)
        return tvi_fail(TVAE_E_INVALID, "trainer_part_seconds: %s is NULL",
                        trainer ? "seconds" : "trainer");
    if (n_parts > TVAE_N_PARTS)
        return tvi_fail(TVAE_E_INVALID,
                        "trainer_part_seconds: n_parts is %zu, want at most TVAE_N_PARTS "
                        "(%d)",
                        n_parts, TVAE_N_PARTS);
    memcpy(seconds, trainer->watch.seconds, n_parts * sizeof *seconds);
    return TVAE_OK;
}
