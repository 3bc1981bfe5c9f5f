/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The rows: their names, and how they are printed. */

static const struct row_name {
    const char *what;
    unsigned groups; /* what must run for it */
} names[] = {
    {"train_step", BENCH_TRAINING},
    {"dense_floor", BENCH_TRAINING},
    {"part_noise", BENCH_TRAINING},
    {"part_encoders", BENCH_TRAINING},
    {"part_prior", BENCH_TRAINING},
    {"part_decoder", BENCH_TRAINING},
    {"part_likelihood", BENCH_TRAINING},
    {"part_equivariance", BENCH_TRAINING},
    {"part_backward", BENCH_TRAINING},
    {"part_update", BENCH_TRAINING},
    {"encode_1", BENCH_INFERENCE},
    {"decode_1", BENCH_INFERENCE},
    {"encode_batch", BENCH_INFERENCE},
    {"likelihood_10", BENCH_INFERENCE},
    {"encode_host_1", BENCH_HOSTS},
    {"encode_hosts", BENCH_HOSTS},
    {"hosts_speed_up", BENCH_HOSTS},
    {"transform_warp", BENCH_DATA},
    {"transform_hue", BENCH_DATA},
    {"transform_perspective", BENCH_DATA},
    {"sequence", BENCH_DATA},
    {"loader", BENCH_DATA},
    {"part_data", BENCH_DATA},
    {"data_never_waits", BENCH_DATA | BENCH_TRAINING},
    {"peak_rss_mib", BENCH_MEMORY},
    {"allocations_per_step", BENCH_MEMORY},
};
enum { N_NAMES = sizeof names / sizeof names[0] };

unsigned bench_group_of(const char *what)
{
    for (size_t i = 0; i < N_NAMES; i++)
        if (strcmp(names[i].what, what) == 0)
            return names[i].groups;
    fprintf(stderr, "tvae bench: there is no row '%s'; the rows are", what);
    for (size_t i = 0; i < N_NAMES; i++)
        fprintf(stderr, "%s %s", i ? "," : "", names[i].what);
    fputc('\n', stderr);
    return 0;
}

bool bench_wants(const bench_session *session, const char *what)
{
    for (size_t i = 0; i < session->n_only; i++)
        if (strcmp(session->only[i], what) == 0)
            return true;
    return session->n_only == 0;
}

static int32_t threads_in_use(void)
{
    tvae_runtime_facts facts;

    return tvae_runtime_info(&facts, sizeof facts) == TVAE_OK ? facts.n_threads : 0;
}

static void print_json_row(const char *config, const char *what, bench_times *times,
                           const char *unit, double count)
{
    const double median = times ? bench_times_median(times) : 0.0;

    printf("{\"what\": \"%s\", \"config\": \"%s\", \"seconds\": ", what, config);
    if (times)
        printf("%.9f, \"fastest\": %.9f, \"repeats\": %zu", median, times->seconds[0],
               times->n);
    else
        printf("null");
    printf(", \"threads\": %d, \"%s\": %.10g}\n", (int)threads_in_use(), unit, count);
}

static void print_table_row(const char *config, const char *what, bench_times *times,
                            const char *unit, double count)
{
    const double median = times ? bench_times_median(times) : 0.0;

    printf("%-9s %-21s ", config, what);
    if (times)
        printf("%10.4f %10.4f", 1e3 * median, 1e3 * times->seconds[0]);
    else
        printf("%10s %10s", "-", "-");
    printf("  %.4g %s\n", count, unit);
}

void bench_print(const bench_session *session, const char *what, bench_times *times,
                 const char *unit, double count)
{
    if (!bench_wants(session, what))
        return;
    if (!isfinite(count) || (times && times->n == 0)) {
        fprintf(stderr, "tvae bench: no time was left for %s\n", what);
        return;
    }
    if (session->json)
        print_json_row(session->config.name, what, times, unit, count);
    else
        print_table_row(session->config.name, what, times, unit, count);
    (void)fflush(stdout);
}

/* Names of CPUs and kernels are plain text, but a quotation mark would end the string. */
static void drop_quotes(char *text)
{
    for (; *text; text++)
        if (*text == '"' || *text == '\\' || (unsigned char)*text < ' ')
            *text = ' ';
}

void bench_print_machine(bool json)
{
    tvae_runtime_facts facts;

    if (tvae_runtime_info(&facts, sizeof facts) != TVAE_OK)
        return;
    drop_quotes(facts.cpu);
    drop_quotes(facts.blas_kernel);
    if (json) {
        printf(
            "{\"what\": \"machine\", \"config\": null, \"seconds\": null, \"threads\": "
            "%d, \"cpus\": %d, \"cpu\": \"%s\", \"kernel_level\": %d, "
            "\"blas_kernel\": \"%s\", \"version\": \"%s\"}\n",
            (int)facts.n_threads, (int)facts.n_cpus, facts.cpu, (int)facts.kernel_level,
            facts.blas_kernel, tvae_version());
        return;
    }
    printf("%s, %d threads, BLAS kernel %s, tvae %s\n\n%-31s %10s %10s\n", facts.cpu,
           (int)facts.n_threads, facts.blas_kernel, tvae_version(), "", "median ms",
           "fastest ms");
}
