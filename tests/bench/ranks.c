/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define OMPI_SKIP_MPICXX 1
#include <mpi.h>
#include <tvae/mpi.h>
#include <tvae/tvae.h>

/* Times steps of an experiment that the ranks it is started with take together:
 *
 *     mpirun -n 2 bench_ranks EXPERIMENT THREADS STEPS KEY=VALUE...
 *
 * Keys are those of `tvae list --keys`, batch_size being each rank's own. Prints a line
 * of JSON with medians over the steps: of the whole step, its parts, the seconds that did
 * nothing but wait for other ranks (the most of any rank), that a short message takes,
 * and the bytes of gradients sent, and what they would be as float32 with all rows. What
 * `model` gives beside is the size of the model and of a whole batch. */

enum { WARM_UP = 5, MOST_STEPS = 1000, PARAMETER_NAME = 128 };

static void check(tvae_status status, const char *what)
{
    if (status == TVAE_OK)
        return;
    fprintf(stderr, "bench_ranks: %s: %s\n", what, tvae_last_error());
    tvae_mpi_abort(NULL, EXIT_FAILURE);
    exit(EXIT_FAILURE);
}

static double seconds_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, compare);
    return values[n / 2];
}

static long long integer(const tvae_config *config, const char *key)
{
    char text[64];

    check(tvae_config_get(config, key, text, sizeof text, NULL), key);
    return strtoll(text, NULL, 10);
}

static double real(const tvae_config *config, const char *key)
{
    char text[64];

    check(tvae_config_get(config, key, text, sizeof text, NULL), key);
    return strtod(text, NULL);
}

static bool is_word(const tvae_config *config, const char *key, const char *word)
{
    char text[64];

    check(tvae_config_get(config, key, text, sizeof text, NULL), key);
    return strcmp(text, word) == 0;
}

/* What is timed. */
typedef struct bench {
    tvae_config *config;
    tvae_model *model;
    tvae_dataset *data;
    tvae_loader *loader;
    tvae_trainer *trainer;
    tvae_mpi_exchange *exchange;
    tvae_tensor *x;
    int rank, n_ranks;
} bench;

static void open_all(bench *b)
{
    const tvae_config *c = b->config;
    tvae_loader_options loader;
    tvae_train_options train;
    tvae_exchange_options exchange;
    size_t shape[5];

    check(tvae_config_build_model(c, &b->model), "model");
    check(tvae_config_open_data(c, TVAE_SPLIT_TRAIN, &b->data), "data");
    check(tvae_loader_options_init(&loader, sizeof loader), "loader");
    loader.batch_size = integer(c, "batch_size");
    loader.n_shards = b->n_ranks;
    loader.shard = b->rank;
    check(tvae_loader_create(b->data, &loader, &b->loader), "loader");
    check(tvae_train_options_init(&train, sizeof train), "trainer");
    train.optimizer =
        is_word(c, "optimizer", "sgd") ? TVAE_OPTIMIZER_SGD : TVAE_OPTIMIZER_ADAM;
    train.learning_rate = real(c, "learning_rate");
    check(tvae_trainer_create(b->model, &train, &b->trainer), "trainer");
    check(tvae_exchange_options_init(&exchange, sizeof exchange), "exchange");
    exchange.bucket_bytes = integer(c, "exchange_bucket_bytes");
    exchange.row_sparse = !is_word(c, "exchange_rows", "all");
    exchange.factors = is_word(c, "exchange_rows", "factors");
    exchange.shared_memory = is_word(c, "exchange_shared", "yes");
    if (is_word(c, "exchange_type", "bfloat16"))
        exchange.gradient_type = TVAE_EXCHANGE_BFLOAT16;
    check(tvae_mpi_exchange_create(MPI_Comm_c2f(MPI_COMM_WORLD), &b->exchange), "MPI");
    check(tvae_trainer_set_exchange(b->trainer, tvae_mpi_exchange_table(b->exchange),
                                    &exchange),
          "exchange");
    shape[0] = (size_t)loader.batch_size;
    check(tvae_dataset_shape(b->data, shape + 1), "data");
    check(tvae_tensor_create(5, shape, &b->x), "batch");
}

static size_t count_values(const tvae_model *model)
{
    size_t sum = 0;

    for (size_t i = 0; i < tvae_model_parameter_count(model); i++) {
        char name[PARAMETER_NAME];
        size_t shape[TVAE_MAX_RANK], n = 1;
        int32_t rank;

        check(tvae_model_parameter_info(model, i, name, sizeof name, &rank, shape),
              "model");
        for (int32_t axis = 0; axis < rank; axis++)
            n *= shape[axis];
        sum += n;
    }
    return sum;
}

/* Numbers of the steps, a row each. */
enum {
    STEP,
    WAIT,
    LATENCY,
    SENT,
    DENSE,
    BUCKETS,
    FIRST_PART,
    N_NUMBERS = FIRST_PART + TVAE_N_PARTS
};

/* A message to the next rank and one from the one before, whatever the way. */
static double time_message(const bench *b)
{
    enum { TIMES = 20 };
    const int next = (b->rank + 1) % b->n_ranks,
              last = (b->rank + b->n_ranks - 1) % b->n_ranks;
    const double began = seconds_now();

    for (int i = 0; i < TIMES; i++) {
        int sent = i, got;

        (void)MPI_Sendrecv(&sent, 1, MPI_INT, next, 0, &got, 1, MPI_INT, last, 0,
                           MPI_COMM_WORLD, MPI_STATUS_IGNORE);
    }
    return (seconds_now() - began) / TIMES;
}

static void time_step(bench *b, double numbers[N_NUMBERS])
{
    tvae_exchange_facts facts;
    double began;

    check(tvae_loader_next(b->loader, b->x, NULL, NULL), "batch");
    (void)MPI_Barrier(MPI_COMM_WORLD);
    began = seconds_now();
    check(tvae_trainer_step(b->trainer, b->x, NULL, 0), "step");
    numbers[STEP] = seconds_now() - began;
    check(tvae_trainer_exchange_facts(b->trainer, &facts, sizeof facts), "facts");
    numbers[WAIT] = facts.wait_seconds;
    numbers[LATENCY] = time_message(b);
    numbers[SENT] = facts.sent_bytes;
    numbers[DENSE] = facts.dense_bytes;
    numbers[BUCKETS] = (double)facts.n_buckets;
    check(tvae_trainer_part_seconds(b->trainer, numbers + FIRST_PART, TVAE_N_PARTS),
          "parts");
    (void)MPI_Allreduce(MPI_IN_PLACE, numbers, LATENCY + 1, MPI_DOUBLE, MPI_MAX,
                        MPI_COMM_WORLD);
}

static void print_line(const bench *b, int n_steps, int n_threads,
                       double numbers[MOST_STEPS][N_NUMBERS])
{
    static const char *const names[N_NUMBERS] = {
        "step",       "wait",         "latency",  "sent_bytes", "dense_bytes",
        "buckets",    "noise",        "encoders", "prior",      "decoder",
        "likelihood", "equivariance", "backward", "update",     "exchange"};
    double column[MOST_STEPS];

    printf("{\"ranks\": %d, \"threads\": %d, \"sequences\": %lld, \"values\": %zu",
           b->n_ranks, n_threads, b->n_ranks * integer(b->config, "batch_size"),
           count_values(b->model));
    for (int i = 0; i < N_NUMBERS; i++) {
        for (int step = 0; step < n_steps; step++)
            column[step] = numbers[step][i];
        printf(", \"%s\": %.9g", names[i], median(column, n_steps));
    }
    printf("}\n");
}

int main(int argc, char **argv)
{
    static double numbers[MOST_STEPS][N_NUMBERS];
    const int n_threads = argc > 3 ? atoi(argv[2]) : 0;
    const int n_steps = argc > 3 ? atoi(argv[3]) : 0;
    bench b = {0};
    int level;

    if (n_threads < 1 || n_steps < 1 || n_steps > MOST_STEPS) {
        fprintf(stderr, "usage: bench_ranks EXPERIMENT THREADS STEPS KEY=VALUE...\n");
        return EXIT_FAILURE;
    }
    (void)MPI_Init_thread(&argc, &argv, MPI_THREAD_MULTIPLE, &level);
    (void)MPI_Comm_rank(MPI_COMM_WORLD, &b.rank);
    (void)MPI_Comm_size(MPI_COMM_WORLD, &b.n_ranks);
    check(tvae_set_threads(n_threads), "threads");
    check(tvae_config_create(argv[1], &b.config), argv[1]);
    for (int i = 4; i < argc; i++) {
        char key[64];
        const char *equals = strchr(argv[i], '=');

        (void)snprintf(key, sizeof key, "%.*s", equals ? (int)(equals - argv[i]) : 63,
                       argv[i]);
        check(tvae_config_set(b.config, key, equals ? equals + 1 : ""), argv[i]);
    }
    open_all(&b);
    for (int step = -WARM_UP; step < n_steps; step++)
        time_step(&b, numbers[step < 0 ? 0 : step]);
    if (b.rank == 0)
        print_line(&b, n_steps, n_threads, numbers);
    tvae_trainer_destroy(&b.trainer);
    tvae_loader_destroy(&b.loader);
    tvae_dataset_destroy(&b.data);
    tvae_model_destroy(&b.model);
    tvae_tensor_destroy(&b.x);
    tvae_config_destroy(&b.config);
    tvae_mpi_exchange_destroy(&b.exchange);
    (void)MPI_Finalize();
    return EXIT_SUCCESS;
}
