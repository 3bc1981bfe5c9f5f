/* SPDX-License-Identifier: MIT */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

fixture f;

/* A test without its fixture means nothing: stop. */
static void must(tvae_status status, const char *what)
{
    if (status == TVAE_OK)
        return;
    fprintf(stderr, "the fixture's %s failed: %s\n", what, tvae_last_error());
    exit(EXIT_FAILURE);
}

#define MUST(call) must((call), #call)
#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* Numbers in (0, 1), or whole ones below `below`. */
static tvae_tensor *make(int32_t rank, const size_t *shape, unsigned below)
{
    tvae_tensor *tensor = NULL;
    unsigned state = 1;

    MUST(tvae_tensor_create(rank, shape, &tensor));
    for (size_t i = 0; i < tvae_tensor_count(tensor); i++) {
        state = state * 1664525u + 1013904223u;
        tvae_tensor_data(tensor)[i] =
            below ? (float)((state >> 16) % below) : (float)(state >> 8) * 0x1p-24f;
    }
    return tensor;
}

#define MAKE(below, ...)                                                                 \
    make((int32_t)COUNT(((const size_t[]){__VA_ARGS__})), (const size_t[]){__VA_ARGS__}, \
         below)

static void write_idx(const char *path, unsigned magic, unsigned n, size_t n_bytes)
{
    const unsigned char head[] = {
        0, 0, 8, (unsigned char)magic, 0, 0, 0, (unsigned char)n, 0, 0, 0, 28, 0,
        0, 0, 28};
    FILE *file = fopen(path, "wb");

    if (!file || fwrite(head, 1, magic == 3 ? 16 : 8, file) == 0)
        must(TVAE_E_IO, path);
    for (size_t i = 0; i < n_bytes; i++)
        if (fputc((int)(i % 10), file) == EOF)
            must(TVAE_E_IO, path);
    if (fclose(file) != 0)
        must(TVAE_E_IO, path);
}

static tvae_config *tiny_config(void)
{
    static const char *const values[][2] = {
        {"image_size", "8"},        {"image_width", "8"},
        {"n_frames", "4"},          {"n_capsules", "2"},
        {"capsule_dim", "4"},       {"window", "3"},
        {"batch_size", "2"},        {"steps", "2"},
        {"log_steps", "1"},         {"checkpoint_steps", "1"},
        {"stride", "1,1,20,15,15"}, {"test_fraction", "0.3"},
        {"n_prefetch", "0"}};
    tvae_config *config = NULL;

    MUST(tvae_config_create("sprites_quick", &config));
    for (size_t i = 0; i < COUNT(values); i++)
        MUST(tvae_config_set(config, values[i][0], values[i][1]));
    return config;
}

static void train_tiny_run(const tvae_config *config)
{
    tvae_evaluate_options options;
    tvae_run *run = NULL;

    MUST(tvae_run_create(config, "run", &run));
    MUST(tvae_run_train(run, NULL));
    MUST(tvae_evaluate_options_init(&options, sizeof options));
    options.n_samples = 2;
    options.n_sequences = 4;
    MUST(tvae_run_evaluate(run, &options, NULL, NULL));
    tvae_run_destroy(&run);
}

static void begin_options(void)
{
    MUST(tvae_conv2d_options_init(&f.conv2d_options, sizeof f.conv2d_options));
    MUST(tvae_evaluate_options_init(&f.evaluate_options, sizeof f.evaluate_options));
    MUST(tvae_exchange_options_init(&f.exchange_options, sizeof f.exchange_options));
    MUST(tvae_linear_options_init(&f.linear_options, sizeof f.linear_options));
    MUST(tvae_loader_options_init(&f.loader_options, sizeof f.loader_options));
    MUST(tvae_mnist_options_init(&f.mnist_options, sizeof f.mnist_options));
    MUST(tvae_model_options_init(&f.model_options, sizeof f.model_options));
    MUST(tvae_npz_options_init(&f.npz_options, sizeof f.npz_options));
    MUST(tvae_prior_options_init(&f.prior_options, sizeof f.prior_options));
    MUST(tvae_sprites_options_init(&f.sprites_options, sizeof f.sprites_options));
    MUST(tvae_train_options_init(&f.train_options, sizeof f.train_options));
    f.conv2d_options.in_channels = f.conv2d_options.out_channels = 2;
    f.conv2d_options.input_height = f.conv2d_options.input_width = 5;
    f.conv2d_options.kernel_height = f.conv2d_options.kernel_width = 3;
    f.evaluate_options.n_samples = 1;
    f.evaluate_options.n_sequences = 2;
    f.linear_options.n_inputs = 25;
    f.linear_options.n_outputs = 3;
    f.loader_options.batch_size = 2;
    f.loader_options.n_prefetch = 1;
    f.model_options.channels = 1;
    f.model_options.height = f.model_options.width = 5;
    f.prior_options.n_capsules = 3;
    f.prior_options.capsule_dims[0] = 4;
    f.sprites_options.stride[2] = f.sprites_options.stride[3] = 15;
    f.sprites_options.stride[4] = 15;
}

static size_t same_width(void *user, size_t n_inputs)
{
    (void)user;
    return n_inputs;
}

static tvae_status initialise(void *user, uint64_t seed, float *const *parameters)
{
    (void)user;
    (void)seed;
    parameters[0][0] = 1.0f;
    return TVAE_OK;
}

static tvae_status forward(void *user, const float *const *parameters, size_t n_rows,
                           size_t n_inputs, const float *x, float *y)
{
    (void)user;
    (void)parameters;
    memcpy(y, x, n_rows * n_inputs * sizeof *y);
    return TVAE_OK;
}

static tvae_status backward(void *user, const float *const *parameters, size_t n_rows,
                            size_t n_inputs, const float *x, const float *y,
                            const float *dy, float *dx, float *const *gradients)
{
    (void)user;
    (void)parameters;
    (void)x;
    (void)y;
    (void)gradients;
    if (dx)
        memcpy(dx, dy, n_rows * n_inputs * sizeof *dx);
    return TVAE_OK;
}

static void release(void *user)
{
    (void)user;
}

/* An exchange of one rank: sums are its own values, and nobody is waited for. */
static tvae_status sum_start(void *user, void *values, size_t n_values, int32_t type,
                             void **request)
{
    (void)user;
    (void)n_values;
    (void)type;
    *request = values;
    return TVAE_OK;
}

static tvae_status sum_wait(void *user, void *request, double seconds)
{
    (void)user;
    (void)request;
    (void)seconds;
    return TVAE_OK;
}

static tvae_status gather(void *user, const void *own, const size_t *counts, void *all,
                          int32_t type, double seconds)
{
    const size_t unit[] = {[TVAE_EXCHANGE_FLOAT32] = sizeof(float),
                           [TVAE_EXCHANGE_BFLOAT16] = sizeof(uint16_t),
                           [TVAE_EXCHANGE_BYTE] = 1};

    (void)user;
    (void)seconds;
    memcpy(all, own, counts[0] * unit[type]);
    return TVAE_OK;
}

static tvae_status broadcast(void *user, void *values, size_t n_values, int32_t type,
                             int32_t root, double seconds)
{
    (void)user;
    (void)values;
    (void)n_values;
    (void)type;
    (void)root;
    (void)seconds;
    return TVAE_OK;
}

static tvae_status barrier(void *user, double seconds)
{
    (void)user;
    (void)seconds;
    return TVAE_OK;
}

static int32_t go_on(void *user, const tvae_progress *progress)
{
    (void)user;
    (void)progress;
    return 0;
}

static void drop_message(void *user, int32_t level, const char *text)
{
    (void)user;
    (void)level;
    (void)text;
}

static void *refuse(void *user, size_t bytes, size_t align)
{
    (void)user;
    (void)bytes;
    (void)align;
    return NULL;
}

static void release_none(void *user, void *memory, size_t bytes)
{
    (void)user;
    (void)memory;
    (void)bytes;
}

/* Longer than n_parameters says, with NULL past the end. */
static const char *const parameter_names[64] = {"scale", "shift"};
static const size_t parameter_counts[64] = {1, 2};

static void begin_hooks(void)
{
    f.custom = (tvae_custom_layer){.size = sizeof f.custom,
                                   .n_parameters = 2,
                                   .parameter_names = parameter_names,
                                   .parameter_counts = parameter_counts,
                                   .output_width = same_width,
                                   .initialise = initialise,
                                   .forward = forward,
                                   .backward = backward,
                                   .release = release};
    f.exchange = (tvae_exchange){.size = sizeof f.exchange,
                                 .n_ranks = 1,
                                 .sum_start = sum_start,
                                 .sum_wait = sum_wait,
                                 .gather = gather,
                                 .broadcast = broadcast,
                                 .barrier = barrier};
    f.progress_hook =
        (tvae_progress_hook){.size = sizeof f.progress_hook, .progress = go_on};
    f.log_hook = (tvae_log_hook){.size = sizeof f.log_hook, .message = drop_message};
    f.allocator = (tvae_allocator){
        .size = sizeof f.allocator, .alloc = refuse, .release = release_none};
}

static void begin_arrays(void)
{
    const int64_t offsets[] = {0, 0, 0, 0, 1, 1, 0, 0}, ones[] = {3, 3, 1, 1};

    memcpy(f.offsets, offsets, sizeof offsets);
    memcpy(f.window, ones, sizeof ones);
    f.capsule_dims[0] = 4;
    f.capsule_dims[1] = f.capsule_dims[2] = 1;
    f.shifts[0] = 1;
    f.real_shifts[0] = 0.5;
    f.weights[0] = f.weights[1] = 1.0f;
    f.shape[0] = 3;
    f.shape[1] = 4;
    f.grid[0] = 3;
    f.grid[1] = 4;
    f.grid[2] = f.grid[3] = 1;
    for (size_t i = 0; i < MAX_PARAMETERS; i++)
        f.rooms[i] = keep_bytes(ROOM_BYTES);
}

static void begin_tensors(void)
{
    f.spare = MAKE(0, 2);
    f.x = MAKE(0, 2, 4, 1, 5, 5);
    f.x_room = MAKE(0, 2, 4, 1, 5, 5);
    f.item = MAKE(0, 4, 1, 5, 5);
    f.batch = MAKE(0, 2, 4, 1, 5, 5);
    f.frame = MAKE(0, 1, 5, 5);
    f.frames = MAKE(0, 1, 2, 1, 5, 5);
    f.predicted = MAKE(0, 2, 2, 1, 5, 5);
    f.latents = MAKE(0, 2, 4, 12);
    f.other_latents = MAKE(0, 2, 4, 12);
    for (size_t i = 0; i < COUNT(f.more_latents); i++)
        f.more_latents[i] = MAKE(0, 2, 4, 12);
    f.u = MAKE(0, 2, 4, 12);
    f.one_latents = MAKE(0, 12);
    f.capsules = MAKE(0, 2, 4, 3, 4);
    f.factors = MAKE(4, 2, 4, 2);
    f.factors_room = MAKE(4, 2, 4, 2);
    f.item_factors = MAKE(4, 4, 2);
    f.labels = MAKE(2, 2, 4);
    f.rows_x = MAKE(0, 6, 25);
    f.rows_y = MAKE(0, 6, 3);
    f.rows_dx = MAKE(0, 6, 25);
    f.rows_dy = MAKE(0, 6, 3);
    f.weight = MAKE(0, 3, 25);
    f.matrix = MAKE(0, 12, 12);
    f.d_prime = MAKE(0, 2, 12);
    f.map = MAKE(0, 12);
    f.scores = MAKE(0, 2, 4);
    f.other_scores = MAKE(0, 2, 4);
}

static tvae_layer *linear(int64_t n_inputs, int64_t n_outputs)
{
    tvae_linear_options options = f.linear_options;
    tvae_layer *layer = NULL;

    options.n_inputs = n_inputs;
    options.n_outputs = n_outputs;
    MUST(tvae_layer_create_linear(&options, &layer));
    MUST(tvae_layer_initialise(layer, 1));
    return layer;
}

static void begin_model(void)
{
    size_t n_offsets;
    size_t shape[TVAE_MAX_RANK];
    int32_t rank;

    /* of one frame, so that the model may be pushed frames, too */
    MUST(tvae_neighbourhood_create_stationary((const int64_t[]){1, 3, 1, 1},
                                              &f.neighbourhood));
    f.neighbourhoods[0] = f.neighbourhood;
    n_offsets = tvae_neighbourhood_count(f.neighbourhood);
    f.weight_room = make(1, &n_offsets, 0);
    MUST(tvae_prior_create(&f.prior_options, f.neighbourhoods, 1, &f.prior));
    MUST(tvae_model_create(&f.model_options, f.prior, &f.model));
    MUST(tvae_model_initialise(f.model, 1));
    MUST(tvae_model_parameter_info(f.model, 0, f.parameter, sizeof f.parameter, &rank,
                                   shape));
    f.parameter_value = make(rank, shape, 0);
    MUST(tvae_workspace_create(&f.workspace));
    f.encoders[0] = linear(25, 24);
    f.encoders[1] = linear(25, 24);
    f.decoder = linear(12, 25);
    f.layer = f.layers[0] = linear(25, 3);
    MUST(tvae_model_elbo_gradient(f.model, f.workspace, f.x, NULL, NULL, f.rooms[0], 1));
    MUST(tvae_stream_create(f.model, &f.stream));
    MUST(tvae_trainer_create(f.model, &f.train_options, &f.trainer));
    MUST(tvae_layer_forward(f.layer, f.workspace, f.rows_x, f.rows_y));
    MUST(tvae_layer_backward(f.layer, f.workspace, f.rows_x, f.rows_y, f.rows_dy, NULL));
}

static void begin_metrics(void)
{
    MUST(tvae_activity_create(12, &f.activity));
    MUST(tvae_activity_add(f.activity, f.latents, f.latents));
    MUST(tvae_capcorr_create(2, 3, &f.capcorr));
    MUST(tvae_capcorr_add(f.capcorr, f.capsules, f.factors));
    MUST(tvae_covariance_create(12, 12, TVAE_COVARIANCE_ABSOLUTE, &f.covariance));
    MUST(tvae_covariance_add(f.covariance, f.latents, NULL));
    MUST(tvae_selectivity_create(12, 2, &f.selectivity));
    MUST(tvae_selectivity_add(f.selectivity, f.latents, f.labels));
    MUST(tvae_max_activation_create(12, &f.max_activation));
    MUST(tvae_max_activation_add(f.max_activation, f.latents));
    MUST(tvae_roll_create(f.capsule_dims, 0, &f.roll));
}

void fixture_begin(void)
{
    begin_options();
    begin_hooks();
    begin_arrays();
    begin_tensors();
    begin_model();
    begin_metrics();
    MUST(tvae_archive_create(&f.archive));
    MUST(tvae_archive_put(f.archive, "x", f.x));
    MUST(tvae_archive_set_metadata(f.archive, "key", "text"));
    MUST(tvae_dataset_create_memory(f.x, f.factors, &f.dataset));
    MUST(tvae_loader_create(f.dataset, &f.loader_options, &f.loader));
    MUST(tvae_loader_next(f.loader, f.batch, NULL, NULL)); /* has a place from now on */
    f.config = tiny_config();
    if (tvae_run_open("run", &f.run) == TVAE_OK) /* not before it is trained */
        f.runs[0] = f.run;
}

void fixture_make_files(void)
{
    write_idx("train-images-idx3-ubyte", 3, 10, 10 * 28 * 28);
    write_idx("train-labels-idx1-ubyte", 1, 10, 10);
    write_idx("t10k-images-idx3-ubyte", 3, 4, 4 * 28 * 28);
    write_idx("t10k-labels-idx1-ubyte", 1, 4, 4);
    fixture_begin();
    train_tiny_run(f.config);
    MUST(tvae_archive_save(f.archive, "archive.npz"));
    MUST(tvae_config_save(f.config, "config.json"));
    MUST(tvae_model_save(f.model, "model.safetensors"));
    MUST(tvae_trainer_save(f.trainer, "state.safetensors"));
}

bool output_is_wrong(tvae_status status, const void *room, const void *handle)
{
    if (!room)
        return false;
    return status == TVAE_OK ? !handle || handle == f.rooms[0] : handle != NULL;
}
