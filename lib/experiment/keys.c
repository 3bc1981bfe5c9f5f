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
static const char *const schedules[] = {"constant", "step", "cosine", NULL};
static const char *const priors[] = {"shifting", "stationary", "none", "causal", NULL};
static const char *const likelihoods[] = {"bernoulli", "gaussian", NULL};
static const char *const exchange_types[] = {"float32", "bfloat16", NULL};
static const char *const exchange_rows[] = {"all", "lit", "factors", NULL};
static const char *const datasets[] = {"mnist", "sprites", "npz", NULL};
static const char *const boundaries[] = {"circular", "zero", NULL};
static const char *const answers[] = {"no", "yes", NULL};
/* In the order of the TVAE_TRANSFORM numbers. */
static const char *const transforms[] = {"none",        "random",   "dual",
                                         "perspective", "rotation", NULL};
static const char *const test_transforms[] = {"same",        "none",     "random", "dual",
                                              "perspective", "rotation", NULL};
static const char *const factors[] = {"shape", "scale", "orientation",
                                      "posX",  "posY",  NULL};

/* clang-format off */
const tvi_key tvi_keys[] = {
    {"experiment", TVI_KEY_NAME, AT(experiment), 0, 0, 0, NULL, "",
     "name of the experiment that the other values start from; fixed"},
    {"data", TVI_KEY_PATH, AT(data), FREE, 0, 0, NULL, "",
     "MNIST's folder, the dSprites .npz, or a file of your own; empty: drawn sprites"},

    {"steps", TVI_KEY_INTEGER, AT(steps), FREE, 0, most, NULL, "0",
     "optimisation steps in all, those before a resume included; 0: epochs counts"},
    {"epochs", TVI_KEY_INTEGER, AT(epochs), FREE, 0, 1e9, NULL, "0",
     "passes over the training data in all; 0: steps counts"},
    {"seed", TVI_KEY_INTEGER, AT(seed), 0, 0, most, NULL, "0",
     "of weights, data order, transforms and noise"},
    {"batch_size", TVI_KEY_INTEGER, AT(batch_size), 0, 1, 65536, NULL, "8",
     "sequences a step, on each rank"},
    {"log_steps", TVI_KEY_INTEGER, AT(log_steps), FREE, 1, 1e9, NULL, "100",
     "steps a line of log.jsonl, which holds their means"},
    {"checkpoint_steps", TVI_KEY_INTEGER, AT(checkpoint_steps), FREE, 1, 1e9, NULL, "500",
     "steps between checkpoints"},
    {"eval_steps", TVI_KEY_INTEGER, AT(eval_steps), FREE, 0, 1e9, NULL, "0",
     "steps between validations, the best model is kept (--eval-every); 0: none"},
    {"eval_sequences", TVI_KEY_INTEGER, AT(eval_sequences), 0, 1, 1e6, NULL, "64",
     "sequences of a validation at most, the same every time"},
    {"threads", TVI_KEY_INTEGER, AT(threads), FREE, 0, 256, NULL, "0",
     "threads the tvae program computes with; 0: as many as there are CPUs"},
    {"n_prefetch", TVI_KEY_INTEGER, AT(n_prefetch), FREE, 0, 1024, NULL, "4",
     "batches prepared ahead in the background; 0: none"},

    {"n_ranks", TVI_KEY_INTEGER, AT(n_ranks), FREE, 1, 1048576, NULL, "1",
     "processes that train together (mpirun); the run itself writes how many there are"},
    {"exchange_type", TVI_KEY_WORD, AT(exchange_type), 0, 0, 0, exchange_types, "float32",
     "ranks send each other gradients as float32 or bfloat16, half the bytes"},
    {"exchange_rows", TVI_KEY_WORD, AT(exchange_rows), FREE, 0, 0, exchange_rows,
     "factors",
     "of first layers are sent all rows, the lit ones, or a product's factors if less"},
    {"exchange_bucket_bytes", TVI_KEY_INTEGER, AT(exchange_bucket_bytes), FREE, 4096,
     1073741824, NULL, "4194304", "a gradient is sent in pieces of about so many bytes"},
    {"exchange_shared", TVI_KEY_WORD, AT(exchange_shared), FREE, 0, 0, answers, "yes",
     "yes: ranks of one machine add up gradients in shared memory; no: by messages"},
    {"exchange_seconds", TVI_KEY_REAL, AT(exchange_seconds), FREE | OPEN, 0, 1e9, NULL,
     "120", "how long a rank waits for the others before it takes one for dead"},

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

    {"schedule", TVI_KEY_WORD, AT(schedule), 0, 0, 0, schedules, "constant",
     "learning rate over the steps: constant, step (drops) or cosine (falls smoothly)"},
    {"schedule_steps", TVI_KEY_INTEGER, AT(schedule_steps), 0, 1, 1e15, NULL, "10000",
     "step: steps between drops; cosine: steps until min_learning_rate"},
    {"schedule_gamma", TVI_KEY_REAL, AT(schedule_gamma), OPEN, 0, 1, NULL, "0.1",
     "step: what the learning rate is multiplied by at every drop"},
    {"min_learning_rate", TVI_KEY_REAL, AT(min_learning_rate), 0, 0, 1e30, NULL, "0",
     "floor of both schedules; at most learning_rate"},
    {"max_gradient_norm", TVI_KEY_REAL, AT(max_gradient_norm), 0, 0, 1e30, NULL, "0",
     "a longer gradient is scaled down to this norm, all parameters together; 0: none is"},
    {"kl_weight", TVI_KEY_REAL, AT(kl_weight), 0, 0, 1e6, NULL, "1",
     "weight of the KL divergences in the gradient (beta-VAE); 1 is the ELBO"},
    {"kl_warmup_steps", TVI_KEY_INTEGER, AT(kl_warmup_steps), 0, 0, 1e15, NULL, "0",
     "steps over which that weight grows from 0"},

    {"n_capsules", TVI_KEY_INTEGER, AT(n_capsules), 0, 1, 65536, NULL, "15",
     "capsules of latents"},
    {"capsule_dim", TVI_KEY_INTEGER, AT(capsule_dim), AUTO, 0, 4096, NULL, "15",
     "places along a capsule; 0: as many as a sequence has frames"},
    {"capsule_dim_2", TVI_KEY_INTEGER, AT(capsule_dim_2), 0, 1, 4096, NULL, "1",
     "rows of such places: a capsule that is a 2-D torus"},
    {"capsule_dim_3", TVI_KEY_INTEGER, AT(capsule_dim_3), 0, 1, 4096, NULL, "1",
     "layers of such rows: a capsule that is a 3-D torus"},
    {"prior", TVI_KEY_WORD, AT(prior), 0, 0, 0, priors, "shifting",
     "shifting (TVAE), causal (the past alone), stationary (a box) or none (plain VAE)"},
    {"window", TVI_KEY_INTEGER, AT(window), 0, 1, 4096, NULL, "1",
     "frames in a neighbourhood; causal: this one and those before it"},
    {"window_capsule", TVI_KEY_INTEGER, AT(window_capsule), 0, 0, 4096, NULL, "0",
     "places along the capsule in a neighbourhood; 0: as many as window"},
    {"window_capsule_2", TVI_KEY_INTEGER, AT(window_capsule_2), 0, 0, 4096, NULL, "0",
     "stationary: the same along capsule_dim_2; 0: as window_capsule, 1 if that is 1"},
    {"window_capsule_3", TVI_KEY_INTEGER, AT(window_capsule_3), 0, 0, 4096, NULL, "0",
     "stationary: the same along capsule_dim_3; 0: as window_capsule, 1 if that is 1"},
    {"off_diagonal", TVI_KEY_INTEGER, AT(off_diagonal), 0, 0, 4096, NULL, "0",
     "shifting, causal: half the band; the paper's K is 2 * off_diagonal + 1"},
    {"frame_boundary", TVI_KEY_WORD, AT(frame_boundary), 0, 0, 0, boundaries, "circular",
     "beyond a sequence's ends: circular (it goes round) or zero (nothing)"},
    {"capsule_boundary", TVI_KEY_WORD, AT(capsule_boundary), 0, 0, 0, boundaries,
     "circular", "beyond a capsule's ends: circular (a ring) or zero (nothing)"},
    {"mu_init", TVI_KEY_REAL, AT(mu_init), 0, -1e6, 1e6, NULL, "30",
     "start of mu"},
    {"learn_mu", TVI_KEY_WORD, AT(learn_mu), 0, 0, 0, answers, "yes",
     "yes: mu is trained; no: it stays at its start"},
    {"learn_weights", TVI_KEY_WORD, AT(learn_weights), 0, 0, 0, answers, "no",
     "yes: the weights of the neighbourhood are trained; no: all stay 1"},
    {"epsilon", TVI_KEY_REAL, AT(epsilon), OPEN, 0, 1e6, NULL, "0.000001",
     "added to every energy"},
    {"likelihood", TVI_KEY_WORD, AT(likelihood), 0, 0, 0, likelihoods, "bernoulli",
     "bernoulli or gaussian pixels"},
    {"gaussian_scale", TVI_KEY_REAL, AT(gaussian_scale), OPEN, 0, 1e6, NULL, "1",
     "standard deviation of gaussian pixels, or its start"},
    {"learn_scale", TVI_KEY_WORD, AT(learn_scale), 0, 0, 0, answers, "no",
     "gaussian: yes: one standard deviation is trained; no: it stays as it is"},
    {"predict_steps", TVI_KEY_INTEGER, AT(predict_steps), 0, 0, 4096, NULL, "0",
     "train to decode the frame so many later, from rolled capsules; 0: the frame itself"},
    {"bias_per_pixel", TVI_KEY_WORD, AT(bias_per_pixel), 0, 0, 0, answers, "no",
     "the decoder's last layer: one bias a channel (no, the reference) or a pixel (yes)"},

    {"dataset", TVI_KEY_WORD, AT(dataset), 0, 0, 0, datasets, "sprites",
     "mnist (images in IDX files), sprites, or npz (sequences or vectors of your own)"},
    {"transform", TVI_KEY_WORD, AT(transform), 0, 0, 0, transforms, "random",
     "mnist: none (single frames), random (one factor runs), rotation, dual, perspective"},
    {"test_transform", TVI_KEY_WORD, AT(test_transform), 0, 0, 0, test_transforms, "same",
     "mnist: transform of the test images alone; same: as transform"},
    {"channels", TVI_KEY_INTEGER, AT(channels), AUTO, 0, 65536, NULL, "0",
     "channels a frame; 0: the data's"},
    {"image_size", TVI_KEY_INTEGER, AT(image_size), AUTO, 0, 1048576, NULL, "0",
     "rows of pixels a frame; 0: the data's, 64 for sprites"},
    {"image_width", TVI_KEY_INTEGER, AT(image_width), AUTO, 0, 1048576, NULL, "0",
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
     "sprites, npz: share of the sequences held out for validation and test"},
    {"random_split", TVI_KEY_WORD, AT(random_split), 0, 0, 0, answers, "yes",
     "npz: yes: the held-out part is drawn by split_seed; no: it is the file's end"},
};
/* clang-format on */

const size_t tvi_n_keys = sizeof tvi_keys / sizeof *tvi_keys;
