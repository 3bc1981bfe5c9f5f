/* SPDX-License-Identifier: MIT */
#include "harness.h"

enum { N_FRAMES = 2, MOST_FRAME_VALUES = 1 << 14 };

static void expect_run(tvae_status st, const char *what)
{
    fuzz_expect(st == TVAE_OK || st == TVAE_E_NUMERIC || st == TVAE_E_NOMEM, what);
}

static void push_frame(tvae_model *model, tvae_tensor *x, tvae_tensor *t,
                       const size_t frame[3], size_t n_latents)
{
    tvae_tensor *one_x = NULL, *one_t = NULL;
    tvae_stream *stream = NULL;
    const tvae_status st = tvae_stream_create(model, &stream);

    fuzz_expect(st == TVAE_OK || st == TVAE_E_INVALID || st == TVAE_E_NOMEM,
                "a stream cannot be made of a model");
    if (st == TVAE_OK && tvae_tensor_view(x, 0, 3, frame, &one_x) == TVAE_OK &&
        tvae_tensor_view(t, 0, 1, &n_latents, &one_t) == TVAE_OK)
        expect_run(tvae_stream_push(stream, one_x, one_t), "a frame cannot be pushed");
    tvae_tensor_destroy(&one_x);
    tvae_tensor_destroy(&one_t);
    tvae_stream_destroy(&stream);
}

static void run_model(tvae_model *model, tvae_workspace *work, tvae_tensor *x,
                      tvae_tensor *t, tvae_tensor *out)
{
    double terms[TVAE_N_TERMS];
    tvae_status st = tvae_model_encode(model, work, x, t);

    expect_run(st, "a model cannot encode");
    if (st == TVAE_OK) {
        st = tvae_model_decode(model, work, t, out);
        expect_run(st, "a model cannot decode");
        fuzz_touch(tvae_tensor_data_const(out), tvae_tensor_count(out) * sizeof(float));
    }
    st = tvae_model_elbo_gradient(model, work, x, NULL, NULL, terms, TVAE_N_TERMS);
    /* a model that predicts needs more frames than it looks ahead */
    if (st != TVAE_E_SHAPE)
        expect_run(st, "a model has no gradient");
}

void fuzz_use_model(tvae_model *model)
{
    size_t frame[3], latents[4], n_latents = 1, n_values = 1;
    tvae_tensor *x = NULL, *t = NULL, *out = NULL;
    tvae_workspace *work = NULL;

    fuzz_expect(tvae_model_frame_shape(model, frame) == TVAE_OK &&
                    tvae_model_latent_shape(model, latents) == TVAE_OK,
                "a model has no shape");
    for (size_t axis = 0; axis < 3; axis++)
        n_values *= frame[axis] <= MOST_FRAME_VALUES ? frame[axis] : MOST_FRAME_VALUES;
    for (size_t axis = 0; axis < 4; axis++)
        n_latents *= latents[axis];
    if (n_values > MOST_FRAME_VALUES || n_latents > MOST_FRAME_VALUES)
        return;
    if (tvae_workspace_create(&work) == TVAE_OK &&
        tvae_tensor_create(5, (const size_t[]){1, N_FRAMES, frame[0], frame[1], frame[2]},
                           &x) == TVAE_OK &&
        tvae_tensor_create(5, (const size_t[]){1, N_FRAMES, frame[0], frame[1], frame[2]},
                           &out) == TVAE_OK &&
        tvae_tensor_create(3, (const size_t[]){1, N_FRAMES, n_latents}, &t) == TVAE_OK) {
        for (size_t i = 0; i < tvae_tensor_count(x); i += 3)
            tvae_tensor_data(x)[i] = 0.5f;
        run_model(model, work, x, t, out);
        push_frame(model, x, t, frame, n_latents);
    }
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&out);
    tvae_tensor_destroy(&t);
    tvae_workspace_destroy(&work);
}
