/* SPDX-License-Identifier: MIT */
#ifndef TVAE_TESTS_FAILING_SYSTEM_H
#define TVAE_TESTS_FAILING_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>

/* System calls that change files and fail when told to (io/system.h). Flushing does not
 * reach the disk meanwhile: that is what would take the time. */

typedef enum fault {
    FAULT_FULL,       /* one call fails with ENOSPC */
    FAULT_DEVICE,     /* one call fails with EIO */
    FAULT_SHORT,      /* a write that takes but half of the bytes; other calls go on */
    FAULT_STAYS_FULL, /* from that call on, whatever takes space fails with ENOSPC */
    FAULT_STAYS_DEAD, /* from that call on, every call fails with EIO */
    N_FAULTS
} fault;

extern const char *const fault_names[N_FAULTS];

/* From now on let call number `n` (1: the first; 0: none) fail: once, or it and all after
 * it. */
void faults_begin(fault kind, size_t n);

/* Has this folder been flushed since faults_begin(), among the first 64 flushes? */
bool was_flushed(const char *folder);

/* Back to the real calls. Were there so many calls, so that one was due to fail? */
bool faults_end(void);

/* How many descriptors this process has open. */
size_t count_descriptors(void);

#endif
