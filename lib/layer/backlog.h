/* SPDX-License-Identifier: MIT */
#ifndef TVI_LAYER_BACKLOG_H
#define TVI_LAYER_BACKLOG_H

#include "layer/parameter.h"

/* Updates that wait. A row of a linear layer's weight has no gradient in a step in which
 * its input is zero throughout: momentum SGD then only lets its momentum decay, and that
 * can be done when the row is next used, the missed steps one after the other, to the
 * same bits. Weight and momentum are so read and written once instead of every time.
 *
 * A weight is up to date for whoever asks first: layers, before they multiply, and
 * everything that reads or sets parameters. Several threads may ask at once as long as
 * none trains. */

/* Let the updates of a parameter wait, or leave it as it is: TVAE_E_NOMEM. */
tvae_status tvi_backlog_create(tvi_parameter *parameter);
/* Forgets what waits; nothing happens without a backlog. */
void tvi_backlog_destroy(tvi_parameter *parameter);

/* Bring all rows up to date; nothing happens without a backlog. */
void tvi_backlog_settle(const tvi_parameter *parameter);

/* Bring those rows up to date that a product with x reads: the ones it has non-zeros for
 * if its columns are listed, which only those do who train or take gradients; else, and
 * without lists (NULL), all rows. */
void tvi_backlog_catch_up(const tvi_parameter *parameter, const tvi_sparse_rows *x);

/* Before a step of momentum SGD whose momenta are in `buffer`, laid out as the parameter:
 * whether rows without non-zeros in x can wait, all others being up to date. If not, all
 * rows are. */
bool tvi_backlog_begin(const tvi_parameter *parameter, const tvi_sparse_rows *x,
                       float *buffer, float momentum);
/* After it: the step was taken for the rows that x has non-zeros for. */
void tvi_backlog_add(const tvi_parameter *parameter, const tvi_sparse_rows *x,
                     float rate);
/* Before `buffer` goes: settle the steps that need it. */
void tvi_backlog_end(const tvi_parameter *parameter, const float *buffer);

/* For tests: false lets no update wait that comes later. */
void tvi_backlog_allow(bool allowed);

#endif
