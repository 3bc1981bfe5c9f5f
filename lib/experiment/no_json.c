/* SPDX-License-Identifier: MIT */
/* In place of what reads and writes configurations and runs in a build without Jansson:
 * config_json.c, run.c and all that needs an open run, of which there is none. */
#include <tvae/experiment.h>

#include "base/missing.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

tvae_status tvae_config_load(const char *path, tvae_config **out)
{
    if (out)
        *out = NULL;
    return tvi_fail_missing("config_load", "json");
}

tvae_status tvae_config_json(const tvae_config *config, char *text, size_t capacity,
                             size_t *needed)
{
    return tvi_fail_missing("config_json", "json");
}

tvae_status tvae_config_save(const tvae_config *config, const char *path)
{
    return tvi_fail_missing("config_save", "json");
}

static tvae_status fail_to_open(const char *call, tvae_run **out)
{
    if (out)
        *out = NULL;
    return tvi_fail_missing(call, "json");
}

tvae_status tvae_run_create(const tvae_config *config, const char *folder, tvae_run **out)
{
    return fail_to_open("run_create", out);
}

tvae_status tvae_run_resume(const tvae_config *config, const char *folder, tvae_run **out)
{
    return fail_to_open("run_resume", out);
}

tvae_status tvae_run_create_distributed(const tvae_config *config, const char *folder,
                                        int32_t resume, const tvae_exchange *exchange,
                                        tvae_run **out)
{
    return fail_to_open("run_create_distributed", out);
}

tvae_status tvae_run_open_distributed(const char *folder, const tvae_exchange *exchange,
                                      tvae_run **out)
{
    return fail_to_open("run_open_distributed", out);
}

tvae_status tvae_run_open(const char *folder, tvae_run **out)
{
    return fail_to_open("run_open", out);
}

void tvae_run_destroy(tvae_run **run)
{
}

const char *tvae_run_folder(const tvae_run *run)
{
    return NULL;
}

tvae_status tvae_run_config(const tvae_run *run, tvae_config **out)
{
    if (out)
        *out = NULL;
    return tvi_fail_missing("run_config", "json");
}

tvae_status tvae_run_model(tvae_run *run, tvae_model **out)
{
    if (out)
        *out = NULL;
    return tvi_fail_missing("run_model", "json");
}

tvae_status tvae_run_train(tvae_run *run, const tvae_progress_hook *hook)
{
    return tvi_fail_missing("run_train", "json");
}

tvae_status tvae_evaluate_options_init(tvae_evaluate_options *options, size_t size)
{
    return tvi_fail_missing("evaluate_options_init", "json");
}

tvae_status tvae_run_evaluate(tvae_run *run, const tvae_evaluate_options *options,
                              const char *data, const tvae_progress_hook *hook)
{
    return tvi_fail_missing("run_evaluate", "json");
}

tvae_status tvae_run_summary_number(const tvae_run *run, const char *path, double *value)
{
    return tvi_fail_missing("run_summary_number", "json");
}
