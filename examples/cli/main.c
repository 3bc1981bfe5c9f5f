/* SPDX-License-Identifier: MIT */
/* tvae: train, evaluate and look at Topographic VAEs. A client of the public headers. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

static const struct command {
    const char *name;
    int (*run)(int n_words, char **words);
    const char *usage;
    const char *summary;
} commands[] = {
    {"list", command_list, "list [--keys [--markdown] | --json [EXPERIMENT]]",
     "the experiments; the keys of --set; configurations to start a file from"},
    {"train", command_train,
     "train EXPERIMENT|FILE.json [--data PATH] [--out RUN] [--steps N | --epochs N]\n"
     "                  [--seed N] [--threads N] [--eval-every STEPS]\n"
     "                  [--set KEY=VALUE]... [--resume]",
     "train a model into a run folder"},
    {"eval", command_eval,
     "eval RUN... [--data PATH] [--samples N] [--sequences N]\n"
     "                  [--split train|validation|test] [--seed N] [--at-means] [--best]",
     "evaluate runs: RUN/summary.json, and a table"},
    {"figures", command_figures, "figures RUN... [--data PATH]",
     "draw the paper's pictures into RUN/figures"},
    {"report", command_report, "report RUN... [--data PATH] [--out FILE]",
     "one HTML page that shows runs side by side (RUN/report.html of the first)"},
    {"encode", command_encode,
     "encode RUN|MODEL.safetensors IN OUT [--sample] [--seed N] [--divide N]\n"
     "                  [--array NAME] [--threads N]",
     "frames to capsules; files are .npy, .npz or .safetensors"},
    {"decode", command_decode,
     "decode RUN|MODEL.safetensors IN OUT [--array NAME] [--threads N]",
     "capsules to frames"},
    {"sample", command_sample,
     "sample RUN|MODEL.safetensors OUT [--n N] [--frames N] [--seed N] [--threads N]",
     "draw sequences from the prior and decode them"},
    {"roll", command_roll, "roll IN OUT --shift PLACES [--axis N] [--array NAME]",
     "roll capsules along an axis: what the model takes for a transformation"},
    {"doctor", command_doctor, "doctor",
     "versions, CPU, BLAS kernel, and what would be faster"},
    {"bench", command_bench,
     "bench [--json] [--data PATH]... [--threads N] [--config mnist|dsprites]\n"
     "                  [--only ROW]... [--set KEY=VALUE]...",
     "timings at the paper's sizes, within a minute"},
};
enum { N_COMMANDS = sizeof commands / sizeof commands[0] };

static void print_usage(FILE *stream)
{
    fprintf(stream, "tvae %s: Topographic Variational Autoencoders\n\nusage:\n",
            tvae_version());
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(stream, "  tvae %s\n        %s\n", commands[i].usage,
                commands[i].summary);
    fprintf(stream,
            "  tvae --version | --help\n\n"
            "Results go to stdout, progress and errors to stderr. Exit status: 0 done,\n"
            "1 failed, 2 wrong usage, 130 interrupted (the work so far is saved).\n");
}

/* A file that is opened later must not take the place of a closed standard stream, where
 * messages would be written into it. */
static void keep_standard_streams(void)
{
    int place = open("/dev/null", O_RDWR);

    while (place >= 0 && place <= STDERR_FILENO)
        place = open("/dev/null", O_RDWR);
    if (place >= 0)
        (void)close(place);
}

/* Results that did not arrive are no success. */
static int check_output(int code)
{
    if ((fflush(stdout) == 0 && !ferror(stdout)) || code != EXIT_OK)
        return code;
    fprintf(stderr, "tvae: the results could not be written to stdout\n");
    return EXIT_FAILED;
}

/* Do ranks share the command's work? */
static bool works_together(const struct command *command)
{
    return command->run == command_train || command->run == command_eval ||
           command->run == command_doctor;
}

static int run_command(const struct command *command, char **argv, int argc)
{
    int rank, n_ranks;

    for (int w = 2; w < argc; w++)
        if (strcmp(argv[w], "--help") == 0) {
            printf("usage: tvae %s\n  %s\n", command->usage, command->summary);
            return EXIT_OK;
        }
    restart_with_best_blas_kernel(argv);
    if (!works_together(command) && started_as_rank(&rank, &n_ranks) && rank > 0)
        return EXIT_OK; /* the first rank does it alone */
    return command->run(argc - 2, argv + 2);
}

int main(int argc, char **argv)
{
    keep_standard_streams();
    if (argc < 2) {
        print_usage(stderr);
        return EXIT_USAGE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("tvae %s\n", tvae_version());
        return check_output(EXIT_OK);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_usage(stdout);
        return check_output(EXIT_OK);
    }
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return check_output(run_command(&commands[i], argv, argc));
    fprintf(stderr, "tvae: there is no command '%s'; 'tvae --help' lists them\n",
            argv[1]);
    return EXIT_USAGE;
}
