/* SPDX-License-Identifier: MIT */
/* In place of safetensors_read.c and safetensors_write.c in a build without Jansson. */
#include "base/missing.h"
#include "io/archive.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"

tvae_status tvi_safetensors_load(tvae_archive *archive, const char *path)
{
    return tvi_fail_missing("archive_load", "json");
}

tvae_status tvi_safetensors_save(const tvae_archive *archive, const char *path)
{
    return tvi_fail_missing("archive_save", "json");
}
