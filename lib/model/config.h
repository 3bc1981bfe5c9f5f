/* SPDX-License-Identifier: MIT */
#ifndef TVI_MODEL_CONFIG_H
#define TVI_MODEL_CONFIG_H

#include "model/model.h"

/* A model's configuration as JSON text: everything but the parameters' values.
 *
 * {"format": 1,
 *  "model": {channels, height, width, likelihood, gaussian_scale, bias_per_pixel,
 *            learn_scale (if true), predict_steps (if not 0)},
 *  "prior": {n_capsules, capsule_dims, mu_init, epsilon, learn_mu, learn_weights,
 *            frame_boundary, capsule_boundary},
 *  "neighbourhoods": [[[frame, d1, d2, d3], ...], ...],
 *  "z_encoder": LAYER, "u_encoder": LAYER or null, "decoder": LAYER}
 *
 * LAYER is {"kind": "sequential", "layers": [LAYER, ...]} or {"kind": NAME, options...}
 * of a kind with a recipe: see tvi_layer_recipe. */

enum { TVI_CONFIG_FORMAT = 1, TVI_MAX_LAYER_DEPTH = 8 };

/* Names of the numbers of an enumeration, in order from 0. */
typedef struct tvi_choice {
    const char *names[2];
} tvi_choice;

extern const tvi_choice tvi_likelihood_names;
extern const tvi_choice tvi_boundary_names;
extern const tvi_choice tvi_weight_order_names;

/* *text is a block of tvi_alloc_array(). TVAE_E_UNSUPPORTED for layers other than those
 * above. */
tvae_status tvi_config_write(const tvae_model *model, char **text);

/* A model of that configuration, whose parameters are at most `n_elements` numbers:
 * nothing larger is allocated, whatever the text says. TVAE_E_FORMAT for what makes no
 * model. */
tvae_status tvi_config_read(const char *text, size_t n_elements, tvae_model **out);

#endif
