/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "support.h"

static tvae_tensor *like(const tvae_tensor *tensor)
{
    const int32_t rank = tvae_tensor_rank(tensor);
    size_t shape[TVAE_MAX_RANK];
    tvae_tensor *made = NULL;

    for (int32_t axis = 0; axis < rank; axis++)
        shape[axis] = tvae_tensor_extent(tensor, axis);
    ASSERT_OK(tvae_tensor_create(rank, shape, &made));
    return made;
}

static void assert_equal(const tvae_tensor *a, const tvae_tensor *b)
{
    ck_assert_uint_eq(tvae_tensor_count(a), tvae_tensor_count(b));
    ck_assert_mem_eq(tvae_tensor_data_const(a), tvae_tensor_data_const(b),
                     tvae_tensor_count(a) * sizeof(float));
}

/* The frames' per-sequence estimates have the first two axes of x. */
static tvae_tensor *per_frame(const fixture *f)
{
    const size_t shape[] = {tvae_tensor_extent(f->x, 0), tvae_tensor_extent(f->x, 1)};
    tvae_tensor *made = NULL;

    ASSERT_OK(tvae_tensor_create(2, shape, &made));
    return made;
}

START_TEST(encode_equals_sampling_without_noise)
{
    tvae_tensor *sampled;
    fixture f;

    fixture_create(&f, (fixture_kind)_i, TVAE_LIKELIHOOD_BERNOULLI);
    sampled = like(f.t);
    memset(tvae_tensor_data(f.noise_z), 0, tvae_tensor_count(f.noise_z) * sizeof(float));
    if (f.noise_u)
        memset(tvae_tensor_data(f.noise_u), 0,
               tvae_tensor_count(f.noise_u) * sizeof(float));
    ASSERT_OK(tvae_model_encode(f.model, f.work, f.x, f.t));
    ASSERT_OK(tvae_model_sample(f.model, f.work, f.x, f.noise_z, f.noise_u, sampled));
    assert_close("t", tvae_tensor_data(sampled), tvae_tensor_data(f.t),
                 tvae_tensor_count(f.t), 1e-6, 0.0);
    tvae_tensor_destroy(&sampled);
    fixture_destroy(&f);
}
END_TEST

START_TEST(plain_vae_encodes_to_the_posterior_mean)
{
    tvae_tensor *mean;
    fixture f;

    fixture_create(&f, FIXTURE_VAE, TVAE_LIKELIHOOD_BERNOULLI);
    mean = like(f.t);
    ASSERT_OK(tvae_model_encode(f.model, f.work, f.x, f.t));
    ASSERT_OK(tvae_model_posterior(f.model, f.work, f.x, mean, NULL, NULL, NULL));
    assert_equal(mean, f.t);
    ASSERT_STATUS(tvae_model_posterior(f.model, f.work, f.x, mean, NULL, mean, NULL),
                  TVAE_E_INVALID);
    tvae_tensor_destroy(&mean);
    fixture_destroy(&f);
}
END_TEST

START_TEST(prior_constructs_what_encode_gives)
{
    tvae_tensor *z, *u, *t;
    tvae_prior *prior = NULL;
    fixture f;

    fixture_create(&f, (fixture_kind)_i, TVAE_LIKELIHOOD_BERNOULLI);
    z = like(f.t);
    t = like(f.t);
    u = _i == FIXTURE_VAE ? NULL : like(f.t);
    ASSERT_OK(tvae_model_encode(f.model, f.work, f.x, f.t));
    ASSERT_OK(tvae_model_posterior(f.model, f.work, f.x, z, NULL, u, NULL));
    ASSERT_OK(tvae_model_prior(f.model, &prior));
    tvae_model_destroy(&f.model); /* the prior lives on */
    ASSERT_OK(tvae_prior_apply(prior, z, u, t));
    assert_equal(t, f.t);
    tvae_prior_destroy(&prior);
    ASSERT_STATUS(tvae_model_prior(NULL, &prior), TVAE_E_INVALID);
    fixture_destroy(&f);
    tvae_tensor_destroy(&z);
    tvae_tensor_destroy(&u);
    tvae_tensor_destroy(&t);
}
END_TEST

/* z = m + exp(r / 2) e, for a topography that leaves z as it is. */
START_TEST(sample_follows_the_posterior)
{
    tvae_tensor *mean, *log_variance, *expected;
    fixture f;

    fixture_create(&f, FIXTURE_VAE, TVAE_LIKELIHOOD_BERNOULLI);
    mean = like(f.t);
    log_variance = like(f.t);
    expected = like(f.t);
    ASSERT_OK(tvae_model_posterior(f.model, f.work, f.x, mean, log_variance, NULL, NULL));
    ASSERT_OK(tvae_model_sample(f.model, f.work, f.x, f.noise_z, NULL, f.t));
    for (size_t i = 0; i < tvae_tensor_count(f.t); i++)
        tvae_tensor_data(expected)[i] =
            tvae_tensor_data(mean)[i] + expf(0.5f * tvae_tensor_data(log_variance)[i]) *
                                            tvae_tensor_data(f.noise_z)[i];
    assert_close("t", tvae_tensor_data(f.t), tvae_tensor_data(expected),
                 tvae_tensor_count(f.t), 1e-5, 0.0);
    tvae_tensor_destroy(&mean);
    tvae_tensor_destroy(&log_variance);
    tvae_tensor_destroy(&expected);
    fixture_destroy(&f);
}
END_TEST

START_TEST(posterior_gives_each_output_alone)
{
    tvae_tensor *all[4], *alone;
    fixture f;

    fixture_create(&f, FIXTURE_TVAE_ODD, TVAE_LIKELIHOOD_BERNOULLI);
    for (size_t i = 0; i < 4; i++)
        all[i] = like(f.t);
    alone = like(f.t);
    ASSERT_OK(tvae_model_posterior(f.model, f.work, f.x, all[0], all[1], all[2], all[3]));
    for (size_t i = 0; i < 4; i++) {
        ASSERT_OK(tvae_model_posterior(f.model, f.work, f.x, i == 0 ? alone : NULL,
                                       i == 1 ? alone : NULL, i == 2 ? alone : NULL,
                                       i == 3 ? alone : NULL));
        assert_equal(alone, all[i]);
    }
    ck_assert_mem_ne(tvae_tensor_data(all[0]), tvae_tensor_data(all[2]), 40);
    for (size_t i = 0; i < 4; i++)
        tvae_tensor_destroy(&all[i]);
    tvae_tensor_destroy(&alone);
    fixture_destroy(&f);
}
END_TEST

START_TEST(decode_gives_probabilities_or_means)
{
    tvae_tensor *decoded;
    double outside = 0.0;
    fixture f;

    fixture_create(&f, FIXTURE_TVAE_ODD, _i);
    decoded = like(f.x);
    for (size_t i = 0; i < tvae_tensor_count(f.t); i++)
        tvae_tensor_data(f.t)[i] = 40.0f * tvae_tensor_data(f.noise_z)[i];
    ASSERT_OK(tvae_model_decode(f.model, f.work, f.t, decoded));
    for (size_t i = 0; i < tvae_tensor_count(decoded); i++) {
        const double value = (double)tvae_tensor_data(decoded)[i];

        outside = fmax(outside, fmax(-value, value - 1.0));
    }
    ck_assert((outside > 0.0) == (_i == TVAE_LIKELIHOOD_GAUSSIAN));
    tvae_tensor_destroy(&decoded);
    fixture_destroy(&f);
}
END_TEST

START_TEST(log_likelihood_is_reference_less_log_n)
{
    tvae_tensor *normalised, *reference, *again;
    fixture f;

    fixture_create(&f, (fixture_kind)_i, TVAE_LIKELIHOOD_BERNOULLI);
    normalised = per_frame(&f);
    reference = per_frame(&f);
    again = per_frame(&f);
    ASSERT_OK(
        tvae_model_log_likelihood(f.model, f.work, f.x, 7, 3, normalised, reference));
    for (size_t i = 0; i < tvae_tensor_count(reference); i++)
        assert_near("normalised", (double)tvae_tensor_data(normalised)[i],
                    (double)tvae_tensor_data(reference)[i] - log(7.0), 1e-6, 1e-5);
    ASSERT_OK(tvae_model_log_likelihood(f.model, f.work, f.x, 7, 3, again, NULL));
    assert_equal(again, normalised);
    ASSERT_OK(tvae_model_log_likelihood(f.model, f.work, f.x, 7, 4, again, NULL));
    ck_assert_mem_ne(tvae_tensor_data(again), tvae_tensor_data(normalised),
                     tvae_tensor_count(again) * sizeof(float));
    tvae_tensor_destroy(&normalised);
    tvae_tensor_destroy(&reference);
    tvae_tensor_destroy(&again);
    fixture_destroy(&f);
}
END_TEST

/* By Jensen's inequality the estimate lies above the ELBO, in the mean. */
START_TEST(log_likelihood_lies_above_the_elbo)
{
    enum { N_SAMPLES = 200 };
    tvae_tensor *normalised;
    double loss, bound = 0.0, mean = 0.0;
    fixture f;

    fixture_create(&f, FIXTURE_TVAE_ODD, TVAE_LIKELIHOOD_BERNOULLI);
    normalised = per_frame(&f);
    for (uint64_t i = 0; i < N_SAMPLES; i++) {
        ASSERT_OK(tvae_tensor_fill_normal(f.noise_z, 100, 2 * i));
        ASSERT_OK(tvae_tensor_fill_normal(f.noise_u, 100, 2 * i + 1));
        ASSERT_OK(tvae_model_elbo(f.model, f.work, f.x, f.noise_z, f.noise_u, &loss, 1));
        bound -= loss / N_SAMPLES;
    }
    ASSERT_OK(
        tvae_model_log_likelihood(f.model, f.work, f.x, N_SAMPLES, 3, normalised, NULL));
    for (size_t i = 0; i < tvae_tensor_count(normalised); i++)
        mean += (double)tvae_tensor_data(normalised)[i] /
                (double)tvae_tensor_count(normalised);
    ck_assert_msg(mean > bound && mean < bound + 5.0, "estimate %g, ELBO %g", mean,
                  bound);
    tvae_tensor_destroy(&normalised);
    fixture_destroy(&f);
}
END_TEST

START_TEST(inference_rejects_bad_arguments)
{
    tvae_tensor *decoded, *estimates;
    fixture f;

    fixture_create(&f, FIXTURE_TVAE_ODD, TVAE_LIKELIHOOD_BERNOULLI);
    decoded = like(f.x);
    estimates = per_frame(&f);
    ASSERT_STATUS(tvae_model_encode(NULL, f.work, f.x, f.t), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_encode(f.model, NULL, f.x, f.t), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_encode(f.model, f.work, NULL, f.t), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_encode(f.model, f.work, f.x, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_encode(f.model, f.work, f.t, f.t), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_model_encode(f.model, f.work, f.x, decoded), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_model_encode(f.model, f.work, estimates, f.t), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_model_sample(f.model, f.work, f.x, f.noise_z, NULL, f.t),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_sample(f.model, f.work, f.x, NULL, f.noise_u, f.t),
                  TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_sample(f.model, f.work, f.x, f.noise_z, f.x, f.t),
                  TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_model_decode(f.model, f.work, NULL, decoded), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_decode(f.model, f.work, f.t, NULL), TVAE_E_INVALID);
    ASSERT_STATUS(tvae_model_decode(f.model, f.work, f.x, decoded), TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_model_posterior(f.model, f.work, f.x, decoded, NULL, NULL, NULL),
                  TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_model_log_likelihood(f.model, f.work, f.x, 0, 1, NULL, NULL),
                  TVAE_E_INVALID);
    ASSERT_STATUS(
        tvae_model_log_likelihood(f.model, f.work, f.x, INT64_MAX, 1, NULL, NULL),
        TVAE_E_SHAPE);
    ASSERT_STATUS(tvae_model_log_likelihood(f.model, f.work, f.x, 1, 1, f.t, NULL),
                  TVAE_E_SHAPE);
    tvae_tensor_data(f.x)[7] = INFINITY;
    ASSERT_STATUS(tvae_model_encode(f.model, f.work, f.x, f.t), TVAE_E_NUMERIC);
    ASSERT_STATUS(tvae_model_log_likelihood(f.model, f.work, f.x, 1, 1, estimates, NULL),
                  TVAE_E_NUMERIC);
    tvae_tensor_data(f.t)[0] = NAN;
    ASSERT_STATUS(tvae_model_decode(f.model, f.work, f.t, decoded), TVAE_E_NUMERIC);
    tvae_tensor_destroy(&decoded);
    tvae_tensor_destroy(&estimates);
    fixture_destroy(&f);
}
END_TEST

/* ---- many threads on one model ---- */

typedef struct reader {
    const tvae_model *model;
    const tvae_tensor *x, *noise_z, *noise_u;
    tvae_tensor *t, *decoded, *estimates;
    tvae_status status;
} reader;

static void *read_model(void *context)
{
    enum { ROUNDS = 20 };
    reader *r = context;
    tvae_workspace *work = NULL;
    tvae_status st = tvae_workspace_create(&work);

    for (int i = 0; st == TVAE_OK && i < ROUNDS; i++) {
        st = tvae_model_sample(r->model, work, r->x, r->noise_z, r->noise_u, r->t);
        if (st == TVAE_OK)
            st = tvae_model_decode(r->model, work, r->t, r->decoded);
        if (st == TVAE_OK)
            st =
                tvae_model_log_likelihood(r->model, work, r->x, 3, 9, r->estimates, NULL);
    }
    tvae_workspace_destroy(&work);
    r->status = st;
    return NULL;
}

START_TEST(four_threads_give_what_one_gives)
{
    enum { N_THREADS = 4 };
    pthread_t threads[N_THREADS];
    reader readers[N_THREADS + 1];
    fixture f;

    ASSERT_OK(tvae_set_threads(_i));
    fixture_create(&f, FIXTURE_TVAE_EVEN, TVAE_LIKELIHOOD_BERNOULLI);
    for (int i = 0; i <= N_THREADS; i++)
        readers[i] = (reader){f.model,   f.x,       f.noise_z,     f.noise_u,
                              like(f.t), like(f.x), per_frame(&f), TVAE_E_STATE};
    (void)read_model(&readers[N_THREADS]);
    for (int i = 0; i < N_THREADS; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_model, &readers[i]), 0);
    for (int i = 0; i < N_THREADS; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    for (int i = 0; i <= N_THREADS; i++) {
        ASSERT_OK(readers[i].status);
        assert_equal(readers[i].t, readers[N_THREADS].t);
        assert_equal(readers[i].decoded, readers[N_THREADS].decoded);
        assert_equal(readers[i].estimates, readers[N_THREADS].estimates);
    }
    for (int i = 0; i <= N_THREADS; i++) {
        tvae_tensor_destroy(&readers[i].t);
        tvae_tensor_destroy(&readers[i].decoded);
        tvae_tensor_destroy(&readers[i].estimates);
    }
    fixture_destroy(&f);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("model inference");
    TCase *tc = tcase_create("inference");

    tcase_set_timeout(tc, 60.0);
    tcase_add_loop_test(tc, encode_equals_sampling_without_noise, 0, FIXTURE_KINDS);
    tcase_add_loop_test(tc, prior_constructs_what_encode_gives, 0, FIXTURE_KINDS);
    tcase_add_test(tc, plain_vae_encodes_to_the_posterior_mean);
    tcase_add_test(tc, sample_follows_the_posterior);
    tcase_add_test(tc, posterior_gives_each_output_alone);
    tcase_add_loop_test(tc, decode_gives_probabilities_or_means, 0, 2);
    tcase_add_loop_test(tc, log_likelihood_is_reference_less_log_n, 0, FIXTURE_KINDS);
    tcase_add_test(tc, log_likelihood_lies_above_the_elbo);
    tcase_add_test(tc, inference_rejects_bad_arguments);
    tcase_add_loop_test(tc, four_threads_give_what_one_gives, 1, 3);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
