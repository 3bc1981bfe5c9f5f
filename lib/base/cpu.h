/* SPDX-License-Identifier: MIT */
#ifndef TVI_BASE_CPU_H
#define TVI_BASE_CPU_H

#include <stdint.h>

/* The best kernel level that CPU and operating system (XCR0) allow, and the level in use,
 * which is that one under the cap of tvae_set_kernel_level(). */
int32_t tvi_machine_level(void);
int32_t tvi_kernel_level(void);

/* The CPU's own name, zero-ended; "unknown" where it does not tell. */
void tvi_cpu_name(char name[64]);

#endif
