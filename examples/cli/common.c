/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli.h"

enum { MAX_THREADS = 256 }; /* as many as tvae_set_threads() takes */

int report_failure(tvae_status status)
{
    finish_progress();
    /* What fails with all ranks the first one tells; a rank that lost the others, itself.
     */
    if (is_first_rank())
        fprintf(stderr, "tvae: %s\n", tvae_last_error());
    else if (status == TVAE_E_TIMEOUT || status == TVAE_E_IO || status == TVAE_E_STATE)
        fprintf(stderr, "tvae, on another rank: %s\n", tvae_last_error());
    return status == TVAE_E_CANCELLED ? EXIT_INTERRUPTED : EXIT_FAILED;
}

tvae_status use_threads(int64_t n_threads)
{
    tvae_runtime_facts facts;
    tvae_status status;

    if (n_threads == 0) {
        status = tvae_runtime_info(&facts, sizeof facts);
        if (status != TVAE_OK)
            return status;
        n_threads = share_of_cpus(facts.n_cpus);
        n_threads = n_threads < MAX_THREADS ? n_threads : MAX_THREADS;
    }
    return tvae_set_threads((int32_t)n_threads);
}

tvae_status use_threads_of_run(const tvae_run *run)
{
    tvae_config *config = NULL;
    char text[32];
    tvae_status status = tvae_run_config(run, &config);

    if (status == TVAE_OK)
        status = tvae_config_get(config, "threads", text, sizeof text, NULL);
    if (status == TVAE_OK)
        status = use_threads(strtoll(text, NULL, 10));
    tvae_config_destroy(&config);
    return status;
}

void restart_with_best_blas_kernel(char **argv)
{
    tvae_runtime_facts facts;

    if (getenv("OPENBLAS_CORETYPE") ||
        tvae_runtime_info(&facts, sizeof facts) != TVAE_OK || !facts.blas_advice[0])
        return;
    /* The variable is only read when OpenBLAS is loaded. Being set, it also ends the
     * loop. */
    if (setenv("OPENBLAS_CORETYPE", facts.blas_advice, 1) == 0)
        (void)execv("/proc/self/exe", argv);
    (void)unsetenv("OPENBLAS_CORETYPE");
}
