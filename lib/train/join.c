/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "base/memory.h"
#include "base/options.h"
#include "train/share.h"
#include "train/team_state.h"

/* How a trainer joins others, and what it tells of them. */

static const char call[] = "trainer_set_exchange";

enum { TEXT_BYTES = 2048 };

void tvi_team_leave(tvae_trainer *trainer)
{
    tvi_team *team = trainer->team;

    if (!team)
        return;
    tvi_buckets_release(&team->buckets);
    tvi_factors_release(&team->factors);
    tvi_lit_rows_release(&team->lit);
    tvi_exchange_release(&team->exchange);
    tvi_exchange_free(&team->exchange, team->own);
    tvi_exchange_free(&team->exchange, team->parts);
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
        tvi_exchange_broadcast_bytes(exchange, &numbers, sizeof numbers, call);

    if (st == TVAE_OK)
        st = tvi_share_parameters(exchange, &trainer->model->parameters, call);
    for (size_t i = 0; i < optimiser->n_slots && st == TVAE_OK; i++) {
        const tvi_optimiser_slot *slot = &optimiser->slots[i];

        for (size_t k = 0; k < TVI_OPTIMISER_BUFFERS && st == TVAE_OK; k++)
            if (slot->buffers[k])
                st = tvi_exchange_broadcast_floats(exchange, slot->buffers[k],
                                                   slot->parameter->count, call);
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
    if (!team->own || !team->parts)
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
                                call, list->items[i].name, list->items[k].name);
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
    st = tvi_exchange_agree(&team->exchange, st, text, call);
    if (st == TVAE_OK)
        st = share_state(trainer);
    if (st == TVAE_OK)
        st = tvi_exchange_settle(
            &team->exchange,
            tvi_buckets_create(&team->buckets, &team->exchange, &team->options,
                               &trainer->model->parameters, &team->lit),
            call);
    return st;
}

tvae_status tvae_trainer_set_exchange(tvae_trainer *trainer,
                                      const tvae_exchange *exchange,
                                      const tvae_exchange_options *options)
{
    tvi_team *team;
    tvae_status st;

    if (!trainer)
        return tvi_fail(TVAE_E_INVALID, "%s: trainer is NULL", call);
    if (trainer->team)
        return tvi_fail(TVAE_E_STATE, "%s: the trainer has an exchange already", call);
    team = tvi_alloc_array(1, sizeof *team);
    if (!team)
        return TVAE_E_NOMEM;
    trainer->team = team;
    st = tvi_exchange_import(&team->exchange, exchange, call);
    if (st == TVAE_OK)
        st = tvi_exchange_options_import(&team->options, options, call);
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
