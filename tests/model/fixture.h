/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_MODEL_FIXTURE_H
#define TVAE_TESTS_MODEL_FIXTURE_H

#include <tvae/tvae.h>

/* Small models with a batch: 2 sequences of 5 frames of 2 x 3 x 4 values. */

typedef enum fixture_kind {
    FIXTURE_TVAE_ODD,
    FIXTURE_TVAE_EVEN,
    FIXTURE_BUBBLE,
    FIXTURE_TORUS,
    FIXTURE_VAE,
    FIXTURE_CAUSAL,     /* looks back two frames */
    FIXTURE_PREDICTIVE, /* the same, decoding two frames ahead */
    FIXTURE_KINDS
} fixture_kind;

typedef struct fixture {
    tvae_model *model;
    tvae_workspace *work;
    tvae_tensor *x, *noise_z, *noise_u; /* noise_u NULL for the plain VAE */
    tvae_tensor *t;                     /* room for latents */
} fixture;

extern const char *const fixture_names[FIXTURE_KINDS];

/* The topography of a kind; learn_weights as in the prior's options. */
tvae_prior *fixture_prior(fixture_kind kind, int32_t learn_weights);

/* An initialised model of the paper's networks. */
tvae_model *fixture_model(fixture_kind kind, int32_t likelihood, int32_t learn_weights);

/* linear - sigmoid - linear. */
tvae_layer *fixture_chain(int64_t n_inputs, int64_t n_hidden, int64_t n_outputs);

/* Such chains as encoders, and the decoder given (10 latents, torus 9, to 24 values). */
tvae_model *fixture_compose(tvae_layer *decoder, fixture_kind kind, int32_t likelihood,
                            int32_t learn_weights);

/* The same topography between smaller networks with sigmoids: a loss without kinks, which
 * central differences need. */
tvae_model *fixture_smooth_model(fixture_kind kind, int32_t likelihood,
                                 int32_t learn_weights);

void fixture_create(fixture *f, fixture_kind kind, int32_t likelihood);
/* A batch and a workspace for a model, whose reference the fixture takes over. */
void fixture_adopt(fixture *f, tvae_model *model);
void fixture_destroy(fixture *f);

/* A file name of this process's own in the working folder; the test removes the file. */
const char *fixture_path(const char *name, char path[256]);

#endif
