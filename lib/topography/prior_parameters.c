/* SPDX-License-Identifier: MIT */
#include "topography/prior.h"

#include <stdio.h>
#include <string.h>

/* mu and the neighbourhood weights as parameters, by the reference's names. */

tvae_status tvi_prior_collect(const tvae_prior *prior, const char *prefix,
                              tvi_parameter_list *list)
{
    tvae_status st;

    if (!prior->mu)
        return TVAE_OK;
    st = tvi_parameter_list_add(list, prefix, "correlated_mean_beta", prior->mu);
    for (size_t i = 0; i < prior->n_neighbourhoods && st == TVAE_OK; i++) {
        char name[48] = "model.weight";

        if (i > 0)
            (void)snprintf(name, sizeof name, "model.%zu.weight", i);
        st = tvi_parameter_list_add(list, prefix, name, &prior->energies[i].weights);
    }
    return st;
}

static tvae_status deliver_mu(tvi_parameter *mu, double dmu, tvi_gradient_sink *sink)
{
    bool accumulate = false;
    float *gradient = tvi_sink_begin(sink, mu, &accumulate);

    gradient[0] = (accumulate ? gradient[0] : 0.0f) + (float)dmu;
    return tvi_sink_end(sink, mu);
}

/* Weights that an update has brought below zero, this one's or the last one's, go to
 * zero: the projection on energies of at least zero. */
static void project_weights(tvi_energy *energy)
{
    float *weights = energy->weights.value;

    for (size_t i = 0; i < energy->n_taps; i++)
        if (weights[energy->taps[i].weight] < 0.0f)
            weights[energy->taps[i].weight] = 0.0f;
}

/* Places of the window that are no offset get no gradient, so they stay zero. */
static tvae_status deliver_weights(tvi_energy *energy, const double *dweights,
                                   tvi_gradient_sink *sink)
{
    bool accumulate = false;
    tvae_status st;
    float *gradient = tvi_sink_begin(sink, &energy->weights, &accumulate);

    if (!accumulate)
        memset(gradient, 0, energy->weights.count * sizeof *gradient);
    for (size_t i = 0; i < energy->n_taps; i++)
        gradient[energy->taps[i].weight] += (float)dweights[i];
    st = tvi_sink_end(sink, &energy->weights);
    if (sink->take)
        project_weights(energy);
    return st;
}

tvae_status tvi_prior_deliver(const tvae_prior *prior, double dmu, const double *dweights,
                              tvi_gradient_sink *sink)
{
    tvae_status st = TVAE_OK;

    if (prior->mu && prior->mu->trainable)
        st = deliver_mu(prior->mu, dmu, sink);
    for (size_t i = 0; i < prior->n_neighbourhoods && st == TVAE_OK; i++) {
        tvi_energy *energy = &prior->energies[i];

        if (energy->weights.trainable && dweights) {
            st = deliver_weights(energy, dweights, sink);
            dweights += energy->n_taps;
        }
    }
    return st;
}
