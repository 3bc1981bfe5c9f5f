/* SPDX-License-Identifier: MIT */
#include "topography/prior.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "kernel/kernel.h"
#include "tensor/tensor.h"

/* The topographic Student-t construction t = (z + mu) / R, R = sum_j sqrt(v_j + eps), and
 * its gradient (GOLDEN section 1.3, paper Eq. 9). */

enum { CHUNK = 256 };

/* The caller's scratch, divided. With one neighbourhood R^2 is v + eps; with more it is
 * an array of its own. */
typedef struct construction {
    const tvae_prior *prior;
    tvi_lanes lanes;
    size_t n_values; /* sequences x frames x latents */
    size_t stride;   /* n_values, rounded up: from one neighbourhood to the next */
    float mu, epsilon;
    float *v;                 /* [n_neighbourhoods, stride] */
    float *dv;                /* [n_neighbourhoods, stride] */
    const float *denominator; /* R^2 less denominator_epsilon */
    float *root_squares;      /* NULL for one neighbourhood */
    float denominator_epsilon;
    const float *z, *dt;
    float *t, *dz;
} construction;

static size_t round_up(size_t n)
{
    return (n + TVI_LANES - 1) / TVI_LANES * TVI_LANES;
}

size_t tvi_prior_scratch_floats(const tvae_prior *prior, size_t n_sequences,
                                size_t n_frames)
{
    const size_t n = prior->n_neighbourhoods;
    const size_t stride = round_up(n_sequences * n_frames * prior->n_latents);
    tvi_lanes lanes;

    if (n == 0)
        return 0;
    tvi_lanes_init(&lanes, prior, n_sequences, n_frames);
    return (2 * n + (n > 1)) * stride + (n + 2) * lanes.n_blocks * lanes.block_floats;
}

static void divide_scratch(construction *c, const tvae_prior *prior, size_t n_sequences,
                           size_t n_frames, float *scratch)
{
    const size_t n = prior->n_neighbourhoods;
    size_t area;

    *c = (construction){.prior = prior};
    tvi_lanes_init(&c->lanes, prior, n_sequences, n_frames);
    c->n_values = n_sequences * n_frames * prior->n_latents;
    c->stride = round_up(c->n_values);
    area = c->lanes.n_blocks * c->lanes.block_floats;
    c->mu = prior->mu->value[0];
    c->epsilon = (float)prior->options.epsilon;
    c->v = scratch;
    c->dv = c->v + n * c->stride;
    c->lanes.squares = c->dv + n * c->stride;
    c->lanes.du = c->lanes.squares + area;
    c->lanes.sums = c->lanes.du + area;
    if (n == 1) {
        c->denominator = c->v;
        c->denominator_epsilon = c->epsilon;
    } else {
        c->root_squares = c->lanes.sums + n * area;
        c->denominator = c->root_squares;
    }
}

static void square_root_sums(void *context, size_t begin, size_t end)
{
    const construction *c = context;

    for (size_t i = begin; i < end; i++) {
        float root_sum = 0.0f;

        for (size_t j = 0; j < c->prior->n_neighbourhoods; j++)
            root_sum += sqrtf(c->v[j * c->stride + i] + c->epsilon);
        c->root_squares[i] = root_sum * root_sum;
    }
}

static void find_energies(construction *c, const float *u)
{
    tvi_lanes_energies(&c->lanes, 0, c->prior->n_neighbourhoods, u, c->v, c->stride);
    if (c->root_squares)
        tvi_parallel_for(c->n_values, CHUNK, square_root_sums, c);
}

static void divide_by_roots(void *context, size_t begin, size_t end)
{
    const construction *c = context;

    tvi_kernel()->student_t(end - begin, c->mu, c->denominator_epsilon, c->z + begin,
                            c->denominator + begin, c->t + begin);
}

void tvi_prior_apply(const tvae_prior *prior, size_t n_sequences, size_t n_frames,
                     const float *z, const float *u, float *t, float *scratch)
{
    construction c;

    if (prior->n_neighbourhoods == 0) {
        memcpy(t, z, n_sequences * n_frames * prior->n_latents * sizeof *t);
        return;
    }
    divide_scratch(&c, prior, n_sequences, n_frames, scratch);
    c.z = z;
    c.t = t;
    find_energies(&c, u);
    tvi_parallel_for(c.n_values, CHUNK, divide_by_roots, &c);
}

void tvi_prior_energy(const tvae_prior *prior, size_t neighbourhood, size_t n_sequences,
                      size_t n_frames, const float *u, float *v, float *scratch)
{
    construction c;

    divide_scratch(&c, prior, n_sequences, n_frames, scratch);
    tvi_lanes_energies(&c.lanes, neighbourhood, 1, u, v, c.stride);
}

/* dz = dt / R and dv_j = -dt (z + mu) / R^2 / (2 sqrt(v_j + eps)), in chunks that fit a
 * small buffer. Every quotient by a root is the kernel's (x + mu) / sqrt(v + eps). */
static void differentiate(void *context, size_t begin, size_t end)
{
    const construction *c = context;
    const tvi_kernels *kernel = tvi_kernel();
    float t[CHUNK];

    for (size_t i = begin; i < end; i += CHUNK) {
        const size_t n = end - i < CHUNK ? end - i : CHUNK;
        float *dz = c->dz + i;

        kernel->student_t(n, 0.0f, c->denominator_epsilon, c->dt + i, c->denominator + i,
                          dz);
        kernel->student_t(n, c->mu, c->denominator_epsilon, c->z + i, c->denominator + i,
                          t);
        for (size_t j = 0; j < c->prior->n_neighbourhoods; j++) {
            float *dv = c->dv + j * c->stride + i;

            kernel->student_t(n, 0.0f, c->epsilon, dz, c->v + j * c->stride + i, dv);
            for (size_t k = 0; k < n; k++)
                dv[k] *= -0.5f * t[k];
        }
    }
}

static void apply_gradient(construction *c, const float *u, float *du, double *dmu,
                           double *dweights)
{
    tvi_parallel_for(c->n_values, CHUNK, differentiate, c);
    tvi_lanes_gradient(&c->lanes, u, c->dv, c->stride, du);
    if (dmu)
        *dmu = tvi_kernel()->sum(c->n_values, c->dz);
    if (dweights)
        tvi_lanes_weight_gradient(&c->lanes, dweights);
}

void tvi_prior_gradient(const tvae_prior *prior, size_t n_sequences, size_t n_frames,
                        const float *z, const float *u, const float *dt, float *dz,
                        float *du, float *scratch, double *dmu, double *dweights)
{
    construction c;

    if (prior->n_neighbourhoods == 0) {
        memcpy(dz, dt, n_sequences * n_frames * prior->n_latents * sizeof *dz);
        if (dmu)
            *dmu = 0.0;
        return;
    }
    divide_scratch(&c, prior, n_sequences, n_frames, scratch);
    c.z = z;
    c.dt = dt;
    c.dz = dz;
    apply_gradient(&c, u, du, dmu, dweights);
}

/* [sequences, frames, ..] whose further axes multiply to the latents of a frame. */
static tvae_status check_latents(const tvae_prior *prior, const tvae_tensor *z,
                                 const char *call)
{
    char got[TVI_SHAPE_TEXT];
    size_t n_latents = 1;

    if (!z)
        return tvi_fail(TVAE_E_INVALID, "%s: z is NULL", call);
    for (int32_t axis = 2; axis < z->rank; axis++)
        n_latents *= z->shape[axis];
    if (z->rank < 3 || n_latents != prior->n_latents)
        return tvi_fail(TVAE_E_SHAPE,
                        "%s: z is %s, want [sequences, frames, %zu], or more axes that "
                        "multiply to %zu latents",
                        call, tvi_shape_text(z->rank, z->shape, got), prior->n_latents,
                        prior->n_latents);
    return TVAE_OK;
}

/* A tensor that goes with u: of the shape of z, or NULL for the plain VAE. */
static tvae_status check_like_u(const tvae_prior *prior, const tvae_tensor *u,
                                const tvae_tensor *z, const char *call, const char *name)
{
    if (!u && prior->n_neighbourhoods == 0)
        return TVAE_OK;
    return tvi_tensor_check(u, z->rank, z->shape, call, name);
}

static tvae_status check_inputs(const tvae_prior *prior, const tvae_tensor *z,
                                const tvae_tensor *u, const char *call)
{
    tvae_status st;

    if (!prior)
        return tvi_fail(TVAE_E_INVALID, "%s: prior is NULL", call);
    st = check_latents(prior, z, call);
    return st == TVAE_OK ? check_like_u(prior, u, z, call, "u") : st;
}

tvae_status tvae_prior_apply(const tvae_prior *prior, const tvae_tensor *z,
                             const tvae_tensor *u, tvae_tensor *t)
{
    float *scratch;
    tvae_status st = check_inputs(prior, z, u, "prior_apply");

    if (st == TVAE_OK)
        st = tvi_tensor_check(t, z->rank, z->shape, "prior_apply", "t");
    if (st != TVAE_OK)
        return st;
    scratch = tvi_alloc_array(tvi_prior_scratch_floats(prior, z->shape[0], z->shape[1]),
                              sizeof *scratch);
    if (!scratch)
        return TVAE_E_NOMEM;
    tvi_prior_apply(prior, z->shape[0], z->shape[1], z->data, u ? u->data : NULL, t->data,
                    scratch);
    tvi_free(scratch);
    return TVAE_OK;
}

static size_t count_weights(const tvae_prior *prior)
{
    size_t n_weights = 0;

    for (size_t i = 0; i < prior->n_neighbourhoods; i++)
        n_weights += prior->energies[i].n_taps;
    return n_weights;
}

static tvae_status check_gradients(const tvae_prior *prior, const tvae_tensor *z,
                                   const tvae_tensor *u, const tvae_tensor *dt,
                                   const tvae_tensor *dz, const tvae_tensor *du,
                                   const tvae_tensor *dweights)
{
    static const char call[] = "prior_gradient";
    tvae_status st = check_inputs(prior, z, u, call);

    if (st == TVAE_OK)
        st = tvi_tensor_check(dt, z->rank, z->shape, call, "dt");
    if (st == TVAE_OK)
        st = tvi_tensor_check(dz, z->rank, z->shape, call, "dz");
    if (st == TVAE_OK)
        st = check_like_u(prior, du, z, call, "du");
    if (st == TVAE_OK && dweights) {
        const size_t n_weights = count_weights(prior);

        st = tvi_tensor_check(dweights, 1, &n_weights, call, "dweights");
    }
    return st;
}

/* The gradient after the energies, which it needs, from the start. */
static void find_gradient(const tvae_prior *prior, const tvae_tensor *z,
                          const tvae_tensor *u, const tvae_tensor *dt, tvae_tensor *dz,
                          tvae_tensor *du, float *scratch, double *dmu, double *dweights)
{
    construction c;

    divide_scratch(&c, prior, z->shape[0], z->shape[1], scratch);
    c.z = z->data;
    c.dt = dt->data;
    c.dz = dz->data;
    find_energies(&c, u->data);
    apply_gradient(&c, u->data, du->data, dmu, dweights);
}

tvae_status tvae_prior_gradient(const tvae_prior *prior, const tvae_tensor *z,
                                const tvae_tensor *u, const tvae_tensor *dt,
                                tvae_tensor *dz, tvae_tensor *du, double *dmu,
                                tvae_tensor *dweights)
{
    double *weight_sums = NULL;
    float *scratch = NULL;
    tvae_status st = check_gradients(prior, z, u, dt, dz, du, dweights);

    if (st != TVAE_OK)
        return st;
    if (prior->n_neighbourhoods == 0) {
        tvi_prior_gradient(prior, z->shape[0], z->shape[1], z->data, NULL, dt->data,
                           dz->data, NULL, NULL, dmu, NULL);
        return TVAE_OK;
    }
    scratch = tvi_alloc_array(tvi_prior_scratch_floats(prior, z->shape[0], z->shape[1]),
                              sizeof *scratch);
    weight_sums = tvi_alloc_array(count_weights(prior), sizeof *weight_sums);
    if (!scratch || !weight_sums) {
        st = TVAE_E_NOMEM;
        goto done;
    }
    find_gradient(prior, z, u, dt, dz, du, scratch, dmu, dweights ? weight_sums : NULL);
    for (size_t i = 0; dweights && i < dweights->count; i++)
        dweights->data[i] = (float)weight_sums[i];
done:
    tvi_free(weight_sums);
    tvi_free(scratch);
    return st;
}
