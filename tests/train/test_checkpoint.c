/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "code_path.h"
#include "train/trainer.h"
#include "trainer_model.h"

enum { HALF = 20 };

static char folder[] = "/tmp/tvae-checkpoint-XXXXXX";
static char path[64];

static void set_up(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    (void)snprintf(path, sizeof path, "%s/state.safetensors", folder);
}

static void tear_down(void)
{
    (void)unlink(path);
    ck_assert_int_eq(rmdir(folder), 0);
}

static tvae_train_options default_options(int32_t optimizer)
{
    tvae_train_options options;

    ASSERT_OK(tvae_train_options_init(&options, sizeof options));
    options.optimizer = optimizer;
    options.learning_rate = 0.003;
    options.seed = 0xfedcba9876543210u;
    return options;
}

/* A model from `model_seed` with its trainer. */
typedef struct fixture {
    tvae_model *model;
    tvae_trainer *trainer;
    tvae_tensor *x;
} fixture;

static fixture create(bool topographic, uint64_t model_seed,
                      const tvae_train_options *options)
{
    fixture f = {.model = build_small_model(topographic, model_seed),
                 .x = build_batch(2, 1)};

    ASSERT_OK(tvae_trainer_create(f.model, options, &f.trainer));
    return f;
}

static void destroy(fixture *f)
{
    tvae_trainer_destroy(&f->trainer);
    tvae_tensor_destroy(&f->x);
    tvae_model_destroy(&f->model);
}

static void take_steps(const fixture *f, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ASSERT_OK(tvae_trainer_step(f->trainer, f->x, NULL, 0));
}

/* 20 steps and a saved state, by a process of its own. */
static void train_half_elsewhere(bool topographic, const tvae_train_options *options)
{
    const pid_t child = fork();
    int status = 0;

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        fixture f = create(topographic, 1, options);

        take_steps(&f, HALF);
        _exit(tvae_trainer_save(f.trainer, path) == TVAE_OK ? 0 : 1);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
}

START_TEST(resume_gives_the_same_bits)
{
    for (int32_t optimizer = 0; optimizer <= TVAE_OPTIMIZER_ADAMW; optimizer++) {
        const tvae_train_options options = default_options(optimizer);
        const bool topographic = optimizer != TVAE_OPTIMIZER_ADAMW;
        fixture whole = create(topographic, 1, &options);
        fixture resumed = create(topographic, 99, &options);

        take_steps(&whole, 2 * HALF);
        train_half_elsewhere(topographic, &options);
        ASSERT_OK(tvae_trainer_load(resumed.trainer, path));
        ck_assert_int_eq(tvae_trainer_step_count(resumed.trainer), HALF);
        take_steps(&resumed, HALF);
        ck_assert_int_eq(tvae_trainer_step_count(resumed.trainer), 2 * HALF);
        assert_models_close(resumed.model, whole.model, 0.0);
        destroy(&whole);
        destroy(&resumed);
    }
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

/* Everything that changes from step to step, and moves between saving and the end. */
START_TEST(resume_with_schedules_gives_the_same_bits)
{
    for (int32_t schedule = TVAE_SCHEDULE_STEP; schedule <= TVAE_SCHEDULE_COSINE;
         schedule++) {
        tvae_train_options options = default_options(TVAE_OPTIMIZER_SGD);
        fixture whole, resumed;

        options.schedule = schedule;
        options.schedule_steps = schedule == TVAE_SCHEDULE_STEP ? 9 : 33;
        options.schedule_gamma = 0.7;
        options.min_learning_rate = 1e-4;
        options.max_gradient_norm = 1.0;
        options.kl_weight = 2.0;
        options.kl_warmup_steps = 27;
        whole = create(true, 1, &options);
        resumed = create(true, 99, &options);
        take_steps(&whole, 2 * HALF);
        train_half_elsewhere(true, &options);
        ASSERT_OK(tvae_trainer_load(resumed.trainer, path));
        ck_assert(tvae_trainer_learning_rate(resumed.trainer) < 0.003);
        ck_assert(tvae_trainer_kl_weight(resumed.trainer) < 2.0);
        take_steps(&resumed, HALF);
        ck_assert(tvae_trainer_learning_rate(resumed.trainer) ==
                  tvae_trainer_learning_rate(whole.trainer));
        assert_models_close(resumed.model, whole.model, 0.0);
        destroy(&whole);
        destroy(&resumed);
    }
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(learning_rate_in_force_is_restored)
{
    const tvae_train_options options = default_options(TVAE_OPTIMIZER_SGD);
    fixture whole = create(true, 1, &options), resumed = create(true, 2, &options);

    take_steps(&whole, 2);
    ASSERT_OK(tvae_trainer_set_learning_rate(whole.trainer, 0.1 / 3.0));
    ASSERT_OK(tvae_trainer_save(whole.trainer, path));
    ASSERT_OK(tvae_trainer_load(resumed.trainer, path));
    take_steps(&whole, 2);
    take_steps(&resumed, 2);
    assert_models_close(resumed.model, whole.model, 0.0);
    destroy(&whole);
    destroy(&resumed);
}
END_TEST

START_TEST(save_gives_equal_bytes_for_equal_states)
{
    const tvae_train_options options = default_options(TVAE_OPTIMIZER_SGD);
    fixture f = create(true, 1, &options);
    char *bytes[2] = {NULL, NULL};
    size_t n[2] = {0, 0};

    take_steps(&f, 3);
    for (int i = 0; i < 2; i++) {
        FILE *file;

        ASSERT_OK(tvae_trainer_save(f.trainer, path));
        file = fopen(path, "rb");
        ck_assert_ptr_nonnull(file);
        bytes[i] = malloc(1 << 20);
        n[i] = fread(bytes[i], 1, 1 << 20, file);
        ck_assert_int_eq(fclose(file), 0);
    }
    ck_assert_uint_eq(n[0], n[1]);
    ck_assert(n[0] > 0 && memcmp(bytes[0], bytes[1], n[0]) == 0);
    free(bytes[0]);
    free(bytes[1]);
    destroy(&f);
}
END_TEST

START_TEST(load_refuses_other_options_by_name)
{
    const tvae_train_options options = default_options(TVAE_OPTIMIZER_SGD);
    fixture saved = create(true, 1, &options);
    const char *const names[] = {"seed",
                                 "optimizer",
                                 "learning_rate",
                                 "momentum",
                                 "beta1",
                                 "beta2",
                                 "epsilon",
                                 "weight_decay",
                                 "schedule",
                                 "schedule_steps",
                                 "schedule_gamma",
                                 "min_learning_rate",
                                 "max_gradient_norm",
                                 "kl_weight",
                                 "kl_warmup_steps"};

    take_steps(&saved, 1);
    ASSERT_OK(tvae_trainer_save(saved.trainer, path));
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        tvae_train_options other = options;
        fixture f, untouched;

        other.seed += i == 0;
        other.optimizer = i == 1 ? TVAE_OPTIMIZER_ADAM : other.optimizer;
        other.learning_rate *= i == 2 ? 2.0 : 1.0;
        other.momentum *= i == 3 ? 0.5 : 1.0;
        other.beta1 *= i == 4 ? 0.5 : 1.0;
        other.beta2 *= i == 5 ? 0.5 : 1.0;
        other.epsilon *= i == 6 ? 0.5 : 1.0;
        other.weight_decay *= i == 7 ? 0.5 : 1.0;
        other.schedule += i == 8;
        other.schedule_steps += i == 9;
        other.schedule_gamma *= i == 10 ? 0.5 : 1.0;
        other.min_learning_rate += i == 11 ? 1e-5 : 0.0;
        other.max_gradient_norm += i == 12 ? 1.0 : 0.0;
        other.kl_weight *= i == 13 ? 0.5 : 1.0;
        other.kl_warmup_steps += i == 14;
        f = create(true, 3, &other);
        untouched = create(true, 3, &other);
        ASSERT_STATUS(tvae_trainer_load(f.trainer, path), TVAE_E_INVALID);
        ck_assert_msg(strstr(tvae_last_error(), names[i]) != NULL, "%s: %s", names[i],
                      tvae_last_error());
        ck_assert_int_eq(tvae_trainer_step_count(f.trainer), 0);
        assert_models_close(f.model, untouched.model, 0.0);
        destroy(&untouched);
        destroy(&f);
    }
    destroy(&saved);
}
END_TEST

/* A state of the time before schedules, clipping and KL weights. */
START_TEST(load_takes_states_without_later_options_for_the_defaults)
{
    static const char *const kept[] = {
        "format", "step",  "seed",    "optimizer",    "learning_rate",        "momentum",
        "beta1",  "beta2", "epsilon", "weight_decay", "current_learning_rate"};
    tvae_train_options options = default_options(TVAE_OPTIMIZER_SGD);
    fixture f = create(true, 1, &options), same = create(true, 2, &options), other;
    tvae_archive *all = NULL, *old = NULL;

    ASSERT_OK(tvae_archive_create(&all));
    ASSERT_OK(tvae_archive_create(&old));
    take_steps(&f, 1);
    ASSERT_OK(tvi_trainer_to_archive(f.trainer, all, "test"));
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        ASSERT_OK(
            tvae_archive_set_metadata(old, kept[i], tvae_archive_metadata(all, kept[i])));
    for (size_t i = 0; i < tvae_archive_count(all); i++) {
        const char *name = tvae_archive_name(all, i);
        tvae_tensor *tensor = NULL;

        ASSERT_OK(tvae_archive_get(all, name, &tensor));
        ASSERT_OK(tvae_archive_put(old, name, tensor));
        tvae_tensor_destroy(&tensor);
    }
    ASSERT_OK(tvi_trainer_from_archive(same.trainer, old, "test"));
    assert_models_close(same.model, f.model, 0.0);
    options.kl_weight = 0.5;
    other = create(true, 2, &options);
    ASSERT_STATUS(tvi_trainer_from_archive(other.trainer, old, "test"), TVAE_E_FORMAT);
    tvae_archive_destroy(&old);
    tvae_archive_destroy(&all);
    destroy(&other);
    destroy(&same);
    destroy(&f);
}
END_TEST

START_TEST(load_refuses_the_state_of_another_model)
{
    const tvae_train_options options = default_options(TVAE_OPTIMIZER_SGD);
    fixture vae = create(false, 1, &options), tvae = create(true, 1, &options);

    ASSERT_OK(tvae_trainer_save(vae.trainer, path));
    ASSERT_STATUS(tvae_trainer_load(tvae.trainer, path), TVAE_E_FORMAT);
    ASSERT_OK(tvae_trainer_save(tvae.trainer, path));
    ASSERT_STATUS(tvae_trainer_load(vae.trainer, path), TVAE_E_FORMAT);
    ASSERT_OK(tvae_model_save(vae.model, path));
    ASSERT_STATUS(tvae_trainer_load(vae.trainer, path), TVAE_E_FORMAT);
    destroy(&vae);
    destroy(&tvae);
}
END_TEST

static void damage(long place, bool cut)
{
    FILE *file = fopen(path, "r+b");
    int byte;

    ck_assert_ptr_nonnull(file);
    if (cut) {
        ck_assert_int_eq(ftruncate(fileno(file), place), 0);
    } else {
        ck_assert_int_eq(fseek(file, -place, SEEK_END), 0);
        byte = fgetc(file);
        ck_assert_int_eq(fseek(file, -place, SEEK_END), 0);
        ck_assert_int_ne(fputc(byte ^ 1, file), EOF);
    }
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(load_refuses_damage_and_changes_nothing)
{
    const tvae_train_options options = default_options(TVAE_OPTIMIZER_ADAM);
    fixture f = create(true, 1, &options), other = create(true, 2, &options);
    fixture untouched = create(true, 2, &options);

    take_steps(&f, 2);
    ASSERT_STATUS(tvae_trainer_load(other.trainer, path), TVAE_E_NOT_FOUND);
    ASSERT_OK(tvae_trainer_save(f.trainer, path));
    damage(100, false);
    ASSERT_STATUS(tvae_trainer_load(other.trainer, path), TVAE_E_FORMAT);
    ASSERT_OK(tvae_trainer_save(f.trainer, path));
    damage(1000, true);
    ASSERT_STATUS(tvae_trainer_load(other.trainer, path), TVAE_E_FORMAT);
    ck_assert_int_eq(tvae_trainer_step_count(other.trainer), 0);
    assert_models_close(other.model, untouched.model, 0.0);
    ASSERT_STATUS(tvae_trainer_load(NULL, path), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_trainer_load(other.trainer, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_trainer_save(NULL, path), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_trainer_save(f.trainer, "/nowhere/at/all.safetensors"), TVAE_E_IO);
    destroy(&untouched);
    destroy(&other);
    destroy(&f);
    ck_assert_uint_eq(tvi_live_blocks(), 0);
}
END_TEST

START_TEST(save_refuses_parameters_that_are_not_finite)
{
    tvae_train_options options = default_options(TVAE_OPTIMIZER_SGD);
    fixture f;

    options.learning_rate = 3e38;
    f = create(true, 1, &options);
    ASSERT_OK(tvae_trainer_save(f.trainer, path));
    take_steps(&f, 1);
    ASSERT_STATUS(tvae_trainer_save(f.trainer, path), TVAE_E_NUMERIC);
    options.learning_rate = 3e38;
    destroy(&f);
    f = create(true, 2, &options);
    ASSERT_OK(tvae_trainer_load(f.trainer, path));
    ck_assert_int_eq(tvae_trainer_step_count(f.trainer), 0);
    destroy(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("checkpoint");
    TCase *tcase = tcase_create("unit");

    if (code_path_wanted().n_threads > 1 && skip_emulated("resuming with threads"))
        return EXIT_SKIPPED;
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_add_test(tcase, resume_gives_the_same_bits);
    tcase_add_test(tcase, resume_with_schedules_gives_the_same_bits);
    tcase_add_test(tcase, load_takes_states_without_later_options_for_the_defaults);
    tcase_add_test(tcase, learning_rate_in_force_is_restored);
    tcase_add_test(tcase, save_gives_equal_bytes_for_equal_states);
    tcase_add_test(tcase, load_refuses_other_options_by_name);
    tcase_add_test(tcase, load_refuses_the_state_of_another_model);
    tcase_add_test(tcase, load_refuses_damage_and_changes_nothing);
    tcase_add_test(tcase, save_refuses_parameters_that_are_not_finite);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
