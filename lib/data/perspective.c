/* SPDX-License-Identifier: MIT */
#include "data/perspective.h"

#include <math.h>

#include "data/sampling.h"

void tvi_perspective_setup(size_t height, size_t width, double degrees,
                           tvi_perspective *view)
{
    const double used = degrees == 180.0 ? 181.0 : degrees;
    const double radians = used * (3.14159265358979323846 / 180.0);
    const double diagonal = hypot((double)height, (double)width);

    view->degrees = used;
    view->cosine = cos(radians);
    view->sine = sin(radians);
    view->focal = used == 0.0 ? 0.0 : diagonal / (2.0 * view->sine);
    view->centre_x = (double)width / 2.0;
    view->centre_y = (double)height / 2.0;
}

/* GOLDEN's map from source to target, solved for the source. With c, s, f of the view,
 * (p, q) the source turned in its plane and (u, v) the target, both from the centre:
 * (u, v, f) is proportional to (c p - s, q, s p + c + f), hence with d = 1 + c f
 *
 *     p = ((c + f) u + s f) / w,    q = d v / w,    w = c f - s u,
 *
 * and turning (p, q) back gives the source. For one column everything but v is constant.
 * A column with w = 0 looks at infinity, so that its samples are not finite or far
 * outside. (The reference leaves out the division where w / (f d) is below 1e-8; in its
 * float32, rounding decides whether that ever happens.) */
void tvi_perspective_column(const tvi_perspective *view, double x, double *source_x,
                            double *source_y, double *step_x, double *step_y)
{
    const double c = view->cosine, s = view->sine, f = view->focal;
    const double u = x - view->centre_x, w = c * f - s * u;
    const double p = ((c + f) * u + s * f) / w, q_step = (1.0 + c * f) / w;

    *step_x = s * q_step;
    *step_y = c * q_step;
    *source_x = view->centre_x + c * p - *step_x * view->centre_y;
    *source_y = view->centre_y - s * p - *step_y * view->centre_y;
}

static void copy_image(size_t height, size_t width, const float *padded, float *target)
{
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++)
            target[y * width + x] = padded[(y + 1) * (width + 2) + x + 1];
}

void tvi_perspective_warp(size_t height, size_t width, const float *padded,
                          double degrees, float *target)
{
    tvi_perspective view;
    tvi_sampling_line line;

    tvi_perspective_setup(height, width, degrees, &view);
    if (view.degrees == 0.0) {
        copy_image(height, width, padded, target);
        return;
    }
    for (size_t x = 0; x < width; x++) {
        tvi_perspective_column(&view, (double)x, &line.x0, &line.y0, &line.step_x,
                               &line.step_y);
        line.x0 += 1.0;
        line.y0 += 1.0;
        tvi_sample_line(&line, height, width, padded, height, target + x, width);
    }
}
