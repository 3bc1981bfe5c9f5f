/* SPDX-License-Identifier: MIT */
#include "model/arguments.h"
#include "model/pass.h"

#include <string.h>

#include "tensor/tensor.h"

/* Capsules rolled ahead: in the loss of predictive training, and to show the frames that
 * were not encoded (Keller & Welling 2021, "Predictive Coding with Topographic
 * Variational Autoencoders"). */

/* Frames of each sequence that have one `steps_ahead` later. */
static size_t frames_with_target(const tvi_pass *pass)
{
    return pass->n_frames - pass->steps_ahead;
}

size_t tvi_pass_target(const tvi_pass *pass, size_t output)
{
    const size_t n = frames_with_target(pass);

    return output / n * pass->n_frames + output % n + pass->steps_ahead;
}

tvae_status tvi_pass_look_ahead(tvi_pass *pass, tvae_workspace *work, size_t steps)
{
    const tvae_model *model = pass->model;
    const size_t n_latents = model->n_latents;
    size_t n_frames, n = 0;
    tvae_status st;

    if (pass->n_frames <= steps)
        return tvi_fail(TVAE_E_SHAPE,
                        "model: x has %zu frames a sequence, want more than the %zu that "
                        "the model predicts ahead",
                        pass->n_frames, steps);
    pass->steps_ahead = steps;
    n_frames = frames_with_target(pass);
    pass->n_outputs = pass->n_sequences * n_frames;
    st = tvi_row_floats(pass->n_outputs, n_latents, &n);
    if (st == TVAE_OK)
        st = tvi_workspace_get(work, TVI_SLOT_AHEAD, n, &pass->ahead);
    if (st != TVAE_OK)
        return st;
    for (size_t i = 0; i < pass->n_sequences; i++)
        tvi_roll_latents(model->prior, n_frames, (int64_t)steps,
                         pass->t + i * pass->n_frames * n_latents,
                         pass->ahead + i * n_frames * n_latents);
    return TVAE_OK;
}

void tvi_pass_look_back(const tvi_pass *pass, const float *d_ahead, float *d_t)
{
    const size_t n_latents = pass->model->n_latents, n_frames = frames_with_target(pass);

    memset(d_t, 0, pass->n_rows * n_latents * sizeof *d_t);
    for (size_t i = 0; i < pass->n_sequences; i++)
        tvi_roll_latents(pass->model->prior, n_frames, -(int64_t)pass->steps_ahead,
                         d_ahead + i * n_frames * n_latents,
                         d_t + i * pass->n_frames * n_latents);
}

static tvae_status check_arguments(const tvae_model *model, const tvae_workspace *work,
                                   const tvae_tensor *x, int64_t n_seen,
                                   const tvae_tensor *predicted, size_t *n_sequences,
                                   size_t *n_frames, size_t *n_steps)
{
    const char *const call = "model_predict";
    size_t n_predicted = 0;
    tvae_status st = tvi_check_handles(model, work, call);

    if (st == TVAE_OK)
        st = tvi_check_frames(model, x, call, n_sequences, n_frames);
    if (st == TVAE_OK && !predicted)
        st = tvi_fail(TVAE_E_INVALID, "%s: predicted is NULL", call);
    if (st == TVAE_OK)
        st = tvi_check_frames(model, predicted, call, &n_predicted, n_steps);
    if (st != TVAE_OK)
        return st;
    if (n_predicted != *n_sequences)
        return tvi_fail(TVAE_E_SHAPE, "%s: predicted has %zu sequences, want %zu as x",
                        call, n_predicted, *n_sequences);
    if (n_seen < 1 || (uint64_t)n_seen > *n_frames)
        return tvi_fail(TVAE_E_INVALID, "%s: n_seen is %lld, want 1 to the %zu frames",
                        call, (long long)n_seen, *n_frames);
    return TVAE_OK;
}

/* The first n_seen frames of each sequence, one sequence after the other. */
static tvae_status copy_seen(const tvae_model *model, tvae_workspace *work,
                             const tvae_tensor *x, size_t n_seen, float **seen)
{
    const size_t n_sequences = x->shape[0], part = n_seen * model->n_pixels;
    tvae_status st = tvi_workspace_get(work, TVI_SLOT_SEEN, n_sequences * part, seen);

    if (st != TVAE_OK)
        return st;
    for (size_t i = 0; i < n_sequences; i++)
        memcpy(*seen + i * part, x->data + i * x->shape[1] * model->n_pixels,
               part * sizeof **seen);
    return tvi_check_finite_values(*seen, n_sequences * part, "model_predict", "x");
}

/* Roll_1 .. Roll_n of the last frame encoded, for each sequence. */
static tvae_status roll_last(const tvi_pass *seen, tvae_workspace *work, size_t n_steps,
                             float **rolled)
{
    const size_t n_latents = seen->model->n_latents;
    size_t n = 0;
    tvae_status st = tvi_row_floats(seen->n_sequences * n_steps, n_latents, &n);

    if (st == TVAE_OK)
        st = tvi_workspace_get(work, TVI_SLOT_AHEAD, n, rolled);
    if (st != TVAE_OK)
        return st;
    for (size_t i = 0; i < seen->n_sequences; i++)
        for (size_t step = 0; step < n_steps; step++)
            tvi_roll_latents(seen->model->prior, 1, (int64_t)step + 1,
                             seen->t + ((i + 1) * seen->n_frames - 1) * n_latents,
                             *rolled + (i * n_steps + step) * n_latents);
    return TVAE_OK;
}

tvae_status tvae_model_predict(const tvae_model *model, tvae_workspace *work,
                               const tvae_tensor *x, int64_t n_seen,
                               tvae_tensor *predicted)
{
    size_t n_sequences = 0, n_frames = 0, n_steps = 0;
    float *seen = NULL, *rolled = NULL;
    tvi_pass pass;
    tvae_status st = check_arguments(model, work, x, n_seen, predicted, &n_sequences,
                                     &n_frames, &n_steps);

    if (st == TVAE_OK)
        st = copy_seen(model, work, x, (size_t)n_seen, &seen);
    if (st == TVAE_OK)
        st = tvi_pass_begin(&pass, model, work, n_sequences, (size_t)n_seen, seen);
    if (st == TVAE_OK)
        st = tvi_pass_encode(&pass, work);
    if (st == TVAE_OK)
        st = tvi_pass_sample(&pass, work, NULL, NULL, TVI_ROW_NOTHING);
    if (st == TVAE_OK)
        st = tvi_pass_construct(&pass, work, NULL);
    if (st == TVAE_OK)
        st = roll_last(&pass, work, n_steps, &rolled);
    if (st == TVAE_OK)
        st = tvi_pass_begin(&pass, model, work, n_sequences, n_steps, NULL);
    if (st != TVAE_OK)
        return st;
    pass.t = rolled;
    st = tvi_pass_decode(&pass, work);
    if (st == TVAE_OK)
        tvi_pass_expect(&pass, predicted->data);
    return st;
}
