/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "train/step.h"
#include "train/team_state.h"

/* A step of several ranks. */

static const char call[] = "trainer_step";

/* Delivers gradients to the buckets, from the meeting on. */
typedef struct team_sink {
    tvi_gradient_sink head;
    tvae_trainer *trainer;
    const tvi_batch *batch;
    double *terms;
    bool has_met;
} team_sink;

static const tvi_part *part_of(const tvi_team *team, int32_t rank)
{
    return (const tvi_part *)(const void *)(team->parts +
                                            (size_t)rank * team->part_bytes);
}

/* Means over all sequences; false if a rank cannot go on. */
static bool add_parts(tvi_team *team, double *terms)
{
    const int32_t n_ranks = team->exchange.table.n_ranks;
    double n_all = 0.0;
    bool goes_on = true;

    memset(terms, 0, TVAE_N_TERMS * sizeof *terms);
    for (int32_t rank = 0; rank < n_ranks; rank++) {
        const tvi_part *part = part_of(team, rank);

        n_all += part->n_sequences;
        for (size_t i = 0; i < TVAE_N_TERMS && part->n_sequences > 0.0; i++)
            terms[i] += part->n_sequences * part->terms[i];
        team->stops = team->stops || part->stops;
        goes_on = goes_on && part->status == TVAE_OK;
    }
    for (size_t i = 0; i < TVAE_N_TERMS && n_all > 0.0; i++)
        terms[i] /= n_all;
    return goes_on;
}

static tvae_status fail_together(const tvae_trainer *trainer, tvae_status own,
                                 const double *terms)
{
    const tvi_team *team = trainer->team;

    for (int32_t rank = 0; rank < team->exchange.table.n_ranks; rank++) {
        const tvae_status st = part_of(team, rank)->status;

        if (st == TVAE_E_NUMERIC)
            return tvi_step_fail_not_finite(trainer, terms);
        if (st != TVAE_OK && own == TVAE_OK)
            return tvi_fail(st,
                            "%s: rank %d could not take step %lld, and has said why: the "
                            "step is not taken",
                            call, rank, (long long)trainer->n_steps + 1);
    }
    return own;
}

/* Clipping must know the whole gradient before anything is updated. */
static void begin_factors(tvae_trainer *trainer, const tvi_batch *batch)
{
    tvi_team *team = trainer->team;

    team->n_dense = 0;
    team->uses_factors = team->options.row_sparse && team->options.factors &&
                         !(trainer->optimiser.options.max_gradient_norm > 0.0);
    for (int32_t rank = 0; rank < team->exchange.table.n_ranks; rank++)
        team->factors.counts[rank] =
            (size_t)part_of(team, rank)->n_sequences * batch->n_frames;
    tvi_factors_begin(&team->factors);
}

/* Hear of all ranks' parts; the last moment at which the step can be refused. */
static tvae_status meet(tvae_trainer *trainer, const tvi_batch *batch, tvae_status own,
                        double *terms)
{
    tvi_team *team = trainer->team;
    tvi_part *part = (tvi_part *)(void *)team->own;
    tvae_status st;

    *part = (tvi_part){.n_sequences =
                           team->is_idle || !batch ? 0.0 : (double)batch->n_sequences,
                       .status = own,
                       .stops = team->asks_to_stop};
    memcpy(part->terms, terms, sizeof part->terms);
    if (team->options.row_sparse && batch && !team->is_idle)
        tvi_lit_find(batch->n_sequences * batch->n_frames, trainer->model->n_pixels,
                     batch->x, team->own + sizeof *part);
    else
        memset(team->own + sizeof *part, 0, team->n_lit_bytes);
    tvi_stopwatch_lap(&trainer->watch, TVAE_PART_BACKWARD);
    st = tvi_exchange_gather_bytes(&team->exchange, part, team->part_bytes, team->parts,
                                   call);
    tvi_stopwatch_lap(&trainer->watch, TVAE_PART_EXCHANGE);
    if (st != TVAE_OK)
        return st;
    if (!add_parts(team, terms))
        return fail_together(trainer, own, terms);
    if (team->options.row_sparse)
        tvi_lit_rows_unite(&team->lit, (size_t)team->exchange.table.n_ranks,
                           team->part_bytes, team->parts + sizeof *part);
    begin_factors(trainer, batch);
    return TVAE_OK;
}

static tvae_status meet_once(team_sink *sink)
{
    tvae_status st;

    tvi_stopwatch_lap(&sink->trainer->watch, TVAE_PART_BACKWARD);
    if (sink->has_met)
        return TVAE_OK;
    st = tvi_step_measure_equivariance(sink->trainer, sink->batch, sink->terms);
    tvi_stopwatch_lap(&sink->trainer->watch, TVAE_PART_EQUIVARIANCE);
    sink->has_met = true;
    return meet(sink->trainer, sink->batch, st, sink->terms);
}

static tvae_status take_gradient(tvi_gradient_sink *head, tvi_parameter *parameter,
                                 float *gradient)
{
    team_sink *sink = (team_sink *)(void *)head;
    tvi_team *team = sink->trainer->team;
    const tvae_status st = meet_once(sink);

    return st == TVAE_OK ? tvi_buckets_put(&team->buckets, parameter,
                                           team->is_idle ? NULL : gradient)
                         : st;
}

/* Update a first layer at once by the factors of its gradient; *done is false if they
 * are not what is sent. */
static tvae_status update_by_factors(team_sink *sink, tvi_parameter *parameter,
                                     const tvi_outer_product *product, bool *done)
{
    tvae_trainer *trainer = sink->trainer;
    tvi_team *team = trainer->team;
    const size_t n_lit = tvi_lit_up_to(&team->lit, product->n_inputs);
    tvi_outer_product whole;
    tvae_status st;

    *done = false;
    if (!parameter->trainable || !team->uses_factors ||
        !tvi_factors_pay(&team->factors, product, n_lit * product->pitch,
                         team->buckets.is_bfloat16 ? sizeof(uint16_t) : sizeof(float)))
        return TVAE_OK;
    st = tvi_factors_gather(&team->factors, product, &whole, done);
    tvi_stopwatch_lap(&trainer->watch, TVAE_PART_EXCHANGE);
    if (st != TVAE_OK || !*done)
        return st;
    team->n_dense += parameter->count;
    st =
        tvi_optimiser_update_product(&trainer->optimiser, trainer->n_steps + 1, parameter,
                                     &whole, sink->head.scratch, sink->head.n_scratch);
    tvi_stopwatch_lap(&trainer->watch, TVAE_PART_UPDATE);
    return st;
}

static tvae_status take_product(tvi_gradient_sink *head, tvi_parameter *parameter,
                                const tvi_outer_product *product)
{
    team_sink *sink = (team_sink *)(void *)head;
    tvi_team *team = sink->trainer->team;
    const bool by_rows = team->options.row_sparse && product->x == sink->batch->x;
    bool done = false;
    tvae_status st = meet_once(sink);

    if (st == TVAE_OK && by_rows)
        st = update_by_factors(sink, parameter, product, &done);
    if (st != TVAE_OK || done)
        return st;
    return tvi_buckets_put_product(&team->buckets, parameter, product, by_rows,
                                   team->is_idle ? NULL : head->scratch, head->n_scratch);
}

/* The factor that makes the gradient no longer than max_gradient_norm. */
static tvae_status find_factor(tvae_trainer *trainer, double *factor)
{
    tvi_buckets *buckets = &trainer->team->buckets;
    const double longest = trainer->optimiser.options.max_gradient_norm;
    double norm;

    for (size_t i = 0; i < buckets->n_buckets; i++) {
        const tvae_status st = tvi_buckets_wait(buckets, i);

        if (st != TVAE_OK)
            return st;
    }
    tvi_stopwatch_lap(&trainer->watch, TVAE_PART_EXCHANGE);
    norm = tvi_buckets_norm(buckets);
    if (!isfinite(norm))
        return tvi_step_fail_norm(trainer, norm);
    *factor = norm > longest ? longest / norm : 1.0;
    return TVAE_OK;
}

/* Bucket by bucket, as they come in. */
static tvae_status update(tvae_trainer *trainer)
{
    tvi_buckets *buckets = &trainer->team->buckets;
    const bool clips = trainer->optimiser.options.max_gradient_norm > 0.0;
    double factor = 1.0;
    tvae_status st = clips ? find_factor(trainer, &factor) : TVAE_OK;

    for (size_t i = 0; i < buckets->n_buckets && st == TVAE_OK; i++) {
        if (!clips)
            st = tvi_buckets_wait(buckets, i);
        tvi_stopwatch_lap(&trainer->watch, TVAE_PART_EXCHANGE);
        if (st == TVAE_OK)
            st = tvi_buckets_apply(buckets, i, (float)factor, &trainer->optimiser,
                                   trainer->n_steps + 1);
        tvi_stopwatch_lap(&trainer->watch, TVAE_PART_UPDATE);
    }
    return st;
}

static void note_facts(tvae_trainer *trainer)
{
    tvi_team *team = trainer->team;
    const tvi_buckets *b = &team->buckets;

    team->facts = (tvae_exchange_facts){
        .sent_bytes =
            (double)b->used * (b->is_bfloat16 ? 2.0 : 4.0) + team->factors.sent_bytes,
        .dense_bytes = 4.0 * (double)(b->n_dense + team->n_dense),
        .wait_seconds = trainer->watch.seconds[TVAE_PART_EXCHANGE],
        .n_buckets = (int64_t)b->n_buckets};
}

tvae_status tvi_team_step(tvae_trainer *trainer, const tvi_batch *batch, double *terms)
{
    tvi_team *team = trainer->team;
    team_sink sink = {.head = {.take = take_gradient, .take_product = take_product},
                      .trainer = trainer,
                      .batch = batch,
                      .terms = terms};
    tvae_status st;

    tvi_buckets_begin(&team->buckets);
    st = tvi_model_loss(trainer->model, trainer->work, batch, terms, &sink.head);
    if (st != TVAE_OK && !sink.has_met)
        st = meet(trainer, batch, st, terms);
    tvi_stopwatch_lap(&trainer->watch, TVAE_PART_BACKWARD);
    if (st == TVAE_OK)
        st = tvi_buckets_close(&team->buckets);
    tvi_stopwatch_lap(&trainer->watch, TVAE_PART_EXCHANGE);
    if (st == TVAE_OK)
        st = update(trainer);
    note_facts(trainer);
    team->is_idle = false;
    return st;
}

tvae_status tvi_team_idle_batch(tvae_trainer *trainer, tvi_batch *batch)
{
    tvi_team *team = trainer->team;
    tvae_status st;
    size_t n;

    if (!tvi_multiply(batch->n_frames, trainer->model->n_pixels, &n))
        return tvi_fail(TVAE_E_SHAPE, "%s: n_frames is %zu, want fewer", call,
                        batch->n_frames);
    st = tvi_grow_floats(&team->idle, &team->n_idle, n);
    if (st != TVAE_OK)
        return st;
    team->is_idle = true;
    batch->x = team->idle;
    return TVAE_OK;
}

tvae_status tvi_team_decline(tvae_trainer *trainer, tvae_status st)
{
    double terms[TVAE_N_TERMS] = {0};

    trainer->team->is_idle = false;
    return meet(trainer, NULL, st, terms);
}
