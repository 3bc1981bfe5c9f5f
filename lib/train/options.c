/* SPDX-License-Identifier: MIT */
#include "train/options.h"

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/options.h"

static const tvae_train_options default_options = {.size = sizeof(tvae_train_options),
                                                   .learning_rate = 1e-4,
                                                   .momentum = 0.9,
                                                   .beta1 = 0.9,
                                                   .beta2 = 0.999,
                                                   .epsilon = 1e-8,
                                                   .weight_decay = 0.01,
                                                   .optimizer = TVAE_OPTIMIZER_SGD,
                                                   .schedule = TVAE_SCHEDULE_CONSTANT,
                                                   .schedule_steps = 10000,
                                                   .schedule_gamma = 0.1,
                                                   .kl_weight = 1.0};

enum { V1_SIZE = offsetof(tvae_train_options, schedule_steps) };

_Static_assert(V1_SIZE == 72, "frozen layout of release 0.1");
_Static_assert(sizeof(tvae_train_options) == 120, "free of padding");

tvae_status tvae_train_options_init(tvae_train_options *options, size_t size)
{
    return tvi_options_export(options, size, V1_SIZE, &default_options,
                              sizeof default_options, "train_options_init");
}

/* One option, whether it fits, and what would. */
typedef struct check {
    const char *name;
    double value;
    bool fits;
    const char *wanted;
} check;

static tvae_status run_checks(const check *checks, size_t n, const char *call)
{
    for (size_t i = 0; i < n; i++)
        if (!checks[i].fits)
            return tvi_fail(TVAE_E_INVALID, "%s: %s is %g, want %s", call, checks[i].name,
                            checks[i].value, checks[i].wanted);
    return TVAE_OK;
}

static bool is_finite_from(double value, double least)
{
    return value >= least && value < HUGE_VAL;
}

static tvae_status check_optimiser(const tvae_train_options *o, const char *call)
{
    const check checks[] = {
        {"momentum", o->momentum, o->momentum >= 0.0 && o->momentum < 1.0,
         "0 <= momentum < 1"},
        {"beta1", o->beta1, o->beta1 >= 0.0 && o->beta1 < 1.0, "0 <= beta1 < 1"},
        {"beta2", o->beta2, o->beta2 >= 0.0 && o->beta2 < 1.0, "0 <= beta2 < 1"},
        {"epsilon", o->epsilon, o->epsilon > 0.0 && o->epsilon < HUGE_VAL,
         "a finite number above 0"},
        {"weight_decay", o->weight_decay, is_finite_from(o->weight_decay, 0.0),
         "a finite number of at least 0"},
        {"optimizer", (double)o->optimizer,
         o->optimizer >= TVAE_OPTIMIZER_SGD && o->optimizer <= TVAE_OPTIMIZER_ADAMW,
         "a TVAE_OPTIMIZER number, 0 to 2"}};

    return run_checks(checks, sizeof checks / sizeof *checks, call);
}

static tvae_status check_schedules(const tvae_train_options *o, const char *call)
{
    const check checks[] = {
        {"schedule", (double)o->schedule,
         o->schedule >= TVAE_SCHEDULE_CONSTANT && o->schedule <= TVAE_SCHEDULE_COSINE,
         "a TVAE_SCHEDULE number, 0 to 2"},
        {"schedule_steps", (double)o->schedule_steps, o->schedule_steps >= 1,
         "at least 1"},
        {"schedule_gamma", o->schedule_gamma,
         o->schedule_gamma > 0.0 && o->schedule_gamma <= 1.0, "0 < schedule_gamma <= 1"},
        {"min_learning_rate", o->min_learning_rate,
         is_finite_from(o->min_learning_rate, 0.0), "a finite number of at least 0"},
        {"max_gradient_norm", o->max_gradient_norm,
         is_finite_from(o->max_gradient_norm, 0.0),
         "a finite number above 0, or 0 for no clipping"},
        {"kl_weight", o->kl_weight, is_finite_from(o->kl_weight, 0.0),
         "a finite number of at least 0"},
        {"kl_warmup_steps", (double)o->kl_warmup_steps, o->kl_warmup_steps >= 0,
         "at least 0"}};

    return run_checks(checks, sizeof checks / sizeof *checks, call);
}

tvae_status tvi_train_options_check_rate(const tvae_train_options *options, double rate,
                                         const char *call, const char *name)
{
    if (!(rate > 0.0 && rate < HUGE_VAL))
        return tvi_fail(TVAE_E_INVALID, "%s: %s is %g, want a finite number above 0",
                        call, name, rate);
    if (!(rate >= options->min_learning_rate))
        return tvi_fail(TVAE_E_INVALID,
                        "%s: %s is %g, want at least min_learning_rate (%g)", call, name,
                        rate, options->min_learning_rate);
    return TVAE_OK;
}

tvae_status tvi_train_options_import(tvae_train_options *options,
                                     const tvae_train_options *source, const char *call)
{
    tvae_status st;

    *options = default_options;
    st = tvi_options_import(options, sizeof *options, V1_SIZE, source, call);
    if (st == TVAE_OK)
        st = check_optimiser(options, call);
    if (st == TVAE_OK)
        st = check_schedules(options, call);
    if (st == TVAE_OK)
        st = tvi_train_options_check_rate(options, options->learning_rate, call,
                                          "learning_rate");
    return st;
}
