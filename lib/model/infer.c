/* SPDX-License-Identifier: MIT */
#include "model/arguments.h"
#include "model/pass.h"

#include <string.h>

#include "tensor/tensor.h"

/* Encoding and decoding for a model that is only read. */

/* Check model, workspace and frames, and begin a pass over the frames. */
static tvae_status begin(tvi_pass *pass, const tvae_model *model, tvae_workspace *work,
                         const tvae_tensor *x, const char *call)
{
    size_t n_sequences = 0, n_frames = 0;
    tvae_status st = tvi_check_handles(model, work, call);

    if (st == TVAE_OK)
        st = tvi_check_frames(model, x, call, &n_sequences, &n_frames);
    if (st == TVAE_OK)
        st = tvi_check_finite(x, call, "x");
    if (st != TVAE_OK)
        return st;
    return tvi_pass_begin(pass, model, work, n_sequences, n_frames, x->data);
}

static tvae_status sample_latents(tvi_pass *pass, tvae_workspace *work,
                                  const float *noise_z, const float *noise_u,
                                  tvae_tensor *t)
{
    tvae_status st = tvi_pass_encode(pass, work);

    if (st == TVAE_OK)
        st = tvi_pass_sample(pass, work, noise_z, noise_u, TVI_ROW_NOTHING);
    if (st == TVAE_OK)
        st = tvi_pass_construct(pass, work, t->data);
    return st;
}

tvae_status tvae_model_encode(const tvae_model *model, tvae_workspace *work,
                              const tvae_tensor *x, tvae_tensor *t)
{
    tvi_pass pass;
    tvae_status st = begin(&pass, model, work, x, "model_encode");

    if (st == TVAE_OK)
        st = tvi_check_latents(model, t, pass.n_sequences, pass.n_frames, "model_encode",
                               "t");
    return st == TVAE_OK ? sample_latents(&pass, work, NULL, NULL, t) : st;
}

tvae_status tvae_model_sample(const tvae_model *model, tvae_workspace *work,
                              const tvae_tensor *x, const tvae_tensor *noise_z,
                              const tvae_tensor *noise_u, tvae_tensor *t)
{
    const char *const call = "model_sample";
    tvi_pass pass;
    tvae_status st = begin(&pass, model, work, x, call);

    if (st == TVAE_OK)
        st = tvi_check_noise(model, noise_z, noise_u, pass.n_sequences, pass.n_frames,
                             false, call);
    if (st == TVAE_OK)
        st = tvi_check_latents(model, t, pass.n_sequences, pass.n_frames, call, "t");
    if (st != TVAE_OK)
        return st;
    return sample_latents(&pass, work, noise_z->data, noise_u ? noise_u->data : NULL, t);
}

/* Copy half of each code row out: 0 the means, 1 the log-variances. */
static void copy_half(const tvi_pass *pass, const float *code, size_t half,
                      tvae_tensor *out)
{
    const size_t n = pass->model->n_latents;

    if (!out)
        return;
    for (size_t row = 0; row < pass->n_rows; row++)
        memcpy(out->data + row * n, code + (2 * row + half) * n, n * sizeof *code);
}

static tvae_status check_outputs(const tvi_pass *pass, const tvae_tensor *const *outputs)
{
    static const char *const names[] = {"z_mean", "z_log_variance", "u_mean",
                                        "u_log_variance"};
    tvae_status st = TVAE_OK;

    for (size_t i = 0; st == TVAE_OK && i < 4; i++) {
        if (!outputs[i])
            continue;
        if (i >= 2 && !pass->model->u_encoder)
            return tvi_fail(TVAE_E_INVALID,
                            "model_posterior: %s is given, want NULL: a plain VAE has no "
                            "u",
                            names[i]);
        st = tvi_check_latents(pass->model, outputs[i], pass->n_sequences, pass->n_frames,
                               "model_posterior", names[i]);
    }
    return st;
}

tvae_status tvae_model_posterior(const tvae_model *model, tvae_workspace *work,
                                 const tvae_tensor *x, tvae_tensor *z_mean,
                                 tvae_tensor *z_log_variance, tvae_tensor *u_mean,
                                 tvae_tensor *u_log_variance)
{
    const tvae_tensor *const outputs[] = {z_mean, z_log_variance, u_mean, u_log_variance};
    tvi_pass pass;
    tvae_status st = begin(&pass, model, work, x, "model_posterior");

    if (st == TVAE_OK)
        st = check_outputs(&pass, outputs);
    if (st == TVAE_OK && (z_mean || z_log_variance))
        st = tvi_pass_encode_z(&pass, work);
    if (st == TVAE_OK && (u_mean || u_log_variance))
        st = tvi_pass_encode_u(&pass, work);
    if (st != TVAE_OK)
        return st;
    copy_half(&pass, pass.z.code, 0, z_mean);
    copy_half(&pass, pass.z.code, 1, z_log_variance);
    copy_half(&pass, pass.u.code, 0, u_mean);
    copy_half(&pass, pass.u.code, 1, u_log_variance);
    return TVAE_OK;
}

tvae_status tvae_model_decode(const tvae_model *model, tvae_workspace *work,
                              const tvae_tensor *t, tvae_tensor *x)
{
    const char *const call = "model_decode";
    size_t n_sequences = 0, n_frames = 0;
    tvi_pass pass;
    tvae_status st = tvi_check_handles(model, work, call);

    if (st == TVAE_OK)
        st = tvi_check_frames(model, x, call, &n_sequences, &n_frames);
    if (st == TVAE_OK)
        st = tvi_check_latents(model, t, n_sequences, n_frames, call, "t");
    if (st == TVAE_OK)
        st = tvi_check_finite(t, call, "t");
    if (st == TVAE_OK)
        st = tvi_pass_begin(&pass, model, work, n_sequences, n_frames, NULL);
    if (st != TVAE_OK)
        return st;
    pass.t = t->data;
    st = tvi_pass_decode(&pass, work);
    if (st == TVAE_OK)
        tvi_pass_expect(&pass, x->data);
    return st;
}
