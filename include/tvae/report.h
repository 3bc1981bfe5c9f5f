/* SPDX-License-Identifier: MIT */
#ifndef TVAE_REPORT_H
#define TVAE_REPORT_H

#include <tvae/experiment.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @file
 * Floor 11: pictures, and a page that shows runs side by side.
 */

/**
 * Write a picture of image rows: a grid of frames with grey gaps of two pixels, as an
 * 8-bit RGB PNG.
 *
 * @param[in] path    Ends in `.png`; written whole or not at all.
 * @param[in] frames  [rows, columns, channels, height, width] in [0, 1] (others are
 * clipped), 1 or 3 channels.
 * @param[in] scale   Pixels a side that each frame pixel becomes, 1 to 16.
 *
 * @retval TVAE_OK             Written.
 * @retval TVAE_E_INVALID      NULL or out of range.
 * @retval TVAE_E_SHAPE        Not five axes, other than 1 or 3 channels, or a picture of
 *                             more than 32,768 pixels a side or 2^27 in all.
 * @retval TVAE_E_NUMERIC      A value is not finite.
 * @retval TVAE_E_UNSUPPORTED  Built without PNG.
 * @retval TVAE_E_IO           Not written.
 * @retval TVAE_E_NOMEM        No memory.
 *
 * Threads: any. Since: 0.1
 */
TVAE_API tvae_status tvae_picture_write(const char *path, const tvae_tensor *frames,
                                        int64_t scale);

/**
 * Draw a run's pictures into its `figures` folder: `reconstructions.png` (input, output,
 * difference), `traversal_*.png` and `traversal_train_*.png` (true sequence of the test
 * or training data, reconstruction, decoding of one encoded frame rolled step by step),
 * `samples.png` (decoded draws of the prior), `filters_encoder.png` and
 * `filters_decoder.png` (weights that touch the pixels), `neighbourhood.png` (which u one
 * t sums; `neighbourhood.txt` is its text), `curves.png` (the log), `covariance.png` and
 * `covariance_squares.png` (correlations of t and of t^2), and of a 2-D torus
 * `class_selectivity.png` and `max_activation.png` (paper Figure 3). What a run does not
 * have is left out: frames of other than 1 or 3 channels are not drawn, nor covariances
 * of more than 1024 latents. docs/report.md says how to read each.
 *
 * @param[in] run   An open run with a checkpoint.
 * @param[in] data  Path that overrides the configured one; NULL for none.
 * @param[in] hook  Progress; may be NULL. Its phase is the path of each picture once
 * written.
 *
 * Statuses: as tvae_picture_write() and tvae_run_evaluate(). Threads: one-at-a-time.
 * Since: 0.1
 */
TVAE_API tvae_status tvae_report_figures(tvae_run *run, const char *data,
                                         const tvae_progress_hook *hook);

/**
 * Plot the normalised log-likelihood of evaluated runs against L, the frames that their
 * neighbourhoods span (paper, Tables 1 and 2); plain VAEs stand at 0. The runs should
 * have learnt the same data.
 *
 * @param[in] runs    [n_runs] open runs; those without `summary.json` are left out.
 * @param[in] n_runs  1 to 16.
 * @param[in] path    Ends in `.png`; written whole or not at all.
 *
 * @retval TVAE_OK           Written.
 * @retval TVAE_E_INVALID    NULL, too many or no runs, or another ending.
 * @retval TVAE_E_NOT_FOUND  None of the runs was evaluated.
 * @retval TVAE_E_FORMAT     A summary is damaged.
 * @retval TVAE_E_IO         Not written, or a summary could not be read.
 * @retval TVAE_E_NOMEM      No memory.
 *
 * Ownership: nothing is kept.
 * Threads:   one-at-a-time.
 * Numerics:  `log_likelihood` of `summary.json`.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_report_likelihood(tvae_run *const *runs, size_t n_runs,
                                            const char *path);

/**
 * Write one HTML page about one or several runs, side by side: configurations with their
 * differences, results, learning curves, pictures (drawn anew, as tvae_report_figures())
 * and a capsule explorer. The page holds all it needs and loads nothing; every text of a
 * run's folder is escaped, so that a folder from elsewhere can be shown safely.
 *
 * A run whose model or data cannot be opened is shown without new pictures and explorer,
 * with the reason on the page.
 *
 * @param[in] runs    [n_runs] open runs.
 * @param[in] n_runs  1 to 16.
 * @param[in] data    Path that overrides the configured one of every run; NULL for none.
 * @param[in] path    The file; written whole or not at all.
 * @param[in] hook    Progress, as in tvae_report_figures(); may be NULL.
 *
 * @retval TVAE_OK           Written.
 * @retval TVAE_E_INVALID    NULL, or too many or no runs.
 * @retval TVAE_E_CANCELLED  The hook asked to stop; the page is not written.
 * @retval TVAE_E_IO         Not written.
 * @retval TVAE_E_NOMEM      No memory.
 *
 * Ownership: nothing is kept.
 * Threads:   one-at-a-time.
 * Numerics:  pictures and explorer are those of seed 0, latents sampled once.
 * Since:     0.1
 */
TVAE_API tvae_status tvae_report_html(tvae_run *const *runs, size_t n_runs,
                                      const char *data, const char *path,
                                      const tvae_progress_hook *hook);

#ifdef __cplusplus
}
#endif

#endif
