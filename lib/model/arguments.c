/* SPDX-License-Identifier: MIT */
#include "model/arguments.h"

#include "tensor/tensor.h"

tvae_status tvi_check_handles(const tvae_model *model, const tvae_workspace *work,
                              const char *call)
{
    if (model && work)
        return TVAE_OK;
    return tvi_fail(TVAE_E_INVALID, "%s: %s is NULL", call, model ? "work" : "model");
}

tvae_status tvi_check_frames(const tvae_model *model, const tvae_tensor *x,
                             const char *call, size_t *n_sequences, size_t *n_frames)
{
    size_t shape[5] = {1, 1};
    tvae_status st;

    if (!x)
        return tvi_fail(TVAE_E_INVALID, "%s: x is NULL", call);
    for (size_t axis = 0; axis < 2 && (int32_t)axis < x->rank; axis++)
        shape[axis] = x->shape[axis];
    st = tvae_model_frame_shape(model, shape + 2);
    if (st == TVAE_OK)
        st = tvi_tensor_check(x, 5, shape, call, "x");
    *n_sequences = shape[0];
    *n_frames = shape[1];
    return st;
}

tvae_status tvi_check_latents(const tvae_model *model, const tvae_tensor *latents,
                              size_t n_sequences, size_t n_frames, const char *call,
                              const char *name)
{
    char got[TVI_SHAPE_TEXT];

    if (!latents)
        return tvi_fail(TVAE_E_INVALID, "%s: %s is NULL", call, name);
    if (latents->rank >= 3 && latents->shape[0] == n_sequences &&
        latents->shape[1] == n_frames &&
        latents->count / n_sequences / n_frames == model->n_latents)
        return TVAE_OK;
    return tvi_fail(TVAE_E_SHAPE,
                    "%s: %s is %s, want [%zu, %zu, ...] with %zu latents a frame", call,
                    name, tvi_shape_text(latents->rank, latents->shape, got), n_sequences,
                    n_frames, model->n_latents);
}

tvae_status tvi_check_finite_values(const float *values, size_t n, const char *call,
                                    const char *name)
{
    const size_t place = tvi_first_non_finite(values, n);

    if (place == n)
        return TVAE_OK;
    return tvi_fail(TVAE_E_NUMERIC, "%s: element %zu of %s is %g, want a finite number",
                    call, place, name, (double)values[place]);
}

tvae_status tvi_check_finite(const tvae_tensor *tensor, const char *call,
                             const char *name)
{
    return tvi_check_finite_values(tensor->data, tensor->count, call, name);
}

static tvae_status check_one_noise(const tvae_model *model, const tvae_tensor *noise,
                                   size_t n_sequences, size_t n_frames, const char *call,
                                   const char *name)
{
    tvae_status st = tvi_check_latents(model, noise, n_sequences, n_frames, call, name);

    return st == TVAE_OK ? tvi_check_finite(noise, call, name) : st;
}

tvae_status tvi_check_noise(const tvae_model *model, const tvae_tensor *noise_z,
                            const tvae_tensor *noise_u, size_t n_sequences,
                            size_t n_frames, bool optional, const char *call)
{
    tvae_status st;

    if (noise_u && !model->u_encoder)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: noise_u is given, want NULL: a plain VAE has no u", call);
    if (optional && !noise_z && !noise_u)
        return TVAE_OK;
    st = check_one_noise(model, noise_z, n_sequences, n_frames, call, "noise_z");
    if (st == TVAE_OK && model->u_encoder)
        st = check_one_noise(model, noise_u, n_sequences, n_frames, call, "noise_u");
    return st;
}
