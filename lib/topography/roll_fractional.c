/* SPDX-License-Identifier: MIT */
#include "topography/roll.h"

#include <math.h>

#include "base/memory.h"
#include "tensor/tensor.h"

/* Shifts by real numbers of places. A shift by s is the circulant of h(m - s), h the
 * periodic sinc of d places (for even d with half of the Nyquist term at either end,
 * which leaves cos(pi s) of it). */

static const double pi = 3.14159265358979323846;

/* A shift as whole places 0 .. d - 1 and the rest in -1/2 .. 1/2. */
typedef struct split_shift {
    int64_t whole;
    double rest;
} split_shift;

static split_shift split(double shift, size_t extent)
{
    const double reduced = fmod(shift, (double)extent), whole = rint(reduced);

    return (split_shift){(int64_t)whole, reduced - whole};
}

/* h(q - rest) for q = 0 .. d - 1: sin(pi (q - rest)) = -(-1)^q sin(pi rest). */
static void find_weights(size_t extent, double rest, double *h)
{
    const double d = (double)extent, sine = sin(pi * rest);

    for (size_t q = 0; q < extent; q++) {
        const double angle = pi * ((double)q - rest) / d;
        const double denominator = extent % 2 ? sin(angle) : tan(angle);

        if (rest == 0.0)
            h[q] = q == 0 ? 1.0 : 0.0;
        else
            h[q] = (q % 2 ? sine : -sine) / (d * denominator);
    }
}

/* The derivative by the shift of h(-rest), where the closed form is 0 / 0: -h'(x) = 2 pi
 * / d sum_k (2 k / d) sin(2 pi k x / d), the Nyquist term at half. */
static double central_slope(size_t extent, double rest)
{
    const double d = (double)extent;
    double sum = 0.0;

    for (size_t k = 1; k <= extent / 2; k++) {
        const double share = 2 * k == extent ? 0.5 : 1.0;

        sum -= share * (double)k * sin(2.0 * pi * (double)k * rest / d);
    }
    return 4.0 * pi / (d * d) * sum;
}

/* The derivatives by the shift of h(q - rest). */
static void find_slopes(size_t extent, double rest, double *slope)
{
    const double d = (double)extent, sine = sin(pi * rest), cosine = cos(pi * rest);

    slope[0] = central_slope(extent, rest);
    for (size_t q = 1; q < extent; q++) {
        const double angle = pi * ((double)q - rest) / d, sign = q % 2 ? -1.0 : 1.0;
        const double s = sin(angle), c = cos(angle);
        /* sin(pi x) and cos(pi x) at x = q - rest. */
        const double sin_x = -sign * sine, cos_x = sign * cosine;

        if (extent % 2)
            slope[q] = -pi / d * (cos_x / s - sin_x * c / (d * s * s));
        else
            slope[q] = -pi / d * (cos_x * c / s - sin_x / (d * s * s));
    }
}

/* The place that is `back` before i. */
static size_t step_back(size_t i, size_t back, size_t extent)
{
    return i >= back ? i - back : i + extent - back;
}

/* Place i of a block [extent, inner], column `column`, times the circulant. */
static double convolve(const double *h, size_t extent, size_t inner, const float *block,
                       size_t i, size_t column)
{
    double sum = 0.0;

    for (size_t q = 0; q < extent; q++)
        sum += h[q] * (double)block[step_back(i, q, extent) * inner + column];
    return sum;
}

/* Roll n_values (whole blocks) by a shift; `h` has room for the weights. */
static void roll_values(const tvae_roll *roll, double shift, size_t n_values,
                        const float *t, float *out, double *h)
{
    const size_t extent = roll->extent, inner = roll->inner, block = extent * inner;
    const split_shift s = split(shift, extent);
    const int64_t d = (int64_t)extent;

    if (s.rest == 0.0) {
        tvi_roll_blocks(extent, inner, n_values / block, s.whole, t, out);
        return;
    }
    find_weights(extent, s.rest, h);
    for (size_t first = 0; first < n_values; first += block)
        for (size_t i = 0; i < block; i++) {
            const int64_t from = ((int64_t)(i / inner) - s.whole) % d;

            out[first + i] = (float)convolve(h, extent, inner, t + first,
                                             (size_t)((from + d) % d), i % inner);
        }
}

/* sum dout d out / d shift over n_values. */
static double shift_gradient(const tvae_roll *roll, double shift, size_t n_values,
                             const float *t, const float *dout, double *slope)
{
    const size_t extent = roll->extent, inner = roll->inner, block = extent * inner;
    const split_shift s = split(shift, extent);
    const int64_t d = (int64_t)extent;
    double sum = 0.0;

    find_slopes(extent, s.rest, slope);
    for (size_t first = 0; first < n_values; first += block)
        for (size_t i = 0; i < block; i++) {
            const int64_t from = ((int64_t)(i / inner) - s.whole) % d;

            sum +=
                (double)dout[first + i] * convolve(slope, extent, inner, t + first,
                                                   (size_t)((from + d) % d), i % inner);
        }
    return sum;
}

static tvae_status check_shifts(const double *shifts, size_t n_shifts, const char *call)
{
    for (size_t i = 0; i < n_shifts; i++)
        if (!isfinite(shifts[i]))
            return tvi_fail(TVAE_E_INVALID, "%s: shift %zu is %g, want a finite number",
                            call, i, shifts[i]);
    return TVAE_OK;
}

tvae_status tvae_roll_apply_fractional(const tvae_roll *roll, const tvae_tensor *t,
                                       const double *shifts, size_t n_shifts,
                                       tvae_tensor *out)
{
    static const char call[] = "roll_apply_fractional";
    tvae_status st = tvi_roll_check(roll, t, shifts, n_shifts, call);
    size_t part;
    double *h;

    if (st == TVAE_OK)
        st = tvi_tensor_check(out, t->rank, t->shape, call, "out");
    if (st == TVAE_OK)
        st = check_shifts(shifts, n_shifts, call);
    if (st != TVAE_OK)
        return st;
    h = tvi_alloc_array(roll->extent, sizeof *h);
    if (!h)
        return TVAE_E_NOMEM;
    part = t->count / n_shifts;
    for (size_t i = 0; i < n_shifts; i++)
        roll_values(roll, shifts[i], part, t->data + i * part, out->data + i * part, h);
    tvi_free(h);
    return TVAE_OK;
}

tvae_status tvae_roll_gradient(const tvae_roll *roll, const tvae_tensor *t,
                               const double *shifts, size_t n_shifts,
                               const tvae_tensor *dout, tvae_tensor *dt, double *dshifts)
{
    static const char call[] = "roll_gradient";
    tvae_status st = tvi_roll_check(roll, t, shifts, n_shifts, call);
    size_t part;
    double *h;

    if (st == TVAE_OK)
        st = tvi_tensor_check(dout, t->rank, t->shape, call, "dout");
    if (st == TVAE_OK && dt)
        st = tvi_tensor_check(dt, t->rank, t->shape, call, "dt");
    if (st == TVAE_OK)
        st = check_shifts(shifts, n_shifts, call);
    if (st != TVAE_OK)
        return st;
    h = tvi_alloc_array(roll->extent, sizeof *h);
    if (!h)
        return TVAE_E_NOMEM;
    part = t->count / n_shifts;
    for (size_t i = 0; i < n_shifts; i++) {
        const float *from = t->data + i * part, *gradient = dout->data + i * part;

        if (dt)
            roll_values(roll, -shifts[i], part, gradient, dt->data + i * part, h);
        if (dshifts)
            dshifts[i] = shift_gradient(roll, shifts[i], part, from, gradient, h);
    }
    tvi_free(h);
    return TVAE_OK;
}
