/* SPDX-License-Identifier: MIT */
#ifndef TVI_REPORT_FIGURES_H
#define TVI_REPORT_FIGURES_H

#include <stdbool.h>

#include <tvae/report.h>

#include "base/error.h"
#include "experiment/run.h"
#include "report/canvas.h"

enum { TVI_FIGURE_PATH = 4096 };

/* What all pictures of a run share. S frames, n latents a frame. */
typedef struct tvi_figures {
    const char *folder; /* the run's */
    tvae_progress_hook hook;
    tvae_model *model;
    tvae_dataset *test, *train;
    tvae_dataset *dataset; /* borrowed: the one of these that is read from */
    tvae_workspace *work;
    size_t sequence[4];             /* frames, channels, height, width */
    size_t latent[4];               /* capsules, d1, d2, d3 */
    tvae_tensor *x;                 /* [1, S, channels, height, width] one sequence */
    tvae_tensor *factors;           /* [S, factors]; NULL without factors */
    tvae_tensor *t;                 /* [1, S, capsules, d1, d2, d3] its latents */
    tvae_tensor *rolled;            /* as t */
    tvae_tensor *decoded;           /* as x */
    tvae_tensor *noise_z, *noise_u; /* [1, S, latents]; noise_u NULL for a plain VAE */
    bool are_images; /* frames can be drawn: 1 or 3 channels, not vectors */
    int64_t n_drawn;
} tvi_figures;

/* ---- figure_set.c ---- */

/* Fill a zeroed set; on failure, too, tvi_figures_close() releases what was made. */
tvae_status tvi_figures_open(tvi_figures *set, tvae_run *run, const char *data,
                             const tvae_progress_hook *hook);
void tvi_figures_close(tvi_figures *set);

/* Read sequence `item` of the set's dataset into x and factors, with the transform that
 * an evaluation of seed 0 gives it. */
tvae_status tvi_figures_read(tvi_figures *set, size_t item);

/* t = latents of x, sampled as the reference does: the energies of sampled u are those
 * the decoder has learnt; at the means, without the variance of u, they are smaller. */
tvae_status tvi_figures_encode(tvi_figures *set, size_t item);

/* rolled frame l = frame 0 of t rolled by shift + l along the first capsule axis. */
tvae_status tvi_figures_roll(tvi_figures *set, int64_t shift);

/* The factor that changes from frame 0 to 1, or their number if none does. */
size_t tvi_figures_varying_factor(const tvi_figures *set);

/* Write the picture RUN/figures/<name>.png and tell the hook its path: a grid of frames,
 * or a canvas. A text becomes <name>.txt. */
tvae_status tvi_figures_write(tvi_figures *set, const char *name,
                              const tvae_tensor *frames);
tvae_status tvi_figures_write_canvas(tvi_figures *set, const char *name,
                                     const tvi_canvas *canvas);
tvae_status tvi_figures_write_text(tvi_figures *set, const char *name, const char *text);

/* ---- runs.c ---- */

enum { TVI_MAX_RUNS = 16 };

/* TVAE_OK for 1 to TVI_MAX_RUNS runs and a path, none of them NULL. */
tvae_status tvi_check_runs(tvae_run *const *runs, size_t n_runs, const char *path,
                           const char *call);

/* The last part of a folder's path: what pictures and page call the run. */
const char *tvi_run_name(const tvae_run *run);

/* ---- visit.c ---- */

/* Called with sampled latents [count, S, latents] of sequences first .. first + count - 1
 * and their factors [count, S, factors] (NULL without factors). */
typedef tvae_status (*tvi_visitor)(void *context, size_t first, const tvae_tensor *t,
                                   const tvae_tensor *factors);

/* Encode the first sequences of the set's dataset, at most `n_items`, in batches. */
tvae_status tvi_figures_visit(const tvi_figures *set, size_t n_items, tvi_visitor visit,
                              void *context);

/* ---- one file each ---- */

tvae_status tvi_draw_reconstructions(tvi_figures *set);
tvae_status tvi_draw_traversals(tvi_figures *set);
tvae_status tvi_draw_samples(tvi_figures *set);
tvae_status tvi_draw_filters(tvi_figures *set);
tvae_status tvi_draw_neighbourhoods(tvi_figures *set);
tvae_status tvi_draw_curves(tvi_figures *set);
tvae_status tvi_draw_covariances(tvi_figures *set);
tvae_status tvi_draw_class_selectivity(tvi_figures *set);
tvae_status tvi_draw_max_activation(tvi_figures *set);

#endif
