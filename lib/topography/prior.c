/* SPDX-License-Identifier: MIT */
#include "topography/prior.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/options.h"

enum { MAX_NEIGHBOURHOODS = 8, MAX_LATENTS = 1 << 20 };

static const tvae_prior_options default_options = {
    .size = sizeof(tvae_prior_options),
    .capsule_dims = {0, 1, 1},
    .mu_init = 30.0,
    .epsilon = 1e-6,
    .learn_mu = 1,
};

tvae_status tvae_prior_options_init(tvae_prior_options *options, size_t size)
{
    return tvi_options_export(options, size, sizeof default_options, &default_options,
                              sizeof default_options, "prior_options_init");
}

/* *count *= extent, as long as the grid stays within MAX_LATENTS. */
static tvae_status multiply_extent(int64_t extent, const char *name, size_t *count)
{
    if (extent < 1)
        return tvi_fail(TVAE_E_INVALID,
                        "prior_create: %s is %" PRId64 ", want at least 1", name, extent);
    if (extent > MAX_LATENTS || *count * (size_t)extent > MAX_LATENTS)
        return tvi_fail(TVAE_E_INVALID,
                        "prior_create: %s of %" PRId64
                        " makes more than %d latents a frame",
                        name, extent, MAX_LATENTS);
    *count *= (size_t)extent;
    return TVAE_OK;
}

static tvae_status check_grid(const tvae_prior_options *o, size_t *n_places,
                              size_t *n_latents)
{
    static const char *const names[] = {"capsule_dims[0]", "capsule_dims[1]",
                                        "capsule_dims[2]"};
    tvae_status st = TVAE_OK;

    *n_places = 1;
    for (size_t i = 0; i < 3 && st == TVAE_OK; i++)
        st = multiply_extent(o->capsule_dims[i], names[i], n_places);
    *n_latents = *n_places;
    return st == TVAE_OK ? multiply_extent(o->n_capsules, "n_capsules", n_latents) : st;
}

static tvae_status check_flag(int32_t value, const char *name)
{
    if (value != 0 && value != 1)
        return tvi_fail(TVAE_E_INVALID, "prior_create: %s is %d, want 0 or 1", name,
                        (int)value);
    return TVAE_OK;
}

static tvae_status check_construction(const tvae_prior_options *o)
{
    tvae_status st;

    if (!isfinite((float)o->mu_init))
        return tvi_fail(TVAE_E_INVALID,
                        "prior_create: mu_init is %g, want a finite 32-bit number",
                        o->mu_init);
    if (!((float)o->epsilon > 0.0f && isfinite((float)o->epsilon)))
        return tvi_fail(
            TVAE_E_INVALID,
            "prior_create: epsilon is %g, want a finite 32-bit number above 0",
            o->epsilon);
    st = check_flag(o->learn_mu, "learn_mu");
    if (st == TVAE_OK)
        st = check_flag(o->learn_weights, "learn_weights");
    if (st == TVAE_OK)
        st = check_flag(o->frame_boundary, "frame_boundary");
    if (st == TVAE_OK)
        st = check_flag(o->capsule_boundary, "capsule_boundary");
    return st;
}

static tvae_status check_neighbourhoods(tvae_neighbourhood *const *neighbourhoods,
                                        size_t n_neighbourhoods)
{
    if (n_neighbourhoods > MAX_NEIGHBOURHOODS)
        return tvi_fail(TVAE_E_INVALID,
                        "prior_create: n_neighbourhoods is %zu, want at most %d",
                        n_neighbourhoods, MAX_NEIGHBOURHOODS);
    if (n_neighbourhoods && !neighbourhoods)
        return tvi_fail(TVAE_E_INVALID,
                        "prior_create: neighbourhoods is NULL, want a list of %zu",
                        n_neighbourhoods);
    for (size_t i = 0; i < n_neighbourhoods; i++)
        if (!neighbourhoods[i])
            return tvi_fail(TVAE_E_INVALID, "prior_create: neighbourhood %zu is NULL", i);
    return TVAE_OK;
}

static tvae_status check_options(const tvae_prior_options *options,
                                 tvae_neighbourhood *const *neighbourhoods,
                                 size_t n_neighbourhoods, tvae_prior_options *o,
                                 size_t *n_places, size_t *n_latents)
{
    tvae_status st;

    if (!options)
        return tvi_fail(TVAE_E_INVALID, "prior_create: options is NULL");
    *o = default_options;
    st = tvi_options_import(o, sizeof *o, sizeof *o, options, "prior_create");
    if (st == TVAE_OK)
        st = check_grid(o, n_places, n_latents);
    if (st == TVAE_OK)
        st = check_construction(o);
    if (st == TVAE_OK)
        st = check_neighbourhoods(neighbourhoods, n_neighbourhoods);
    return st;
}

static tvae_status create_mu(tvae_prior *prior)
{
    const size_t one = 1;
    tvae_status st;

    prior->mu = tvi_alloc_array(1, sizeof *prior->mu);
    if (!prior->mu)
        return TVAE_E_NOMEM;
    st = tvi_parameter_init(prior->mu, 1, &one, false);
    if (st != TVAE_OK)
        return st;
    prior->mu->value[0] = (float)prior->options.mu_init;
    prior->mu->trainable = prior->options.learn_mu != 0;
    return TVAE_OK;
}

/* n_neighbourhoods counts only what is complete, so that a half-built prior can be
 * destroyed. */
static tvae_status create_energies(tvae_prior *prior,
                                   tvae_neighbourhood *const *neighbourhoods, size_t n)
{
    prior->neighbourhoods = tvi_alloc_array(n, sizeof *prior->neighbourhoods);
    prior->energies = tvi_alloc_array(n, sizeof *prior->energies);
    if (!prior->neighbourhoods || !prior->energies)
        return TVAE_E_NOMEM;
    for (size_t i = 0; i < n; i++) {
        tvi_energy *energy = &prior->energies[i];
        tvae_status st;

        prior->neighbourhoods[i] = tvae_neighbourhood_retain(neighbourhoods[i]);
        prior->n_neighbourhoods = i + 1;
        st = tvi_energy_init(energy, &prior->options, neighbourhoods[i], "prior_create");
        if (st != TVAE_OK)
            return st;
        energy->weights.trainable = prior->options.learn_weights != 0;
    }
    return create_mu(prior);
}

tvae_status tvae_prior_create(const tvae_prior_options *options,
                              tvae_neighbourhood *const *neighbourhoods,
                              size_t n_neighbourhoods, tvae_prior **out)
{
    tvae_prior_options known;
    size_t n_places = 0, n_latents = 0;
    tvae_prior *prior;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "prior_create: out is NULL");
    *out = NULL;
    st = check_options(options, neighbourhoods, n_neighbourhoods, &known, &n_places,
                       &n_latents);
    if (st != TVAE_OK)
        return st;
    prior = tvi_alloc_array(1, sizeof *prior);
    if (!prior)
        return TVAE_E_NOMEM;
    tvi_refcount_init(&prior->references);
    prior->options = known;
    prior->n_places = n_places;
    prior->n_latents = n_latents;
    st = n_neighbourhoods ? create_energies(prior, neighbourhoods, n_neighbourhoods)
                          : TVAE_OK;
    if (st != TVAE_OK)
        goto fail;
    *out = prior;
    return TVAE_OK;
fail:
    tvae_prior_destroy(&prior);
    return st;
}

tvae_prior *tvae_prior_retain(tvae_prior *prior)
{
    if (prior)
        tvi_refcount_retain(&prior->references);
    return prior;
}

void tvae_prior_destroy(tvae_prior **prior)
{
    tvae_prior *gone;

    if (!prior || !*prior)
        return;
    gone = *prior;
    *prior = NULL;
    if (!tvi_refcount_release(&gone->references))
        return;
    for (size_t i = 0; i < gone->n_neighbourhoods; i++) {
        tvae_neighbourhood_destroy(&gone->neighbourhoods[i]);
        tvi_energy_release(&gone->energies[i]);
    }
    if (gone->mu)
        tvi_parameter_release(gone->mu);
    tvi_free(gone->mu);
    tvi_free(gone->neighbourhoods);
    tvi_free(gone->energies);
    tvi_free(gone);
}

size_t tvae_prior_n_latents(const tvae_prior *prior)
{
    return prior ? prior->n_latents : 0;
}

double tvae_prior_mu(const tvae_prior *prior)
{
    return prior && prior->mu ? (double)prior->mu->value[0] : 0.0;
}

tvae_status tvae_prior_set_mu(tvae_prior *prior, double mu)
{
    if (!prior)
        return tvi_fail(TVAE_E_INVALID, "prior_set_mu: prior is NULL");
    if (!prior->mu)
        return tvi_fail(TVAE_E_INVALID,
                        "prior_set_mu: a prior without neighbourhoods has no mu");
    if (!isfinite((float)mu))
        return tvi_fail(TVAE_E_INVALID,
                        "prior_set_mu: mu is %g, want a finite 32-bit number", mu);
    prior->mu->value[0] = (float)mu;
    return TVAE_OK;
}

size_t tvi_prior_n_neighbourhoods(const tvae_prior *prior)
{
    return prior->n_neighbourhoods;
}

const tvae_neighbourhood *tvi_prior_neighbourhood(const tvae_prior *prior, size_t index)
{
    return index < prior->n_neighbourhoods ? prior->neighbourhoods[index] : NULL;
}

const tvae_prior_options *tvi_prior_options_of(const tvae_prior *prior)
{
    return &prior->options;
}

bool tvi_prior_is_causal(const tvae_prior *prior, size_t *n_past)
{
    int64_t first = 0, last = 0;

    for (size_t j = 0; j < prior->n_neighbourhoods; j++) {
        const tvi_energy *energy = &prior->energies[j];

        for (size_t i = 0; i < energy->n_taps; i++) {
            first = energy->taps[i].frame < first ? energy->taps[i].frame : first;
            last = energy->taps[i].frame > last ? energy->taps[i].frame : last;
        }
    }
    if (n_past)
        *n_past = (size_t)-first;
    return last == 0 &&
           (first == 0 || prior->options.frame_boundary == TVAE_BOUNDARY_ZERO);
}
