/* SPDX-License-Identifier: MIT */
#ifndef TVI_TRAIN_OPTIONS_H
#define TVI_TRAIN_OPTIONS_H

#include <tvae/train.h>

/* The caller's options, checked; NULL gives the defaults. */
tvae_status tvi_train_options_import(tvae_train_options *options,
                                     const tvae_train_options *source, const char *call);

/* The rate may be the trainer's base rate: above 0, finite, and not below the floor. */
tvae_status tvi_train_options_check_rate(const tvae_train_options *options, double rate,
                                         const char *call, const char *name);

#endif
