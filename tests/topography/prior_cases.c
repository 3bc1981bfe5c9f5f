/* SPDX-License-Identifier: MIT */
#include "prior_cases.h"

#include <math.h>
#include <string.h>

static void add_shifting(prior_case *c, int64_t window, int64_t off_diagonal)
{
    ASSERT_OK(tvae_neighbourhood_create_shifting(
        window, window, off_diagonal, &c->neighbourhoods[c->n_neighbourhoods++]));
}

static void add_stationary(prior_case *c, int64_t frames, int64_t d1, int64_t d2,
                           int64_t d3)
{
    const int64_t window[] = {frames, d1, d2, d3};

    ASSERT_OK(tvae_neighbourhood_create_stationary(
        window, &c->neighbourhoods[c->n_neighbourhoods++]));
}

/* Steps wider than the grid, an asymmetric list, a weight of zero. */
static void add_explicit(prior_case *c)
{
    static const int64_t offsets[] = {0, 0, 0, 0, 1, 2, 0, 0, -7, 9, 0, 0, 2, -1, 0, 0};
    static const float weights[] = {1.0f, 0.25f, 2.0f, 0.0f};

    ASSERT_OK(tvae_neighbourhood_create_offsets(
        4, offsets, weights, &c->neighbourhoods[c->n_neighbourhoods++]));
}

static void set_grid(prior_case *c, int64_t capsules, int64_t d1, int64_t d2, int64_t d3)
{
    c->options.n_capsules = capsules;
    c->options.capsule_dims[0] = d1;
    c->options.capsule_dims[1] = d2;
    c->options.capsule_dims[2] = d3;
}

static void choose_kind(prior_case *c, int kind)
{
    static const char *const names[N_PRIOR_CASES] = {"shifting, odd window",
                                                     "shifting, even window",
                                                     "stationary",
                                                     "shifting, zero bounds",
                                                     "two neighbourhoods",
                                                     "three-dimensional capsules",
                                                     "explicit offsets",
                                                     "plain",
                                                     "causal",
                                                     "zero frames, ring of places",
                                                     "ring of frames, zero places"};

    c->name = names[kind];
    set_grid(c, 7, 6, 1, 1);
    if (kind == 0)
        add_shifting(c, 3, 1);
    else if (kind == 1)
        add_shifting(c, 4, 0);
    else if (kind == 2)
        add_stationary(c, 2, 3, 1, 1);
    else if (kind == 3) {
        add_shifting(c, 5, 1);
        c->options.frame_boundary = TVAE_BOUNDARY_ZERO;
        c->options.capsule_boundary = TVAE_BOUNDARY_ZERO;
    } else if (kind == 4) {
        set_grid(c, 5, 3, 4, 1);
        add_stationary(c, 2, 2, 1, 1);
        add_stationary(c, 2, 1, 3, 1);
    } else if (kind == 5) {
        set_grid(c, 2, 2, 3, 4);
        add_stationary(c, 1, 2, 3, 2);
        c->options.capsule_boundary = TVAE_BOUNDARY_ZERO;
    } else if (kind == 6)
        add_explicit(c);
    else if (kind == 8) {
        ASSERT_OK(tvae_neighbourhood_create_shifting_range(
            -3, 0, 1, &c->neighbourhoods[c->n_neighbourhoods++]));
        c->options.frame_boundary = TVAE_BOUNDARY_ZERO;
    } else if (kind == 9) {
        add_shifting(c, 4, 1);
        c->options.frame_boundary = TVAE_BOUNDARY_ZERO;
    } else if (kind == 10) {
        add_shifting(c, 5, 1);
        c->options.capsule_boundary = TVAE_BOUNDARY_ZERO;
    }
}

void prior_case_create(prior_case *c, int kind)
{
    memset(c, 0, sizeof *c);
    ASSERT_OK(tvae_prior_options_init(&c->options, sizeof c->options));
    c->n_sequences = 3;
    c->n_frames = 5;
    c->options.mu_init = 1.5;
    c->options.epsilon = 0.125;
    c->options.learn_weights = 1;
    choose_kind(c, kind);
    ASSERT_OK(tvae_prior_create(&c->options, c->neighbourhoods, c->n_neighbourhoods,
                                &c->prior));
    c->mu = (float)c->options.mu_init;
    c->n_values = c->n_sequences * c->n_frames * tvae_prior_n_latents(c->prior);
    ck_assert_uint_le(c->n_values, MAX_CASE_VALUES);
    fill_uniform(c->z, c->n_values, -2.0, 2.0, 11);
    fill_uniform(c->u, c->n_values, -2.0, 2.0, 12);
    fill_uniform(c->dt, c->n_values, -1.0, 1.0, 13);
    for (size_t j = 0; j < c->n_neighbourhoods; j++)
        for (size_t i = 0; i < tvae_neighbourhood_count(c->neighbourhoods[j]); i++) {
            ck_assert_uint_lt(c->n_weights, MAX_CASE_WEIGHTS);
            ASSERT_OK(tvae_neighbourhood_offset(c->neighbourhoods[j], i,
                                                c->offsets[c->n_weights],
                                                &c->weights[c->n_weights]));
            c->n_weights++;
        }
}

void prior_case_destroy(prior_case *c)
{
    tvae_prior_destroy(&c->prior);
    for (size_t j = 0; j < c->n_neighbourhoods; j++)
        tvae_neighbourhood_destroy(&c->neighbourhoods[j]);
}

tvae_tensor *prior_case_wrap(const prior_case *c, float *data)
{
    const size_t shape[] = {c->n_sequences, c->n_frames, tvae_prior_n_latents(c->prior)};
    tvae_tensor *tensor = NULL;

    ASSERT_OK(tvae_tensor_wrap(data, 3, shape, &tensor));
    return tensor;
}

/* place + step on an axis of n, -1 for none. */
static int64_t step_on(int64_t place, int64_t step, int64_t n, int32_t boundary)
{
    const int64_t found = place + step;

    if (boundary == TVAE_BOUNDARY_CIRCULAR)
        return ((found % n) + n) % n;
    return found < 0 || found >= n ? -1 : found;
}

/* u^2 of the neighbour of a value (given by its index) at an offset, 0 for none. */
static double neighbour_square(const prior_case *c, size_t index, const int64_t *offset)
{
    const int64_t extents[] = {(int64_t)c->n_frames, c->options.n_capsules,
                               c->options.capsule_dims[0], c->options.capsule_dims[1],
                               c->options.capsule_dims[2]};
    const int64_t steps[] = {offset[0], 0, offset[1], offset[2], offset[3]};
    int64_t rest = (int64_t)index, from = 0, stride = 1;

    for (int axis = 4; axis >= 0; axis--) {
        const int64_t place =
            step_on(rest % extents[axis], steps[axis], extents[axis],
                    axis == 0 ? c->options.frame_boundary : c->options.capsule_boundary);

        if (place < 0)
            return 0.0;
        from += place * stride;
        stride *= extents[axis];
        rest /= extents[axis];
    }
    from += rest * stride;
    return (double)c->u[from] * (double)c->u[from];
}

void prior_case_define(const prior_case *c, double *t)
{
    for (size_t index = 0; index < c->n_values; index++) {
        double root_sum = 0.0;
        size_t weight = 0;

        for (size_t j = 0; j < c->n_neighbourhoods; j++) {
            double energy = 0.0;

            for (size_t i = 0; i < tvae_neighbourhood_count(c->neighbourhoods[j]);
                 i++, weight++)
                energy += (double)c->weights[weight] *
                          neighbour_square(c, index, c->offsets[weight]);
            root_sum += sqrt(energy + c->options.epsilon);
        }
        t[index] = c->n_neighbourhoods ? ((double)c->z[index] + (double)c->mu) / root_sum
                                       : (double)c->z[index];
    }
}
