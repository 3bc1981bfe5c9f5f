/* SPDX-License-Identifier: MIT */
/* In place of config_read.c and config_write.c in a build without Jansson. */
#include "base/missing.h"
#include "model/config.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

tvae_status tvi_config_write(const tvae_model *model, char **text)
{
    *text = NULL;
    return tvi_fail_missing("model_save", "json");
}

tvae_status tvi_config_read(const char *text, size_t n_elements, tvae_model **out)
{
    *out = NULL;
    return tvi_fail_missing("model_load", "json");
}
