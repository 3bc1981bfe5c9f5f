/* SPDX-License-Identifier: MIT */
#ifndef TVI_TOPOGRAPHY_PRIOR_H
#define TVI_TOPOGRAPHY_PRIOR_H

#include "base/refcount.h"
#include "topography/topography.h"

/* Places `to` .. `to + count - 1` of a capsule whose neighbours lie at `from` ..: one
 * offset seen from a whole capsule, its wraps cut into contiguous pieces. */
typedef struct tvi_run {
    size_t to, from, count;
} tvi_run;

/* One offset of a neighbourhood. */
typedef struct tvi_tap {
    int64_t frame;      /* its step in frames */
    size_t run, n_runs; /* its steps inside the capsule: a range of the energy's runs */
    size_t weight;      /* where its weight lies in the window */
} tvi_tap;

/* A neighbourhood prepared for one grid. */
typedef struct tvi_energy {
    size_t n_taps;
    tvi_tap *taps; /* [n_taps] in the order of the neighbourhood's offsets */
    tvi_run *runs;
    tvi_parameter weights; /* the window, shaped as in topography.h */
} tvi_energy;

/* mu and the energies are reached through pointers, so that the optimiser may change
 * parameters that inference sees as read-only. */
struct tvae_prior {
    tvi_refcount references;
    tvae_prior_options options;
    size_t n_places;  /* of a capsule: d1 x d2 x d3 */
    size_t n_latents; /* of a frame */
    size_t n_neighbourhoods;
    tvae_neighbourhood **neighbourhoods; /* [n_neighbourhoods], one reference each */
    tvi_energy *energies;                /* [n_neighbourhoods] */
    tvi_parameter *mu;                   /* NULL without neighbourhoods */
};

/* Lanes: capsules of all sequences, which never mix. The energies are summed in blocks of
 * TVI_LANES of them, laid out as [frames, places, lanes], where an offset moves long
 * contiguous pieces and no lane needs a wrap of its own. */
enum { TVI_LANES = 16 };

/* What one call works on; the pointers below `lanes` look into the caller's scratch. */
typedef struct tvi_lanes {
    const tvae_prior *prior;
    size_t n_sequences, n_frames;
    size_t n_lanes, n_blocks;
    size_t block_floats; /* of one block: n_frames * n_places * TVI_LANES */
    float *squares;      /* [n_blocks, block_floats] u^2 */
    float *sums;         /* [n_neighbourhoods, n_blocks, block_floats] v, then dv */
    float *du;           /* [n_blocks, block_floats] gradient by u^2 */
} tvi_lanes;

/* Fill `energy` for the grid of `options`; it must be all zero. */
tvae_status tvi_energy_init(tvi_energy *energy, const tvae_prior_options *options,
                            const tvae_neighbourhood *neighbourhood, const char *call);
void tvi_energy_release(tvi_energy *energy);

/* Set all but the pointers into scratch. */
void tvi_lanes_init(tvi_lanes *lanes, const tvae_prior *prior, size_t n_sequences,
                    size_t n_frames);

/* v_j = sum_k w_k u^2 at offset k, for neighbourhoods first .. first + n - 1; v is
 * [n, n_values] in the layout of u, with `stride` floats from one to the next. */
void tvi_lanes_energies(const tvi_lanes *lanes, size_t first, size_t n, const float *u,
                        float *v, size_t stride);

/* du = 2 u sum_j sum_k w_k dv_j at minus offset k. */
void tvi_lanes_gradient(const tvi_lanes *lanes, const float *u, const float *dv,
                        size_t stride, float *du);

/* dweights[k] = sum dv_j u^2 at offset k, all neighbourhoods one after the other, from
 * what the two functions above left in the scratch. */
void tvi_lanes_weight_gradient(const tvi_lanes *lanes, double *dweights);

#endif
