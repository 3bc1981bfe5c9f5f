/* SPDX-License-Identifier: MIT */
#ifndef TVAE_CLI_BENCH_H
#define TVAE_CLI_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <tvae/tvae.h>

/* What `tvae bench` is made of; docs/performance.md says what its rows mean. */

enum { BENCH_MOST_REPEATS = 256, BENCH_BATCHES = 32 };

/* ---- config.c: a model's sizes, and what a batch for it looks like ---- */

typedef struct bench_config {
    const char *name;
    int64_t channels, image_size, n_capsules, capsule_dim, n_frames;
    int64_t window, off_diagonal, batch_size;
    double density; /* fraction of random inputs that are not zero */
} bench_config;

enum { BENCH_CONFIGS = 2, BENCH_MNIST = 0, BENCH_DSPRITES = 1 };

/* The configurations at the paper's sizes. */
void bench_config_defaults(bench_config configs[BENCH_CONFIGS]);

/* Apply "key=value"; prints what is wrong and returns false if it is no setting. */
bool bench_config_set(bench_config *config, const char *setting);

size_t bench_config_frames(const bench_config *config);  /* of a batch */
size_t bench_config_pixels(const bench_config *config);  /* values of a frame */
size_t bench_config_latents(const bench_config *config); /* of a frame */

tvae_status bench_model_create(const bench_config *config, tvae_model **out);

/* A batch [sequences, frames, channels, height, width], of zeros or of random inputs. */
tvae_status bench_batch_create(const bench_config *config, tvae_tensor **out);
tvae_status bench_batch_random(const bench_config *config, uint64_t seed,
                               tvae_tensor **out);

/* ---- rows.c: what is measured, and how it is printed ---- */

/* Rows that are measured together. */
enum {
    BENCH_MEMORY = 1,
    BENCH_TRAINING = 2,
    BENCH_INFERENCE = 4,
    BENCH_DATA = 8,
    BENCH_HOSTS = 16
};

/* The groups of the rows called `what`, 0 if there are none; prints the names on 0. */
unsigned bench_group_of(const char *what);

/* One configuration being measured. */
typedef struct bench_session {
    bench_config config;
    bool json;
    const char *const *only; /* [n_only] rows wanted; none: all */
    size_t n_only;
    unsigned groups;
    double deadline;       /* on the clock of bench_now() */
    const char *data;      /* path of real data, or NULL */
    bool is_sprites;       /* else MNIST */
    tvae_dataset *dataset; /* what the rows about data read; NULL: nothing fits */
    tvae_dataset *tilted;  /* the same under perspective; NULL but for MNIST */
    double peak_mib, allocations;
    double step_seconds; /* of training, once it is known */
} bench_session;

bool bench_wants(const bench_session *session, const char *what);

void bench_print_machine(bool json);

/* ---- times.c ---- */

/* Seconds of repeats of one piece of work. */
typedef struct bench_times {
    size_t n;
    double seconds[BENCH_MOST_REPEATS];
} bench_times;

double bench_now(void);
void bench_pause(double seconds);
bool bench_is_late(const bench_session *session);
void bench_times_add(bench_times *times, double seconds);
double bench_times_median(bench_times *times); /* sorts them; 0 without any */

/* Time `work` so often, after some calls to warm up; less often when the time is over.
 * `work` is told the number of the call. */
typedef tvae_status (*bench_work)(void *context, size_t call);
tvae_status bench_measure(const bench_session *session, bench_work work, void *context,
                          size_t repeats, bench_times *times);

/* Print a row, if it is wanted: the median of the times, and a count that belongs to it
 * ("frames", 144). Without times (NULL) only the count. */
void bench_print(const bench_session *session, const char *what, bench_times *times,
                 const char *unit, double count);

/* ---- floor.c: the dense products of a step ---- */

typedef struct bench_floor bench_floor;

tvae_status bench_floor_create(const bench_config *config, bench_floor **out);
void bench_floor_destroy(bench_floor **dense);

/* Run it with as many threads as the library uses, OpenBLAS's own, and add its times; the
 * setting of OpenBLAS is afterwards as before. */
tvae_status bench_floor_measure(bench_floor *dense, size_t repeats, bench_times *times);

/* ---- digits.c: where sequences come from ---- */

/* Open the session's datasets: real ones, or digits drawn for the purpose and procedural
 * sprites. */
tvae_status bench_data_open(bench_session *session);

/* ---- the groups of rows: memory.c, training.c, inference.c, hosts.c,
 * data.c ---- */

/* The most memory a process takes that only trains: measured in a child, before this
 * process holds anything. Prints and returns false if that does not work. */
bool bench_measure_peak(bench_session *session);

/* Allocations a step after the first one; the library must hold no memory yet. */
tvae_status bench_count_allocations(bench_session *session);

void bench_print_memory(const bench_session *session);

tvae_status bench_training(bench_session *session);
tvae_status bench_inference(bench_session *session);
tvae_status bench_hosts(bench_session *session);
tvae_status bench_data(bench_session *session);

#endif
