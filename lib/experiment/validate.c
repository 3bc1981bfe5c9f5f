/* SPDX-License-Identifier: MIT */
#include "experiment/validate.h"

#include "base/memory.h"
#include "io/io.h"

tvae_status tvi_validation_open(tvi_validation *v, const tvae_run *run)
{
    const tvi_settings *s = &run->config->settings;
    const tvi_batches_options options = {.split = TVAE_SPLIT_VALIDATION,
                                         .shuffle = true,
                                         .seed = (uint64_t)s->split_seed,
                                         .n_sequences = s->eval_sequences,
                                         .exchange = run->exchange};

    return tvi_batches_open(&v->batches, s, run->model, &options, "run_train");
}

void tvi_validation_close(tvi_validation *v)
{
    tvi_batches_close(&v->batches);
}

/* Means over all sequences. */
static tvae_status measure_terms(tvi_batches *b, const tvae_model *model, tvae_status own,
                                 double terms[TVAE_N_TERMS])
{
    double part[TVAE_N_TERMS] = {0.0};
    tvae_status st = own == TVAE_OK ? tvi_batches_restart(b) : own;

    for (size_t i = 0; i < TVAE_N_TERMS; i++)
        terms[i] = 0.0;
    while (st == TVAE_OK && tvi_batches_left(b)) {
        st = tvi_batches_next(b);
        if (st != TVAE_OK || b->n == 0)
            continue;
        st = tvi_batches_measure(b, model, part);
        for (size_t i = 0; i < TVAE_N_TERMS; i++)
            terms[i] += part[i] * (double)b->n / (double)b->n_sequences;
    }
    return tvi_batches_reduce(b, st, terms, TVAE_N_TERMS, "run_train");
}

static tvae_status save_best(const tvae_run *run)
{
    char *path = tvi_path_join(run->folder, TVI_BEST_FILE);
    tvae_status st = path ? tvae_model_save(run->model, path) : TVAE_E_NOMEM;

    tvi_free(path);
    return st;
}

tvae_status tvi_validation_measure(tvi_validation *v, tvae_run *run, tvae_status own,
                                   int64_t step, int64_t epoch)
{
    double terms[TVAE_N_TERMS];
    bool best;
    tvae_status st = measure_terms(&v->batches, run->model, own, terms);

    if (st != TVAE_OK)
        return st;
    best = run->best.step == 0 || terms[TVAE_TERM_LOSS] < run->best.loss;
    if (best && tvi_run_writes(run))
        st = save_best(run);
    if (st != TVAE_OK)
        return st;
    if (best)
        run->best = (tvi_best){.step = step, .loss = terms[TVAE_TERM_LOSS]};
    return !tvi_run_writes(run)
               ? TVAE_OK
               : tvi_log_write_evaluation(run->folder, step, epoch, terms,
                                          v->batches.n_sequences, best);
}
