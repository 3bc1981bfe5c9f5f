/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli.h"

enum { BAR_WIDTH = 28, LINE_BYTES = 256 };

static const double seconds_between_draws = 0.1;
static const double seconds_between_lines = 5.0;

static volatile sig_atomic_t interrupted;
static volatile sig_atomic_t hushed;

/* What is on the terminal now. */
static struct bar {
    bool drawn;
    double drawn_at;
    char phase[32];
} bar;

static void note_interrupt(int signal_number)
{
    static const char message[] =
        "\nstopping after this step; once more to quit at once\n";
    const ssize_t written =
        hushed ? 0 : write(STDERR_FILENO, message, sizeof message - 1);

    (void)written;
    (void)signal_number;
    interrupted = 1;
}

void catch_interrupts(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = note_interrupt;
    action.sa_flags = (int)SA_RESETHAND | SA_RESTART;
    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
}

static void describe_time(double seconds, char text[32])
{
    const int total = seconds >= 0.0 && seconds < 3.6e6 ? (int)(seconds + 0.5) : 0;

    if (total >= 3600)
        (void)snprintf(text, 32, "%d:%02d:%02d", total / 3600, total / 60 % 60,
                       total % 60);
    else
        (void)snprintf(text, 32, "%02d:%02d", total / 60, total % 60);
}

/* "1,200/1,500  31.2/s  loss 120.42  00:09 left", without the separators. */
static void describe(const tvae_progress *progress, char line[LINE_BYTES])
{
    const double done_now = (double)(progress->done - progress->first);
    const double rate = progress->seconds > 0.0 ? done_now / progress->seconds : 0.0;
    const double left =
        rate > 0.0 ? (double)(progress->total - progress->done) / rate : 0.0;
    char time_left[32];
    int used = snprintf(line, LINE_BYTES, "%" PRId64 "/%" PRId64, progress->done,
                        progress->total);

    if (rate > 0.0)
        used += snprintf(line + used, LINE_BYTES - (size_t)used, "  %.1f/s", rate);
    if (isfinite(progress->loss))
        used += snprintf(line + used, LINE_BYTES - (size_t)used, "  loss %.2f",
                         progress->loss);
    if (rate > 0.0) {
        describe_time(left, time_left);
        (void)snprintf(line + used, LINE_BYTES - (size_t)used, "  %s left", time_left);
    }
}

static void draw_bar(const tvae_progress *progress)
{
    const double share =
        progress->total > 0 ? (double)progress->done / (double)progress->total : 1.0;
    const int filled = (int)(share * BAR_WIDTH);
    char line[LINE_BYTES], marks[BAR_WIDTH + 1];

    describe(progress, line);
    for (int i = 0; i < BAR_WIDTH; i++)
        marks[i] = i < filled ? '#' : '.';
    marks[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r%-8s [%s] %s\033[K", progress->phase, marks, line);
    fflush(stderr);
    bar.drawn = true;
}

static int32_t show_progress(void *user, const tvae_progress *progress)
{
    const bool terminal = isatty(STDERR_FILENO) == 1;
    const bool new_phase = strncmp(bar.phase, progress->phase, sizeof bar.phase - 1) != 0;
    const double interval = terminal ? seconds_between_draws : seconds_between_lines;

    (void)user;
    if (hushed)
        return interrupted ? 1 : 0;
    if (new_phase) {
        finish_progress();
        (void)snprintf(bar.phase, sizeof bar.phase, "%s", progress->phase);
        bar.drawn_at = 0.0;
    }
    if (progress->seconds - bar.drawn_at >= interval ||
        progress->done == progress->total || interrupted) {
        bar.drawn_at = progress->seconds;
        if (terminal) {
            draw_bar(progress);
        } else {
            char line[LINE_BYTES];

            describe(progress, line);
            fprintf(stderr, "%s: %s\n", progress->phase, line);
        }
    }
    return interrupted ? 1 : 0;
}

tvae_progress_hook progress_hook(void)
{
    const tvae_progress_hook hook = {.size = sizeof hook, .progress = show_progress};

    memset(&bar, 0, sizeof bar);
    return hook;
}

void hush_progress(void)
{
    hushed = 1;
}

void finish_progress(void)
{
    if (bar.drawn)
        fputc('\n', stderr);
    bar.drawn = false;
}
