/* SPDX-License-Identifier: MIT */
#include "topography/prior.h"

#include <string.h>

#include "base/memory.h"
#include "topography/neighbourhood.h"

/* How a neighbourhood lies on a grid: for each offset the contiguous runs of places it
 * joins, and the window that holds its weights. */

enum { MAX_WINDOW_WEIGHTS = 1 << 24 };

/* The runs of one offset as they are found; `runs` NULL only counts them. */
typedef struct run_writer {
    tvi_run *runs;
    size_t n_runs;
    tvi_run last; /* grows while pieces continue it */
} run_writer;

static void end_run(run_writer *writer)
{
    if (writer->last.count == 0)
        return;
    if (writer->runs)
        writer->runs[writer->n_runs] = writer->last;
    writer->n_runs++;
    writer->last.count = 0;
}

static void add_piece(run_writer *writer, size_t to, size_t from, size_t count)
{
    tvi_run *last = &writer->last;

    if (count == 0)
        return;
    if (last->count == 0 || last->to + last->count != to ||
        last->from + last->count != from) {
        end_run(writer);
        *last = (tvi_run){to, from, 0};
    }
    last->count += count;
}

/* The place `step` further on an axis of n; false beyond a zero boundary. */
static bool find_neighbour(int64_t place, int64_t step, int64_t n, bool circular,
                           int64_t *neighbour)
{
    int64_t found = place + step;

    if (circular)
        found = (found % n + n) % n;
    *neighbour = found;
    return found >= 0 && found < n;
}

/* Pieces along d3 of the row that begins at place `to`, its neighbours' row at `from`. */
static void add_row(run_writer *writer, size_t to, size_t from, int64_t step, int64_t n,
                    bool circular)
{
    if (circular) {
        const size_t shift = (size_t)((step % n + n) % n), rest = (size_t)n - shift;

        add_piece(writer, to, from + shift, rest);
        add_piece(writer, to + rest, from, shift);
    } else if (step < n && -step < n) {
        const size_t skip = step < 0 ? (size_t)-step : 0;
        const size_t ahead = step > 0 ? (size_t)step : 0;

        add_piece(writer, to + skip, from + ahead, (size_t)n - skip - ahead);
    }
}

/* Write (or count) the runs of one offset; returns how many there are. */
static size_t lay_runs(const tvae_prior_options *options, const int64_t *offset,
                       tvi_run *runs)
{
    const int64_t *dims = options->capsule_dims;
    const bool circular = options->capsule_boundary == TVAE_BOUNDARY_CIRCULAR;
    run_writer writer = {runs, 0, {0, 0, 0}};
    int64_t from1, from2;

    for (int64_t i = 0; i < dims[0]; i++) {
        if (!find_neighbour(i, offset[1], dims[0], circular, &from1))
            continue;
        for (int64_t j = 0; j < dims[1]; j++)
            if (find_neighbour(j, offset[2], dims[1], circular, &from2))
                add_row(&writer, (size_t)((i * dims[1] + j) * dims[2]),
                        (size_t)((from1 * dims[1] + from2) * dims[2]), offset[3], dims[2],
                        circular);
    }
    end_run(&writer);
    return writer.n_runs;
}

/* The smallest window floor(k / 2) - k + 1 .. floor(k / 2) that holds the offsets of an
 * axis. */
static int64_t find_window(const tvae_neighbourhood *neighbourhood, int axis)
{
    int64_t low = 0, high = 0;

    for (size_t i = 0; i < neighbourhood->n_offsets; i++) {
        const int64_t step = neighbourhood->offsets[i * TVAE_OFFSET_AXES + (size_t)axis];

        if (step < low)
            low = step;
        if (step > high)
            high = step;
    }
    return -low >= high ? 1 - 2 * low : 2 * high;
}

/* The three axes the reference's kernels have: frames first, where there are several, or
 * the grid of a single frame. */
static void lay_axes(const size_t *window, size_t *axes)
{
    const bool one_frame = window[0] == 1 && window[1] > 1 && window[2] > 1;

    axes[0] = one_frame ? window[1] : window[0];
    axes[1] = one_frame ? window[2] : window[1];
    axes[2] = one_frame ? window[3] : window[2] * window[3];
}

/* Create the window of weights and note where each tap's lies: entry a of an axis of k
 * stands for offset floor(k / 2) - a (GOLDEN section 1.1). */
static tvae_status lay_weights(tvi_energy *energy,
                               const tvae_neighbourhood *neighbourhood, const char *call)
{
    size_t window[TVAE_OFFSET_AXES], shape[5] = {1, 1}, count = 1;
    tvae_status st;

    for (int axis = 0; axis < TVAE_OFFSET_AXES; axis++) {
        window[axis] = (size_t)find_window(neighbourhood, axis);
        count *= window[axis]; /* at most (2^13 + 1)^4 */
    }
    if (count > MAX_WINDOW_WEIGHTS)
        return tvi_fail(TVAE_E_INVALID,
                        "%s: the offsets of a neighbourhood span a window of %zu places, "
                        "want at most %d",
                        call, count, MAX_WINDOW_WEIGHTS);
    lay_axes(window, shape + 2);
    st = tvi_parameter_init(&energy->weights, 5, shape, false);
    if (st != TVAE_OK)
        return st;
    for (size_t i = 0; i < energy->n_taps; i++) {
        size_t index = 0;

        for (size_t axis = 0; axis < TVAE_OFFSET_AXES; axis++) {
            const int64_t step = neighbourhood->offsets[i * TVAE_OFFSET_AXES + axis];

            index = index * window[axis] + (size_t)((int64_t)(window[axis] / 2) - step);
        }
        energy->taps[i].weight = index;
        energy->weights.value[index] = neighbourhood->weights[i];
    }
    return TVAE_OK;
}

tvae_status tvi_energy_init(tvi_energy *energy, const tvae_prior_options *options,
                            const tvae_neighbourhood *neighbourhood, const char *call)
{
    size_t n_runs = 0;

    energy->n_taps = neighbourhood->n_offsets;
    energy->taps = tvi_alloc_array(energy->n_taps, sizeof *energy->taps);
    if (!energy->taps)
        return TVAE_E_NOMEM;
    for (size_t i = 0; i < energy->n_taps; i++) {
        const int64_t *offset = neighbourhood->offsets + i * TVAE_OFFSET_AXES;
        tvi_tap *tap = &energy->taps[i];

        tap->frame = offset[0];
        tap->run = n_runs;
        tap->n_runs = lay_runs(options, offset, NULL);
        n_runs += tap->n_runs;
    }
    energy->runs = tvi_alloc_array(n_runs, sizeof *energy->runs);
    if (!energy->runs)
        return TVAE_E_NOMEM;
    for (size_t i = 0; i < energy->n_taps; i++)
        (void)lay_runs(options, neighbourhood->offsets + i * TVAE_OFFSET_AXES,
                       energy->runs + energy->taps[i].run);
    return lay_weights(energy, neighbourhood, call);
}

void tvi_energy_release(tvi_energy *energy)
{
    tvi_free(energy->taps);
    tvi_free(energy->runs);
    tvi_parameter_release(&energy->weights);
    *energy = (tvi_energy){0};
}
