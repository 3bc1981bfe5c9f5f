/* SPDX-License-Identifier: MIT */
#include "experiment/config.h"

#include <stddef.h>

/* The one table of everything that can be set: check, print, JSON, resume and help all
 * read it. */

#define AT(member) offsetof(tvi_settings, member)

enum {
    OPEN = TVI_KEY_ABOVE_LOW,
    HALF_OPEN = TVI_KEY_BELOW_HIGH,
    FREE = TVI_KEY_FREE,
    AUTO = TVI_KEY_ZERO_AUTO
};

static const double most = 9007199254740992.0; /* 2^53: exact as a double, too */

static const char *const optimizers[] = {"sgd", "adam", "adamw", NULL};
static const char *const priors[] = {"shifting", "stationary", "none", NULL};
static const char *const likelihoods[] = {"bernoulli", "gaussian", NULL};
static const char *const datasets[] = {"mnist", "sprites", NULL};
/* In the order of the TVAE_TRANSFORM numbers. */
static const char *const transforms[] = {"none", "random", "dual", "perspective", NULL};
static const char *const factors[] = {"shape", "scale", "orientation",
                                      "posX",  "posY",  NULL};

/* clang-format off */
const tvi_key tvi_keys[] = {
    {"experiment", TVI_KEY_NAME, AT(experiment), 0, 0, 0, NULL, "",
     "name of the experiment that the other values start from; fixed"},
    {"data", TVI_KEY_PATH, AT(data), FREE, 0, 0, NULL, "",
     "folder of MNIST's files or the dSprites .npz; empty draws sprites without a file"},

    {"steps", TVI_KEY_INTEGER, AT(steps), FREE, 0, most, NULL, "0",
     "optimisation steps in all, those before a resume included; 0: epochs counts"},
    {"epochs", TVI_KEY_INTEGER, AT(epochs), FREE, 0, 1e9, NULL, "0",
     "passes over the training data in all; 0: steps counts"},
    {"seed", TVI_KEY_INTEGER, AT(seed), 0, 0, most, NULL, "0",
     "of weights, data order, transforms and noise"},
    {"batch_size", TVI_KEY_INTEGER, AT(batch_size), 0, 1, 65536, NULL, "8",
     "sequences a step"},
    {"log_steps", TVI_KEY_INTEGER, AT(log_steps), FREE, 1, 1e9, NULL, "100",
     "steps a line of log.jsonl, which holds their means"},
    {"checkpoint_steps", TVI_KEY_INTEGER, AT(checkpoint_steps), FREE, 1, 1e9, NULL, "500",
     "steps between checkpoints"},
    {"threads", TVI_KEY_INTEGER, AT(threads), FREE, 0, 256, NULL, "0",
     "threads the tvae program computes with; 0: as many as there are CPUs"},
    {"n_prefetch", TVI_KEY_INTEGER, AT(n_prefetch), FREE, 0, 1024, NULL, "4",
     "batches prepared ahead in the background; 0: none"},

    {"optimizer", TVI_KEY_WORD, AT(optimizer), 0, 0, 0, optimizers, "sgd",
     "sgd (with momentum), adam or adamw"},
    {"learning_rate", TVI_KEY_REAL, AT(learning_rate), OPEN, 0, 1e30, NULL, "0.0001",
     "step size of the optimiser"},
    {"momentum", TVI_KEY_REAL, AT(momentum), HALF_OPEN, 0, 1, NULL, "0.9",
     "sgd: share of the last update that is kept"},
    {"beta1", TVI_KEY_REAL, AT(beta1), HALF_OPEN, 0, 1, NULL, "0.9",
     "adam: decay of the gradient's mean"},
    {"beta2", TVI_KEY_REAL, AT(beta2), HALF_OPEN, 0, 1, NULL, "0.999",
     "adam: decay of the gradient's mean square"},
    {"adam_epsilon", TVI_KEY_REAL, AT(adam_epsilon), OPEN, 0, 1, NULL, "1e-8",
     "adam: added to the root of the mean square"},
    {"weight_decay", TVI_KEY_REAL, AT(weight_decay), 0, 0, 1e6, NULL, "0.01",
     "adamw: decoupled decay of the weights"},

    {"n_capsules", TVI_KEY_INTEGER, AT(n_capsules), 0, 1, 65536, NULL, "15",
     "capsules of latents"},
    {"capsule_dim", TVI_KEY_INTEGER, AT(capsule_dim), 0, 1, 4096, NULL, "15",
     "latents a capsule"},
    {"prior", TVI_KEY_WORD, AT(prior), 0, 0, 0, priors, "shifting",
     "shifting (TVAE), stationary (BubbleVAE) or none (plain VAE) temporal coherence"},
    {"window", TVI_KEY_INTEGER, AT(window), 0, 1, 4096, NULL, "1",
     "frames in a neighbourhood"},
    {"window_capsule", TVI_KEY_INTEGER, AT(window_capsule), 0, 0, 4096, NULL, "0",
     "places along the capsule in a neighbourhood; 0: as many as window"},
    {"off_diagonal", TVI_KEY_INTEGER, AT(off_diagonal), 0, 0, 4096, NULL, "0",
     "shifting: half the band; the paper's K is 2 * off_diagonal + 1"},
    {"mu_init", TVI_KEY_REAL, AT(mu_init), 0, -1e6, 1e6, NULL, "30",
     "start of the learnt mu"},
    {"epsilon", TVI_KEY_REAL, AT(epsilon), OPEN, 0, 1e6, NULL, "0.000001",
     "added to every energy"},
    {"likelihood", TVI_KEY_WORD, AT(likelihood), 0, 0, 0, likelihoods, "bernoulli",
     "bernoulli or gaussian pixels"},
    {"gaussian_scale", TVI_KEY_REAL, AT(gaussian_scale), OPEN, 0, 1e6, NULL, "1",
     "standard deviation of gaussian pixels"},

    {"dataset", TVI_KEY_WORD, AT(dataset), 0, 0, 0, datasets, "sprites",
     "mnist (images in IDX files) or sprites"},
    {"transform", TVI_KEY_WORD, AT(transform), 0, 0, 0, transforms, "random",
     "mnist: none (single frames), random (one factor runs), dual or perspective"},
    {"image_size", TVI_KEY_INTEGER, AT(image_size), AUTO, 0, 4096, NULL, "0",
     "rows of pixels a frame; 0: the data's, 64 for sprites"},
    {"image_width", TVI_KEY_INTEGER, AT(image_width), AUTO, 0, 4096, NULL, "0",
     "columns of pixels a frame; 0: the data's, or as many as rows"},
    {"n_frames", TVI_KEY_INTEGER, AT(n_frames), 0, 2, 4096, NULL, "15",
     "sprites: frames a sequence"},
    {"varying", TVI_KEY_WORDS, AT(varying), 0, 0, 0, factors,
     "scale,orientation,posX,posY", "sprites: factors that may run in a sequence"},
    {"start", TVI_KEY_LIST, AT(start), 0, 0, 39, NULL, "0,1,0,0,0",
     "sprites: first value kept of shape, scale, orientation, posX, posY"},
    {"stride", TVI_KEY_LIST, AT(stride), 0, 1, 40, NULL, "1,1,2,2,2",
     "sprites: step between the values kept"},
    {"max_values", TVI_KEY_LIST, AT(max_values), 0, 1, 40, NULL, "30,30,30,30,30",
     "sprites: values looked at at most, before the stride"},
    {"split_seed", TVI_KEY_INTEGER, AT(split_seed), 0, 0, 4294967295.0, NULL, "1",
     "of what is held out; not touched by seed"},
    {"validation_fraction", TVI_KEY_REAL, AT(validation_fraction), HALF_OPEN, 0, 1, NULL,
     "0.2", "mnist: share of the training images held out for validation"},
    {"test_fraction", TVI_KEY_REAL, AT(test_fraction), HALF_OPEN, 0, 1, NULL, "0.1",
     "sprites: share of the starting images held out for validation and test"},
};
/* clang-format on */

const size_t tvi_n_keys = sizeof tvi_keys / sizeof *tvi_keys;
