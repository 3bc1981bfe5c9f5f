/* SPDX-License-Identifier: MIT */
#include "model/arguments.h"

#include <string.h>

#include "tensor/tensor.h"

/* The public face of the loss. */

static tvae_status make_batch(const tvae_model *model, const tvae_workspace *work,
                              const tvae_tensor *x, const tvae_tensor *noise_z,
                              const tvae_tensor *noise_u, const double *terms,
                              size_t n_terms, const char *call, tvi_batch *batch)
{
    tvae_status st = tvi_check_handles(model, work, call);

    *batch = (tvi_batch){.kl_weight = 1.0};
    if (st == TVAE_OK)
        st = tvi_check_frames(model, x, call, &batch->n_sequences, &batch->n_frames);
    if (st == TVAE_OK && n_terms > TVAE_N_TERMS)
        st = tvi_fail(TVAE_E_INVALID, "%s: n_terms is %zu, want at most %d", call,
                      n_terms, TVAE_N_TERMS);
    if (st == TVAE_OK && n_terms > 0 && !terms)
        st = tvi_fail(TVAE_E_INVALID, "%s: terms is NULL, want room for %zu", call,
                      n_terms);
    if (st == TVAE_OK)
        st = tvi_check_noise(model, noise_z, noise_u, batch->n_sequences, batch->n_frames,
                             true, call);
    if (st == TVAE_OK)
        st = tvi_check_finite(x, call, "x");
    if (st != TVAE_OK)
        return st;
    batch->x = x->data;
    batch->noise_z = noise_z ? noise_z->data : NULL;
    batch->noise_u = noise_u ? noise_u->data : NULL;
    return TVAE_OK;
}

/* The terms are the caller's when they were computed, be they finite or not. */
static void copy_terms(tvae_status st, const double *computed, double *terms,
                       size_t n_terms)
{
    if (n_terms > 0 && (st == TVAE_OK || st == TVAE_E_NUMERIC))
        memcpy(terms, computed, n_terms * sizeof *terms);
}

tvae_status tvae_model_elbo(const tvae_model *model, tvae_workspace *work,
                            const tvae_tensor *x, const tvae_tensor *noise_z,
                            const tvae_tensor *noise_u, double *terms, size_t n_terms)
{
    double computed[TVAE_N_TERMS] = {0.0};
    tvi_batch batch;
    tvae_status st = make_batch(model, work, x, noise_z, noise_u, terms, n_terms,
                                "model_elbo", &batch);

    if (st != TVAE_OK)
        return st;
    st = tvi_model_evaluate(model, work, &batch, computed);
    copy_terms(st, computed, terms, n_terms);
    return st;
}

tvae_status tvae_model_elbo_gradient(tvae_model *model, tvae_workspace *work,
                                     const tvae_tensor *x, const tvae_tensor *noise_z,
                                     const tvae_tensor *noise_u, double *terms,
                                     size_t n_terms)
{
    double computed[TVAE_N_TERMS] = {0.0};
    tvi_gradient_sink sink = {0};
    tvi_batch batch;
    tvae_status st = make_batch(model, work, x, noise_z, noise_u, terms, n_terms,
                                "model_elbo_gradient", &batch);

    if (st == TVAE_OK)
        st = tvi_parameter_list_allocate_gradients(&model->parameters);
    if (st != TVAE_OK)
        return st;
    st = tvi_model_loss(model, work, &batch, computed, &sink);
    copy_terms(st, computed, terms, n_terms);
    return st;
}
