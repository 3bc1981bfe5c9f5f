/* SPDX-License-Identifier: MIT */
#include "model/pass.h"

#include <math.h>
#include <string.h>

/* The loss, minus the ELBO (SPEC section 1; paper Eq. 10), and its gradient (GOLDEN
 * sections 1.3 and 2.2). */

static double mean_of(const double *row_sums, size_t n_rows)
{
    double sum = 0.0;

    for (size_t row = 0; row < n_rows; row++)
        sum += row_sums[row];
    return sum / (double)n_rows;
}

static tvae_status check_terms(const double *terms)
{
    static const struct {
        size_t term;
        const char *name, *meaning;
    } parts[] = {
        {TVAE_TERM_KL_Z, "kl_z", "the z encoder's outputs are too large or not finite"},
        {TVAE_TERM_KL_U, "kl_u", "the u encoder's outputs are too large or not finite"},
        {TVAE_TERM_NEG_LOG_PX, "neg_log_px",
         "the frames, the noise, the topographic latents or the decoder's outputs are "
         "not "
         "finite"}};

    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!isfinite(terms[parts[i].term]))
            return tvi_fail(TVAE_E_NUMERIC,
                            "model_elbo: %s is %g, want a finite number: %s; check the "
                            "input, or lower the learning rate",
                            parts[i].name, terms[parts[i].term], parts[i].meaning);
    return TVAE_OK;
}

/* Encode, sample, construct, decode, and the terms; the gradient by the decoder's outputs
 * into *d_output unless that is NULL. */
static tvae_status run_forward(tvi_pass *pass, const tvae_model *model,
                               tvae_workspace *work, const tvi_batch *batch,
                               float **d_output, double *terms)
{
    tvae_status st =
        tvi_pass_begin(pass, model, work, batch->n_sequences, batch->n_frames, batch->x);
    size_t n_values = 0;

    if (st == TVAE_OK)
        st = tvi_row_floats(pass->n_rows, model->n_pixels, &n_values);
    pass->has_gradient = d_output != NULL;
    if (batch->n_total)
        pass->share = (double)batch->n_sequences / (double)batch->n_total;
    if (st == TVAE_OK && d_output)
        st = tvi_workspace_get(work, TVI_SLOT_D_OUTPUT, n_values, d_output);
    if (st == TVAE_OK)
        st = tvi_pass_encode(pass, work);
    tvi_stopwatch_lap(batch->watch, TVAE_PART_ENCODERS);
    if (st == TVAE_OK)
        st = tvi_pass_sample(pass, work, batch->noise_z, batch->noise_u, TVI_ROW_KL);
    if (st == TVAE_OK)
        st = tvi_pass_construct(pass, work, NULL);
    if (st == TVAE_OK && model->options.predict_steps)
        st = tvi_pass_look_ahead(pass, work, (size_t)model->options.predict_steps);
    tvi_stopwatch_lap(batch->watch, TVAE_PART_PRIOR);
    if (st == TVAE_OK)
        st = tvi_pass_decode(pass, work);
    tvi_stopwatch_lap(batch->watch, TVAE_PART_DECODER);
    if (st != TVAE_OK)
        return st;
    tvi_pass_likelihood(pass, (float)pass->share / (float)pass->n_outputs,
                        d_output ? *d_output : NULL);

    memset(terms, 0, TVAE_N_TERMS * sizeof *terms);
    terms[TVAE_TERM_NEG_LOG_PX] = mean_of(pass->nll, pass->n_outputs);
    terms[TVAE_TERM_KL_Z] = mean_of(pass->z.row_sums, pass->n_rows);
    if (model->u_encoder)
        terms[TVAE_TERM_KL_U] = mean_of(pass->u.row_sums, pass->n_rows);
    terms[TVAE_TERM_LOSS] =
        terms[TVAE_TERM_NEG_LOG_PX] + terms[TVAE_TERM_KL_Z] + terms[TVAE_TERM_KL_U];
    tvi_stopwatch_lap(batch->watch, TVAE_PART_LIKELIHOOD);
    return check_terms(terms);
}

/* What the backward pass needs beside the forward one. */
typedef struct gradients {
    float *d_output, *d_ahead, *d_t, *d_z, *d_u, *d_code_z, *d_code_u, *zeros, *scratch;
    double *d_weights; /* NULL: the neighbourhood weights are not trained */
} gradients;

static size_t largest(size_t a, size_t b)
{
    return a > b ? a : b;
}

static size_t count_offsets(const tvae_prior *prior)
{
    size_t n = 0;

    for (size_t i = 0; i < tvi_prior_n_neighbourhoods(prior); i++)
        n += tvae_neighbourhood_count(tvi_prior_neighbourhood(prior, i));
    return n;
}

static size_t layer_scratch(const tvae_model *model, size_t n_rows)
{
    size_t n = tvi_layer_scratch_floats(model->decoder, n_rows, model->n_latents);

    n = largest(n, tvi_layer_scratch_floats(model->z_encoder, n_rows, model->n_pixels));
    if (model->u_encoder)
        n = largest(n,
                    tvi_layer_scratch_floats(model->u_encoder, n_rows, model->n_pixels));
    return n;
}

/* Get everything before the first gradient is delivered, so that no memory is a failure
 * without effect. */
static tvae_status get_gradients(const tvi_pass *pass, tvae_workspace *work, gradients *g)
{
    const tvae_model *model = pass->model;
    const size_t n = pass->n_rows * model->n_latents;
    const bool has_u = model->u_encoder != NULL;
    const struct {
        int slot;
        size_t count;
        float **values;
    } wanted[] = {
        {TVI_SLOT_D_T, n, &g->d_t},
        {TVI_SLOT_D_AHEAD, pass->ahead ? pass->n_outputs * model->n_latents : 0,
         &g->d_ahead},
        {TVI_SLOT_D_Z, n, &g->d_z},
        {TVI_SLOT_D_CODE_Z, 2 * n, &g->d_code_z},
        {TVI_SLOT_NO_NOISE, model->n_latents, &g->zeros},
        {TVI_SLOT_LAYER_SCRATCH, layer_scratch(model, pass->n_rows), &g->scratch},
        {TVI_SLOT_D_U, n, &g->d_u},
        {TVI_SLOT_D_CODE_U, 2 * n, &g->d_code_u}};
    const size_t n_wanted = sizeof wanted / sizeof *wanted - (has_u ? 0 : 2);
    tvae_status st = TVAE_OK;

    for (size_t i = 0; st == TVAE_OK && i < n_wanted; i++)
        st = tvi_workspace_get(work, wanted[i].slot, wanted[i].count, wanted[i].values);
    if (st == TVAE_OK && has_u && tvi_prior_options_of(model->prior)->learn_weights)
        st = tvi_workspace_doubles(work, TVI_SLOT_D_WEIGHTS, count_offsets(model->prior),
                                   &g->d_weights);
    if (st == TVAE_OK)
        memset(g->zeros, 0, model->n_latents * sizeof *g->zeros);
    return st;
}

/* Decoder, likelihood, prior, encoders, in that order; each step's input gradient is
 * taken before its parameters may change. */
static tvae_status run_backward(tvae_model *model, const tvi_pass *pass, double kl_weight,
                                gradients *g, tvi_gradient_sink *sink)
{
    const tvi_rows t = {pass->n_outputs, model->n_latents,
                        pass->ahead ? pass->ahead : pass->t, NULL};
    const tvi_rows x = tvi_pass_inputs(pass);
    double d_mu = 0.0;
    tvae_status st = tvi_layer_backward(model->decoder, &t, pass->output, g->d_output,
                                        pass->ahead ? g->d_ahead : g->d_t,
                                        pass->decoder_saved, g->scratch, sink);

    if (st == TVAE_OK && model->log_scale.value)
        st = tvi_pass_deliver_scale(pass, &model->log_scale,
                                    mean_of(pass->nll, pass->n_outputs), sink);
    if (st != TVAE_OK)
        return st;
    if (pass->ahead)
        tvi_pass_look_back(pass, g->d_ahead, g->d_t);
    tvi_prior_gradient(model->prior, pass->n_sequences, pass->n_frames, pass->z.sample,
                       pass->u.sample, g->d_t, g->d_z, g->d_u, pass->prior_scratch, &d_mu,
                       g->d_weights);
    tvi_pass_code_gradient(pass, kl_weight, g->zeros, g->d_z, g->d_u, g->d_code_z,
                           g->d_code_u);
    st = tvi_prior_deliver(model->prior, d_mu, g->d_weights, sink);
    if (st == TVAE_OK && model->u_encoder)
        st = tvi_layer_backward(model->u_encoder, &x, pass->u.code, g->d_code_u, NULL,
                                pass->u.saved, g->scratch, sink);
    if (st == TVAE_OK)
        st = tvi_layer_backward(model->z_encoder, &x, pass->z.code, g->d_code_z, NULL,
                                pass->z.saved, g->scratch, sink);
    return st;
}

/* Lend the sink room for the largest parameter, if it has none. */
static tvae_status lend_scratch(const tvae_model *model, tvae_workspace *work,
                                tvi_gradient_sink *sink)
{
    size_t n = 1;

    for (size_t i = 0; i < model->parameters.n_items; i++)
        n = largest(n, model->parameters.items[i].parameter->count);
    sink->n_scratch = n;
    return tvi_workspace_get(work, TVI_SLOT_SINK, n, &sink->scratch);
}

tvae_status tvi_model_loss(tvae_model *model, tvae_workspace *work,
                           const tvi_batch *batch, double *terms, tvi_gradient_sink *sink)
{
    gradients g = {0};
    tvi_pass pass;
    bool lent = false;
    tvae_status st =
        run_forward(&pass, model, work, batch, sink ? &g.d_output : NULL, terms);

    if (st != TVAE_OK || !sink)
        return st;
    st = get_gradients(&pass, work, &g);
    if (st == TVAE_OK && sink->take && !sink->scratch) {
        lent = true;
        st = lend_scratch(model, work, sink);
    }
    if (st == TVAE_OK)
        st = run_backward(model, &pass, batch->kl_weight, &g, sink);
    if (lent) {
        sink->scratch = NULL;
        sink->n_scratch = 0;
    }
    return st;
}

tvae_status tvi_model_evaluate(const tvae_model *model, tvae_workspace *work,
                               const tvi_batch *batch, double *terms)
{
    tvi_pass pass;

    return run_forward(&pass, model, work, batch, NULL, terms);
}

const float *tvi_model_last_latents(const tvae_workspace *work)
{
    return work->slots[TVI_SLOT_T].values;
}
