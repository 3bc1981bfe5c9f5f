/* SPDX-License-Identifier: MIT */
#include "experiment/config.h"

/* The experiments, one line of data each (numbers: the reference's, as its README and
 * SPEC section 4 list them). What a line leaves out is in its base, then in keys.c. */

#define MNIST                                                                   \
    "dataset=mnist transform=random n_capsules=18 capsule_dim=18 batch_size=8 " \
    "optimizer=sgd learning_rate=0.0001 momentum=0.9 epochs=100"
#define DSPRITES                                                                   \
    "dataset=sprites image_size=64 n_frames=15 n_capsules=15 "                     \
    "capsule_dim=15 batch_size=8 optimizer=sgd learning_rate=0.0001 momentum=0.9 " \
    "epochs=100"
#define QUICK                                                                       \
    "dataset=sprites image_size=32 n_frames=15 varying=posX,posY "                  \
    "n_capsules=15 capsule_dim=15 batch_size=8 optimizer=adam learning_rate=0.001 " \
    "steps=3000"

/* clang-format off */
const tvi_experiment tvi_experiments[] = {
    {"tvae_Lpartial_mnist", "TVAE on MNIST, partial coherence, window 13 (Table 1, Figure 4)",
     MNIST, "prior=shifting window=13 off_diagonal=1 split_seed=2"},
    {"bubbles_mnist", "BubbleVAE on MNIST, stationary 5 x 3 coherence (Table 1)",
     MNIST, "prior=stationary window=5 window_capsule=3 split_seed=1"},
    {"nontvae_mnist", "plain VAE on MNIST, the baseline (Table 1)",
     MNIST, "prior=none split_seed=1"},
    {"tvae_Lpartial_dsprites", "TVAE on dSprites, partial coherence, window 10 (Table 2, Figure 4)",
     DSPRITES, "prior=shifting window=10 off_diagonal=0"},
    {"nontvae_dsprites", "plain VAE on dSprites, the baseline (Table 2)",
     DSPRITES, "prior=none"},
    {"sprites_quick", "small TVAE on moving sprites: equivariant capsules in about a minute",
     QUICK, "prior=shifting window=10 off_diagonal=0"},
    {"sprites_quick_vae", "plain VAE twin of sprites_quick",
     QUICK, "prior=none"},
};
/* clang-format on */

const size_t tvi_n_experiments = sizeof tvi_experiments / sizeof *tvi_experiments;
