/* SPDX-License-Identifier: MIT */
#include "experiment/config.h"

/* The experiments, one line of data each (numbers: the reference's, as its README and
 * SPEC section 4 list them). What a line leaves out is in its base, then in keys.c. */

#define MNIST                                                                   \
    "dataset=mnist transform=random n_capsules=18 capsule_dim=18 batch_size=8 " \
    "optimizer=sgd learning_rate=0.0001 momentum=0.9 epochs=100"
#define MNIST_TORUS                                                         \
    "dataset=mnist transform=none n_capsules=1 capsule_dim=18 "             \
    "capsule_dim_2=18 window=1 window_capsule=5 mu_init=10 batch_size=128 " \
    "optimizer=sgd learning_rate=0.0001 momentum=0.9 epochs=250"
#define DSPRITES                                                                   \
    "dataset=sprites image_size=64 n_frames=15 n_capsules=15 "                     \
    "capsule_dim=15 batch_size=8 optimizer=sgd learning_rate=0.0001 momentum=0.9 " \
    "epochs=100"
#define QUICK                                                                       \
    "dataset=sprites image_size=32 n_frames=15 varying=posX,posY "                  \
    "n_capsules=15 capsule_dim=15 batch_size=8 optimizer=adam learning_rate=0.001 " \
    "steps=3000"
#define TURNING                                                                   \
    "dataset=mnist transform=rotation n_capsules=18 capsule_dim=18 batch_size=8 " \
    "optimizer=adam learning_rate=0.0003 epochs=5"
#define OWN "dataset=npz batch_size=8 optimizer=adam learning_rate=0.001 epochs=100"

/* clang-format off */
const tvi_experiment tvi_experiments[] = {
    {"tvae_2d_mnist", "TVAE on MNIST digits, 18 x 18 torus without capsules (Figure 3)",
     MNIST_TORUS, "prior=stationary split_seed=1"},
    {"tvae_Lhalf_mnist", "TVAE on MNIST, coherence over half the sequence, window 18 (Table 1)",
     MNIST, "prior=shifting window=18 off_diagonal=1 split_seed=1"},
    {"tvae_Lpartial_mnist", "TVAE on MNIST, partial coherence, window 13 (Table 1, Figure 4)",
     MNIST, "prior=shifting window=13 off_diagonal=1 split_seed=2"},
    {"tvae_Lshort_mnist", "TVAE on MNIST, short coherence, window 5 (Table 1)",
     MNIST, "prior=shifting window=5 off_diagonal=1 split_seed=2"},
    {"bubbles_mnist", "BubbleVAE on MNIST, stationary 5 x 3 coherence (Table 1)",
     MNIST, "prior=stationary window=5 window_capsule=3 split_seed=1"},
    {"tvae_L0_mnist", "TVAE on MNIST without temporal coherence, 3 places wide (Table 1)",
     MNIST, "prior=stationary window=1 window_capsule=3 split_seed=1"},
    {"nontvae_mnist", "plain VAE on MNIST, the baseline (Table 1)",
     MNIST, "prior=none split_seed=1"},
    {"tvae_Lpartial_mnist_generalization", "TVAE trained on single transforms, tested on combined ones (Figures 1, 6)",
     MNIST, "prior=shifting window=13 off_diagonal=1 split_seed=2 test_transform=dual"},
    {"tvae_Lpartial_rotcolor_mnist", "TVAE on MNIST that turns and changes hue at once (Figures 22, 23)",
     MNIST, "prior=shifting window=13 off_diagonal=1 split_seed=1 transform=dual"},
    {"tvae_Lpartial_perspective_mnist", "TVAE on MNIST in turning perspective, with hue (Figures 22, 23)",
     MNIST, "prior=shifting window=13 off_diagonal=1 split_seed=1 transform=perspective"},
    {"tvae_Lhalf_dsprites", "TVAE on dSprites, coherence over half the sequence, window 15 (Table 2)",
     DSPRITES, "prior=shifting window=15 off_diagonal=0"},
    {"tvae_Lpartial_dsprites", "TVAE on dSprites, partial coherence, window 10 (Table 2, Figure 4)",
     DSPRITES, "prior=shifting window=10 off_diagonal=0"},
    {"tvae_Lshort_dsprites", "TVAE on dSprites, short coherence, window 5 (Table 2)",
     DSPRITES, "prior=shifting window=5 off_diagonal=0"},
    {"bubbles_dsprites", "BubbleVAE on dSprites, stationary 5 x 5 coherence (Table 2)",
     DSPRITES, "prior=stationary window=5 window_capsule=5"},
    {"tvae_L0_dsprites", "TVAE on dSprites without temporal coherence, 3 places wide (Table 2)",
     DSPRITES, "prior=stationary window=1 window_capsule=3 epsilon=0.001"},
    {"nontvae_dsprites", "plain VAE on dSprites, the baseline (Table 2)",
     DSPRITES, "prior=none"},
    {"sprites_quick", "small TVAE on moving sprites: equivariant capsules in about a minute",
     QUICK, "prior=shifting window=10 off_diagonal=0"},
    {"sprites_quick_vae", "plain VAE twin of sprites_quick",
     QUICK, "prior=none"},
    {"sprites_predictive", "sprites_quick that learns to predict the next frame from past ones",
     QUICK, "prior=causal window=6 off_diagonal=0 frame_boundary=zero predict_steps=1 epsilon=1"},
    {"mnist_rotation_predictive", "TVAE on turning MNIST that learns to predict the next frame",
     TURNING, "prior=causal window=6 off_diagonal=0 frame_boundary=zero predict_steps=1 epsilon=1"},
    {"mnist_rotation_vae", "plain VAE twin of mnist_rotation_predictive",
     TURNING, "prior=none"},
    {"own_sequences", "capsules on image sequences of your own (--data FILE.npz): a file to start from",
     OWN, "prior=shifting window=5 off_diagonal=1 n_capsules=15 capsule_dim=0 frame_boundary=zero"},
    {"own_vectors", "2-D torus over vectors of your own (--data FILE.npz), such as features",
     OWN, "prior=stationary n_capsules=1 capsule_dim=18 capsule_dim_2=18 window=1 "
          "window_capsule=5 mu_init=10 likelihood=gaussian"},
};
/* clang-format on */

const size_t tvi_n_experiments = sizeof tvi_experiments / sizeof *tvi_experiments;
