/* SPDX-License-Identifier: MIT */
#include "train/schedule.h"

#include <math.h>

/* Half a cosine from the full rate down to the floor, then the floor (Loshchilov & Hutter
 * 2017, Eq. 5, without restarts). */
static double cosine_rate(const tvae_train_options *o, int64_t n_steps)
{
    const double pi = 3.14159265358979323846;
    const double part = (double)n_steps / (double)o->schedule_steps;

    if (n_steps >= o->schedule_steps)
        return o->min_learning_rate;
    return o->min_learning_rate +
           0.5 * (o->learning_rate - o->min_learning_rate) * (1.0 + cos(pi * part));
}

double tvi_learning_rate_at(const tvae_train_options *options, int64_t n_steps)
{
    switch (options->schedule) {
    case TVAE_SCHEDULE_STEP:
        return fmax(options->min_learning_rate,
                    options->learning_rate *
                        pow(options->schedule_gamma,
                            (double)(n_steps / options->schedule_steps)));
    case TVAE_SCHEDULE_COSINE:
        return cosine_rate(options, n_steps);
    default:
        return options->learning_rate;
    }
}

double tvi_kl_weight_at(const tvae_train_options *options, int64_t n_steps)
{
    if (n_steps >= options->kl_warmup_steps)
        return options->kl_weight;
    return options->kl_weight * ((double)n_steps / (double)options->kl_warmup_steps);
}
