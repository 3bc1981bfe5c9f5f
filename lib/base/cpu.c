/* SPDX-License-Identifier: MIT */
#include "base/cpu.h"

#include <tvae/base.h>

int32_t tvi_machine_level(void)
{
    return TVAE_KERNEL_PORTABLE;
}

int32_t tvi_kernel_level(void)
{
    return TVAE_KERNEL_PORTABLE;
}
