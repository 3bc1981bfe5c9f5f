/* SPDX-License-Identifier: MIT */
#include "base/missing.h"

tvae_status tvi_fail_missing(const char *call, const char *option)
{
    return tvi_fail(TVAE_E_UNSUPPORTED,
                    "%s: this libtvae was built without %s, want one configured with "
                    "-D%s=enabled",
                    call, option, option);
}
