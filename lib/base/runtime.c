/* SPDX-License-Identifier: MIT */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/blas.h"
#include "base/cpu.h"
#include "base/options.h"
#include "base/parallel.h"

/* CPUs the process may run on, which a container or taskset(1) may limit. */
static int32_t count_cpus(void)
{
    cpu_set_t allowed;
    long online;

    if (sched_getaffinity(0, sizeof allowed, &allowed) == 0)
        return CPU_COUNT(&allowed);
    online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int32_t)online : 1;
}

tvae_status tvae_runtime_info(tvae_runtime_facts *facts, size_t size)
{
    const char *const kernel = tvi_blas_kernel(), *const config = tvi_blas_config();
    tvae_runtime_facts known = {.size = sizeof known};

    known.n_threads = (int32_t)tvi_thread_count();
    known.n_cpus = count_cpus();
    known.kernel_level = tvi_kernel_level();
    known.machine_level = tvi_machine_level();
    tvi_cpu_name(known.cpu);
    (void)snprintf(known.blas_kernel, sizeof known.blas_kernel, "%s", kernel);
    (void)snprintf(known.blas_config, sizeof known.blas_config, "%s", config);
    (void)snprintf(known.blas_advice, sizeof known.blas_advice, "%s",
                   tvi_blas_advice(kernel, config, known.machine_level));
    return tvi_options_export(facts, size, sizeof known, &known, sizeof known,
                              "runtime_info");
}
