/* SPDX-License-Identifier: MIT */
#include "experiment/run.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "train/trainer.h"

/* Runs of several ranks: the first one has the folder, and tells the others. */

tvae_status tvi_run_settle(const tvae_run *run, tvae_status own, const char *name)
{
    return run->exchange ? tvi_exchange_settle(run->exchange, own, name) : own;
}

tvae_status tvi_run_check_reads(const tvae_run *run, const char *name)
{
    if (tvi_run_writes(run))
        return TVAE_OK;
    return tvi_fail(TVAE_E_UNSUPPORTED,
                    "%s: rank %d of %d does not use the folder %s: ask rank 0", name,
                    run->exchange->table.rank, run->exchange->table.n_ranks, run->folder);
}

/* ---- agreeing ---- */

/* May differ from rank to rank. */
static bool is_own(const tvi_key *key)
{
    return key->type == TVI_KEY_PATH || key->offset == offsetof(tvi_settings, threads) ||
           key->offset == offsetof(tvi_settings, n_prefetch);
}

/* All other values as lines "key=value", in a new string. */
static tvae_status describe(const tvae_config *config, char **out)
{
    enum { LINE = 160 };
    char *text = tvi_alloc_array(tvi_n_keys + 1, LINE), value[TVI_VALUE_BYTES];
    size_t used;

    *out = text;
    if (!text)
        return TVAE_E_NOMEM;
    used = (size_t)snprintf(text, LINE, "version=%s\nconfiguration=%s\n",
                            TVAE_VERSION_STRING, config ? "given" : "the folder's");
    for (size_t i = 0; config && i < tvi_n_keys; i++) {
        if (is_own(&tvi_keys[i]) ||
            !tvi_key_print(&tvi_keys[i], &config->settings, value, sizeof value))
            continue;
        used +=
            (size_t)snprintf(text + used, LINE, "%.60s=%.90s\n", tvi_keys[i].name, value);
    }
    return TVAE_OK;
}

static tvae_status agree(tvi_exchange *exchange, const tvae_config *config,
                         const char *call)
{
    char *text = NULL;
    tvae_status st = describe(config, &text);

    st = tvi_exchange_agree(exchange, st, text, call);
    tvi_free(text);
    return st;
}

/* The settings of rank 0's run, with this rank's own data and threads where given. */
static tvae_status share_settings(tvi_exchange *exchange, const tvae_run *run,
                                  const tvae_config *own, tvi_settings *settings,
                                  const char *call)
{
    tvae_status st;

    if (run)
        *settings = run->config->settings;
    st = tvi_exchange_broadcast_bytes(exchange, settings, sizeof *settings, call);
    if (st != TVAE_OK || run || !own)
        return st;
    for (size_t i = 0; i < tvi_n_keys; i++) {
        char value[TVI_VALUE_BYTES];

        if (is_own(&tvi_keys[i]) &&
            tvi_key_print(&tvi_keys[i], &own->settings, value, sizeof value) && *value)
            st = tvi_key_parse(&tvi_keys[i], settings, value, call);
        if (st != TVAE_OK)
            return st;
    }
    return TVAE_OK;
}

/* ---- opening ---- */

/* A copy of a host's table that lives as long as the run. */
static tvae_status new_exchange(const tvae_exchange *source, double seconds,
                                tvi_exchange **out, const char *call)
{
    tvi_exchange *exchange = tvi_alloc_array(1, sizeof *exchange);
    tvae_status st;

    *out = NULL;
    if (!exchange)
        return TVAE_E_NOMEM;
    st = tvi_exchange_import(exchange, source, call);
    if (st != TVAE_OK) {
        tvi_exchange_release(exchange);
        tvi_free(exchange);
        return st;
    }
    if (seconds > 0.0)
        exchange->seconds = seconds;
    *out = exchange;
    return TVAE_OK;
}

static void free_exchange(tvi_exchange *exchange)
{
    tvi_exchange_release(exchange);
    tvi_free(exchange);
}

/* What rank 0 has opened in *run, on all ranks. The run takes the exchange over, if there
 * is anybody else; both are gone after a failure. */
static tvae_status join(tvi_exchange *exchange, const tvae_config *config,
                        const char *folder, bool trains, tvae_run **run, const char *call)
{
    tvi_settings *settings = tvi_alloc_array(1, sizeof *settings);
    tvae_status st =
        tvi_exchange_settle(exchange, settings ? TVAE_OK : TVAE_E_NOMEM, call);

    if (st == TVAE_OK)
        st = share_settings(exchange, *run, config, settings, call);
    if (st == TVAE_OK && !*run)
        st = tvi_run_follow(settings, folder, trains, run);
    tvi_free(settings);
    st = tvi_exchange_settle(exchange, st, call);
    if (st == TVAE_OK && tvi_exchange_has_others(exchange)) {
        (*run)->exchange = exchange;
        return TVAE_OK;
    }
    free_exchange(exchange);
    if (st != TVAE_OK)
        tvae_run_destroy(run);
    return st;
}

static tvae_status set_exchange(tvae_run *run)
{
    const tvi_settings *s = &run->config->settings;
    tvae_exchange_options options;
    tvae_status st = tvae_exchange_options_init(&options, sizeof options);

    if (st != TVAE_OK)
        return st;
    options.timeout_seconds = s->exchange_seconds;
    options.bucket_bytes = s->exchange_bucket_bytes;
    options.gradient_type = (int32_t)s->exchange_type; /* words in the order of these */
    options.row_sparse = s->exchange_rows > 0;         /* all, lit, factors */
    options.factors = s->exchange_rows > 1;
    options.shared_memory = (int32_t)s->exchange_shared;
    return tvae_trainer_set_exchange(run->trainer, &run->exchange->table, &options);
}

static tvae_status check_arguments(const char *folder, const tvae_exchange *exchange,
                                   tvae_run **out, const char *call)
{
    if (!out)
        return tvi_fail(TVAE_E_INVALID, "%s: out is NULL", call);
    *out = NULL;
    if (!folder || !*folder || !exchange)
        return tvi_fail(TVAE_E_INVALID, "%s: %s is NULL%s", call,
                        exchange ? "folder" : "exchange", exchange ? " or empty" : "");
    return TVAE_OK;
}

tvae_status tvae_run_create_distributed(const tvae_config *config, const char *folder,
                                        int32_t resume, const tvae_exchange *exchange,
                                        tvae_run **out)
{
    static const char call[] = "run_create_distributed";
    tvi_exchange *team = NULL;
    tvae_run *run = NULL;
    tvae_status st = check_arguments(folder, exchange, out, call);

    if (st == TVAE_OK && (resume < 0 || resume > 1 || (!config && !resume)))
        st = tvi_fail(TVAE_E_INVALID,
                      "%s: resume is %d and config is %s, want 0 or 1, and a "
                      "configuration for a new run",
                      call, resume, config ? "given" : "NULL");
    if (st == TVAE_OK)
        st = new_exchange(exchange, config ? config->settings.exchange_seconds : 0.0,
                          &team, call);
    if (st != TVAE_OK)
        return st;
    st = agree(team, config, call);
    if (st == TVAE_OK && tvi_exchange_is_first(team))
        st = (resume ? tvi_run_resume : tvi_run_create)(config, folder,
                                                        team->table.n_ranks, &run);
    if (!team->failed)
        st = tvi_exchange_settle(team, st, call);
    if (st != TVAE_OK) {
        tvae_run_destroy(&run);
        free_exchange(team);
        return st;
    }
    st = join(team, config, folder, true, &run, call);
    if (st == TVAE_OK && run->exchange)
        st = set_exchange(run);
    if (st != TVAE_OK)
        tvae_run_destroy(&run);
    *out = run;
    return st;
}

tvae_status tvae_run_open_distributed(const char *folder, const tvae_exchange *exchange,
                                      tvae_run **out)
{
    static const char call[] = "run_open_distributed";
    tvi_exchange *team = NULL;
    tvae_run *run = NULL;
    tvae_status st = check_arguments(folder, exchange, out, call);

    if (st == TVAE_OK)
        st = new_exchange(exchange, 0.0, &team, call);
    if (st != TVAE_OK)
        return st;
    if (tvi_exchange_is_first(team))
        st = tvae_run_open(folder, &run);
    st = tvi_exchange_settle(team, st, call);
    if (st != TVAE_OK) {
        tvae_run_destroy(&run);
        free_exchange(team);
        return st;
    }
    st = join(team, NULL, folder, false, &run, call);
    *out = run;
    return st;
}
