/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>

#include "cli.h"

static const char *level_name(int32_t level)
{
    static const char *const names[] = {"portable C", "AVX2", "AVX-512"};

    return level >= 0 && level < 3 ? names[level] : "unknown";
}

static void print_facts(const tvae_runtime_facts *facts)
{
    const char *chosen = getenv("OPENBLAS_CORETYPE");

    printf("tvae            %s (headers %s)\n", tvae_version(), TVAE_VERSION_STRING);
    printf("CPU             %s\n", facts->cpu);
    printf("CPUs            %d usable, %d threads in use\n", (int)facts->n_cpus,
           (int)facts->n_threads);
    printf("vector kernels  %s (this machine can: %s)\n", level_name(facts->kernel_level),
           level_name(facts->machine_level));
    printf("BLAS            %s\n", facts->blas_config);
    printf("BLAS kernel     %s%s\n", facts->blas_kernel,
           chosen ? " (OPENBLAS_CORETYPE is set)" : "");
    if (facts->blas_advice[0])
        printf(
            "\nFaster: OpenBLAS chose the %s kernel; with OPENBLAS_CORETYPE=%s in the\n"
            "environment it uses this CPU better. The tvae program does so by itself; "
            "set\n"
            "it for your own programs before they start.\n",
            facts->blas_kernel, facts->blas_advice);
    else
        printf("\nNothing to improve.\n");
}

int command_doctor(int n_words, char **words)
{
    const tvae_exchange *exchange = NULL;
    tvae_runtime_facts facts;
    size_t n_others;

    if (!parse_words("doctor", n_words, words, NULL, 0, NULL, 0, &n_others))
        return EXIT_USAGE;
    if (!join_ranks(&exchange))
        return EXIT_FAILED;
    if (use_threads(0) != TVAE_OK || tvae_runtime_info(&facts, sizeof facts) != TVAE_OK)
        return leave_ranks(TVAE_E_INVALID, report_failure(TVAE_E_INVALID));
    if (is_first_rank())
        print_facts(&facts);
    print_ranks();
    return leave_ranks(TVAE_OK, EXIT_OK);
}
