/* SPDX-License-Identifier: MIT */
#include "model/arguments.h"
#include "model/pass.h"

#include "base/memory.h"
#include "tensor/tensor.h"

/* Encoding frame by frame: each energy of a causal model is a sum over the last rows of
 * u^2, which are kept in a ring. */

struct tvae_stream {
    tvi_refcount references;
    tvae_model *model;
    tvae_workspace *work;
    size_t n_rows;      /* of the ring: the frame itself and those the prior reaches */
    size_t n_held;      /* rows in use */
    size_t newest;      /* the row of the last frame */
    float *squares;     /* [n_rows, latents] u^2 */
    const float **past; /* [n_rows] the row of each frame back; NULL before the first */
    float *scratch;     /* of the construction */
};

static tvae_status allocate_rows(tvae_stream *stream)
{
    const tvae_model *model = stream->model;
    size_t n_values = 0;
    tvae_status st = tvi_row_floats(stream->n_rows, model->n_latents, &n_values);

    if (st != TVAE_OK)
        return st;
    stream->squares = tvi_alloc_array(n_values, sizeof *stream->squares);
    if (!stream->squares)
        return TVAE_E_NOMEM;
    stream->past = tvi_alloc_array(stream->n_rows, sizeof *stream->past);
    if (!stream->past)
        return TVAE_E_NOMEM;
    stream->scratch =
        tvi_alloc_array(tvi_prior_frame_floats(model->prior), sizeof *stream->scratch);
    return stream->scratch ? TVAE_OK : TVAE_E_NOMEM;
}

tvae_status tvae_stream_create(tvae_model *model, tvae_stream **out)
{
    tvae_stream *stream;
    size_t n_past = 0;
    tvae_status st;

    if (!out)
        return tvi_fail(TVAE_E_INVALID, "stream_create: out is NULL");
    *out = NULL;
    if (!model)
        return tvi_fail(TVAE_E_INVALID, "stream_create: model is NULL");
    if (!tvi_prior_is_causal(model->prior, &n_past))
        return tvi_fail(TVAE_E_INVALID,
                        "stream_create: the model's prior looks at later frames, want "
                        "neighbourhoods of frames up to 0 and frame_boundary %d (zero)",
                        TVAE_BOUNDARY_ZERO);
    stream = tvi_alloc_array(1, sizeof *stream);
    if (!stream)
        return TVAE_E_NOMEM;
    tvi_refcount_init(&stream->references);
    stream->model = tvae_model_retain(model);
    stream->n_rows = n_past + 1;
    st = tvae_workspace_create(&stream->work);
    if (st == TVAE_OK)
        st = allocate_rows(stream);
    if (st == TVAE_OK)
        *out = stream;
    else
        tvae_stream_destroy(&stream);
    return st;
}

tvae_stream *tvae_stream_retain(tvae_stream *stream)
{
    if (stream)
        tvi_refcount_retain(&stream->references);
    return stream;
}

void tvae_stream_destroy(tvae_stream **stream)
{
    tvae_stream *gone;

    if (!stream || !*stream)
        return;
    gone = *stream;
    *stream = NULL;
    if (!tvi_refcount_release(&gone->references))
        return;
    tvae_model_destroy(&gone->model);
    tvae_workspace_destroy(&gone->work);
    tvi_free(gone->squares);
    tvi_free(gone->past);
    tvi_free(gone->scratch);
    tvi_free(gone);
}

tvae_status tvae_stream_reset(tvae_stream *stream)
{
    if (!stream)
        return tvi_fail(TVAE_E_INVALID, "stream_reset: stream is NULL");
    stream->n_held = 0;
    return TVAE_OK;
}

static tvae_status check_push(const tvae_stream *stream, const tvae_tensor *frame,
                              const tvae_tensor *t)
{
    char got[TVI_SHAPE_TEXT];
    size_t shape[3];
    tvae_status st;

    if (!stream || !frame || !t)
        return tvi_fail(TVAE_E_INVALID, "stream_push: %s is NULL",
                        !stream  ? "stream"
                        : !frame ? "frame"
                                 : "t");
    st = tvae_model_frame_shape(stream->model, shape);
    if (st == TVAE_OK)
        st = tvi_tensor_check(frame, 3, shape, "stream_push", "frame");
    if (st == TVAE_OK && t->count != stream->model->n_latents)
        st = tvi_fail(TVAE_E_SHAPE,
                      "stream_push: t is %s, want the %zu latents of a frame",
                      tvi_shape_text(t->rank, t->shape, got), stream->model->n_latents);
    return st == TVAE_OK ? tvi_check_finite(frame, "stream_push", "frame") : st;
}

/* Put the frame's squares into the ring, over the oldest when it is full. */
static void keep_squares(tvae_stream *stream, const float *u)
{
    const size_t n_latents = stream->model->n_latents;
    float *row;

    stream->newest = (stream->newest + 1) % stream->n_rows;
    if (stream->n_held < stream->n_rows)
        stream->n_held++;
    row = stream->squares + stream->newest * n_latents;
    for (size_t i = 0; i < n_latents; i++)
        row[i] = u[i] * u[i];
    for (size_t back = 0; back < stream->n_rows; back++) {
        const size_t place = (stream->newest + stream->n_rows - back) % stream->n_rows;

        stream->past[back] =
            back < stream->n_held ? stream->squares + place * n_latents : NULL;
    }
}

tvae_status tvae_stream_push(tvae_stream *stream, const tvae_tensor *frame,
                             tvae_tensor *t)
{
    tvi_pass pass;
    tvae_status st = check_push(stream, frame, t);

    if (st == TVAE_OK)
        st = tvi_pass_begin(&pass, stream->model, stream->work, 1, 1, frame->data);
    if (st == TVAE_OK)
        st = tvi_pass_encode(&pass, stream->work);
    if (st == TVAE_OK)
        st = tvi_pass_sample(&pass, stream->work, NULL, NULL, TVI_ROW_NOTHING);
    if (st != TVAE_OK)
        return st;
    if (pass.u.sample)
        keep_squares(stream, pass.u.sample);
    tvi_prior_apply_frame(stream->model->prior, pass.z.sample, stream->past, t->data,
                          stream->scratch);
    return TVAE_OK;
}
