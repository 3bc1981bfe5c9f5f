/* SPDX-License-Identifier: MIT */
#include "train/team.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"
#include "train/buckets.h"
#include "train/factors.h"
#include "train/lit_rows.h"
#include "train/share.h"
#include "train/step.h"

static const char call[] = "trainer_step", set_call[] = "trainer_set_exchange";

enum { TEXT_BYTES = 2048 };

/* What a rank brings to a meeting, followed by the set of its lit rows. */
typedef struct tvi_part {
    double terms[TVAE_N_TERMS]; /* means over its sequences */
    double n_sequences;
    int32_t status; /* why it cannot go on */
    int32_t stops;  /* it asks to stop after the step */
} tvi_part;

struct tvi_team {
    tvi_exchange exchange;
    tvae_exchange_options options;
    tvi_buckets buckets;
    tvi_factors factors;
    bool uses_factors;
    size_t n_dense; /* values of gradients whose factors were sent */
    size_t *n_rows; /* [n_ranks] frames of each in this step */
    tvi_sparse_rows lit;
    size_t n_lit_bytes, part_bytes;
    unsigned char *own, *parts; /* a part, and [n_ranks] of them */
    float *idle;                /* frames of nothing; NULL until they are wanted */
    size_t n_idle;
    bool is_idle, asks_to_stop, stops;
    tvae_exchange_facts facts;
};

/* ---- joining ---- */

void tvi_team_leave(tvae_trainer *trainer)
{
    tvi_team *team = trainer->team;

    if (!team)
        return;
    tvi_buckets_release(&team->buckets);
    tvi_factors_release(&team->factors);
    tvi_lit_rows_release(&team->lit);
    tvi_free(team->n_rows);
    tvi_exchange_release(&team->exchange);
    tvi_free(team->own);
    tvi_free(team->parts);
    tvi_free(team->idle);
    tvi_free(team);
    trainer->team = NULL;
}

/* What must be the same on all ranks, in lines. */
static tvae_status describe(const tvae_trainer *trainer, char text[TEXT_BYTES])
{
    const tvae_exchange_options *o = &trainer->team->options;
    const int n = snprintf(text, TEXT_BYTES,
                           "timeout_seconds=%.17g\nbucket_bytes=%lld\ngradient_type=%d\n"
                           "row_sparse=%d\nshared_memory=%d\nfactors=%d\n",
                           o->timeout_seconds, (long long)o->bucket_bytes,
                           o->gradient_type, o->row_sparse, o->shared_memory, o->factors);

    return tvi_trainer_describe(trainer, text + n, TEXT_BYTES - (size_t)n);
}

/* Parameters and buffers of rank 0, as stored. */
static tvae_status share_state(tvae_trainer *trainer)
{
    tvi_exchange *exchange = &trainer->team->exchange;
    const tvi_optimiser *optimiser = &trainer->optimiser;
    struct {
        int64_t n_steps;
        double rate;
    } numbers = {trainer->n_steps, optimiser->options.learning_rate};
    tvae_status st =
        tvi_exchange_broadcast_bytes(exchange, &numbers, sizeof numbers, set_call);

    if (st == TVAE_OK)
        st = tvi_share_parameters(exchange, &trainer->model->parameters, set_call);
    for (size_t i = 0; i < optimiser->n_slots && st == TVAE_OK; i++) {
        const tvi_optimiser_slot *slot = &optimiser->slots[i];

        for (size_t k = 0; k < TVI_OPTIMISER_BUFFERS && st == TVAE_OK; k++)
            if (slot->buffers[k])
                st = tvi_exchange_broadcast_floats(exchange, slot->buffers[k],
                                                   slot->parameter->count, set_call);
    }
    trainer->n_steps = numbers.n_steps;
    trainer->optimiser.options.learning_rate = numbers.rate;
    return st;
}

static tvae_status get_memory(tvi_team *team, const tvae_model *model)
{
    const size_t n_ranks = (size_t)team->exchange.table.n_ranks, unit = sizeof(double);
    tvae_status st;

    if (team->options.row_sparse)
        team->n_lit_bytes = tvi_lit_bytes(model->n_pixels);
    team->part_bytes = (sizeof(tvi_part) + team->n_lit_bytes + unit - 1) / unit * unit;
    team->own = tvi_alloc_array(team->part_bytes, 1);
    team->parts = tvi_alloc_array(n_ranks, team->part_bytes);
    team->n_rows = tvi_alloc_array(n_ranks, sizeof *team->n_rows);
    if (!team->own || !team->parts || !team->n_rows)
        return TVAE_E_NOMEM;
    st = tvi_factors_create(&team->factors, &team->exchange);
    return st == TVAE_OK ? tvi_lit_rows_create(&team->lit, model->n_pixels) : st;
}

/* A gradient that comes in two deliveries could not be told from two gradients. */
static tvae_status check_once(const tvi_parameter_list *list)
{
    for (size_t i = 0; i < list->n_items; i++)
        for (size_t k = i + 1; k < list->n_items; k++)
            if (list->items[i].parameter == list->items[k].parameter)
                return tvi_fail(TVAE_E_UNSUPPORTED,
                                "%s: \"%s\" and \"%s\" are one parameter of a layer that "
                                "is in the model twice, want each layer once",
                                set_call, list->items[i].name, list->items[k].name);
    return TVAE_OK;
}

static tvae_status join(tvae_trainer *trainer)
{
    tvi_team *team = trainer->team;
    char text[TEXT_BYTES] = "";
    tvae_status st = check_once(&trainer->model->parameters);

    if (st == TVAE_OK)
        st = describe(trainer, text);
    if (st == TVAE_OK)
        st = get_memory(team, trainer->model);
    st = tvi_exchange_settle(&team->exchange, st, set_call);
    if (st == TVAE_OK)
        st = tvi_exchange_agree(&team->exchange, text, set_call);
    if (st == TVAE_OK)
        st = share_state(trainer);
    if (st == TVAE_OK)
        st = tvi_exchange_settle(
            &team->exchange,
            tvi_buckets_create(&team->buckets, &team->exchange, &team->options,
                               &trainer->model->parameters, &team->lit),
            set_call);
    return st;
}

tvae_status tvae_trainer_set_exchange(tvae_trainer *trainer,
                                      const tvae_exchange *exchange,
                                      const tvae_exchange_options *options)
{
    tvi_team *team;
    tvae_status st;

    if (!trainer)
        return tvi_fail(TVAE_E_INVALID, "%s: trainer is NULL", set_call);
    if (trainer->team)
        return tvi_fail(TVAE_E_STATE, "%s: the trainer has an exchange already",
                        set_call);
    team = tvi_alloc_array(1, sizeof *team);
    if (!team)
        return TVAE_E_NOMEM;
    trainer->team = team;
    st = tvi_exchange_import(&team->exchange, exchange, set_call);
    if (st == TVAE_OK)
        st = tvi_exchange_options_import(&team->options, options, set_call);
    team->exchange.seconds = team->options.timeout_seconds;
    if (st == TVAE_OK && tvi_exchange_has_others(&team->exchange))
        st = join(trainer);
    if (st != TVAE_OK || !tvi_exchange_has_others(&team->exchange))
        tvi_team_leave(trainer);
    return st;
}

/* ---- facts ---- */

void tvi_team_size(const tvae_trainer *trainer, size_t *rank, size_t *n_ranks)
{
    *rank = (size_t)trainer->team->exchange.table.rank;
    *n_ranks = (size_t)trainer->team->exchange.table.n_ranks;
}

tvi_exchange *tvi_team_exchange(const tvae_trainer *trainer)
{
    return trainer->team ? &trainer->team->exchange : NULL;
}

void tvi_team_go_on(tvae_trainer *trainer)
{
    if (trainer->team)
        trainer->team->asks_to_stop = trainer->team->stops = false;
}

void tvi_team_ask_to_stop(tvae_trainer *trainer)
{
    trainer->team->asks_to_stop = true;
}

bool tvi_team_stops(const tvae_trainer *trainer)
{
    return trainer->team->stops;
}

tvae_status tvae_trainer_exchange_facts(const tvae_trainer *trainer,
                                        tvae_exchange_facts *facts, size_t size)
{
    tvae_exchange_facts none = {.size = sizeof none};

    if (!trainer)
        return tvi_fail(TVAE_E_INVALID, "trainer_exchange_facts: trainer is NULL");
    if (trainer->team) {
        none = trainer->team->facts;
        none.size = sizeof none;
    }
    return tvi_options_export(facts, size, sizeof none, &none, sizeof none,
                              "trainer_exchange_facts");
}

/* ---- a step ---- */

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
        team->n_rows[rank] = (size_t)part_of(team, rank)->n_sequences * batch->n_frames;
    tvi_factors_begin(&team->factors, team->n_rows);
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
    size_t n;

    if (!tvi_multiply(batch->n_frames, trainer->model->n_pixels, &n))
        return tvi_fail(TVAE_E_SHAPE, "%s: n_frames is %zu, want fewer", call,
                        batch->n_frames);
    if (n > team->n_idle) {
        tvi_free(team->idle);
        team->n_idle = 0;
        team->idle = tvi_alloc_array(n, sizeof *team->idle);
        if (!team->idle)
            return TVAE_E_NOMEM;
        team->n_idle = n;
    }
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
