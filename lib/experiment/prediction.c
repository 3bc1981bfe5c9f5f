/* SPDX-License-Identifier: MIT */
#include "experiment/prediction.h"

#include <string.h>

#include "base/memory.h"

void tvi_prediction_close(tvi_prediction *p)
{
    tvae_roll_destroy(&p->roll);
    tvae_tensor_destroy(&p->seen);
    tvae_tensor_destroy(&p->noise_z);
    tvae_tensor_destroy(&p->noise_u);
    tvae_tensor_destroy(&p->t);
    tvae_tensor_destroy(&p->last);
    tvae_tensor_destroy(&p->rolled);
    tvae_tensor_destroy(&p->decoded);
    tvi_free(p->errors);
}

tvae_status tvi_prediction_open(tvi_prediction *p, const tvi_batches *b)
{
    const int64_t dims[3] = {(int64_t)b->latent_shape[1], 1, 1};

    if (!b->one_axis)
        return TVAE_OK;
    p->n_seen = b->frame_shape[0] / 2;
    p->n_steps = b->frame_shape[0] - p->n_seen;
    p->errors = tvi_alloc_array(2 * p->n_steps, sizeof *p->errors);
    if (!p->errors)
        return TVAE_E_NOMEM;
    return tvae_roll_create(dims, 0, &p->roll);
}

/* Frames from .. from + n_frames - 1 of every sequence, as a new tensor in *out. */
static tvae_status copy_frames(const tvae_tensor *source, size_t from, size_t n_frames,
                               tvae_tensor **out)
{
    const int32_t rank = tvae_tensor_rank(source);
    size_t shape[TVAE_MAX_RANK], frame = 1;
    const float *values = tvae_tensor_data_const(source);
    tvae_status st;

    tvae_tensor_destroy(out);
    for (int32_t axis = 0; axis < rank; axis++) {
        shape[axis] = tvae_tensor_extent(source, axis);
        frame *= axis > 1 ? shape[axis] : 1;
    }
    shape[1] = n_frames;
    st = tvae_tensor_create(rank, shape, out);
    for (size_t i = 0; st == TVAE_OK && i < shape[0]; i++)
        memcpy(tvae_tensor_data(*out) + i * n_frames * frame,
               values + (i * tvae_tensor_extent(source, 1) + from) * frame,
               n_frames * frame * sizeof *values);
    return st;
}

/* p->last = latents of the last frame that is seen. */
static tvae_status encode_seen(tvi_prediction *p, const tvi_batches *b,
                               const tvae_model *model)
{
    tvae_status st = copy_frames(b->now.x, 0, p->n_seen, &p->seen);

    if (st == TVAE_OK) /* for its shape */
        st = copy_frames(b->now.t, 0, p->n_seen, &p->t);
    if (st == TVAE_OK && b->now.noise_z)
        st = copy_frames(b->now.noise_z, 0, p->n_seen, &p->noise_z);
    if (st == TVAE_OK && b->now.noise_u)
        st = copy_frames(b->now.noise_u, 0, p->n_seen, &p->noise_u);
    if (st == TVAE_OK)
        st = b->now.noise_z ? tvae_model_sample(model, b->work, p->seen, p->noise_z,
                                                p->noise_u, p->t)
                            : tvae_model_encode(model, b->work, p->seen, p->t);
    return st == TVAE_OK ? copy_frames(p->t, p->n_seen - 1, 1, &p->last) : st;
}

/* Squared differences of the true frame from the decoded one and from the last seen. */
static void add_errors(tvi_prediction *p, const tvi_batches *b, size_t step)
{
    const size_t *f = b->frame_shape, frame = f[1] * f[2] * f[3];
    const float *x = tvae_tensor_data_const(b->now.x);
    const float *decoded = tvae_tensor_data_const(p->decoded);
    double model = 0.0, copy = 0.0;

    for (size_t i = 0; i < b->n; i++) {
        const float *last = x + (i * f[0] + p->n_seen - 1) * frame;
        const float *truth = last + step * frame;

        for (size_t k = 0; k < frame; k++) {
            const double by_model = (double)decoded[i * frame + k] - (double)truth[k];
            const double by_copy = (double)last[k] - (double)truth[k];

            model += by_model * by_model;
            copy += by_copy * by_copy;
        }
    }
    p->errors[step - 1] += model;
    p->errors[p->n_steps + step - 1] += copy;
}

tvae_status tvi_prediction_add(tvi_prediction *p, const tvi_batches *b,
                               const tvae_model *model)
{
    tvae_status st = TVAE_OK;

    if (p->n_steps == 0)
        return TVAE_OK;
    st = encode_seen(p, b, model);
    if (st == TVAE_OK)
        st = copy_frames(p->last, 0, 1, &p->rolled);
    if (st == TVAE_OK)
        st = copy_frames(p->seen, 0, 1, &p->decoded);
    for (size_t step = 1; step <= p->n_steps && st == TVAE_OK; step++) {
        const int64_t shift = (int64_t)step;

        st = tvae_roll_apply(p->roll, p->last, &shift, 1, p->rolled);
        if (st == TVAE_OK)
            st = tvae_model_decode(model, b->work, p->rolled, p->decoded);
        if (st == TVAE_OK)
            add_errors(p, b, step);
    }
    p->n_values += (double)tvae_tensor_count(p->decoded);
    return st;
}

tvae_status tvi_prediction_merge(tvi_prediction *p, const tvi_batches *b,
                                 const char *call)
{
    tvae_status st = TVAE_OK;

    if (p->n_steps == 0)
        return TVAE_OK;
    st = tvi_batches_reduce(b, TVAE_OK, p->errors, 2 * p->n_steps, call);
    return st == TVAE_OK ? tvi_batches_reduce(b, st, &p->n_values, 1, call) : st;
}

double tvi_prediction_error(const tvi_prediction *p, size_t step)
{
    return p->errors[step - 1] / p->n_values;
}

double tvi_prediction_copy_error(const tvi_prediction *p, size_t step)
{
    return p->errors[p->n_steps + step - 1] / p->n_values;
}
