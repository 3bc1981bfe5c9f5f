/* SPDX-License-Identifier: MIT */
#ifndef TVI_BASE_MISSING_H
#define TVI_BASE_MISSING_H

#include "base/error.h"

/* The failure of a call that an optional part of the build would have served; `call`
 * begins the sentence, `option` is the part's name in meson_options.txt.
 * TVAE_E_UNSUPPORTED. */
tvae_status tvi_fail_missing(const char *call, const char *option);

#endif
