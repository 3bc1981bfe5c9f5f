/* SPDX-License-Identifier: MIT */
#include "metric/metric.h"

#include <math.h>
#include <string.h>

#include "base/memory.h"
#include "base/parallel.h"
#include "kernel/kernel.h"
#include "tensor/tensor.h"

/* The all-pairs equivariance error (paper Eq. 13, GOLDEN section 4). Each sequence is
 * normalised once, into [frames, places, capsules]: there a roll of all capsules of a
 * frame moves two contiguous pieces. */

typedef struct error_pass {
    size_t n_frames, n_capsules, d;
    const float *t;
    float *scratch;
    size_t stride; /* of the scratch, from one sequence to the next */
} error_pass;

/* Floats that hold one double: each sequence's sum, kept until all are done. */
enum { SUM_FLOATS = sizeof(double) / sizeof(float) };

static size_t sequence_floats(size_t n_frames, size_t n_capsules, size_t d)
{
    return n_frames * n_capsules * d + SUM_FLOATS;
}

size_t tvi_equivariance_scratch_floats(size_t n_sequences, size_t n_frames,
                                       size_t n_capsules, size_t d)
{
    return n_sequences * sequence_floats(n_frames, n_capsules, d);
}

/* 1 / ||capsule||, 0 for a capsule of zeros. */
static double inverse_norm(size_t d, const float *capsule)
{
    double squares = 0.0;

    for (size_t i = 0; i < d; i++)
        squares += (double)capsule[i] * (double)capsule[i];
    return squares == 0.0 ? 0.0 : 1.0 / sqrt(squares);
}

static void normalise(const error_pass *pass, const float *t, float *n)
{
    const size_t n_capsules = pass->n_capsules, d = pass->d;

    for (size_t frame = 0; frame < pass->n_frames; frame++, n += d * n_capsules)
        for (size_t capsule = 0; capsule < n_capsules; capsule++, t += d) {
            const double scale = inverse_norm(d, t);

            for (size_t i = 0; i < d; i++)
                n[i * n_capsules + capsule] = (float)((double)t[i] * scale);
        }
}

/* sum |frame `from` rolled by `shift` places - frame `to`|. */
static double rolled_difference(const error_pass *pass, const float *from,
                                const float *to, size_t shift)
{
    const tvi_kernels *kernel = tvi_kernel();
    const size_t head = shift * pass->n_capsules;
    const size_t tail = (pass->d - shift) * pass->n_capsules;

    return kernel->sum_abs_difference(tail, from, to + head) +
           kernel->sum_abs_difference(head, from + tail, to);
}

static double sequence_error(const error_pass *pass, const float *n)
{
    const size_t frame_floats = pass->d * pass->n_capsules;
    double sum = 0.0;

    for (size_t k = 1; k < pass->n_frames; k++)
        for (size_t to = 0; to < pass->n_frames; to++) {
            const size_t from = (to + pass->n_frames - k) % pass->n_frames;

            sum += rolled_difference(pass, n + from * frame_floats, n + to * frame_floats,
                                     k % pass->d);
        }
    return sum / 2.0;
}

static void sum_errors(void *context, size_t begin, size_t end)
{
    const error_pass *pass = context;
    const size_t count = pass->n_frames * pass->n_capsules * pass->d;

    for (size_t i = begin; i < end; i++) {
        float *n = pass->scratch + i * pass->stride;
        double error;

        normalise(pass, pass->t + i * count, n);
        error = sequence_error(pass, n);
        memcpy(n + count, &error, sizeof error);
    }
}

void tvi_equivariance_error(size_t n_sequences, size_t n_frames, size_t n_capsules,
                            size_t d, const float *t, float *scratch, double *sum)
{
    error_pass pass = {
        .n_frames = n_frames,
        .n_capsules = n_capsules,
        .d = d,
        .t = t,
        .scratch = scratch,
        .stride = sequence_floats(n_frames, n_capsules, d),
    };
    double total = 0.0, error;

    tvi_parallel_for(n_sequences, 1, sum_errors, &pass);
    for (size_t i = 0; i < n_sequences; i++) {
        memcpy(&error, scratch + (i + 1) * pass.stride - SUM_FLOATS, sizeof error);
        total += error;
    }
    *sum = total;
}

static tvae_status check_capsules(const tvae_tensor *t, const double *error,
                                  const char *call)
{
    char got[TVI_SHAPE_TEXT];
    size_t bad;

    if (!t)
        return tvi_fail(TVAE_E_INVALID, "%s: t is NULL", call);
    if (!error)
        return tvi_fail(TVAE_E_INVALID, "%s: error is NULL", call);
    if (t->rank != 4)
        return tvi_fail(TVAE_E_SHAPE,
                        "%s: t is %s, want [sequences, frames, capsules, d]", call,
                        tvi_shape_text(t->rank, t->shape, got));
    bad = tvi_first_non_finite(t->data, t->count);
    if (bad < t->count)
        return tvi_fail(TVAE_E_NUMERIC,
                        "%s: element %zu of t is %g, want all of them finite", call, bad,
                        (double)t->data[bad]);
    return TVAE_OK;
}

tvae_status tvae_equivariance_error(const tvae_tensor *t, double *error)
{
    float *scratch;
    double sum;
    tvae_status st = check_capsules(t, error, "equivariance_error");

    if (st != TVAE_OK)
        return st;
    scratch = tvi_alloc_array(tvi_equivariance_scratch_floats(t->shape[0], t->shape[1],
                                                              t->shape[2], t->shape[3]),
                              sizeof *scratch);
    if (!scratch)
        return TVAE_E_NOMEM;
    tvi_equivariance_error(t->shape[0], t->shape[1], t->shape[2], t->shape[3], t->data,
                           scratch, &sum);
    tvi_free(scratch);
    *error = sum / (double)t->shape[0];
    return TVAE_OK;
}

/* |Roll_shift(a / ||a||) - b / ||b||| of two capsules. */
static double capsule_difference(size_t d, size_t shift, const float *a, const float *b)
{
    const double scale_a = inverse_norm(d, a), scale_b = inverse_norm(d, b);
    double sum = 0.0;

    for (size_t i = 0; i < d; i++)
        sum += fabs((double)a[i] * scale_a - (double)b[(i + shift) % d] * scale_b);
    return sum;
}

tvae_status tvae_equivariance_error_pairs(const tvae_tensor *t, double *error)
{
    size_t n_frames, n_capsules, d;
    double sum = 0.0;
    tvae_status st = check_capsules(t, error, "equivariance_error_pairs");

    if (st != TVAE_OK)
        return st;
    n_frames = t->shape[1];
    n_capsules = t->shape[2];
    d = t->shape[3];
    for (size_t i = 0; i < t->shape[0]; i++) {
        const float *sequence = t->data + i * n_frames * n_capsules * d;

        for (size_t a = 0; a < n_frames; a++)
            for (size_t b = a + 1; b < n_frames; b++)
                for (size_t c = 0; c < n_capsules; c++)
                    sum +=
                        capsule_difference(d, b - a, sequence + (a * n_capsules + c) * d,
                                           sequence + (b * n_capsules + c) * d);
    }
    *error = sum / (double)t->shape[0];
    return TVAE_OK;
}
