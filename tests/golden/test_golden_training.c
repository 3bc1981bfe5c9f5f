/* SPDX-License-Identifier: MIT */
#include "support.h"

#include <stdio.h>

#include "golden_model.h"
#include "train/trainer.h"

/* Three steps of momentum SGD with the noise of model.npz (GOLDEN section 2.2). */

static const double forward = 1e-5;

enum { STEPS = 3 };

/* Entry `step` of "<case>.<suffix>". */
static double stored_number(const golden_model *g, const char *suffix, size_t step)
{
    tvae_tensor *values = golden_get(g->archive, g->name, suffix);
    const double value = (double)tvae_tensor_data_const(values)[step];

    tvae_tensor_destroy(&values);
    return value;
}

static void compare_terms(const golden_model *g, size_t step, const double *terms)
{
    const double got[] = {terms[TVAE_TERM_LOSS], terms[TVAE_TERM_NEG_LOG_PX],
                          terms[TVAE_TERM_KL_Z] + terms[TVAE_TERM_KL_U],
                          terms[TVAE_TERM_EQUIVARIANCE_ERROR]};
    static const char *const names[] = {"loss", "nl", "kl", "eq"};

    for (size_t i = 0; i < sizeof got / sizeof *got; i++) {
        char what[256];

        (void)snprintf(what, sizeof what, "%s.%s step %zu", g->name, names[i], step);
        assert_near(what, got[i], stored_number(g, names[i], step), forward, 1e-5);
    }
}

static void take_step(const golden_model *g, tvae_trainer *trainer, size_t step)
{
    tvae_tensor *noise_z = golden_noise(g, "eps_z", step);
    tvae_tensor *noise_u = golden_noise(g, "eps_u", step);
    const tvi_batch batch = {.kl_weight = 1.0,
                             .n_sequences = g->n_sequences,
                             .n_frames = g->n_frames,
                             .x = tvae_tensor_data_const(g->frames),
                             .noise_z = tvae_tensor_data_const(noise_z),
                             .noise_u = tvae_tensor_data_const(noise_u)};
    double terms[TVAE_N_TERMS];

    ASSERT_OK(tvi_trainer_step_batch(trainer, &batch, terms));
    compare_terms(g, step, terms);
    tvae_tensor_destroy(&noise_z);
    tvae_tensor_destroy(&noise_u);
}

static void compare_parameters(const golden_model *g)
{
    for (size_t i = 0; i < tvae_model_parameter_count(g->model); i++) {
        tvae_tensor *want = golden_parameter(g, "after3.", i), *got = NULL;
        size_t shape[TVAE_MAX_RANK];
        char name[128];
        int32_t rank;

        ASSERT_OK(
            tvae_model_parameter_info(g->model, i, name, sizeof name, &rank, shape));
        ASSERT_OK(tvae_tensor_create(rank, shape, &got));
        ASSERT_OK(tvae_model_get_parameter(g->model, name, got));
        assert_close(name, tvae_tensor_data_const(got), tvae_tensor_data_const(want),
                     tvae_tensor_count(want), forward, 0.0);
        tvae_tensor_destroy(&got);
        tvae_tensor_destroy(&want);
    }
}

static void check_case(const tvae_archive *archive, const char *case_name)
{
    tvae_train_options options;
    tvae_trainer *trainer = NULL;
    golden_model g;

    golden_model_load(&g, archive, case_name);
    ASSERT_OK(tvae_train_options_init(&options, sizeof options));
    options.learning_rate = 1e-3;
    ASSERT_OK(tvae_trainer_create(g.model, &options, &trainer));
    for (size_t step = 0; step < STEPS; step++)
        take_step(&g, trainer, step);
    compare_parameters(&g);
    tvae_trainer_destroy(&trainer);
    golden_model_release(&g);
}

START_TEST(trainer_follows_golden_steps)
{
    tvae_archive *archive = golden_open("model.npz");

    if (!archive)
        return;
    ck_assert_uint_gt(golden_each_case(archive, check_case), 0);
    tvae_archive_destroy(&archive);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("golden training");
    TCase *tcase = tcase_create("golden");

    tcase_add_test(tcase, trainer_follows_golden_steps);
    suite_add_tcase(suite, tcase);
    return run_suite(suite);
}
