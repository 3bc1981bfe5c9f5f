/* SPDX-License-Identifier: MIT */
#ifndef TVI_EXCHANGE_EXCHANGE_H
#define TVI_EXCHANGE_EXCHANGE_H

#include <stdbool.h>

#include <tvae/exchange.h>

#include "base/error.h"

/* The library's side of an exchange: every call here is a collective. `call` begins the
 * error sentence. */
typedef struct tvi_exchange {
    tvae_exchange table;
    double seconds; /* that each collective may take */
    size_t *counts; /* [n_ranks] room for gather */
    bool failed;    /* nobody may be called any more */
} tvi_exchange;

/* Take over a host's table, once it is known to be whole; release it on failure, too. */
tvae_status tvi_exchange_import(tvi_exchange *exchange, const tvae_exchange *source,
                                const char *call);
void tvi_exchange_release(tvi_exchange *exchange);
tvae_status tvi_exchange_options_import(tvae_exchange_options *options,
                                        const tvae_exchange_options *source,
                                        const char *call);

/* No longer wait for the others: TVAE_E_TIMEOUT, and nobody may be called any more. */
tvae_status tvi_exchange_give_up(tvi_exchange *exchange, const char *call);

/* Give back memory that an exchange was given. After a failure it is kept instead until
 * the process ends, as the engine may still write to it. */
void tvi_exchange_free(const tvi_exchange *exchange, void *block);

/* Is there anybody else? NULL: no. */
bool tvi_exchange_has_others(const tvi_exchange *exchange);

/* Does this rank use the folder? NULL: yes, it is alone. */
bool tvi_exchange_is_first(const tvi_exchange *exchange);

tvae_status tvi_exchange_sum_start(tvi_exchange *exchange, void *values, size_t n_values,
                                   int32_t type, void **request, const char *call);
tvae_status tvi_exchange_sum_wait(tvi_exchange *exchange, void *request,
                                  const char *call);
/* n_own bytes of each rank into all [n_ranks, n_own]. */
tvae_status tvi_exchange_gather_bytes(tvi_exchange *exchange, const void *own,
                                      size_t n_own, void *all, const char *call);
/* exchange->counts[rank] floats of each rank, one after the other. */
tvae_status tvi_exchange_gather_floats(tvi_exchange *exchange, const float *own,
                                       float *all, const char *call);
/* What rank 0 has, to all. */
tvae_status tvi_exchange_broadcast_floats(tvi_exchange *exchange, float *values,
                                          size_t n_values, const char *call);
tvae_status tvi_exchange_broadcast_bytes(tvi_exchange *exchange, void *bytes,
                                         size_t n_bytes, const char *call);
/* What rank `root` has, to all. */
tvae_status tvi_exchange_broadcast_doubles(tvi_exchange *exchange, double *values,
                                           size_t n_values, int32_t root,
                                           const char *call);

/* ---- agree.c ---- */

/* All ranks go on, or none: TVAE_OK if `own` is that on every rank. Else each rank gets
 * its own failure, or that of the first that failed, with its message. */
tvae_status tvi_exchange_settle(tvi_exchange *exchange, tvae_status own,
                                const char *call);

/* Rank 0's text, on every rank, as a new string in *out. */
tvae_status tvi_exchange_share_text(tvi_exchange *exchange, const char *text, char **out,
                                    const char *call);

/* tvi_exchange_settle(), and then: are the lines "name=value" of `text`, which is needed
 * only where `own` is TVAE_OK, those of rank 0? If not, on any rank, all fail with
 * TVAE_E_INVALID and the name of the first that differs. */
tvae_status tvi_exchange_agree(tvi_exchange *exchange, tvae_status own, const char *text,
                               const char *call);

#endif
