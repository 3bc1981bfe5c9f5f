/* SPDX-License-Identifier: MIT */
#include "model/pass.h"

#include <stdint.h>

#include "base/memory.h"

tvae_status tvi_row_floats(size_t n_rows, size_t width, size_t *product)
{
    if (tvi_multiply(n_rows, width, product))
        return TVAE_OK;
    return tvi_fail(TVAE_E_SHAPE,
                    "model: %zu frames of %zu values overflow, want a smaller batch",
                    n_rows, width);
}

tvae_status tvi_workspace_doubles(tvae_workspace *work, int slot, size_t n,
                                  double **values)
{
    float *block = NULL;
    size_t n_floats;
    tvae_status st = tvi_row_floats(n, sizeof(double) / sizeof(float), &n_floats);

    if (st == TVAE_OK)
        st = tvi_workspace_get(work, slot, n_floats, &block);
    if (st == TVAE_OK)
        *values = (double *)(void *)block;
    return st;
}

static tvae_status get_rows(const tvi_pass *pass, tvae_workspace *work, int slot,
                            size_t width, float **values)
{
    size_t n = 0;
    tvae_status st = tvi_row_floats(pass->n_rows, width, &n);

    return st == TVAE_OK ? tvi_workspace_get(work, slot, n, values) : st;
}

tvae_status tvi_pass_begin(tvi_pass *pass, const tvae_model *model, tvae_workspace *work,
                           size_t n_sequences, size_t n_frames, const float *x)
{
    tvae_status st;

    *pass = (tvi_pass){.model = model,
                       .n_sequences = n_sequences,
                       .n_frames = n_frames,
                       .share = 1.0,
                       .x = x};
    tvi_workspace_forget(work);
    st = tvi_row_floats(n_sequences, n_frames, &pass->n_rows);
    if (st == TVAE_OK)
        st = tvi_workspace_doubles(work, TVI_SLOT_ROW_SUMS, 3 * pass->n_rows, &pass->nll);
    if (st != TVAE_OK)
        return st;
    pass->n_outputs = pass->n_rows;
    pass->z.row_sums = pass->nll + pass->n_rows;
    pass->u.row_sums = pass->z.row_sums + pass->n_rows;
    return TVAE_OK;
}

/* Both encoders share the list of the non-zeros. */
static tvae_status list_inputs(tvi_pass *pass, tvae_workspace *work)
{
    const size_t n_pixels = pass->model->n_pixels;
    const size_t n = tvi_sparse_floats(pass->n_rows, n_pixels, pass->has_gradient);
    float *memory = NULL;
    tvae_status st = TVAE_OK;

    if (pass->is_listed || n == SIZE_MAX)
        return TVAE_OK;
    st = tvi_workspace_get(work, TVI_SLOT_SPARSE, n, &memory);
    if (st != TVAE_OK)
        return st;
    pass->is_sparse = tvi_sparse_list(&pass->sparse, pass->n_rows, n_pixels, pass->x,
                                      pass->has_gradient, memory);
    pass->is_listed = true;
    return TVAE_OK;
}

tvi_rows tvi_pass_inputs(const tvi_pass *pass)
{
    return (tvi_rows){pass->n_rows, pass->model->n_pixels, pass->x,
                      pass->is_sparse ? &pass->sparse : NULL};
}

static tvae_status encode(tvi_pass *pass, tvae_workspace *work, const tvae_layer *encoder,
                          int code_slot, int saved_slot, tvi_posterior *posterior)
{
    const tvae_model *model = pass->model;
    const size_t n_saved = tvi_layer_saved_floats(encoder, pass->n_rows, model->n_pixels);
    tvae_status st =
        get_rows(pass, work, code_slot, 2 * model->n_latents, &posterior->code);
    tvi_rows x;

    if (st == TVAE_OK)
        st = tvi_workspace_get(work, saved_slot, n_saved, &posterior->saved);
    if (st == TVAE_OK)
        st = list_inputs(pass, work);
    if (st != TVAE_OK)
        return st;
    x = tvi_pass_inputs(pass);
    return tvi_layer_forward(encoder, &x, posterior->code, posterior->saved);
}

tvae_status tvi_pass_encode_z(tvi_pass *pass, tvae_workspace *work)
{
    return encode(pass, work, pass->model->z_encoder, TVI_SLOT_Z_CODE, TVI_SLOT_Z_SAVED,
                  &pass->z);
}

tvae_status tvi_pass_encode_u(tvi_pass *pass, tvae_workspace *work)
{
    return encode(pass, work, pass->model->u_encoder, TVI_SLOT_U_CODE, TVI_SLOT_U_SAVED,
                  &pass->u);
}

tvae_status tvi_pass_encode(tvi_pass *pass, tvae_workspace *work)
{
    tvae_status st = tvi_pass_encode_z(pass, work);

    if (st == TVAE_OK && pass->model->u_encoder)
        st = tvi_pass_encode_u(pass, work);
    return st;
}

tvae_status tvi_pass_construct(tvi_pass *pass, tvae_workspace *work, float *t)
{
    const tvae_model *model = pass->model;
    const size_t n_scratch =
        tvi_prior_scratch_floats(model->prior, pass->n_sequences, pass->n_frames);
    tvae_status st = TVAE_OK;

    pass->t = t;
    if (!t)
        st = get_rows(pass, work, TVI_SLOT_T, model->n_latents, &pass->t);
    if (st == TVAE_OK)
        st = tvi_workspace_get(work, TVI_SLOT_PRIOR, n_scratch, &pass->prior_scratch);
    if (st != TVAE_OK)
        return st;
    tvi_prior_apply(model->prior, pass->n_sequences, pass->n_frames, pass->z.sample,
                    pass->u.sample, pass->t, pass->prior_scratch);
    return TVAE_OK;
}

tvae_status tvi_pass_decode(tvi_pass *pass, tvae_workspace *work)
{
    const tvae_model *model = pass->model;
    const tvi_rows t = {pass->n_outputs, model->n_latents,
                        pass->ahead ? pass->ahead : pass->t, NULL};
    tvae_status st =
        get_rows(pass, work, TVI_SLOT_OUTPUT, model->n_pixels, &pass->output);

    if (st == TVAE_OK)
        st = tvi_workspace_get(work, TVI_SLOT_DECODER_SAVED,
                               tvi_layer_saved_floats(model->decoder, t.n_rows, t.width),
                               &pass->decoder_saved);
    if (st != TVAE_OK)
        return st;
    return tvi_layer_forward(model->decoder, &t, pass->output, pass->decoder_saved);
}
