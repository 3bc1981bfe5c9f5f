/* SPDX-License-Identifier: MIT */
#include "topography/prior.h"

#include <string.h>

#include "base/parallel.h"
#include "kernel/kernel.h"

/* The energies v = sum_k w_k u^2 at offset k, their adjoint and their gradient by the
 * weights (GOLDEN sections 1.2 and 1.3). All three walk the taps' runs over blocks of
 * lanes. */

void tvi_lanes_init(tvi_lanes *lanes, const tvae_prior *prior, size_t n_sequences,
                    size_t n_frames)
{
    const size_t n_lanes = n_sequences * (size_t)prior->options.n_capsules;

    *lanes = (tvi_lanes){
        .prior = prior,
        .n_sequences = n_sequences,
        .n_frames = n_frames,
        .n_lanes = n_lanes,
        .n_blocks = (n_lanes + TVI_LANES - 1) / TVI_LANES,
        .block_floats = n_frames * prior->n_places * TVI_LANES,
    };
}

/* Where lane `lane` of frame `frame` begins in the layout of the latents. */
static size_t lane_start(const tvi_lanes *lanes, size_t lane, size_t frame)
{
    const size_t n_capsules = (size_t)lanes->prior->options.n_capsules;
    const size_t sequence = lane / n_capsules, capsule = lane % n_capsules;

    return ((sequence * lanes->n_frames + frame) * n_capsules + capsule) *
           lanes->prior->n_places;
}

static float *block_of(const tvi_lanes *lanes, float *area, size_t block)
{
    return area + block * lanes->block_floats;
}

/* A neighbourhood's sums of one block. */
static float *sums_of(const tvi_lanes *lanes, size_t neighbourhood, size_t block)
{
    return block_of(lanes, lanes->sums, neighbourhood * lanes->n_blocks + block);
}

/* The number of lanes in use of a block. */
static size_t lanes_in(const tvi_lanes *lanes, size_t block)
{
    const size_t rest = lanes->n_lanes - block * TVI_LANES;

    return rest < TVI_LANES ? rest : TVI_LANES;
}

/* Copy one block out of the layout of the latents, squared if wanted; lanes past the last
 * are zero. */
static void gather(const tvi_lanes *lanes, size_t block, const float *x, bool squared,
                   float *y)
{
    const size_t n_places = lanes->prior->n_places, n_lanes = lanes_in(lanes, block);

    if (n_lanes < TVI_LANES)
        memset(y, 0, lanes->block_floats * sizeof *y);
    for (size_t frame = 0; frame < lanes->n_frames; frame++, y += n_places * TVI_LANES)
        for (size_t lane = 0; lane < n_lanes; lane++) {
            const float *row = x + lane_start(lanes, block * TVI_LANES + lane, frame);

            if (squared)
                for (size_t place = 0; place < n_places; place++)
                    y[place * TVI_LANES + lane] = row[place] * row[place];
            else
                for (size_t place = 0; place < n_places; place++)
                    y[place * TVI_LANES + lane] = row[place];
        }
}

/* Copy one block back; times 2 u if u is given. */
static void scatter(const tvi_lanes *lanes, size_t block, const float *x, const float *u,
                    float *y)
{
    const size_t n_places = lanes->prior->n_places, n_lanes = lanes_in(lanes, block);

    for (size_t frame = 0; frame < lanes->n_frames; frame++, x += n_places * TVI_LANES)
        for (size_t lane = 0; lane < n_lanes; lane++) {
            const size_t start = lane_start(lanes, block * TVI_LANES + lane, frame);

            for (size_t place = 0; place < n_places; place++)
                y[start + place] = x[place * TVI_LANES + lane];
            if (u)
                for (size_t place = 0; place < n_places; place++)
                    y[start + place] *= 2.0f * u[start + place];
        }
}

/* The frame that a tap joins to `frame`; false beyond a zero boundary. */
static bool find_frame(const tvi_lanes *lanes, const tvi_tap *tap, size_t frame,
                       size_t *neighbour)
{
    const int64_t n = (int64_t)lanes->n_frames;
    int64_t found = (int64_t)frame + tap->frame;

    if (lanes->prior->options.frame_boundary == TVAE_BOUNDARY_CIRCULAR)
        found = (found % n + n) % n;
    *neighbour = (size_t)found;
    return found >= 0 && found < n;
}

/* y += w x over one tap's runs in a block: x at the neighbours and y at the places, or
 * the other way round for the adjoint. */
static void add_tap(const tvi_lanes *lanes, const tvi_energy *energy, const tvi_tap *tap,
                    bool adjoint, const float *x, float *y)
{
    const tvi_kernels *kernel = tvi_kernel();
    const size_t frame_floats = lanes->prior->n_places * TVI_LANES;
    const float weight = energy->weights.value[tap->weight];
    size_t neighbour;

    for (size_t frame = 0; frame < lanes->n_frames; frame++) {
        const float *from;
        float *to;

        if (!find_frame(lanes, tap, frame, &neighbour))
            continue;
        from = x + (adjoint ? frame : neighbour) * frame_floats;
        to = y + (adjoint ? neighbour : frame) * frame_floats;
        for (size_t i = 0; i < tap->n_runs; i++) {
            const tvi_run *run = &energy->runs[tap->run + i];

            kernel->add_scaled(run->count * TVI_LANES, weight,
                               from + (adjoint ? run->to : run->from) * TVI_LANES,
                               to + (adjoint ? run->from : run->to) * TVI_LANES);
        }
    }
}

static void add_taps(const tvi_lanes *lanes, const tvi_energy *energy, bool adjoint,
                     const float *x, float *y)
{
    /* A learnt weight below zero counts as zero; NaN passes, to be noticed. */
    for (size_t i = 0; i < energy->n_taps; i++)
        if (!(energy->weights.value[energy->taps[i].weight] <= 0.0f))
            add_tap(lanes, energy, &energy->taps[i], adjoint, x, y);
}

/* What the parallel bodies below are given. */
typedef struct lane_pass {
    const tvi_lanes *lanes;
    size_t first, n; /* neighbourhoods */
    const float *u, *dv;
    float *v, *du;
    size_t stride; /* of v or dv, from one neighbourhood to the next */
    double *dweights;
} lane_pass;

static void sum_energies(void *context, size_t begin, size_t end)
{
    const lane_pass *pass = context;
    const tvi_lanes *lanes = pass->lanes;

    for (size_t block = begin; block < end; block++) {
        float *squares = block_of(lanes, lanes->squares, block);

        gather(lanes, block, pass->u, true, squares);
        for (size_t i = 0; i < pass->n; i++) {
            float *sums = sums_of(lanes, i, block);

            memset(sums, 0, lanes->block_floats * sizeof *sums);
            add_taps(lanes, &lanes->prior->energies[pass->first + i], false, squares,
                     sums);
            scatter(lanes, block, sums, NULL, pass->v + i * pass->stride);
        }
    }
}

void tvi_lanes_energies(const tvi_lanes *lanes, size_t first, size_t n, const float *u,
                        float *v, size_t stride)
{
    lane_pass pass = {
        .lanes = lanes, .first = first, .n = n, .u = u, .v = v, .stride = stride};

    tvi_parallel_for(lanes->n_blocks, 1, sum_energies, &pass);
}

static void spread_gradient(void *context, size_t begin, size_t end)
{
    const lane_pass *pass = context;
    const tvi_lanes *lanes = pass->lanes;

    for (size_t block = begin; block < end; block++) {
        float *du = block_of(lanes, lanes->du, block);

        memset(du, 0, lanes->block_floats * sizeof *du);
        for (size_t i = 0; i < lanes->prior->n_neighbourhoods; i++) {
            float *dv = sums_of(lanes, i, block);

            gather(lanes, block, pass->dv + i * pass->stride, false, dv);
            add_taps(lanes, &lanes->prior->energies[i], true, dv, du);
        }
        scatter(lanes, block, du, pass->u, pass->du);
    }
}

void tvi_lanes_gradient(const tvi_lanes *lanes, const float *u, const float *dv,
                        size_t stride, float *du)
{
    lane_pass pass = {.lanes = lanes, .u = u, .dv = dv, .du = du, .stride = stride};

    tvi_parallel_for(lanes->n_blocks, 1, spread_gradient, &pass);
}

/* sum dv u^2 over one tap's runs in a block. */
static double tap_gradient(const tvi_lanes *lanes, const tvi_energy *energy,
                           const tvi_tap *tap, const float *dv, const float *squares)
{
    const tvi_kernels *kernel = tvi_kernel();
    const size_t frame_floats = lanes->prior->n_places * TVI_LANES;
    double sum = 0.0;
    size_t neighbour;

    for (size_t frame = 0; frame < lanes->n_frames; frame++) {
        if (!find_frame(lanes, tap, frame, &neighbour))
            continue;
        for (size_t i = 0; i < tap->n_runs; i++) {
            const tvi_run *run = &energy->runs[tap->run + i];

            sum += kernel->dot(
                run->count * TVI_LANES, dv + frame * frame_floats + run->to * TVI_LANES,
                squares + neighbour * frame_floats + run->from * TVI_LANES);
        }
    }
    return sum;
}

/* Taps are numbered through all neighbourhoods; each is summed over all blocks by one
 * thread, in a fixed order. */
static void sum_weight_gradients(void *context, size_t begin, size_t end)
{
    const lane_pass *pass = context;
    const tvi_lanes *lanes = pass->lanes;
    size_t neighbourhood = 0, before = 0;

    for (size_t index = begin; index < end; index++) {
        const tvi_energy *energy = &lanes->prior->energies[neighbourhood];
        double sum = 0.0;

        while (index - before >= energy->n_taps) {
            before += energy->n_taps;
            energy = &lanes->prior->energies[++neighbourhood];
        }
        for (size_t block = 0; block < lanes->n_blocks; block++)
            sum += tap_gradient(lanes, energy, &energy->taps[index - before],
                                sums_of(lanes, neighbourhood, block),
                                block_of(lanes, lanes->squares, block));
        pass->dweights[index] = sum;
    }
}

void tvi_lanes_weight_gradient(const tvi_lanes *lanes, double *dweights)
{
    lane_pass pass = {.lanes = lanes, .dweights = dweights};
    size_t n_taps = 0;

    for (size_t i = 0; i < lanes->prior->n_neighbourhoods; i++)
        n_taps += lanes->prior->energies[i].n_taps;
    tvi_parallel_for(n_taps, 1, sum_weight_gradients, &pass);
}
