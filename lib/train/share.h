/* SPDX-License-Identifier: MIT */
#ifndef TVI_TRAIN_SHARE_H
#define TVI_TRAIN_SHARE_H

#include "exchange/exchange.h"
#include "layer/parameter.h"

/* Make the parameters those of rank 0 on all ranks, as stored; refused on all where they
 * have other names or sizes. A collective. */
tvae_status tvi_share_parameters(tvi_exchange *exchange,
                                 const tvi_parameter_list *parameters, const char *call);

#endif
