/* SPDX-License-Identifier: MIT */
#ifndef TVI_MODEL_CREATE_H
#define TVI_MODEL_CREATE_H

#include "model/model.h"

/* Read and check a caller's options; `call` begins the error sentence. */
tvae_status tvi_model_options_import(tvae_model_options *options,
                                     const tvae_model_options *source, const char *call);

/* Values a frame: TVAE_E_SHAPE when they, or a few times as many, overflow. */
tvae_status tvi_model_count_pixels(const tvae_model_options *options, const char *call,
                                   size_t *n_pixels);

#endif
