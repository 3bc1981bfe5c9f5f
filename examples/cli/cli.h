/* SPDX-License-Identifier: MIT */
#ifndef TVAE_CLI_CLI_H
#define TVAE_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include <tvae/tvae.h>

/* Exit statuses of the program. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_INTERRUPTED = 130 };

/* ---- commands: each gets the words after its name and returns the exit status
 * ----------- */

int command_list(int n_words, char **words);
int command_train(int n_words, char **words);
int command_eval(int n_words, char **words);
int command_figures(int n_words, char **words);
int command_report(int n_words, char **words);
int command_encode(int n_words, char **words);
int command_decode(int n_words, char **words);
int command_sample(int n_words, char **words);
int command_roll(int n_words, char **words);
int command_doctor(int n_words, char **words);
int command_bench(int n_words, char **words);

/* ---- arguments.c
 * ------------------------------------------------------------------------- */

/* An option of a command: with a value ("--seed N") or without ("--resume"). */
typedef struct cli_option {
    const char *name; /* "--seed" */
    bool takes_value;
    bool repeats; /* may be given several times: see `values` */
    const char *
        *values; /* where values go: [max_values], or one for options not repeated */
    size_t max_values;
    size_t n_values; /* filled in: how often it was given */
} cli_option;

/* Sort the words into options and others. `others` [max_others]. On a word that does not
 * fit, prints what is wrong and how to get help, and returns false. */
bool parse_words(const char *command, int n_words, char **words, cli_option *options,
                 size_t n_options, const char **others, size_t max_others,
                 size_t *n_others);

/* Read a whole number in [low, high]; prints and returns false if it is not one. */
bool parse_number(const char *option, const char *text, int64_t low, int64_t high,
                  int64_t *value);

/* Read a number in decimal notation in [low, high]; prints and returns false if it is not
 * one. */
bool parse_real(const char *option, const char *text, double low, double high,
                double *value);

/* ---- ranks.c; ranks_mpi.c or, without MPI, ranks_alone.c
 * ----- */

/* Is this one of several processes that mpirun or the like has started together? What it
 * says is `rank` of `n_ranks`. */
bool started_as_rank(int *rank, int *n_ranks);

/* Join the ranks this process was started with: *exchange is the way to them, NULL if
 * there are none. False, with a message, if that does not work. */
bool join_ranks(const tvae_exchange **exchange);

/* Before the end: take leave of the others or, if they may be waiting for this one in
 * vain, end them, too. Returns `code`. */
int leave_ranks(tvae_status status, int code);

/* Does this process talk to the user? */
bool is_first_rank(void);

/* Of `n_cpus` CPUs that this process may run on, its share: all, but for ranks of this
 * machine that may run on the same ones. */
int32_t share_of_cpus(int32_t n_cpus);

/* Print where the ranks are, on the first of them; nothing without others. */
void print_ranks(void);

/* ---- progress.c
 * ------------------------------------------------------------------------- */

/* From now on Ctrl-C (SIGINT) and SIGTERM ask the work to stop and save; a second one
 * ends the program at once. */
void catch_interrupts(void);

/* A hook that draws a progress bar on a terminal, and plain lines every few seconds
 * elsewhere; it asks to stop after an interrupt. */
tvae_progress_hook progress_hook(void);

/* From now on nothing is drawn; interrupts are heeded. */
void hush_progress(void);

/* End the bar's line, if one is drawn. */
void finish_progress(void);

/* ---- common.c
 * --------------------------------------------------------------------------- */

/* Print "tvae: <the library's sentence>" and return the exit status for a failure. */
int report_failure(tvae_status status);

/* Use that many threads, 0: as many as this process may run on. */
tvae_status use_threads(int64_t n_threads);

/* Use as many threads as the run's configuration asks for. */
tvae_status use_threads_of_run(const tvae_run *run);

/* Start the program again, once, with the OpenBLAS kernel that is fastest here, if
 * OpenBLAS chose another by itself; returns if that is not needed or does not work. */
void restart_with_best_blas_kernel(char **argv);

#endif
