/* SPDX-License-Identifier: MIT */
#ifndef TVI_EXPERIMENT_BATCHES_H
#define TVI_EXPERIMENT_BATCHES_H

#include "experiment/run.h"
#include "metric/gathered.h"

typedef struct tvi_batches_options {
    int32_t split;
    bool shuffle;           /* a seeded choice of sequences, not the first ones */
    bool at_means;          /* latents at the posterior means, without noise */
    uint64_t seed;          /* of choice, transforms and noise */
    int64_t n_sequences;    /* at most */
    tvi_exchange *exchange; /* with ranks that share each batch; NULL: none */
} tvi_batches_options;

/* The tensors of the batch at hand; noise NULL at the means, labels NULL without any. */
typedef struct tvi_batch_views {
    tvae_tensor *x, *labels, *noise_z, *noise_u, *t;
} tvi_batch_views;

/* Sequences of a split, batch after batch, with noise for their latents: what an
 * evaluation walks over. The noise of a sequence depends on the seed and its place alone,
 * so that the size of a batch changes nothing but rounding. */
typedef struct tvi_batches {
    tvi_batches_options options;
    tvae_dataset *data;
    tvae_loader *loader;
    tvae_workspace *work;
    size_t frame_shape[4];   /* frames, channels, height, width */
    size_t latent_shape[4];  /* capsules, d1, d2, d3 */
    size_t n_latents;        /* a frame */
    bool one_axis;           /* capsules are 1-D: they have an equivariance error */
    size_t n_sequences;      /* in all */
    size_t batch;            /* in a whole batch of this rank */
    size_t all_first, all_n; /* the batch at hand, of all ranks */
    tvi_batch_views whole;   /* of a whole batch */
    size_t first, n;     /* this rank's part of it; n may be 0 where there are others */
    tvi_batch_views now; /* of n sequences */
} tvi_batches;

/* Open the split of the settings' data for `model`; `b` must be all zero, and is released
 * by tvi_batches_close() however far this came. */
tvae_status tvi_batches_open(tvi_batches *b, const tvi_settings *settings,
                             const tvae_model *model, const tvi_batches_options *options,
                             const char *call);
void tvi_batches_close(tvi_batches *b);

/* Begin again with the first sequence: the same batches, to the bit. */
tvae_status tvi_batches_restart(tvi_batches *b);

static inline bool tvi_batches_left(const tvi_batches *b)
{
    return b->all_first + b->all_n < b->n_sequences;
}

/* The next batch: x, labels and the noise of sample 0; no tensors if n is 0. */
tvae_status tvi_batches_next(tvi_batches *b);

/* Loss terms (means over frames) and equivariance error of the batch, and its latents
 * now.t, at that noise, or at the means. */
tvae_status tvi_batches_measure(tvi_batches *b, const tvae_model *model,
                                double terms[TVAE_N_TERMS]);

/* One factor of the batch's labels: a new tensor [n, frames, 1]. */
tvae_status tvi_batches_column(const tvi_batches *b, size_t factor, tvae_tensor **out);

/* Sums of all ranks' sums, in the order of the ranks; or fail with the first that did. */
tvae_status tvi_batches_reduce(const tvi_batches *b, tvae_status own, double *sums,
                               size_t n_sums, const char *call);

/* What all ranks have gathered, merged, on each of them. */
tvae_status tvi_batches_merge(const tvi_batches *b, const tvi_gathered *gathered,
                              const char *call);

/* Noise of one importance sample for the batch; a tvi_noise_source of the model's. */
void tvi_batches_noise(void *batches, size_t sample, size_t n_values, float *noise_z,
                       float *noise_u);

#endif
