/* SPDX-License-Identifier: MIT */
/* Data-parallel training without a network: ranks that are threads, each with a model, a
 * trainer and a part of every batch, stay together through an exchange of the host's own
 * (in_process_exchange.c), and end where one trainer of the whole batches ends.
 *
 *   train_in_threads [RANKS]        1, 2, 3, 4 or 6; default 3 */
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include <tvae/tvae.h>

#include "in_process_exchange.h"

enum { N_SEQUENCES = 12, N_FRAMES = 15, IMAGE_SIZE = 16, N_STEPS = 30, MOST_RANKS = 6 };

typedef struct rank {
    pthread_t thread;
    const tvae_config *config;
    tvae_exchange exchange;
    tvae_model *model;
    double terms[TVAE_N_TERMS]; /* of the latest step */
} rank;

static void require(tvae_status status)
{
    if (status == TVAE_OK)
        return;
    (void)fprintf(stderr, "%s: %s\n", tvae_status_name(status), tvae_last_error());
    exit(EXIT_FAILURE);
}

/* The rank's part of every batch. */
static tvae_loader *create_loader(const rank *r)
{
    tvae_dataset *dataset = NULL;
    tvae_loader_options options;
    tvae_loader *loader = NULL;

    require(tvae_config_open_data(r->config, TVAE_SPLIT_TRAIN, &dataset));
    require(tvae_loader_options_init(&options, sizeof options));
    options.batch_size = N_SEQUENCES / r->exchange.n_ranks;
    options.n_shards = r->exchange.n_ranks;
    options.shard = r->exchange.rank;
    require(tvae_loader_create(dataset, &options, &loader));
    tvae_dataset_destroy(&dataset);
    return loader;
}

static void *train(void *context)
{
    rank *const r = context;
    const size_t n_own = (size_t)(N_SEQUENCES / r->exchange.n_ranks);
    const size_t shape[] = {n_own, N_FRAMES, 1, IMAGE_SIZE, IMAGE_SIZE};
    tvae_loader *loader = create_loader(r);
    tvae_trainer *trainer = NULL;
    tvae_tensor *x = NULL;

    require(tvae_tensor_create(5, shape, &x));
    require(tvae_config_build_model(r->config, &r->model));
    require(tvae_trainer_create(r->model, NULL, &trainer));
    require(tvae_trainer_set_exchange(trainer, &r->exchange, NULL));
    for (int step = 0; step < N_STEPS; step++) {
        size_t first, n_total;

        require(tvae_loader_next(loader, x, NULL, NULL));
        require(tvae_loader_place(loader, &first, &n_total));
        require(tvae_trainer_step_part(trainer, x, 0, first, n_total, r->terms,
                                       TVAE_N_TERMS));
    }
    tvae_trainer_destroy(&trainer);
    tvae_loader_destroy(&loader);
    tvae_tensor_destroy(&x);
    return NULL;
}

/* One thread a rank, until all are done. */
static void train_together(rank *ranks, int32_t n_ranks, const tvae_config *config)
{
    in_process_group *group = in_process_group_create(n_ranks);

    for (int32_t i = 0; i < n_ranks; i++) {
        ranks[i].config = config;
        if (group)
            in_process_group_table(group, i, &ranks[i].exchange);
        if (!group || pthread_create(&ranks[i].thread, NULL, train, &ranks[i]) != 0) {
            (void)fprintf(stderr, "rank %d cannot be started\n", i);
            exit(EXIT_FAILURE);
        }
    }
    for (int32_t i = 0; i < n_ranks; i++)
        (void)pthread_join(ranks[i].thread, NULL);
    in_process_group_destroy(group);
}

/* The larger one; what is not a number counts as infinite. */
static double larger(double a, double b)
{
    return b <= a ? a : b > a ? b : HUGE_VAL;
}

/* The largest distance of two models' parameters. */
static double distance(const tvae_model *a, const tvae_model *b)
{
    double largest = 0.0;

    for (size_t p = 0; p < tvae_model_parameter_count(a); p++) {
        tvae_tensor *of_a = NULL, *of_b = NULL;
        char name[256];
        size_t shape[8];
        int32_t n_axes;

        require(tvae_model_parameter_info(a, p, name, sizeof name, &n_axes, shape));
        require(tvae_tensor_create(n_axes, shape, &of_a));
        require(tvae_tensor_create(n_axes, shape, &of_b));
        require(tvae_model_get_parameter(a, name, of_a));
        require(tvae_model_get_parameter(b, name, of_b));
        for (size_t i = 0; i < tvae_tensor_count(of_a); i++)
            largest = larger(largest, fabs((double)tvae_tensor_data_const(of_a)[i] -
                                           (double)tvae_tensor_data_const(of_b)[i]));
        tvae_tensor_destroy(&of_a);
        tvae_tensor_destroy(&of_b);
    }
    return largest;
}

int main(int argc, char **argv)
{
    const long n_ranks = argc > 1 ? strtol(argv[1], NULL, 10) : 3;
    rank alone = {.model = NULL}, ranks[MOST_RANKS] = {{.model = NULL}};
    double apart = 0.0, between = 0.0;
    tvae_config *config = NULL;

    if (n_ranks < 1 || n_ranks > MOST_RANKS || N_SEQUENCES % n_ranks != 0)
        return EXIT_FAILURE;
    require(tvae_set_threads(1)); /* the ranks are the threads */
    require(tvae_config_create("sprites_quick", &config));
    require(tvae_config_set(config, "n_capsules", "4"));
    require(tvae_config_set(config, "image_size", "16"));
    train_together(&alone, 1, config);
    train_together(ranks, (int32_t)n_ranks, config);
    for (long i = n_ranks - 1; i >= 0; i--) {
        apart = larger(apart, distance(ranks[i].model, alone.model));
        between = larger(between, distance(ranks[i].model, ranks[0].model));
        tvae_model_destroy(&ranks[i].model);
    }
    (void)printf("loss %.4f alone, %.4f by %ld ranks; parameters differ by %.1e at most, "
                 "those of ranks by %.1e\n",
                 alone.terms[TVAE_TERM_LOSS], ranks[0].terms[TVAE_TERM_LOSS], n_ranks,
                 apart, between);
    tvae_model_destroy(&alone.model);
    tvae_config_destroy(&config);
    /* Sums in another order differ in their last bits; all ranks have the same ones. */
    return apart < 1e-5 && between <= 0.0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
