/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "fixture.h"
#include "support.h"

enum { SEQUENCES = 2, FRAMES = 5, PIXELS = 24, CAPSULES = 2, D = 5 };
enum { LATENTS = CAPSULES * D };

static tvae_tensor *create_frames(size_t n_sequences, size_t n_frames)
{
    const size_t shape[] = {n_sequences, n_frames, 2, 3, 4};
    tvae_tensor *frames = NULL;

    ASSERT_OK(tvae_tensor_create(5, shape, &frames));
    return frames;
}

static tvae_tensor *create_latents(size_t n_frames)
{
    const size_t shape[] = {SEQUENCES, n_frames, LATENTS};
    tvae_tensor *latents = NULL;

    ASSERT_OK(tvae_tensor_create(3, shape, &latents));
    return latents;
}

static void roll_row(const float *t, int64_t shift, float *out)
{
    for (int64_t i = 0; i < LATENTS; i++)
        out[i] = t[i / D * D + ((i % D - shift) % D + D) % D];
}

/* The first frames of each sequence, in a tensor of their own. */
static tvae_tensor *first_frames(const tvae_tensor *x, size_t n)
{
    tvae_tensor *part = create_frames(SEQUENCES, n);

    for (size_t i = 0; i < SEQUENCES; i++)
        memcpy(tvae_tensor_data(part) + i * n * PIXELS,
               tvae_tensor_data_const(x) + i * FRAMES * PIXELS,
               n * PIXELS * sizeof(float));
    return part;
}

START_TEST(predict_rolls_the_last_frame_seen)
{
    enum { SEEN = 3, STEPS = 7 };
    const fixture_kind kinds[] = {FIXTURE_TVAE_ODD, FIXTURE_VAE, FIXTURE_PREDICTIVE};
    tvae_tensor *t = create_latents(SEEN), *rolled = create_latents(STEPS), *seen;
    tvae_tensor *want = create_frames(SEQUENCES, STEPS);
    tvae_tensor *got = create_frames(SEQUENCES, STEPS);
    fixture f;

    fixture_create(&f, kinds[_i], _i % 2);
    seen = first_frames(f.x, SEEN);
    ASSERT_OK(tvae_model_encode(f.model, f.work, seen, t));
    for (size_t i = 0; i < SEQUENCES; i++)
        for (size_t j = 0; j < STEPS; j++)
            roll_row(tvae_tensor_data(t) + (i * SEEN + SEEN - 1) * LATENTS,
                     (int64_t)j + 1,
                     tvae_tensor_data(rolled) + (i * STEPS + j) * LATENTS);
    ASSERT_OK(tvae_model_decode(f.model, f.work, rolled, want));
    tvae_tensor_data(f.x)[SEEN * PIXELS] = NAN; /* not looked at */
    ASSERT_OK(tvae_model_predict(f.model, f.work, f.x, SEEN, got));
    ck_assert_mem_eq(tvae_tensor_data(got), tvae_tensor_data(want),
                     tvae_tensor_count(want) * sizeof(float));
    tvae_tensor_destroy(&t);
    tvae_tensor_destroy(&rolled);
    tvae_tensor_destroy(&seen);
    tvae_tensor_destroy(&want);
    tvae_tensor_destroy(&got);
    fixture_destroy(&f);
}
END_TEST

START_TEST(predict_rejects_bad_arguments)
{
    tvae_tensor *out = create_frames(SEQUENCES, 2), *other = create_frames(3, 2);
    tvae_tensor *t = create_latents(2);
    fixture f;

    fixture_create(&f, FIXTURE_TVAE_ODD, TVAE_LIKELIHOOD_BERNOULLI);
    ASSERT_STATUS(tvae_model_predict(NULL, f.work, f.x, 2, out), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_predict(f.model, NULL, f.x, 2, out), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_predict(f.model, f.work, NULL, 2, out), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_predict(f.model, f.work, f.x, 2, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_predict(f.model, f.work, f.x, 0, out), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_predict(f.model, f.work, f.x, 6, out), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_predict(f.model, f.work, f.x, 2, other), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_model_predict(f.model, f.work, f.x, 2, t), TVAE_E_SHAPE);
    tvae_tensor_data(f.x)[0] = NAN;
    ASSERT_STATUS(tvae_model_predict(f.model, f.work, f.x, 2, out), TVAE_E_NUMERIC);
    tvae_tensor_destroy(&out);
    tvae_tensor_destroy(&other);
    tvae_tensor_destroy(&t);
    fixture_destroy(&f);
}
END_TEST

/* The same model that does not look ahead: equal parameters. */
static tvae_model *create_model(fixture_kind kind, int32_t steps)
{
    tvae_prior *prior = fixture_prior(kind, 0);
    tvae_model_options options;
    tvae_model *model = NULL;

    ASSERT_OK(tvae_model_options_init(&options, sizeof options));
    options.channels = 2;
    options.height = 3;
    options.width = 4;
    options.predict_steps = steps;
    ASSERT_OK(tvae_model_create(&options, prior, &model));
    ASSERT_OK(tvae_model_initialise(model, 11));
    tvae_prior_destroy(&prior);
    return model;
}

/* -log p(x_{l+k} | Roll_k(t_l)) of the formula, frame by frame from the public parts. */
static double expected_neg_log_px(fixture *f, size_t steps)
{
    const size_t n = FRAMES - steps;
    tvae_tensor *ahead = create_latents(n), *decoded = create_frames(SEQUENCES, n);
    double sum = 0.0;

    ASSERT_OK(tvae_model_sample(f->model, f->work, f->x, f->noise_z, f->noise_u, f->t));
    for (size_t i = 0; i < SEQUENCES; i++)
        for (size_t l = 0; l < n; l++)
            roll_row(tvae_tensor_data(f->t) + (i * FRAMES + l) * LATENTS, (int64_t)steps,
                     tvae_tensor_data(ahead) + (i * n + l) * LATENTS);
    ASSERT_OK(tvae_model_decode(f->model, f->work, ahead, decoded));
    for (size_t i = 0; i < SEQUENCES; i++)
        for (size_t k = 0; k < n * PIXELS; k++) {
            const double p = (double)tvae_tensor_data(decoded)[i * n * PIXELS + k];
            const double x =
                (double)tvae_tensor_data(f->x)[(i * FRAMES + steps) * PIXELS + k];

            sum -= x * log(p) + (1.0 - x) * log(1.0 - p);
        }
    tvae_tensor_destroy(&ahead);
    tvae_tensor_destroy(&decoded);
    return sum / (double)(SEQUENCES * n);
}

START_TEST(predictive_loss_compares_with_later_frames)
{
    const fixture_kind kind = _i % 2 ? FIXTURE_VAE : FIXTURE_CAUSAL;
    const int32_t steps = 1 + _i;
    double terms[TVAE_N_TERMS], plain[TVAE_N_TERMS];
    fixture f, g;

    fixture_adopt(&f, create_model(kind, steps));
    fixture_adopt(&g, create_model(kind, 0));
    ASSERT_OK(
        tvae_model_elbo(f.model, f.work, f.x, f.noise_z, f.noise_u, terms, TVAE_N_TERMS));
    ASSERT_OK(
        tvae_model_elbo(g.model, g.work, g.x, g.noise_z, g.noise_u, plain, TVAE_N_TERMS));
    assert_near("neg_log_px", terms[TVAE_TERM_NEG_LOG_PX],
                expected_neg_log_px(&f, (size_t)steps), 1e-5, 0.0);
    ck_assert(terms[TVAE_TERM_KL_Z] == plain[TVAE_TERM_KL_Z]);
    ck_assert(terms[TVAE_TERM_KL_U] == plain[TVAE_TERM_KL_U]);
    assert_near("loss", terms[TVAE_TERM_LOSS],
                terms[TVAE_TERM_NEG_LOG_PX] + terms[TVAE_TERM_KL_Z] +
                    terms[TVAE_TERM_KL_U],
                1e-12, 0.0);
    fixture_destroy(&f);
    fixture_destroy(&g);
}
END_TEST

START_TEST(predictive_models_want_causal_priors_and_enough_frames)
{
    tvae_prior *prior = fixture_prior(FIXTURE_TVAE_ODD, 0);
    tvae_model_options options;
    tvae_model *model = NULL;
    double loss = 0.0;
    fixture f;

    ASSERT_OK(tvae_model_options_init(&options, sizeof options));
    ck_assert_int_eq(options.predict_steps, 0);
    options.channels = options.height = options.width = 2;
    options.predict_steps = 1;
    ASSERT_STATUS(tvae_model_create(&options, prior, &model), TVAE_E_INVALID);
    tvae_prior_destroy(&prior);
    prior = fixture_prior(FIXTURE_CAUSAL, 0);
    options.predict_steps = -1;
    ASSERT_STATUS(tvae_model_create(&options, prior, &model), TVAE_E_INVALID);
    options.predict_steps = 4097;
    ASSERT_STATUS(tvae_model_create(&options, prior, &model), TVAE_E_INVALID);
    ck_assert_ptr_null(model);
    tvae_prior_destroy(&prior);
    fixture_adopt(&f, create_model(FIXTURE_CAUSAL, FRAMES));
    ASSERT_STATUS(tvae_model_elbo(f.model, f.work, f.x, NULL, NULL, &loss, 1),
                  TVAE_E_SHAPE);
    fixture_destroy(&f);
    fixture_adopt(&f, create_model(FIXTURE_CAUSAL, FRAMES - 1));
    ASSERT_OK(tvae_model_elbo(f.model, f.work, f.x, NULL, NULL, &loss, 1));
    fixture_destroy(&f);
}
END_TEST

/* What a later frame holds changes no earlier capsule. */
START_TEST(causal_models_do_not_look_ahead)
{
    enum { CHANGED = 3 };
    tvae_tensor *before = create_latents(FRAMES), *after = create_latents(FRAMES);
    bool later_differ = false;
    fixture f;

    fixture_create(&f, FIXTURE_CAUSAL, TVAE_LIKELIHOOD_BERNOULLI);
    ASSERT_OK(tvae_model_encode(f.model, f.work, f.x, before));
    for (size_t i = 0; i < SEQUENCES; i++)
        tvae_tensor_data(f.x)[(i * FRAMES + CHANGED) * PIXELS] += 1.0f;
    ASSERT_OK(tvae_model_encode(f.model, f.work, f.x, after));
    for (size_t i = 0; i < SEQUENCES * FRAMES; i++) {
        const float *a = tvae_tensor_data(before) + i * LATENTS;
        const float *b = tvae_tensor_data(after) + i * LATENTS;

        if (i % FRAMES < CHANGED)
            ck_assert_mem_eq(a, b, LATENTS * sizeof *a);
        else
            later_differ = later_differ || memcmp(a, b, LATENTS * sizeof *a) != 0;
    }
    ck_assert(later_differ);
    tvae_tensor_destroy(&before);
    tvae_tensor_destroy(&after);
    fixture_destroy(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model predict");
    TCase *tc = tcase_create("predict");

    tcase_add_loop_test(tc, predict_rolls_the_last_frame_seen, 0, 3);
    tcase_add_test(tc, predict_rejects_bad_arguments);
    tcase_add_loop_test(tc, predictive_loss_compares_with_later_frames, 0, 4);
    tcase_add_test(tc, predictive_models_want_causal_priors_and_enough_frames);
    tcase_add_test(tc, causal_models_do_not_look_ahead);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
