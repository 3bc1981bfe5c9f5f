/* SPDX-License-Identifier: MIT */
#ifndef TVI_EXPERIMENT_CONFIG_H
#define TVI_EXPERIMENT_CONFIG_H

#include <stdbool.h>

#include <tvae/experiment.h>

#include "base/refcount.h"

enum { TVI_EXPERIMENT_BYTES = 64, TVI_PATH_BYTES = 4096, TVI_VALUE_BYTES = 4096 };

/* Places of the words of keys, as keys.c lists them. */
enum { TVI_DATASET_MNIST, TVI_DATASET_SPRITES, TVI_DATASET_NPZ };
enum { TVI_PRIOR_SHIFTING, TVI_PRIOR_STATIONARY, TVI_PRIOR_NONE, TVI_PRIOR_CAUSAL };
enum { TVI_TEST_TRANSFORM_SAME }; /* the others: 1 + a TVAE_TRANSFORM */

/* The values of a configuration; every member has one row in the table of keys.c, which
 * alone knows its type, range and meaning. */
typedef struct tvi_settings {
    char experiment[TVI_EXPERIMENT_BYTES];
    char data[TVI_PATH_BYTES];
    int64_t steps, epochs, seed, batch_size, log_steps, checkpoint_steps, eval_steps,
        eval_sequences, threads, n_prefetch;
    int64_t n_ranks, exchange_type, exchange_rows, exchange_bucket_bytes, exchange_shared;
    double exchange_seconds;
    int64_t optimizer, schedule, schedule_steps, kl_warmup_steps;
    double learning_rate, momentum, beta1, beta2, adam_epsilon, weight_decay;
    double schedule_gamma, min_learning_rate, max_gradient_norm, kl_weight;
    int64_t n_capsules, capsule_dim, capsule_dim_2, capsule_dim_3;
    int64_t prior, window, window_capsule, window_capsule_2, window_capsule_3,
        off_diagonal, frame_boundary, capsule_boundary;
    double mu_init, epsilon;
    int64_t learn_mu, learn_weights;
    int64_t likelihood, learn_scale, bias_per_pixel, predict_steps;
    double gaussian_scale;
    int64_t dataset, transform, test_transform, channels, image_size, image_width,
        n_frames, varying;
    int64_t start[TVAE_N_SPRITE_FACTORS], stride[TVAE_N_SPRITE_FACTORS],
        max_values[TVAE_N_SPRITE_FACTORS];
    int64_t split_seed;
    double validation_fraction, test_fraction;
    int64_t random_split;
} tvi_settings;

struct tvae_config {
    tvi_refcount references;
    tvi_settings settings;
};

/* ---- keys ---- */

typedef enum tvi_key_type {
    TVI_KEY_INTEGER, /* int64_t */
    TVI_KEY_REAL,    /* double */
    TVI_KEY_WORD,    /* int64_t: place of one of the words */
    TVI_KEY_WORDS,   /* int64_t: bit i for word i; at least one */
    TVI_KEY_LIST,    /* int64_t [TVAE_N_SPRITE_FACTORS] */
    TVI_KEY_NAME,    /* experiment: fixed when the configuration is made */
    TVI_KEY_PATH     /* made absolute */
} tvi_key_type;

enum {
    TVI_KEY_ABOVE_LOW = 1,  /* low itself is outside the range */
    TVI_KEY_BELOW_HIGH = 2, /* high itself is outside the range */
    TVI_KEY_FREE = 4,       /* may differ on resume: does not change what is learnt */
    TVI_KEY_ZERO_AUTO = 8   /* 0 stands for a value found elsewhere, such as the data's */
};

typedef struct tvi_key {
    const char *name;
    tvi_key_type type;
    size_t offset; /* into tvi_settings */
    int flags;
    double low, high;
    const char *const *words; /* ends in NULL */
    const char *initial;      /* value where an experiment gives none */
    const char *meaning;
} tvi_key;

extern const tvi_key tvi_keys[];
extern const size_t tvi_n_keys;

const tvi_key *tvi_key_find(const char *name);
/* The value as text; false if it does not fit. */
bool tvi_key_print(const tvi_key *key, const tvi_settings *settings, char *text,
                   size_t capacity);
/* Set from text; `call` begins the error sentence. */
tvae_status tvi_key_parse(const tvi_key *key, tvi_settings *settings, const char *text,
                          const char *call);
bool tvi_key_equal(const tvi_key *key, const tvi_settings *a, const tvi_settings *b);
int64_t tvi_key_integer(const tvi_key *key, const tvi_settings *settings);
double tvi_key_real(const tvi_key *key, const tvi_settings *settings);

/* Set by name, keeping `steps` and `epochs` apart: the one that is set counts. */
tvae_status tvi_settings_set(tvi_settings *settings, const char *name, const char *text,
                             const char *call);

/* ---- configurations ---- */

tvae_status tvi_config_from_settings(const tvi_settings *settings, tvae_config **out);

/* Is a run that was started with `kept` continued by `asked`? The first key that forbids
 * it is named in the error. */
tvae_status tvi_config_match(const tvae_config *kept, const tvae_config *asked,
                             const char *call);

/* The same steps by n_ranks ranks: batch_size becomes each one's share. */
tvae_status tvi_config_share_batch(tvi_settings *settings, int64_t n_ranks,
                                   const char *call);

/* Take over from `kept` what `asked` leaves to be found: data, image sizes. */
void tvi_config_inherit(tvae_config *asked, const tvae_config *kept);

/* As tvae_config_open_data(). */
tvae_status tvi_settings_open_data(const tvi_settings *settings, int32_t split,
                                   tvae_dataset **out);

/* Set sizes left to the data from it; refuse data that contradict them. */
tvae_status tvi_settings_fit_data(tvi_settings *settings, const tvae_dataset *data,
                                  const char *call);

/* Is no size left to the data? */
bool tvi_settings_fit(const tvi_settings *settings);

/* ---- experiments ---- */

typedef struct tvi_experiment {
    const char *name;
    const char *summary;
    const char *base;     /* settings it shares with others, as key=value ... */
    const char *settings; /* its own */
} tvi_experiment;

extern const tvi_experiment tvi_experiments[];
extern const size_t tvi_n_experiments;

/* ---- near names ---- */

enum { TVI_NEAREST_BYTES = 256 };

/* "a, b, c": the names nearest to `wanted` by edit distance; returns `text`. */
const char *tvi_nearest(const char *wanted, const char *(*name_at)(size_t index),
                        size_t n_names, char text[TVI_NEAREST_BYTES]);

#endif
