/* SPDX-License-Identifier: MIT */
#include "run_fixture.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"

/* Every experiment of the table, made small: a few steps, then an evaluation. */

enum { N_TRAIN = 20, N_TEST = 6, SIDE = 8, N_OWN = 60, N_EVALUATED = 16 };

static void put(FILE *file, size_t value, int n_bytes)
{
    for (int shift = 8 * (n_bytes - 1); shift >= 0; shift -= 8)
        ck_assert_int_ne(fputc((int)(value >> shift & 0xff), file), EOF);
}

/* Images and labels in MNIST's format: a bright square somewhere in each. */
static void write_images(const char *part, size_t n)
{
    char name[64];
    FILE *images, *labels;

    (void)snprintf(name, sizeof name, "%s-images-idx3-ubyte", part);
    images = fopen(run_file("digits", name), "wb");
    (void)snprintf(name, sizeof name, "%s-labels-idx1-ubyte", part);
    labels = fopen(run_file("digits", name), "wb");
    ck_assert(images && labels);
    put(images, 0x803, 4);
    put(images, n, 4);
    put(images, SIDE, 4);
    put(images, SIDE, 4);
    put(labels, 0x801, 4);
    put(labels, n, 4);
    for (size_t i = 0; i < n; i++) {
        put(labels, i % 10, 1);
        for (size_t p = 0; p < SIDE * SIDE; p++) {
            const size_t row = p / SIDE, column = p % SIDE;

            put(images, row / 3 == i % 2 && column / 3 == i / 2 % 2 ? 255 : 0, 1);
        }
    }
    ck_assert_int_eq(fclose(images), 0);
    ck_assert_int_eq(fclose(labels), 0);
}

/* Sequences of 6 frames of 2 channels, 3 x 5, in which a bright column moves; or vectors
 * of 7 numbers of any sign. */
static void write_npz(const char *path, bool vectors)
{
    const size_t frames[] = {N_OWN, 6, 2, 3, 5}, plain[] = {N_OWN, 7}, n_labels = N_OWN;
    tvae_archive *archive = NULL;
    tvae_tensor *x = NULL, *labels = NULL;
    float *values;

    ASSERT_OK(tvae_tensor_create(vectors ? 2 : 5, vectors ? plain : frames, &x));
    ASSERT_OK(tvae_tensor_create(1, &n_labels, &labels));
    values = tvae_tensor_data(x);
    fill_uniform(values, tvae_tensor_count(x), -1.0, 1.0, 1);
    for (size_t i = 0; !vectors && i < tvae_tensor_count(x); i++)
        values[i] = i % 5 == i / 30 % 5 ? 1.0f : 0.0f;
    for (size_t i = 0; i < n_labels; i++)
        tvae_tensor_data(labels)[i] = (float)(i % 2);
    ASSERT_OK(tvae_archive_create(&archive));
    ASSERT_OK(tvae_archive_put(archive, "x", x));
    ASSERT_OK(tvae_archive_put(archive, "labels", labels));
    ASSERT_OK(tvae_archive_save(archive, path));
    tvae_archive_destroy(&archive);
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&labels);
}

/* The experiment itself but for sizes: its prior, transforms, splits and optimiser. */
static tvae_config *small_config(const char *experiment)
{
    static const char *const always[][2] = {{"batch_size", "2"},
                                            {"steps", "4"},
                                            {"log_steps", "2"},
                                            {"test_fraction", "0.3"}};
    static const char *const sprites[][2] = {{"image_size", "8"},
                                             {"stride", "1,1,10,8,8"},
                                             {"n_capsules", "2"},
                                             {"n_frames", "5"},
                                             {"capsule_dim", "5"}};
    tvae_config *config = NULL;
    char dataset[32];

    ASSERT_OK(tvae_config_create(experiment, &config));
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        set_key(config, always[i][0], always[i][1]);
    ASSERT_OK(tvae_config_get(config, "dataset", dataset, sizeof dataset, NULL));
    if (strcmp(dataset, "sprites") == 0)
        for (size_t i = 0; i < sizeof sprites / sizeof *sprites; i++)
            set_key(config, sprites[i][0], sprites[i][1]);
    if (strcmp(dataset, "mnist") == 0) {
        set_key(config, "data", scratch("digits"));
        if (strcmp(experiment, "tvae_2d_mnist") != 0)
            set_key(config, "n_capsules", "2");
    }
    if (strcmp(dataset, "npz") == 0) {
        const bool vectors = strcmp(experiment, "own_vectors") == 0;
        const char *path = scratch(vectors ? "vectors.npz" : "sequences.npz");

        write_npz(path, vectors);
        set_key(config, "data", path);
        set_key(config, "n_capsules", vectors ? "1" : "2");
    }
    return config;
}

static double number(const tvae_run *run, const char *path)
{
    double value = -1.0;

    ASSERT_OK(tvae_run_summary_number(run, path, &value));
    return value;
}

static void train_and_evaluate(const char *experiment)
{
    tvae_config *config = small_config(experiment);
    tvae_evaluate_options options;
    tvae_run *run = NULL;

    ASSERT_OK(tvae_evaluate_options_init(&options, sizeof options));
    options.n_samples = 2;
    options.n_sequences = N_EVALUATED;
    ASSERT_OK(tvae_run_create(config, scratch(experiment), &run));
    ASSERT_OK(tvae_run_train(run, NULL));
    tvae_run_destroy(&run);
    ck_assert_uint_eq(count_lines(run_file(experiment, "log.jsonl")), 2);
    ASSERT_OK(tvae_run_open(scratch(experiment), &run));
    ASSERT_OK(tvae_run_evaluate(run, &options, NULL, NULL));
    ck_assert(isfinite(number(run, "loss")));
    ck_assert(number(run, "steps") == 4.0);
    assert_near("normalised log-likelihood", number(run, "log_likelihood"),
                number(run, "log_likelihood_reference") - log(2.0), 1e-6, 1e-6);
    tvae_run_destroy(&run);
    tvae_config_destroy(&config);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}

static void set_up(void)
{
    make_scratch();
    make_folder("digits");
    write_images("train", N_TRAIN);
    write_images("t10k", N_TEST);
}

START_TEST(each_experiment_trains_and_is_evaluated)
{
    train_and_evaluate(tvae_experiment_name((size_t)_i));
}
END_TEST

/* The model's frames: channels, height, width; and its latents: capsules, places. */
static void check_sizes(const char *experiment, const size_t *frame, const size_t *latent)
{
    tvae_config *config = small_config(experiment);
    tvae_model *model = NULL;
    size_t shape[4];

    ASSERT_OK(tvae_config_build_model(config, &model));
    ASSERT_OK(tvae_model_frame_shape(model, shape));
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_eq(shape[i], frame[i]);
    ASSERT_OK(tvae_model_latent_shape(model, shape));
    for (size_t i = 0; i < 4; i++)
        ck_assert_uint_eq(shape[i], latent[i]);
    tvae_model_destroy(&model);
    tvae_config_destroy(&config);
}

START_TEST(models_take_their_sizes_from_the_data)
{
    check_sizes("own_sequences", (size_t[]){2, 3, 5}, (size_t[]){2, 6, 1, 1});
    check_sizes("own_vectors", (size_t[]){1, 1, 7}, (size_t[]){1, 18, 18, 1});
    check_sizes("tvae_2d_mnist", (size_t[]){1, SIDE, SIDE}, (size_t[]){1, 18, 18, 1});
    check_sizes("nontvae_mnist", (size_t[]){3, SIDE, SIDE}, (size_t[]){2, 18, 1, 1});
}
END_TEST

START_TEST(own_data_must_be_named)
{
    tvae_config *config = NULL;
    tvae_model *model = NULL;

    ASSERT_OK(tvae_config_create("own_sequences", &config));
    ASSERT_STATUS(tvae_config_build_model(config, &model), TVAE_E_INVALID);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "--data"));
    tvae_config_destroy(&config);
}
END_TEST

/* Trained on one transform at a time, tested on two that run together: both are scored,
 * each by its own column. */
START_TEST(generalization_is_tested_on_combined_transforms)
{
    tvae_config *config = small_config("tvae_Lpartial_mnist_generalization");
    tvae_dataset *train = NULL, *test = NULL;
    tvae_tensor *x = NULL, *factors = NULL;
    const size_t shape[] = {18, 3, SIDE, SIDE}, n_factors[] = {18, 3};
    const float *f;

    ASSERT_OK(tvae_config_open_data(config, TVAE_SPLIT_TRAIN, &train));
    ASSERT_OK(tvae_config_open_data(config, TVAE_SPLIT_TEST, &test));
    ck_assert_uint_eq(tvae_dataset_count(test), N_TEST);
    ASSERT_OK(tvae_tensor_create(4, shape, &x));
    ASSERT_OK(tvae_tensor_create(2, n_factors, &factors));
    f = tvae_tensor_data_const(factors);
    for (size_t i = 0; i < N_TEST; i++) {
        ASSERT_OK(tvae_dataset_get(test, i, 0, i, x, factors));
        ck_assert(f[0] != f[3] && f[1] == f[4] && f[2] != f[5]);
        ASSERT_OK(tvae_dataset_get(train, i, 0, i, x, factors));
        ck_assert_int_eq((f[0] != f[3]) + (f[1] != f[4]) + (f[2] != f[5]), 1);
    }
    tvae_tensor_destroy(&x);
    tvae_tensor_destroy(&factors);
    tvae_dataset_destroy(&train);
    tvae_dataset_destroy(&test);
    tvae_config_destroy(&config);
}
END_TEST

/* What only some models and data have is null elsewhere. */
START_TEST(summaries_score_latents_and_predictions)
{
    tvae_run *run = NULL;

    train_and_evaluate("own_vectors");
    ASSERT_OK(tvae_run_open(scratch("own_vectors"), &run));
    ck_assert(number(run, "class_selectivity.selective_units") <= 324.0);
    ck_assert(number(run, "class_selectivity.mean_d_prime") > 0.0);
    ck_assert(number(run, "active_latents.z") <= 324.0);
    ck_assert(number(run, "active_latents.u") <= 324.0);
    /* neighbours on the torus share most of their energy from the start */
    ck_assert(number(run, "topographic_smoothness") > 0.1);
    ck_assert(isnan(number(run, "prediction")));
    tvae_run_destroy(&run);
    train_and_evaluate("nontvae_dsprites");
    ASSERT_OK(tvae_run_open(scratch("nontvae_dsprites"), &run));
    ck_assert(isnan(number(run, "active_latents.u")));
    ck_assert(isnan(number(run, "class_selectivity.selective_units")));
    ck_assert(fabs(number(run, "topographic_smoothness")) < 1.0);
    ck_assert(number(run, "prediction.n_seen") == 2.0);
    ck_assert(number(run, "prediction.error.3") > 0.0);
    tvae_run_destroy(&run);
}
END_TEST

/* A .npy holds the vectors alone: without labels nothing is selective. */
START_TEST(vectors_may_be_a_npy_without_labels)
{
    const size_t shape[] = {N_OWN, 7};
    tvae_config *config = NULL;
    tvae_archive *archive = NULL;
    tvae_tensor *x = NULL;
    tvae_run *run = NULL;

    ASSERT_OK(tvae_tensor_create(2, shape, &x));
    fill_uniform(tvae_tensor_data(x), tvae_tensor_count(x), -1.0, 1.0, 2);
    ASSERT_OK(tvae_archive_create(&archive));
    ASSERT_OK(tvae_archive_put(archive, "x", x));
    ASSERT_OK(tvae_archive_save(archive, scratch("vectors.npy")));
    tvae_archive_destroy(&archive);
    tvae_tensor_destroy(&x);
    config = small_config("own_vectors");
    set_key(config, "data", scratch("vectors.npy"));
    ASSERT_OK(tvae_run_create(config, scratch("alone"), &run));
    ASSERT_OK(tvae_run_train(run, NULL));
    ASSERT_OK(tvae_run_evaluate(run, NULL, NULL, NULL));
    ck_assert(isfinite(number(run, "loss")));
    ck_assert(isnan(number(run, "class_selectivity.selective_units")));
    ck_assert(isnan(number(run, "class_selectivity.mean_d_prime")));
    tvae_run_destroy(&run);
    tvae_config_destroy(&config);
}
END_TEST

/* Copying the last frame seen, against the data themselves. */
START_TEST(prediction_is_compared_with_copying)
{
    tvae_config *config = NULL;
    const size_t shape[] = {5, 1, 8, 8};
    tvae_dataset *data = NULL;
    tvae_tensor *x = NULL;
    tvae_run *run = NULL;
    double sums[3] = {0.0};

    train_and_evaluate("sprites_predictive"); /* of 5 frames, 2 are seen */
    config = small_config("sprites_predictive");
    ASSERT_OK(tvae_config_open_data(config, TVAE_SPLIT_TEST, &data));
    ASSERT_OK(tvae_tensor_create(4, shape, &x));
    for (size_t item = 0; item < N_EVALUATED; item++) {
        const float *frames = tvae_tensor_data_const(x);

        ASSERT_OK(tvae_dataset_get(data, item, 0, item, x, NULL));
        for (size_t step = 0; step < 3; step++)
            for (size_t i = 0; i < 64; i++)
                sums[step] +=
                    fabs((double)(frames[64 + i] - frames[(2 + step) * 64 + i]));
    }
    ASSERT_OK(tvae_run_open(scratch("sprites_predictive"), &run));
    assert_near("1", number(run, "prediction.copy_error.1"), sums[0] / 1024.0, 1e-6, 0.0);
    assert_near("2", number(run, "prediction.copy_error.2"), sums[1] / 1024.0, 1e-6, 0.0);
    assert_near("3", number(run, "prediction.copy_error.3"), sums[2] / 1024.0, 1e-6, 0.0);
    ck_assert(number(run, "prediction.error.1") <= 1.0);
    tvae_run_destroy(&run);
    tvae_tensor_destroy(&x);
    tvae_dataset_destroy(&data);
    tvae_config_destroy(&config);
}
END_TEST

START_TEST(causal_priors_want_a_boundary)
{
    tvae_config *config = small_config("sprites_predictive");
    tvae_model *model = NULL;

    set_key(config, "frame_boundary", "circular");
    ASSERT_STATUS(tvae_config_build_model(config, &model), TVAE_E_INVALID);
    ck_assert_ptr_nonnull(strstr(tvae_last_error(), "frame_boundary"));
    tvae_config_destroy(&config);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("experiments");
    TCase *tcase = tcase_create("unit");

    tcase_add_checked_fixture(tcase, set_up, remove_scratch);
    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, each_experiment_trains_and_is_evaluated, 0,
                        (int)tvae_experiment_count());
    tcase_add_test(tcase, models_take_their_sizes_from_the_data);
    tcase_add_test(tcase, own_data_must_be_named);
    tcase_add_test(tcase, generalization_is_tested_on_combined_transforms);
    tcase_add_test(tcase, summaries_score_latents_and_predictions);
    tcase_add_test(tcase, vectors_may_be_a_npy_without_labels);
    tcase_add_test(tcase, prediction_is_compared_with_copying);
    tcase_add_test(tcase, causal_priors_want_a_boundary);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
